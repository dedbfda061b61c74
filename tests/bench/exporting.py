"""Export everything as a file, compared with psql: `/v1/events.ndjson` over HTTP, and COPY of the same statement to
STDOUT, by turns.

`python -m tests.bench.exporting --events 20000` runs this part alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from api.catalog import V1
from api.compiler import compile_query
from api.rest.formats import FORMATS
from api.rest.request import export_query
from api.store import embedded
from api.store.cluster import account_for, programs_for
from api.store.migrate import migrate
from tests.bench.archive import ensure
from tests.bench.duel import CORES
from tests.bench.servers import Postgres, Process, service
from tests.bench.table import Row

REQUEST = b"GET /v1/events.ndjson HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n"
# The settings of the service's connections for exports.
OPTIONS = (
    "-c role=briefing_reader -c search_path=pg_catalog -c timezone=UTC -c jit=off "
    "-c max_parallel_workers_per_gather=0 -c work_mem=32MB"
)


def report(server: Process, postgres: Postgres, programs: Path, rounds: int) -> Row:
    """Return the row of the table: the median of psql's times divided by that of the service's."""
    os.sched_setaffinity(server.pid, CORES)
    statement = compile_query(export_query(V1, V1["event"], FORMATS["ndjson"], b""))
    assert not statement.arguments
    copy = f"copy ({' '.join(statement.sql.split())}) to stdout"
    # psql writes each row as a line, and the line end within the row as the two characters \\n. The first row is the
    # mark of the state, which the service does not send.
    lines, rows = lines_of_export(server.port), int(_psql(programs, postgres, copy, "| wc -l"))
    assert rows == lines + 1, f"{lines} lines over HTTP, and {rows} rows in psql"
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(rounds):
        start_time = time.monotonic()
        lines_of_export(server.port)
        between = time.monotonic()
        _psql(programs, postgres, copy, "> /dev/null")
        ours.append(between - start_time)
        theirs.append(time.monotonic() - between)
        print(f"round {number + 1}: {lines / ours[-1]:,.0f} events/s, psql {lines / theirs[-1]:,.0f}/s", flush=True)
    ratio = statistics.median(theirs) / statistics.median(ours)
    return Row(f"export of {lines:,} events against COPY of the same statement in psql", 0.6, ratio)


def lines_of_export(port: int) -> int:
    """Return the number of lines of an export. They are counted as they arrive, and not kept."""
    count, last, piece = 0, b"", b""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(REQUEST)
        while more := connection.recv(1 << 18):
            piece = last + more
            count += piece.count(b"}\n")
            last = piece[-1:]
    assert piece.endswith(b"0\r\n\r\n"), f"the export was cut, or refused: {piece[:500]!r}"
    return count


def _psql(programs: Path, postgres: Postgres, copy: str, whither: str) -> str:
    command = [str(programs / "psql"), "-X", "-q", "-h", postgres.host, "-U", "briefing", "-d", "briefing", "-c", copy]
    line = f"set -o pipefail; {shlex.join(command)} {whither}"
    environment = {**os.environ, **postgres.environment, "PGOPTIONS": OPTIONS}
    return subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, embedded.start(Path(folder) / "store") as server:
        asyncio.run(migrate(server.url))
        ensure(server.url, arguments.events)
        postgres = Postgres(server.url, server.pid)
        service_process = service(postgres, 0)
        try:
            print(report(service_process, postgres, programs_for(account_for(Path(folder))), arguments.rounds))
        finally:
            service_process.stop()


if __name__ == "__main__":
    main()
