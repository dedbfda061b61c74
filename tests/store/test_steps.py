"""Migrations in steps: they continue where they ended, and take turns with loaders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.ingest.load import load
from api.store import load_statements, steps
from api.store import migrate as module
from api.store.load_transaction import LOCK
from api.store.migrate import migrate
from api.store.statements import Script, migrations

ROWS = 10
IS_VALID = "select indisvalid from pg_index where indexrelid = 'store.thing_written'::regclass"
SAMPLE = Path(__file__).parents[2] / "api" / "sample"
SEARCHED = ("source", "document", "place", "briefing", "event", "figure", "quote")


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a store with a table of ten rows, which count how often they are written."""
    connection = await asyncpg.connect(database)
    await connection.execute(
        f"create schema store; create table store.thing (id text primary key, written int not null default 0);"
        f"insert into store.thing (id) select chr(96 + n) from generate_series(1, {ROWS}) n"
    )
    yield connection
    await connection.close()


def set_steps(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    """Make a migration with these steps the only one."""
    text = "\n".join(f"-- step: {statement}" for statement in texts)
    monkeypatch.setattr(module, "migrations", lambda: (Script("0001_steps", text, "checksum"),))
    monkeypatch.setattr(module, "versions", lambda: ())


WRITE = "rewrite thing\nupdate store.thing set written = written + 1 where id = any($1)"


async def written_counts(connection: asyncpg.Connection) -> list[int]:
    return [row["written"] for row in await connection.fetch("select written from store.thing order by id")]


async def test_the_steps_are_done_in_their_order(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = "index thing_written\ncreate index concurrently thing_written on store.thing (written)"
    set_steps(monkeypatch, "transaction\nalter table store.thing add also int", WRITE, index)
    assert await migrate(database) == ["0001_steps"]
    assert await written_counts(connection) == [1] * ROWS
    assert await connection.fetchval(
        "select indisvalid from pg_index where indexrelid = 'store.thing_written'::regclass"
    )
    assert await migrate(database) == []
    assert await connection.fetchval("select count(*) from migration.step") == 0


@pytest.mark.parametrize("rows", [1, 3, ROWS, ROWS + 1])
async def test_each_row_is_written_once_whatever_the_size_of_a_batch(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(steps, "BATCH", rows)
    set_steps(monkeypatch, WRITE)
    await migrate(database)
    assert await written_counts(connection) == [1] * ROWS


async def test_a_migration_that_failed_goes_on_where_it_ended(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "BATCH", 3)
    await connection.execute("create table store.fails as select 'h' as at")
    failing = "update store.thing set written = written + 1 / (id <> (select max(at) from store.fails))::int"
    set_steps(monkeypatch, "transaction\ncreate table store.once ()", f"rewrite thing\n{failing} where id = any($1)")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database)
    assert await written_counts(connection) == [1] * 6 + [0] * 4, "two batches are done, and the third is taken back"
    await connection.execute("update store.fails set at = ''")
    assert await migrate(database) == ["0001_steps"]
    assert await written_counts(connection) == [1] * ROWS


async def test_a_migration_that_was_cancelled_goes_on_where_it_ended(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "BATCH", 1)
    set_steps(monkeypatch, WRITE)
    running = asyncio.create_task(migrate(database))
    while sum(await written_counts(connection)) < 3:
        await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await migrate(database)
    assert await written_counts(connection) == [1] * ROWS


async def test_an_index_that_was_left_unfinished_is_made_again(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The values are equal, so this fails and leaves an index that is not valid.
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("create unique index concurrently thing_written on store.thing (written)")
    assert await connection.fetchval(IS_VALID) is False
    set_steps(monkeypatch, "index thing_written\ncreate index concurrently thing_written on store.thing (written)")
    await migrate(database)
    assert await connection.fetchval(IS_VALID) is True


async def test_steps_build_indexes_without_parallel_workers(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_steps(
        monkeypatch,
        "transaction\ncreate table store.workers as select"
        " current_setting('max_parallel_maintenance_workers')::int as most",
    )
    await migrate(database)
    assert await connection.fetchval("select most from store.workers") == 0


@pytest.mark.fault
async def test_a_batch_waits_for_the_load_that_is_under_way(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_steps(monkeypatch, WRITE)
    await connection.execute("select pg_advisory_lock($1)", LOCK)
    running = asyncio.create_task(migrate(database))
    await asyncio.sleep(0.5)
    assert await written_counts(connection) == [0] * ROWS
    await connection.execute("select pg_advisory_unlock($1)", LOCK)
    await running
    assert await written_counts(connection) == [1] * ROWS


async def test_an_older_store_is_searched_like_a_new_one(
    database: str, fresh_database: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "BATCH", 7)
    fresh = await fresh_database()
    await migrate(fresh)
    await load([str(SAMPLE)], fresh)
    with monkeypatch.context() as before:
        before.setattr(
            module, "migrations", lambda: tuple(migration for migration in migrations() if migration.name < "0030")
        )
        before.setattr(module, "versions", lambda: ())
        await migrate(database)
        # The loader writes a column that a later migration adds.
        await execute(database, "alter table store.{} add name_key bytea")
        await load([str(SAMPLE)], database)
        await execute(database, "alter table store.{} drop name_key")
    assert await vectors(database) != await vectors(fresh)
    assert (await migrate(database))[0] == "0030_search"
    assert await vectors(database) == await vectors(fresh)


async def execute(url: str, statement: str) -> None:
    """Run a statement for each table whose records are sorted by name."""
    connection = await asyncpg.connect(url)
    try:
        for table in ("source", "place"):
            await connection.execute(statement.format(table))
    finally:
        await connection.close()


async def vectors(url: str) -> dict[str, str]:
    """Return the search vectors of the records of the store, by id."""
    connection = await asyncpg.connect(url)
    try:
        return {
            row["id"]: row["search"]
            for table in SEARCHED
            for row in await connection.fetch(f"select id, search::text from store.{table}")
        }
    finally:
        await connection.close()


async def test_a_batch_looks_up_its_records_whatever_the_size_of_the_log(
    new_store: Callable[[], Awaitable[str]],
) -> None:
    url = await new_store()
    await load([str(SAMPLE)], url)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("analyze")
        ids = [row["id"] for row in await connection.fetch("select id from store.quote order by id limit 5")]
        query = load_statements.normalized("quote")
        explain = "explain (analyze, format json) " + query[query.index("select") :]
        plan = json.loads(await connection.fetchval(explain, ids))[0]["Plan"]
    finally:
        await connection.close()
    reads = [node for node in nodes(plan) if node.get("Relation Name") == "change"]
    lookups = sum(
        node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) for node in reads
    )
    assert reads and lookups <= len(ids)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a plan, from the root down."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)
