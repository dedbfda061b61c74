"""A store with nothing but its plans, and the services that make keys and plans in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from api.access.keys import Keys
from api.access.plans import Plans
from api.store.access import AccessStore

ACTOR = "test: us"


@pytest.fixture(scope="module")
async def url(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of a migrated database of the module's own."""
    url = await new_store()
    return url


@pytest.fixture
async def owner(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the store's owner."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
async def store(url: str) -> AsyncIterator[AccessStore]:
    """The statements over the store."""
    store = AccessStore(url)
    yield store
    await store.close()


@pytest.fixture
def keys(store: AccessStore) -> Keys:
    """The service that makes and revokes keys."""
    return Keys(store, "live", ACTOR)


@pytest.fixture
def plans(store: AccessStore) -> Plans:
    """The service that makes and changes plans."""
    return Plans(store, ACTOR)
