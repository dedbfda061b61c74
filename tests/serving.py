"""The service as operators run it: `briefing serve` in a process of its own, over a given Postgres.

The process is a fork, unless it serves another checkout: see tests/forked.py."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlsplit

from tests.forked import ForkedCommand
from tests.http.conftest import END, Command, ServerProcess

ROOT = Path(__file__).parents[1]
COMMAND = "from api.cli import main; main()"
START_SECONDS = 60
# Variables that only a new process reads: which coverage to measure, and which libraries to load first.
READ_AT_FIRST = ("COVERAGE_PROCESS_CONFIG", "LD_PRELOAD")
# Seconds for which a service may still answer as before a change: see ARCHITECTURE.md about finished answers.
OLDEST = 0.25


def launch(url: str, log: IO[str] | int = subprocess.PIPE, **settings: object) -> Command:
    """Start the process without waiting until it serves."""
    if any(name in os.environ for name in READ_AT_FIRST):
        return launch_from(ROOT, url, log, **settings)
    return ForkedCommand(["serve"], _environment(ROOT, url, settings), log)


def launch_from(
    tree: Path, url: str, log: IO[str] | int = subprocess.PIPE, **settings: object
) -> subprocess.Popen[str]:
    """Start the service of another checkout."""
    # The working directory must not shadow the checkout.
    command = [sys.executable, "-P", "-c", COMMAND, "serve"]
    environment = _environment(tree, url, settings)
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)


def _environment(tree: Path, url: str, settings: Mapping[str, object]) -> dict[str, str]:
    """Return the environment of a service with these settings."""
    chosen = {"database_url": url, "port": 0, **settings}
    named = {f"BRIEFING_{name.upper()}": str(value) for name, value in chosen.items()}
    return {**os.environ, "PYTHONPATH": str(tree), **named}


@contextmanager
def serving(url: str, into: IO[str] | None = None, **settings: object) -> Iterator[ServerProcess]:
    """Run the service. It is not ready yet if Postgres is not. Its log is written to the file."""
    # A file, because a pipe that is full and not read would block the service.
    with TemporaryFile("w+") as unread, launch(url, log := into or unread, **settings) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], START_SECONDS)[0], "it does not start"
            line = process.stdout.readline()
            assert line.startswith("Serving on http://127.0.0.1:"), line or _log_text(log)
            yield ServerProcess(process, urlsplit(line.split()[-1]).port or 0)
        finally:
            process.send_signal(END)


def _log_text(log: IO[str]) -> str:
    log.seek(0)
    return log.read()
