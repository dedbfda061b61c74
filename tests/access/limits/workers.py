"""Start workers (worker.py), let them begin together, and always end them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


class Worker:
    """A worker's process."""

    def __init__(self, where: str, task: str, *more: str) -> None:
        fds = [int(where.removeprefix("shared:"))] if where.startswith("shared:") else []
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), where, task, *more],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=fds,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def working(*commands: Sequence[str]) -> Iterator[list[Worker]]:
    """Start workers, and wait until they are ready."""
    with ExitStack() as stack:
        workers = [Worker(*command) for command in commands]
        for worker in workers:
            stack.callback(worker.kill)
        for worker in workers:
            assert worker.line() == "ready"
        yield workers


def results(workers: list[Worker]) -> list[Any]:
    """Let all workers begin at once, and return their results."""
    for worker in workers:
        worker.go()
    return [json.loads(worker.line()) for worker in workers]
