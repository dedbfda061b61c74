"""Compare reading as of a change with reading the present: a million events, each with two earlier versions.

`python -m tests.bench.history` fills a store (`--events 20000` for a try), and runs the statements of some lists for
the present and as of random changes, by turns. The ratios are those of the times in Postgres, including planning.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg

from api.catalog import V2
from api.compiler import Statement, compile_query
from api.query import ListQuery, Query
from api.rest.request import list_query, record_query
from api.store import embedded
from api.store.migrate import migrate
from tests.as_of import as_of
from tests.bench import differences
from tests.bench.archive import SEED, fill
from tests.bench.table import Row

EVENTS = 1_000_000
MOMENTS = 5
ROUNDS = 15
WARM = 3
TABLES = ("source", "place", "briefing", "event")
# An unfiltered list, filtered ones (with a bound on their median), and those that other indexes find.
LISTS = {
    "no filter": "limit=50",
    "no filter, ascending": "limit=50&sort=starts_at",
    "by change": "limit=50&sort=-updated_at",
}
FILTERED = {
    "kind, common": "kind=shelling",
    "kind, rare": "kind=agreement",
    "since": "starts_at_gte=2010-01-01&starts_at_lt=2010-06-01",
    "country": "place.country=UA",
    "briefing": "briefing_id={briefing}",
    "place": "place_id={place}",
}
NESTED = {"nested": "limit=20&include=briefing.publisher"}
SEARCHED = {
    "search": "q={word}",
    "tag": "tag={tag}",
    "box": "place.bbox=30,45,32,47",
    "near": "place.near=48,31,50",
}
# Each event was written three times, at changes in random order, with another title each time.
HISTORY = """
    create temporary table written as
        select id, changes[1] as first, changes[2] as second, changes[3] as third from (
            select id, array_agg(change order by change) as changes from (
                select id, row_number() over (order by random()) as change
                from store.event, generate_series(1, 3)) as loaded
            group by id) as grouped;
    create unique index on written (id);
    analyze written;
    alter table past.event disable trigger user;
    insert into past.event ({columns}, since, until)
        select {first}, first, second from store.event as held join written using (id)
        union all select {second}, second, third from store.event as held join written using (id);
    alter table past.event enable trigger user;
    alter table store.change disable trigger user;
    truncate store.change;
    insert into store.change (seq, resource, id, revision, action, record) overriding system value
        select first, 'event', id, 1, 'created', '{{}}'::jsonb from written
        union all select second, 'event', id, 2, 'updated', '{{}}'::jsonb from written
        union all select third, 'event', id, 3, 'updated', '{{}}'::jsonb from written order by 1;
    alter table store.change enable trigger user;
    insert into store.edition (seq, at)
        select {most}::bigint * day / {days}, '2016-01-01Z'::timestamptz + day * interval '1 day'
        from generate_series(1, {days}) as day;
    analyze store.change, store.edition"""
# The history is that of so many days, each with an edition.
DAYS = 3_650
COLUMNS = """
    select array_agg(attname::text order by attnum) from pg_attribute
    where attrelid = 'past.event'::regclass and attnum > 0 and not attisdropped and attgenerated = ''
        and attname not in ('since', 'until')"""
INDEXES = """
    select format('%I.%I', schemaname, indexname) as name, indexdef from pg_indexes
    where schemaname = $1 and tablename = 'event' and indexdef not like '%UNIQUE%'"""
SESSION = """
    set role briefing_reader; set jit = off; set max_parallel_workers_per_gather = 0; set search_path = pg_catalog;
    set plan_cache_mode = force_custom_plan; set timezone = 'UTC'"""


@dataclass(frozen=True)
class HistoryMeasurement:
    """The times of a list in milliseconds: of the present, and the median as of each moment."""

    name: str
    present: float
    moments: tuple[float, ...]

    @property
    def worst(self) -> float:
        """The largest ratio to the present."""
        return max(self.moments) / self.present


async def history(url: str) -> int:
    """Give each event two earlier versions, and return the number of the last change."""
    connection = await asyncpg.connect(url)
    columns = await connection.fetchval(COLUMNS)
    most = 3 * await connection.fetchval("select count(*) from store.event")
    indexes = [index for schema in ("past", "store") for index in await connection.fetch(INDEXES, schema)]
    await connection.execute("set maintenance_work_mem = '512MB'; set synchronous_commit = off")
    for index in indexes:
        await connection.execute(f"drop index {index['name']}")
    names = ", ".join(columns)
    first, second = (_earlier_values(columns, number) for number in (1, 2))
    await connection.execute("alter table store.event disable trigger user; select setseed(0.5)")
    statements = HISTORY.format(most=most, columns=names, first=first, second=second, days=DAYS)
    await connection.execute(statements)
    await connection.execute(
        "update store.event as held set since = third, revision = 3 from written where written.id = held.id"
    )
    await connection.execute("alter table store.event enable trigger user")
    for index in indexes:
        await connection.execute(index["indexdef"])
    await connection.execute("vacuum (full, analyze) store.event")
    await connection.execute("vacuum (analyze) past.event")
    await connection.execute("checkpoint")
    await connection.close()
    return int(most)


def _earlier_values(columns: Sequence[str], revision: int) -> str:
    """Return the values of an earlier version of an event."""
    different = {"title": f"'{revision} ' || held.title", "revision": str(revision)}
    return ", ".join(different.get(name, f"held.{name}") for name in columns)


async def measure(url: str, last: int) -> list[HistoryMeasurement]:
    """Measure each list, for the present and as of some moments, by turns."""
    connection = await asyncpg.connect(url, statement_cache_size=500)
    values = await _values(connection)
    await connection.execute(SESSION)
    chance = Random(SEED)
    moments = sorted(chance.randrange(1, last) for _ in range(MOMENTS))
    print(f"moments: {', '.join(f'{moment / last:.0%}' for moment in moments)} of the history", flush=True)
    measurements = []
    queries = {
        name: list_query(V2, V2["event"], query.format(**values).encode())
        for name, query in (LISTS | FILTERED | NESTED | SEARCHED).items()
    }
    queries["one record"] = record_query(V2, V2["event"], values["event"], b"")
    for name, compiled_query in queries.items():
        measurements.append(await _measure_list(connection, name, compiled_query, moments))
        times = " ".join(f"{seconds:.2f}" for seconds in measurements[-1].moments)
        print(
            f"{name}: {measurements[-1].present:.2f} ms, as of then {times} ({measurements[-1].worst:.1f} ×)",
            flush=True,
        )
    measurements.append(await _deep(connection, moments[MOMENTS // 2], last))
    await connection.close()
    return measurements


async def _values(connection: asyncpg.Connection[Any]) -> dict[str, str]:
    """Return values for filters that many events have."""
    row = await connection.fetchrow(
        "select id as event, briefing_id as briefing, place_id as place, tags[1] as tag from store.event"
        " where tags <> '{}' and place_id is not null order by id limit 1"
    )
    assert row is not None
    return {**row, "word": "word1000x"}


async def _measure_list(
    connection: asyncpg.Connection[Any], name: str, query: Query, moments: Sequence[int]
) -> HistoryMeasurement:
    statements = [compile_query(query), *(compile_query(as_of(query, moment)) for moment in moments)]
    times = await _times(connection, statements)
    return HistoryMeasurement(name, times[0], tuple(times[1:]))


async def _deep(connection: asyncpg.Connection[Any], moment: int, last: int) -> HistoryMeasurement:
    """Compare page 10,000 with page 1, both as of a moment. Page 1 takes the place of the present."""
    sql = "select starts_at, id from v2_at.event($1) order by starts_at desc nulls last, id desc offset $2 limit 1"
    count = await connection.fetchval("select count(*) from v2_at.event($1)", moment)
    row = await connection.fetchrow(sql, moment, min(last // 6, count * 9 // 10))
    assert row is not None
    first = list_query(V2, V2["event"], b"limit=50")
    root = first.root
    assert isinstance(root, ListQuery)
    page = replace(root.page, position=(row["starts_at"], row["id"]))
    later = replace(first, root=replace(root, page=page))
    times = await _times(connection, [compile_query(as_of(query, moment)) for query in (first, later)])
    print(f"page 10,000: {times[1]:.2f} ms, page 1 {times[0]:.2f} ms", flush=True)
    return HistoryMeasurement("page 10,000", times[0], (times[1],))


async def _times(connection: asyncpg.Connection[Any], statements: Sequence[Statement]) -> list[float]:
    """Return the medians of the statements' times in milliseconds, run by turns."""
    times: list[list[float]] = [[] for _ in statements]
    for number in range(WARM + ROUNDS):
        for statement, times_of_statement in zip(statements, times, strict=True):
            start_time = time.perf_counter()
            await connection.fetchrow(statement.sql, *statement.arguments)
            if number >= WARM:
                times_of_statement.append((time.perf_counter() - start_time) * 1000)
    return [statistics.median(samples) for samples in times]


def rows(measurements: Sequence[HistoryMeasurement]) -> list[Row]:
    """Return the rows of the table of results."""
    by_name = {measurement.name: measurement for measurement in measurements}
    what = "as of five moments against the present"
    rows = [Row(f"{name}, {what}", 4, by_name[name].worst, most=True) for name in LISTS]
    filtered = statistics.median(time for name in FILTERED for time in by_name[name].moments)
    rows.append(Row("filtered lists as of five moments, median", 15, filtered, most=True, unit="ms"))
    rows += [Row(f"{name}, {what}", 4, by_name[name].worst, most=True) for name in (*NESTED, "one record")]
    rows += [Row(f"{name}, {what}", 10, by_name[name].worst, most=True) for name in SEARCHED]
    rows.append(Row("page 10,000 as of a moment against page 1", 1.5, by_name["page 10,000"].worst, most=True))
    return rows


def report(events: int) -> list[Row]:
    """Fill a store, measure, and return the rows of the table of results."""
    with TemporaryDirectory(prefix="history-") as folder, embedded.start(Path(folder) / "data") as server:
        return asyncio.run(_measure_history(server.url, events))


async def _measure_history(url: str, events: int) -> list[Row]:
    await migrate(url)
    await fill(url, events, only=TABLES)
    last = await history(url)
    measurements = await measure(url, last)
    return rows(measurements) + await differences.report(url, SESSION, last, last // DAYS)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    for row in report(parser.parse_args().events):
        print(row)


if __name__ == "__main__":
    main()
