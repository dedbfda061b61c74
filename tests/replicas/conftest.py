"""One primary with two replicas for all tests of this folder, and services over them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.access.access_control import AccessControl
from api.access.caller import Caller
from api.access.caller_cache import CallerCache
from api.access.plan import Plan
from api.catalog import V1
from api.ingest.load import load
from api.rest.request import list_query
from api.service import Outcome, RequestContext, Service
from api.settings import Settings
from api.store.migrate import migrate
from api.store.replicas import Replicas
from api.store.routed_reader import RoutedReader
from tests.replicas.servers import Server, replicated

SAMPLE = Path(__file__).parents[2] / "api" / "sample"
CALLER = Caller("ip:192.0.2.1", Plan("p", 1, 1, 1, 1, 200))
NUMBERS = count(1)


@pytest.fixture(scope="package")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[Server]]:
    """A primary with the sample, and two replicas. A test that breaks a server mends it."""
    with replicated(2) as servers:
        await migrate(servers[0].url)
        await load([str(SAMPLE)], servers[0].url)
        await write(servers[0], tmp_path_factory.mktemp("first"))
        yield servers


@pytest.fixture
def primary(servers: list[Server]) -> Server:
    return servers[0]


@pytest.fixture
def replicas(servers: list[Server]) -> list[Server]:
    return servers[1:]


class Routed:
    """A service over a primary and its replicas, in this process."""

    def __init__(self, service: Service, replicas: Replicas) -> None:
        self.service = service
        assert isinstance(service.reads, RoutedReader)
        self.reads = service.reads
        self.replicas = replicas.all

    async def read(self, at_least: int = 0, resource: str = "source") -> Outcome:
        """Read the record of a list that was changed last. `write` changes a source."""
        prepared = self.service.prepare(list_query(V1, V1[resource], b"sort=-updated_at&limit=1"), CALLER)
        return await self.service.execute(prepared, make_context(at_least), b"/v1/sources")

    async def number(self, at_least: int = 0) -> int:
        """Return the number that was written last, as the service has it."""
        return number_of((await self.read(at_least)).reply.body)

    async def until_used(self, used: int) -> None:
        """Wait until so many replicas are used."""
        async with asyncio.timeout(30):
            while sum(replica.is_used and not replica.is_resting for replica in self.replicas) != used:
                await asyncio.sleep(0.02)

    async def until_sure(self) -> None:
        """Wait until the log was polled."""
        async with asyncio.timeout(30):
            while self.service.changes.least_mark(("source",)) is None:
                await asyncio.sleep(0.01)

    @property
    def primary_reads(self) -> int:
        return self.reads.replicas.primary_reads

    def reads_of_replicas(self) -> int:
        return sum(replica.reads for replica in self.replicas)


@asynccontextmanager
async def routed(
    servers: Sequence[Server], urls: Sequence[str] | None = None, primary_url: str = "", **settings: Any
) -> AsyncIterator[Routed]:
    """Run a service over these servers. `urls` are those of the replicas, if they are others. No answer is kept unless
    the settings say so."""
    primary, *others = servers
    url = primary_url or primary.url
    replica_urls = [server.url for server in others] if urls is None else urls
    service_settings = Settings(read_urls=" ".join(replica_urls), **{"answer_memory": 0, **settings})
    replicas = Replicas(service_settings, url)
    caller_cache = CallerCache(url, service_settings, replicas)
    service = Service(service_settings, url, AccessControl(caller_cache, None, service_settings), replicas)
    service.changes.start()
    caller_cache.start()
    replicas.start()
    try:
        routed_service = Routed(service, replicas)
        await caller_cache.known()
        await routed_service.until_sure()
        yield routed_service
    finally:
        await service.changes.stop()
        await caller_cache.stop()
        await service.reader.close()
        await replicas.close()


async def write(primary: Server, folder: Path) -> int:
    """Load the next number as the name of a source, and return it. It is committed then."""
    number = next(NUMBERS)
    line = {"resource": "source", "dataset": "test", "key": "number", "name": f"Number {number}", "kind": "person"}
    path = folder / "number.ndjson"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    await load([str(path)], primary.url)
    return number


def number_of(body: bytes) -> int:
    """Return the number in an answer."""
    return int(json.loads(body)["data"][0]["name"].removeprefix("Number "))


def make_context(at_least: int = 0) -> RequestContext:
    """Return the context of a new request."""
    return RequestContext(time.perf_counter(), caller=CALLER, at_least=at_least)


async def execute(server: Server, *statements: str) -> str:
    """Execute statements on a server, as its owner, and return the status of the last one. What a replica replays may
    cancel them, or the connecting."""
    status = ""
    while True:
        with suppress(asyncpg.SerializationError):
            connection = await asyncpg.connect(server.url)
            break
    try:
        for statement in statements:
            with suppress(asyncpg.SerializationError):
                status = await connection.execute(statement)
                continue
            status = await connection.execute(statement)
    finally:
        await connection.close()
    return status
