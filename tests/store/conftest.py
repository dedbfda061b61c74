"""A migrated database, shared by the tests that only read it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest


@pytest.fixture(scope="session")
async def empty_store(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of an empty store."""
    url = await new_store()
    return url


@pytest.fixture
async def owner(empty_store: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the store's owner."""
    connection = await asyncpg.connect(empty_store)
    yield connection
    await connection.close()
