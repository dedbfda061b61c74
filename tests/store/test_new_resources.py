"""The functions by which a migration adds a resource make what the first resources have (0036_new_resources.sql, 0037).

tests/lifecycle/test_new_resource.py takes a resource that they made through loads, both APIs and exports.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from api.model import RECORDS
from api.store.erasure_statements import empty_search

MADE = """
    select store.create_resource('rumour', 'rmr', $$ text store.prose not null, language store.language $$,
        'store.search_vector(new.language, array[new.text])');
    select store.create_children('verdict', 'rumour', $$ rating store.line not null $$);
    select store.index_versions('rumour');
    select store.index_versions('verdict');"""
COLUMNS = """
    select attname as name, replace(format_type(atttypid, atttypmod), $2, 'x') as type, attnotnull as required
    from pg_attribute
    where attrelid = ($1 || '.' || $2)::regclass and attnum > 0 and not attisdropped and attname = any($3)"""
COMMON = [
    *(
        "id",
        "revision",
        "created_at",
        "updated_at",
        "digest",
        "withdrawn",
        "dataset",
        "key",
        "search",
        "since",
        "until",
    ),
]
INDEXES = "select indexname from pg_indexes where schemaname = 'past' and tablename = $1"
INSERT = """
    insert into store.rumour (id, created_at, updated_at, digest, text, key, since)
    values ($1, now(), now(), '', 'x', $2, 1)"""
ID = f"rmr_{'0' * 26}"


@pytest.fixture
async def owner(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection to a store with rumours and verdicts."""
    connection = await asyncpg.connect(await new_store())
    await connection.execute(MADE)
    yield connection
    await connection.close()


@pytest.mark.parametrize("schema", ["store", "past"])
async def test_a_new_resource_has_the_columns_of_every_record(owner: asyncpg.Connection[Any], schema: str) -> None:
    columns = sorted(await owner.fetch(COLUMNS, schema, "rumour", COMMON))
    assert columns == sorted(await owner.fetch(COLUMNS, schema, "briefing", COMMON))
    assert len(columns) == (10 if schema == "store" else 9)


async def test_a_new_resource_is_listed_with_its_latest_change(owner: asyncpg.Connection[Any]) -> None:
    assert await owner.fetchval("select prefix from store.resource where name = 'rumour'") == "rmr"
    assert await owner.fetchval("select seq from store.latest where resource = 'rumour'") == 0
    assert await owner.fetchval("select count(*) from store.resource") == len(RECORDS) + 1


async def test_its_ids_keys_and_children_are_checked(owner: asyncpg.Connection[Any]) -> None:
    for identifier, key in (("rmr_1", "a"), (f"rum_{'0' * 26}", "a"), (ID, ""), (ID, "\u202e")):
        with pytest.raises(asyncpg.CheckViolationError):
            await owner.execute(INSERT, identifier, key)
    await owner.execute(INSERT, ID, "a")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await owner.execute(
            "insert into store.verdict (record_id, position, rating) values ($1, 0, 'x')", ID[:-1] + "1"
        )


async def test_its_text_is_searched_in_present_and_past(owner: asyncpg.Connection[Any]) -> None:
    await owner.execute(
        "insert into store.rumour (id, created_at, updated_at, digest, text, language, since)"
        " values ($1, now(), now(), '', 'Refugees return.', 'en', 1)",
        ID,
    )
    await owner.execute(
        "insert into past.rumour (id, revision, created_at, updated_at, text, language, since, until)"
        " values ($1, 1, now(), now(), 'Refugees leave.', 'en', 1, 2)",
        ID,
    )
    for schema in ("store", "past"):
        is_match = await owner.fetchval(
            f"select search @@ store.search_query(array['+refugee'], 'en') from {schema}.rumour"
        )
        assert is_match is True


async def test_each_new_table_has_versions_with_its_indexes(owner: asyncpg.Connection[Any]) -> None:
    for table, expected in (
        ("rumour", {"rumour_since", "rumour_updated", "rumour_words"}),
        ("verdict", {"verdict_since"}),
    ):
        assert expected <= {row["indexname"] for row in await owner.fetch(INDEXES, table)}


async def test_emptied_search_words_stay_empty(owner: asyncpg.Connection[Any]) -> None:
    """Erasure empties the columns, and then the words that the trigger made of the emptied columns."""
    await owner.execute(INSERT, ID, "k")
    await owner.execute("update store.rumour set text = '[erased]' where id = $1", ID)
    assert await owner.fetchval("select search <> '' from store.rumour where id = $1", ID)
    await owner.execute(empty_search("rumour"), ID)
    assert await owner.fetchval("select search = '' from store.rumour where id = $1", ID)
