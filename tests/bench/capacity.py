"""Measure what an operator has to plan for: connections to Postgres, memory of a worker, and disk of a record.

`python -m tests.bench.capacity` prints the table of docs/capacity.md in a few minutes. `--events 200 --lists 100` is
faster, and less exact.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from api.settings import Settings
from api.store import embedded
from api.store.cluster import account_for, programs_for
from tests.bench.loading import empty_store, load
from tests.bench.servers import BRIEFING, Postgres, Process
from tests.bench.store import lines

WORKERS = 2
# Clients at once: more than there are connections of all workers.
CLIENTS = 48
BURSTS = 5
SIZES = "select pg_database_size(current_database()), pg_current_wal_lsn() - '0/0'::pg_lsn"
INDEXES = "select sum(pg_indexes_size(oid)) from pg_class where relkind in ('r', 'm')"
SESSIONS = """
    select count(*) from pg_stat_activity
    where backend_type = 'client backend' and datname = current_database() and pid <> pg_backend_pid()"""
BACKENDS = """
    select pid from pg_stat_activity
    where backend_type = 'client backend' and datname = current_database() and pid <> pg_backend_pid()"""


@dataclass(frozen=True)
class Figure:
    """A row of the table."""

    name: str
    value: str


def fetch(url: str, sql: str) -> list[Any]:
    """Return the first row of a query."""

    async def run() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    return asyncio.run(run())


def execute(url: str, sql: str) -> None:
    """Run a statement outside a transaction."""

    async def run() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(sql)
        await connection.close()

    asyncio.run(run())


# Disk


def write_revisions(folder: Path, events: int) -> tuple[Path, Path, int]:
    """Write a file of records, and one in which each has another text. Return both, and the number of records."""
    first, second = folder / "first.ndjson", folder / "second.ndjson"
    records = 0
    with first.open("w", encoding="utf-8") as first_file, second.open("w", encoding="utf-8") as second_file:
        for line in lines(events):
            first_file.write(json.dumps(line) + "\n")
            for field in ("title", "text", "caveat", "name"):
                if line.get(field):
                    line[field] += " again"
                    break
            else:
                line["caveat"] = "again"
            second_file.write(json.dumps(line) + "\n")
            records += 1
    return first, second, records


def disk(url: str, postgres: Postgres, folder: Path, events: int) -> Iterator[Figure]:
    """Yield the bytes that a record takes on disk, when it is new and when it changes, and in backups."""
    first, second, records = write_revisions(folder, events)
    ((empty, begun),) = fetch(url, SIZES)
    load(url, first)
    execute(url, "vacuum analyze")
    ((new, written),) = fetch(url, SIZES)
    ((indexes,),) = fetch(url, INDEXES)
    yield Figure("disk of an empty store", f"{empty / 1e6:.0f} MB")
    yield Figure(
        "disk of a new record, with its indexes and its entry in the log", f"{(new - empty) / records:,.0f} bytes"
    )
    yield Figure("share of indexes", f"{100 * float(indexes) / new:.0f} %")
    yield Figure("WAL of a new record", f"{float(written - begun) / records:,.0f} bytes")
    yield Figure("dump of a record (compressed)", f"{dump(url, postgres, folder) / records:,.0f} bytes")
    load(url, second)
    execute(url, "vacuum analyze")
    ((changed, _),) = fetch(url, SIZES)
    (((revisions),),) = fetch(url, "select count(*) from store.change where action = 'updated'")
    yield Figure("disk of a change of a record", f"{(changed - new) / max(1, revisions):,.0f} bytes")


def dump(url: str, postgres: Postgres, folder: Path) -> int:
    """Return the size of a dump."""
    program = programs_for(account_for(folder / "data")) / "pg_dump"
    file = folder / "store.dump"
    command = [str(program), "--format=custom", f"--file={file}", url.partition("&passfile")[0]]
    subprocess.run(command, env={**os.environ, **postgres.environment}, check=True)
    return file.stat().st_size


# Connections and memory


@contextmanager
def serving(url: str, **settings: str) -> Iterator[Process]:
    """Run the service without limits of callers."""
    environment = {
        "BRIEFING_DATABASE_URL": url, "BRIEFING_PORT": "0", "BRIEFING_LIMITS": "false",
        "BRIEFING_WORKERS": str(WORKERS), "BRIEFING_STATEMENT_TIMEOUT_FLOOR": "2.5",
    }  # fmt: skip
    process = Process(BRIEFING, environment | settings)
    try:
        process.ready()
        yield process
    finally:
        process.stop()


def send(process: Process, lists: int, seed: int) -> None:
    """Send lists that differ from one another, on many connections at once."""
    chance = random.Random(seed)

    def ask(_: int) -> None:
        moment = f"2000-01-01T00:00:00.{chance.randrange(10**6):06d}Z"
        kind = chance.choice(("events", "figures", "quotes"))
        path = f"http://127.0.0.1:{process.port}/v2/{kind}?limit=100&updated_at_gte={moment}"
        with urllib.request.urlopen(path, timeout=60) as answer:
            answer.read()

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(ask, range(lists)))


def shares(pids: list[int]) -> float:
    """Return the memory of processes in MiB. A page that several share counts in parts (PSS)."""
    total = 0
    for pid in pids:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(text.partition("\nPss:")[2].split()[0])
    return total / 1024


def children(pid: int) -> list[int]:
    """Return the ids of the child processes."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def processes(url: str, lists: int) -> Iterator[Figure]:
    """Yield the connections of a service, and the memory of its processes and of Postgres's."""
    settings = Settings()
    most = settings.pool_size + settings.export_connections + 7
    with serving(url) as process:
        time.sleep(2)
        ((idle,),) = fetch(url, SESSIONS)
        fresh = shares(children(process.pid)) / WORKERS
        parent = shares([process.pid])
        send(process, lists, 0)
        ((busy,),) = fetch(url, SESSIONS)
        backends = [pid for (pid,) in fetch(url, BACKENDS)]
        memory = shares(backends) / len(backends)
        for seed in range(1, BURSTS):
            send(process, lists, seed)
        used = shares(children(process.pid)) / WORKERS
    yield Figure("connections of a worker that is idle", f"{idle / WORKERS:.0f}")
    yield Figure("connections of a worker after a burst of lists", f"{busy / WORKERS:.0f}")
    yield Figure("most connections of a worker (pool, exports, and 7)", f"{most}")
    yield Figure("memory of the parent", f"{parent:.0f} MiB")
    yield Figure("memory of a worker that has just started", f"{fresh:.0f} MiB")
    yield Figure(f"memory of a worker after {BURSTS * lists:,} different lists (cache of 64 MiB)", f"{used:.0f} MiB")
    yield Figure("memory of a connection in Postgres, beside shared_buffers", f"{memory:.0f} MiB")


def measure(events: int, lists: int) -> Iterator[Figure]:
    """Yield all figures."""
    with tempfile.TemporaryDirectory() as folder, embedded.start(Path(folder) / "store", 200) as server:
        postgres = Postgres(server.url, server.pid)
        with empty_store(server.url) as url:
            yield from disk(url, postgres, Path(folder), events)
            yield from processes(url, lists)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.capacity", description=__doc__)
    parser.add_argument(
        "--events", type=int, default=4000, help="events in the store; it has five times as many records"
    )
    parser.add_argument("--lists", type=int, default=600, help="lists that are requested in each of five bursts")
    options = parser.parse_args()
    print(f"| with {5 * options.events:,} records, {WORKERS} workers | |\n|---|---|")
    for figure in measure(options.events, options.lists):
        print(f"| {figure.name} | {figure.value} |", flush=True)


if __name__ == "__main__":
    main()
