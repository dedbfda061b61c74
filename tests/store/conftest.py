"""A migrated database, shared by the tests that only read it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest


@pytest.fixture(scope="session")
async def migrated(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of an empty store."""
    url = await new_store()
    return url


@pytest.fixture
async def owner(migrated: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the store's owner."""
    connection = await asyncpg.connect(migrated)
    yield connection
    await connection.close()
