"""One store of edge cases for all tests of this folder: its rows in Python, the reference over them, and the service as
clients see it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import httpx2
import pytest

from api.app import create_app
from api.catalog import V1, V2, VERSIONS, Version
from api.graphql.contract import text
from api.settings import Settings
from tests.agreement import dataset, rows
from tests.agreement.reference import Reference

Make = Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class Apis:
    """REST and GraphQL of a service, in one version."""

    client: httpx2.AsyncClient
    version: Version = V1

    async def graphql(self, query: str, variables: Any = None, name: str | None = None) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of a GraphQL request."""
        body = {"query": query, "variables": variables, "operationName": name}
        accept = {"accept": "application/graphql-response+json"}
        response = await self.client.post(f"/{self.version.name}/graphql", json=body, headers=accept)
        return response.status_code, response.json()

    async def rest(self, path: str, parameters: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of a REST request."""
        response = await self.client.get(f"/{self.version.name}{path}", params=parameters or {})
        return response.status_code, response.json()


@asynccontextmanager
async def open_apis(url: str, version: Version = V1, **settings: Any) -> AsyncIterator[Apis]:
    """Run the application over a database in this process. Its lifespan events are sent from here."""
    patient = {"statement_timeout": 30, "pool_wait": 30, "connect_timeout": 30, "access_timeout": 30}
    app = create_app(Settings(**(patient | settings)), url).asgi
    received_events: asyncio.Queue[Any] = asyncio.Queue()
    sent_events: asyncio.Queue[Any] = asyncio.Queue()
    lifespan = asyncio.ensure_future(
        app({"type": "lifespan", "asgi": {"version": "3.0"}}, received_events.get, sent_events.put)
    )
    await received_events.put({"type": "lifespan.startup"})
    await sent_events.get()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://briefing") as client:
        yield Apis(client, version)
    await received_events.put({"type": "lifespan.shutdown"})
    await lifespan


@pytest.fixture(params=VERSIONS.values(), ids=lambda version: str(version.name))
def version(request: pytest.FixtureRequest) -> Version:
    """Each version in turn. A test that uses `apis`, `stored_rows` or `reference` runs for all versions."""
    version: Version = request.param
    return version


async def write_store(new_store: Make, generated: dataset.Dataset) -> str:
    """Write rows into a store of their own, and return its URL."""
    url = await new_store()
    connection = await asyncpg.connect(url)
    await dataset.write(connection, generated)
    await connection.close()
    return url


async def read_rows(url: str, version: Version) -> rows.Rows:
    """Return the rows of a store, as a version shows them."""
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    try:
        return await rows.read_store(connection, version.name)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def store_url(new_store: Make) -> str:
    """A database that holds the awkward store. Nothing writes to it afterwards."""
    return await write_store(new_store, dataset.make())


@pytest.fixture(scope="session")
async def rows_by_version(store_url: str) -> dict[str, rows.Rows]:
    """The rows of the store, as each version shows them."""
    return {name: await read_rows(store_url, version) for name, version in VERSIONS.items()}


@pytest.fixture(scope="session")
def reference_by_version(rows_by_version: dict[str, rows.Rows]) -> dict[str, Reference]:
    """The reference executors over these rows."""
    return {name: Reference(text(VERSIONS[name]), rows_by_version[name], VERSIONS[name].utc) for name in VERSIONS}


@pytest.fixture(scope="session")
async def unpriced_service(store_url: str) -> AsyncIterator[Apis]:
    """The service over the same store, without a limit on prices."""
    async with open_apis(store_url, max_price=10**9) as apis:
        yield apis


@pytest.fixture(scope="session")
async def priced_service(store_url: str) -> AsyncIterator[Apis]:
    """The same service, with the limit on prices that it has in operation."""
    async with open_apis(store_url) as apis:
        yield apis


@pytest.fixture
def stored_rows(rows_by_version: dict[str, rows.Rows], version: Version) -> rows.Rows:
    """The rows of the store in the version of the test."""
    return rows_by_version[version.name]


@pytest.fixture
def reference(reference_by_version: dict[str, Reference], version: Version) -> Reference:
    """The reference executor over these rows."""
    return reference_by_version[version.name]


@pytest.fixture
def apis(unpriced_service: Apis, version: Version) -> Apis:
    """The service without a limit on prices in the version of the test."""
    return replace(unpriced_service, version=version)


@pytest.fixture
def priced_apis(priced_service: Apis, version: Version) -> Apis:
    """The service with its limit on prices in the version of the test."""
    return replace(priced_service, version=version)


@pytest.fixture(scope="module")
async def service(store: str) -> AsyncIterator[Apis]:
    """The service over the store of a module, in version 2."""
    async with open_apis(store, V2, max_price=10**9) as apis:
        yield apis


@pytest.fixture(scope="module")
async def known(store: str) -> rows.Rows:
    """The rows of the store of a module."""
    return await read_rows(store, V2)
