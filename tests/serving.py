"""The service as operators run it: `briefing serve` in a process of its own, over a given Postgres."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlsplit

from tests.http.conftest import END, ServerProcess

ROOT = Path(__file__).parents[1]
COMMAND = "from api.cli import main; main()"
START_SECONDS = 60
# Seconds for which a service may still answer as before a change: see ARCHITECTURE.md about finished answers.
OLDEST = 0.25


def launch(url: str, log: IO[str] | int = subprocess.PIPE, **settings: object) -> subprocess.Popen[str]:
    """Start the process without waiting until it serves."""
    return launch_from(ROOT, url, log, **settings)


def launch_from(
    tree: Path, url: str, log: IO[str] | int = subprocess.PIPE, **settings: object
) -> subprocess.Popen[str]:
    """Start the service of another checkout."""
    chosen = {"database_url": url, "port": 0, **settings}
    named = {f"BRIEFING_{name.upper()}": str(value) for name, value in chosen.items()}
    environment = {**os.environ, "PYTHONPATH": str(tree), **named}
    # The working directory must not shadow the checkout.
    command = [sys.executable, "-P", "-c", COMMAND, "serve"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)


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
