"""Run a Postgres with the tables and settings of a checkout, filled by its `archive.py`, as long as this program runs.

`python -P archive_server.py FOLDER EVENTS`, with the checkout and its tests/bench in PYTHONPATH. `-P` and PYTHONPATH
let it import the modules of another checkout than its own. It prints the server's URL and pid, and ends when its
standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from api.store import embedded
from api.store.migrate import migrate
from tests.bench.archive import ensure

if __name__ == "__main__":
    folder, events = Path(sys.argv[1]), int(sys.argv[2])
    with embedded.start(folder) as server:
        with contextlib.redirect_stdout(sys.stderr):
            asyncio.run(migrate(server.url))
            ensure(server.url, events)
        print(server.url, server.pid, flush=True)
        sys.stdin.read()
