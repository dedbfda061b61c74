"""The indexes whose use is counted are those that exist."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from api.ingest.load import load
from api.store.changes import Changes
from api.store.migrate import migrate
from tests.conftest import SAMPLE

IN_CATALOG = """
    select array_agg(i.indexrelid order by i.indexrelid)
    from pg_class t join pg_index i on i.indrelid in (t.oid, t.reltoastrelid) where t.oid = 'store.event'::regclass"""
COUNTED = "select indexes from store.counted where relation = 'store.event'::regclass"
LOOKED_AT = "select store.rows_looked_at('{store.event}')"


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    await migrate(database)
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def test_the_indexes_of_each_table_are_counted(connection: asyncpg.Connection) -> None:
    tables = await connection.fetchval("select count(*) from pg_tables where schemaname in ('store', 'past')")
    assert await connection.fetchval("select count(*) from store.counted") == tables
    assert await connection.fetchval(COUNTED) == await connection.fetchval(IN_CATALOG)
    indexes = await connection.fetchval(
        "select bitmap_indexes::regclass[]::text[] from store.counted where relation = 'store.event'::regclass"
    )
    assert any("words" in name or "search" in name for name in indexes), indexes


async def build_again(connection: asyncpg.Connection) -> None:
    """Build the primary key of the events again. It gets another number, whose use is not counted."""
    index_query = "select indexrelid from pg_index where indrelid = 'store.event'::regclass and indisprimary"
    name = await connection.fetchval(f"select ({index_query})::regclass::text")
    await connection.execute(f"reindex index concurrently {name}")
    assert await connection.fetchval(index_query) not in await connection.fetchval(COUNTED)


async def test_an_index_that_was_built_again_is_counted_after_a_migration(
    connection: asyncpg.Connection, database: str
) -> None:
    await build_again(connection)
    assert await migrate(database) == []
    assert await connection.fetchval(COUNTED) == await connection.fetchval(IN_CATALOG)


async def test_a_service_refreshes_the_indexes_once_a_minute(connection: asyncpg.Connection, database: str) -> None:
    await build_again(connection)
    await connection.execute("select store.keep_counted()")
    assert await connection.fetchval(COUNTED) != await connection.fetchval(IN_CATALOG)
    await connection.execute("update store.counted_refresh set refreshed_at = now() - interval '61 seconds'")
    changes = Changes(database)
    changes.start()
    async with asyncio.timeout(30):
        while await connection.fetchval(COUNTED) != await connection.fetchval(IN_CATALOG):
            await asyncio.sleep(0.02)
    await changes.stop()


async def test_rows_and_entries_that_are_read_are_counted(connection: asyncpg.Connection, database: str) -> None:
    await load([str(SAMPLE)], database)
    before = await connection.fetchval(LOOKED_AT)
    events = await connection.fetchval("select count(*) from (select title || '' from store.event offset 0) as read")
    assert await connection.fetchval(LOOKED_AT) - before >= events > 0
