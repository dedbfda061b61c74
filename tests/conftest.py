"""One Postgres for the session, and a new empty database on it for whoever asks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from api.store.embedded import start


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server of BRIEFING_TEST_DATABASE_URL, or an embedded one that lives as long as the session."""
    if given := os.environ.get("BRIEFING_TEST_DATABASE_URL"):
        yield given
        return
    with start(tmp_path_factory.mktemp("briefing")) as server:
        yield server.url


@pytest.fixture(scope="session")
async def fresh_database(postgres_url: str) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """`await fresh_database()` makes an empty database and returns its URL; all are dropped at the end."""
    made: list[str] = []

    async def make() -> str:
        name = f"briefing_test_{uuid4().hex}"
        await _execute(postgres_url, f'create database "{name}" template template0')
        made.append(name)
        return urlsplit(postgres_url)._replace(path=f"/{name}").geturl()

    yield make
    for name in made:
        await _execute(postgres_url, f'drop database if exists "{name}" with (force)')


@pytest.fixture
async def database(fresh_database: Callable[[], Awaitable[str]]) -> str:
    """The URL of an empty database of the test's own."""
    return await fresh_database()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
