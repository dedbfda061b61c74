"""A search finds its rows in several ways, depending on how common its words are. The page is always the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import orjson
import pytest

from api.catalog import V1
from api.compiler import compile_query, search
from api.rest.request import list_query

WORDS = "q=corridor%20or%20evacuation%20or%20city"
ASKED = [
    (resource, f"{WORDS}&limit=7{more}")
    for resource, more in [
        ("event", ""),
        ("event", "&sort=starts_at"),
        ("event", "&sort=-ends_at"),
        ("event", "&sort=ends_at"),
        ("event", "&sort=id"),
        ("event", "&disputed=false&figures.measure=killed"),
        ("quote", ""),
        ("quote", "&sort=said_at"),
        ("figure", "&sort=as_of"),
        ("source", "&sort=-name"),
    ]
]


@pytest.fixture(scope="module")
async def connection(store_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(store_url, server_settings={"timezone": "UTC"})
    yield connection
    await connection.close()


async def read_pages(connection: asyncpg.Connection, resource: str, url: str, pages: int = 6) -> list[object]:
    """Return the records of the first pages, read one after the other by their cursors."""
    records: list[object] = []
    cursor = ""
    for _ in range(pages):
        statement = compile_query(list_query(V1, V1[resource], f"{url}{cursor}".encode()))
        row = await connection.fetchrow(statement.sql, *statement.arguments)
        assert row is not None
        body = orjson.loads(row["body"])
        records += body["data"]
        if row["next"] is None:
            break
        cursor = f"&cursor={row['next']}"
    return records


@pytest.mark.parametrize(("resource", "url"), ASKED)
async def test_a_page_is_the_same_however_it_is_read(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, resource: str, url: str
) -> None:
    ways = []
    # Among the first rows if they are enough, among further ones, through the index of words, in the order of the list.
    for early, more, most in (
        *((40, 32, 5_000), (1, 0, 5_000), (0, 0, 5_000), (0, 0, 2), (1, 0, 2)),
        *((1, 1, 2), (1, 32, 2), (1, 32, 5_000), (2, 1, 5_000)),
    ):
        monkeypatch.setattr(search, "EARLY", early)
        monkeypatch.setattr(search, "MORE", more)
        monkeypatch.setattr(search, "FEW", most)
        ways.append(await read_pages(connection, resource, url))
    assert all(way == ways[0] for way in ways)
    assert len(ways[0]) > 7, "the words are to fill more than a page"
    assert len({record["id"] for record in ways[0]}) == len(ways[0])  # type: ignore[index]
