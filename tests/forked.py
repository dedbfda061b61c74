"""Commands of the service, in forks of a process that has imported it.

A service that begins anew takes 1.3 s of processor time for imports and the schemas of GraphQL. A fork takes 0.2 s, and
the tests start more than a hundred services.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

from api.cli import main

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.preloaded"])


class ForkedCommand:
    """A command that runs in a fork. It has those parts of `subprocess.Popen` that the tests use."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], stderr: IO[str] | int) -> None:
        out, self.stdout = _open_pipe()
        self.stderr: IO[str] | None = None
        if stderr == subprocess.PIPE:
            error, self.stderr = _open_pipe()
        elif isinstance(stderr, int):
            error = Connection(os.open(os.devnull, os.O_RDWR))
        else:
            error = Connection(os.dup(stderr.fileno()))
        with out, error:
            self._process = FORKS.Process(
                target=_run, args=(arguments, dict(environment), Path.cwd(), out, error), daemon=True
            )
            self._process.start()
        self.pid: int = self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        """The exit code of the command; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit code of the command; None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the command, and return its exit code. TimeoutExpired after `timeout` seconds."""
        self._process.join(timeout)
        code = self.returncode
        if code is None:
            raise subprocess.TimeoutExpired("briefing", timeout or 0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return the output and the errors of the command when it has ended. It is killed after `timeout` seconds, with
        TimeoutExpired, because its output has no end before."""
        with ThreadPoolExecutor() as readers:
            out = readers.submit(self.stdout.read)
            error = readers.submit(self.stderr.read if self.stderr is not None else str)
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            return out.result(), error.result()

    def send_signal(self, number: int) -> None:
        """Send the command a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the command to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the command at once."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> ForkedCommand:
        return self

    def __exit__(self, *error: object) -> None:
        self.stdout.close()
        if self.stderr is not None:
            self.stderr.close()
        self.wait()


def _open_pipe() -> tuple[Connection, IO[str]]:
    """Return the ends of a pipe: one for the command, and one to read from."""
    read_end, write_end = os.pipe()
    return Connection(write_end, readable=False), os.fdopen(read_end, encoding="utf-8")


def _run(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, out: Connection, error: Connection
) -> None:
    """Run a command of the service in this process."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.dup2(out.fileno(), 1)
    os.dup2(error.fileno(), 2)
    out.close()
    error.close()
    sys.argv = ["briefing", *arguments]
    main()
