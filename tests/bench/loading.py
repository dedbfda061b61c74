"""Compare loading with a plain COPY: `briefing load` of a file of NDJSON, and COPY of the rows that resulted, including
the change log, into the same empty tables with the same indexes and constraints.

`python -m tests.bench.loading --events 200000` runs this part alone, with a million records.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from api.model import CHILDREN, WRITE_ORDER
from api.store import embedded
from api.store.migrate import migrate
from tests.bench.servers import OWN, Checkout
from tests.bench.store import lines
from tests.bench.table import Row

RECORDS = 5  # for each event, with its figures and quotes
TABLES = (*WRITE_ORDER, *CHILDREN, "change")
COLUMNS = """
    select array_agg(attname::text order by attnum) from pg_attribute
    where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''"""


def report(events: int, rounds: int) -> list[Row]:
    """Return the rows of the table: medians of interleaved rounds."""
    with tempfile.TemporaryDirectory() as folder, embedded.start(Path(folder) / "store") as server:
        file = Path(folder) / "bench.ndjson"
        records = write_lines(file, events)
        loads, copies, peaks = [], [], []
        for number in range(rounds):
            with empty_store(server.url) as url:
                result = load(url, file)
                loads.append(result.seconds)
                peaks.append(result.mebibytes)
                if not number:
                    asyncio.run(_dump(url, Path(folder)))
            with empty_store(server.url) as url:
                copies.append(asyncio.run(_copy(url, Path(folder))))
            speeds = f"load {records / loads[-1]:,.0f}/s, COPY {records / copies[-1]:,.0f}/s"
            print(f"round {number + 1}: {speeds}", flush=True)
    ratio = statistics.median(copies) / statistics.median(loads)
    what = f"{records:,} records of NDJSON"
    return [
        Row(f"loading {what}, against COPY of the same rows", 0.6, ratio),
        Row(f"memory of loading {what}", 300, max(peaks), "MiB", most=True),
    ]


def write_lines(file: Path, events: int) -> int:
    """Write the file to load, and return the number of its records."""
    with file.open("w", encoding="utf-8") as stream:
        return sum(1 for line in lines(events) if stream.write(json.dumps(line) + "\n"))


def migrate_in_process(url: str) -> None:
    """Make the tables of this checkout."""
    asyncio.run(migrate(url))


@contextmanager
def empty_store(server: str, make_tables: Callable[[str], None] = migrate_in_process) -> Iterator[str]:
    """Make a database with empty tables, and yield its URL. Data of earlier databases in memory is written to disk
    first."""
    asyncio.run(_execute(server, "drop database if exists loading", "create database loading", "checkpoint"))
    url = urlsplit(server)._replace(path="/loading").geturl()
    make_tables(url)
    yield url
    asyncio.run(_execute(server, "drop database loading with (force)"))


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@dataclass(frozen=True)
class Load:
    """The resources that the whole command took: seconds, processor time, and peak memory in MiB."""

    seconds: float
    cpu: float
    mebibytes: float


def load(url: str, file: Path, checkout: Checkout = OWN) -> Load:
    """Load the file into a database by `briefing load`."""
    environment = {**os.environ, **checkout.environment, "BRIEFING_DATABASE_URL": url}
    command = checkout.command("load", "--quiet", str(file))
    start_time = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError("the load failed")
    return Load(time.monotonic() - start_time, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


async def _dump(url: str, folder: Path) -> None:
    """Write each table's rows to a file, in COPY's format."""
    connection = await asyncpg.connect(url)
    for table in TABLES:
        columns = await connection.fetchval(COLUMNS, f"store.{table}")
        await connection.copy_from_table(table, output=folder / table, columns=columns, schema_name="store")
    await connection.close()


async def _copy(url: str, folder: Path) -> float:
    """Fill the tables in one transaction, and return its seconds."""
    connection = await asyncpg.connect(url)
    columns = {table: await connection.fetchval(COLUMNS, f"store.{table}") for table in TABLES}
    start_time = time.monotonic()
    async with connection.transaction():
        for table in TABLES:
            source = folder / table
            await connection.copy_to_table(table, source=source, columns=columns[table], schema_name="store")
    seconds = time.monotonic() - start_time
    await connection.close()
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000 // RECORDS)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(*report(arguments.events, arguments.rounds), sep="\n")


if __name__ == "__main__":
    main()
