"""Measure the revisions of a record, and the differences of a list between two editions, over the store of
`history.py`.

A day and a year of its history are compared: a page of 50, with and without a filter through a link, and the whole as
NDJSON, as an export reads it. For the whole, the memory of the process of Postgres is read from Linux.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import asyncpg

from api.catalog import V2
from api.compiler import Statement, compile_query
from api.query import EditionFinder, Timeline
from api.rest.diff import diff_export_request, diff_query
from api.rest.formats import DIFF_FORMATS, FORMATS
from api.rest.request import export_query, list_query, record_query, revisions_query
from tests.bench.table import Row

ROUNDS = 15
WARM = 3
# The memory is read with each piece of so many.
PIECES = 20
PERIODS = {"day": 1, "year": 365}
FILTERS = {"": "", ", country": "&country=UA"}
NDJSON = next(form for form in DIFF_FORMATS if form.name == "ndjson")
REVISIONS = "revisions of a record, against the record"
PAGE = "page of the differences of a {period}{filter}, against one of the list"
WHOLE = "differences of a {period} as NDJSON in a second, against records of the list"
MEMORY = "memory for the differences of a year as NDJSON, beyond those of a day"


async def report(url: str, session: str, last: int, changes_a_day: int) -> list[Row]:
    """Measure, and return the rows of the table of results. `session` are settings, as SQL."""
    connection = await asyncpg.connect(url, statement_cache_size=100)
    event = await connection.fetchval("select id from store.event order by id limit 1")
    await connection.execute(session)
    figures = await _measure(connection, event, last, changes_a_day)
    await connection.close()
    return rows(figures)


async def _measure(connection: asyncpg.Connection[Any], event: str, last: int, changes_a_day: int) -> dict[str, float]:
    """Return the ratios of times to those of a record, a page and an export of the list, and by how many MiB a year
    takes more memory than a day."""
    record = compile_query(record_query(V2, V2["event"], event, b""))
    page = compile_query(list_query(V2, V2["event"], b""))
    revisions = compile_query(revisions_query(V2, V2["event"], event, b""))
    figures = {REVISIONS: await _ratio(connection, revisions, record)}
    export = compile_query(export_query(V2, V2["event"], FORMATS["ndjson"], b"limit=20000"))
    count, seconds, _ = await _stream(connection, export)
    lines_a_second = count / seconds
    memory = {}
    for period, days in PERIODS.items():
        earlier = last // 2
        later = earlier + days * changes_a_day
        finder = _find(earlier, later)
        states = f"from=e{earlier}&to=e{later}"
        for filter, parameters in FILTERS.items():
            query = diff_query(V2, V2["event"], f"{states}{parameters}".encode(), finder)
            figures[PAGE.format(period=period, filter=filter)] = await _ratio(connection, compile_query(query), page)
        request = diff_export_request(V2, V2["event"], NDJSON, states.encode(), finder)
        count, seconds, memory[period] = await _stream(connection, compile_query(request.query))
        figures[WHOLE.format(period=period)] = count / seconds / lines_a_second
        print(f"{period}: {count:,} differences in {seconds:.2f} s, {memory[period]:.1f} MiB", flush=True)
    figures[MEMORY] = memory["year"] - memory["day"]
    for name, value in figures.items():
        print(f"{name}: {value:.2f}", flush=True)
    return figures


def rows(figures: dict[str, float]) -> list[Row]:
    """Return the rows of the table of results."""
    table = [Row(REVISIONS, 5, figures[REVISIONS], most=True)]
    for period in PERIODS:
        for filter, most in (("", 15), (", country", 60)):
            name = PAGE.format(period=period, filter=filter)
            table.append(Row(name, most, figures[name], most=True))
    name = WHOLE.format(period="year")
    table.append(Row(name, 0.1, figures[name]))
    table.append(Row(MEMORY, 32, figures[MEMORY], most=True, unit="MiB"))
    return table


def _find(earlier: int, later: int) -> EditionFinder:
    """Return a finder that knows two editions."""
    timeline = Timeline()
    for number in (earlier, later):
        timeline.add(number, number, list(V2.resources))
    timeline.note_look("k3x9ma", later, later, None)
    return EditionFinder(timeline, looked_again=True)


async def _ratio(connection: asyncpg.Connection[Any], statement: Statement, other: Statement) -> float:
    """Return the ratio of the medians of the times of two statements, run by turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(WARM + ROUNDS):
        for each, seconds in zip((statement, other), times, strict=True):
            start_time = time.perf_counter()
            await connection.fetchrow(each.sql, *each.arguments)
            seconds.append(time.perf_counter() - start_time)
    first, second = (statistics.median(seconds[WARM:]) for seconds in times)
    return first / second


async def _stream(connection: asyncpg.Connection[Any], statement: Statement) -> tuple[int, float, float]:
    """Return the number of the differences, the seconds that they took to arrive, and the most memory of its own that
    the process of Postgres had meanwhile, in MiB."""
    process = await connection.fetchval("select pg_backend_pid()")
    count, pieces, most_memory = 0, 0, 0.0

    async def take(piece: bytes) -> None:
        nonlocal count, pieces, most_memory
        count += piece.count(b"\n")
        pieces += 1
        if pieces % PIECES == 1:
            most_memory = max(most_memory, _memory(process))

    start_time = time.perf_counter()
    await connection.copy_from_query(statement.sql, *statement.arguments, output=take, format="text")
    return count, time.perf_counter() - start_time, max(most_memory, _memory(process))


def _memory(process: int) -> float:
    """Return the memory of its own that a process has, in MiB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    sizes = dict(line.split(":", 1) for line in status.splitlines())
    return int(sizes["RssAnon"].split()[0]) / 1024
