"""A Postgres with the tables and settings of a checkout, filled by its `archive.py`. It lives as long as this program.

`python -P archive_server.py FOLDER EVENTS`, with the checkout and its tests/bench in PYTHONPATH: `-P` and these two let
it run the modules of another checkout than the one that it lies in. It prints the server's URL and pid, and ends with
its standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from archive import ensure

from api.store import embedded
from api.store.migrate import migrate

if __name__ == "__main__":
    folder, events = Path(sys.argv[1]), int(sys.argv[2])
    with embedded.start(folder) as server:
        with contextlib.redirect_stdout(sys.stderr):
            asyncio.run(migrate(server.url))
            ensure(server.url, events)
        print(server.url, server.pid, flush=True)
        sys.stdin.read()
