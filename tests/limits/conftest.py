"""The service with its limits on, in real processes, over a store of the package's own, and keys of any plan."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx2
import pytest

from api.access.keys import Keys, NewKey
from api.access.plan import Plan
from api.access.plans import Plans
from api.access.trusted_documents import TrustedDocument, TrustedDocuments
from api.ingest.load import load
from api.store.access import AccessStore
from tests.access.limits.server import RedisServer, running
from tests.conftest import SAMPLE
from tests.http.conftest import ServerProcess
from tests.serving import serving

NAMES = count()
GRAPHQL = "application/graphql-response+json"


@dataclass
class Access:
    """The plans, keys and trusted documents of a store."""

    store: AccessStore

    async def plan(self, **values: Any) -> Plan:
        """Create a plan that allows much, except for the given values."""
        usual = {
            "points_minute": 60_000, "points_day": 10_000_000, "burst": 1_000_000, "at_once": 50, "page_most": 200,
            "export_most": 1_000_000, "formats": ("csv", "ndjson", "geojson"),
        }  # fmt: skip
        return await Plans(self.store, "test: us").create(Plan(f"plan{next(NAMES)}", **{**usual, **values}))

    async def change(self, name: str, **values: Any) -> None:
        """Change a plan, and wait until every process knows the change."""
        await Plans(self.store, "test: us").change(name, **values)
        await asyncio.sleep(1.0)

    async def key(
        self, plan: Plan | None = None, *scopes: str, origins: tuple[str, ...] = (), **values: Any
    ) -> dict[str, str]:
        """Create a key of the plan, or of a new plan with these values, and return its header fields."""
        plan = plan or await self.plan(**values)
        new_key = NewKey("a test", plan.name, scopes or ("read",), origins=origins)
        api_key = await Keys(self.store, "live", "test: us").create(new_key)
        return {"authorization": f"Bearer {api_key.secret.text}"}

    async def trust(self, text: str, plan: Plan | None = None) -> str:
        """Register a document, and return its hash."""
        document = TrustedDocument("v1", f"document {next(NAMES)}", text, plan.name if plan else None)
        assert await TrustedDocuments(self.store, "test: us", lambda *_: None).add(document)
        return document.hash

    async def forget(self, digest: str) -> None:
        await TrustedDocuments(self.store, "test: us", lambda *_: None).remove(digest)


@dataclass
class Client:
    """A client of one service."""

    http: httpx2.Client

    def get(self, path: str, key: Mapping[str, str] | None = None, /, **headers: str) -> httpx2.Response:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.get(path, headers={**(key or {}), **fields})

    def ask(self, query: str, key: Mapping[str, str] | None = None, **more: Any) -> httpx2.Response:
        body = {"query": query, **more} if query else more
        return self.http.post("/v1/graphql", json=body, headers={**(key or {}), "accept": GRAPHQL})


@contextmanager
def client_of(server: ServerProcess) -> Iterator[Client]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=20) as client:
        wait_until_ready(client)
        yield Client(client)


def wait_until_ready(client: httpx2.Client) -> None:
    for _ in range(400):
        if client.get("/readyz").status_code == 200:
            return
        time.sleep(0.05)
    raise AssertionError("it does not become ready")


@contextmanager
def limited_client(url: str, **settings: Any) -> Iterator[Client]:
    """A client of a service of its own, with its limits on."""
    with serving(url, limits="true", **settings) as server, client_of(server) as client:
        yield client


def cost(response: httpx2.Response) -> dict[str, int]:
    """Return the cost that a GraphQL answer states."""
    assert response.status_code == 200, response.text
    cost_report: dict[str, int] = json.loads(response.text)["extensions"]["cost"]
    return cost_report


@pytest.fixture(scope="package")
async def store(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of a store with the sample."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    return url


@pytest.fixture(scope="package")
async def access(store: str) -> AsyncIterator[Access]:
    store_ = AccessStore(store)
    yield Access(store_)
    await store_.close()


@pytest.fixture(scope="package")
def server(store: str) -> Iterator[ServerProcess]:
    """The service, with one worker."""
    with serving(store, limits="true") as server:
        yield server


@pytest.fixture(scope="package")
def client(server: ServerProcess) -> Iterator[Client]:
    with client_of(server) as client:
        yield client


@pytest.fixture(scope="package")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running(tmp_path_factory.mktemp("redis")) as server:
        yield server
