"""Versions of records in time, and the editions of the store that loads leave.

tests/agreement/test_replay.py tests that a query as of an edition gives the answer of that time.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.catalog import VERSIONS
from api.ingest.load import LoadOptions, load
from api.model import ENTITIES
from api.store.as_of import VIEW
from api.store.migrate import migrate
from api.store.statements import versions

COLUMNS = """
    select attname as name, format_type(atttypid, atttypmod) as type, attgenerated from pg_attribute
    where attrelid = $1::regclass and attnum > 0 and not attisdropped"""
INDEXES = """
    select indexname as name, indexdef as text from pg_indexes where schemaname = $1 and tablename = $2"""
EDITIONS = "select seq, at from store.edition order by seq"
PAGE = "select id from v2_at.{0}(7) one order by {1} desc nulls last, id desc limit 20"
SORTS = [
    ("event", "starts_at"),
    ("event", "updated_at"),
    ("figure", "as_of"),
    ("quote", "said_at"),
    ("briefing", "published_at"),
    ("document", "published_at"),
    ("place", "name_key"),
    ("source", "name_key"),
]


@pytest.fixture
async def url(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of an empty store of the test's own."""
    return await new_store()


@pytest.fixture
async def connection(url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection to the store as its owner."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
def load_place(url: str, tmp_path: Path) -> Callable[..., Awaitable[None]]:
    """`await load_place(name="Kyiv")` loads a place."""

    async def load_fields(check: bool = False, **fields: Any) -> None:
        file = tmp_path / "one.ndjson"
        file.write_text(json.dumps({"resource": "place", "key": "kyiv", "dataset": "test", **fields}) + "\n")
        await load([str(file)], url, options=LoadOptions(check=check))

    return load_fields


@pytest.mark.parametrize("entity", ENTITIES)
async def test_a_version_has_the_columns_of_its_record(owner: asyncpg.Connection[Any], entity: str) -> None:
    present = {row["name"]: row for row in await owner.fetch(COLUMNS, f"store.{entity}")}
    past = {row["name"]: row for row in await owner.fetch(COLUMNS, f"past.{entity}")}
    assert past.pop("until")["type"] == "bigint"
    assert past == {name: row for name, row in present.items() if name not in ("digest", "withdrawn")}


@pytest.mark.parametrize("entity", ENTITIES)
async def test_a_version_has_the_indexes_of_its_record(owner: asyncpg.Connection[Any], entity: str) -> None:
    present = {row["name"]: row["text"] for row in await owner.fetch(INDEXES, "store", entity)}
    past = {row["name"]: row["text"] for row in await owner.fetch(INDEXES, "past", entity)}
    assert f"{entity}_since" in past
    columns = {_columns(text) for text in past.values()}
    for name, text in present.items():
        if "UNIQUE" not in text and "withdrawn" not in text:
            assert _columns(text) in columns, name


def _columns(index: str) -> str:
    """Return the method, columns and condition of an index, without the numbers of changes."""
    return re.sub(r", (since|until)\b", "", index.partition(" USING ")[2])


@pytest.mark.parametrize("version", VERSIONS)
async def test_each_view_has_a_function_of_the_same_rows(owner: asyncpg.Connection[Any], version: str) -> None:
    views = {row["relname"] for row in await owner.fetch(VIEWS, version)}
    functions = {row["proname"]: row["returned"] for row in await owner.fetch(FUNCTIONS, f"{version}_at")}
    assert functions == {view: f"{version}.{view}" for view in views}
    [script] = [candidate for candidate in versions() if candidate.name == version]
    # These two are written with their functions, because they show no records.
    assert {view["name"] for view in VIEW.finditer(script.text)} == views - {"withdrawal", "edition"}


VIEWS = "select relname from pg_class where relnamespace = $1::text::regnamespace and relkind = 'v'"
FUNCTIONS = """
    select proname, format_type(prorettype, null) as returned from pg_proc
    where pronamespace = $1::text::regnamespace and proretset"""


@pytest.mark.parametrize(("resource", "sort"), SORTS)
async def test_a_page_as_of_a_change_is_read_in_the_order_of_two_indexes(
    owner: asyncpg.Connection[Any], resource: str, sort: str
) -> None:
    async with owner.transaction():
        await owner.execute("set local role briefing_reader")
        # The tables are empty, so all other plans are switched off.
        await owner.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
        await owner.execute("set local enable_sort = off; set local enable_incremental_sort = off")
        rows = await owner.fetch("explain (verbose) " + PAGE.format(resource, sort))
    plan = "\n".join(row[0] for row in rows)
    assert "Merge Append" in plan and "Function Scan" not in plan
    assert len(re.findall(r"Index (?:Only )?Scan", plan)) == 2
    conditions = re.findall(r"Index Cond: (.*)", plan)
    assert (
        sum("since" in condition for condition in conditions) == 2
        and sum("until" in condition for condition in conditions) == 1
    )


@pytest.mark.parametrize("table", ["past.event", "past.citation", "store.event", "store.edition"])
async def test_a_reader_cannot_read_the_tables(owner: asyncpg.Connection[Any], table: str) -> None:
    async with owner.transaction():
        await owner.execute("set local role briefing_reader")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.fetch(f"select * from {table}")


async def test_each_load_that_changes_something_leaves_an_edition(
    connection: asyncpg.Connection[Any], load_place: Callable[..., Awaitable[None]]
) -> None:
    await load_place(name="Kiev")
    [first] = await connection.fetch(EDITIONS)
    assert first["seq"] == await connection.fetchval("select seq from store.last_change")
    await load_place(name="Kiev")
    await load_place(name="Kyiv", check=True)
    assert await connection.fetch(EDITIONS) == [first]
    await load_place(name="Kyiv")
    [_, second] = await connection.fetch(EDITIONS)
    names = "select name from v2_at.place($1)"
    assert await connection.fetchval(names, first["seq"]) == "Kiev"
    assert await connection.fetchval(names, second["seq"]) == "Kyiv"
    assert await connection.fetchval(names, first["seq"] - 1) is None


@pytest.mark.parametrize("starts", [False, True], ids=["the next loader", "a process that starts"])
async def test_an_edition_whose_loader_was_killed_is_added_later(
    url: str, connection: asyncpg.Connection[Any], load_place: Callable[..., Awaitable[None]], starts: bool
) -> None:
    await load_place(name="Kiev")
    # The loader was killed after its load was committed.
    [edition] = await connection.fetch("delete from store.edition returning seq")
    if starts:
        await migrate(url)
    else:
        await load_place(name="Kyiv")
    seqs = [row["seq"] for row in await connection.fetch(EDITIONS)]
    assert seqs == [edition["seq"]] if starts else seqs[:1] == [edition["seq"]] and len(seqs) == 2


async def test_editions_keep_their_order_when_the_clock_goes_back(
    connection: asyncpg.Connection[Any], load_place: Callable[..., Awaitable[None]]
) -> None:
    await load_place(name="Kiev")
    ahead = datetime(2100, 1, 1, tzinfo=UTC)
    await connection.execute("update store.edition set at = $1", ahead)
    await load_place(name="Kyiv")
    await load_place(name="Kyjiw")
    times = [row["at"] for row in await connection.fetch(EDITIONS)]
    assert times[0] == ahead and times == sorted(set(times)) and len(times) == 3


async def test_editions_of_an_older_store_keep_their_order_when_its_clock_went_back(database: str) -> None:
    connection = await asyncpg.connect(database)
    script = Path(__file__).parents[2] / "sql" / "migrations" / "0025_versions.sql"
    fill = script.read_text("utf-8").split("-- step: transaction")[1]
    try:
        await connection.execute(
            "create schema store; create table store.change (seq bigint primary key, recorded_at timestamptz);"
            "insert into store.change values (1, '2026-01-02'), (2, '2026-01-02'), (3, '2026-01-01'),"
            "(4, '2026-01-01'), (5, '2025-12-31'), (6, '2026-01-03')"
        )
        await connection.execute(fill)
        rows = await connection.fetch(EDITIONS)
    finally:
        await connection.close()
    assert [row["seq"] for row in rows] == [2, 4, 5, 6]
    times = [row["at"] for row in rows]
    assert times == sorted(set(times)) and times[0].isoformat() == "2026-01-02T00:00:00+00:00"


async def test_a_loader_that_does_not_keep_versions_is_refused(
    connection: asyncpg.Connection[Any], load_place: Callable[..., Awaitable[None]]
) -> None:
    await load_place(name="Kiev")
    with pytest.raises(asyncpg.RestrictViolationError, match="earlier release"):
        await connection.execute("update store.place set revision = 2, name = 'Kyiv'")
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("update store.place set revision = 2, withdrawn = 'gone'")
