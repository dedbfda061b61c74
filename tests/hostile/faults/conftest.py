"""One Postgres for all rows of the table of faults, and the service over it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import pytest

from api.ingest.load import load
from api.store.embedded import start
from api.store.migrate import migrate
from tests.hostile.faults.cluster import Cluster, connect_to, fresh, until
from tests.hostile.faults.disk import Disk, small
from tests.hostile.raw_client import RawClient
from tests.http.conftest import ServerProcess
from tests.serving import serving

SAMPLE = Path(__file__).parents[3] / "api" / "sample"


@pytest.fixture(scope="package", autouse=True)
def time_limits() -> Iterator[None]:
    """Let services use their default time limits, because some tests measure how long a fault holds a request."""
    with patch.dict(os.environ):
        for name in ("BRIEFING_STATEMENT_TIMEOUT", "BRIEFING_STATEMENT_TIMEOUT_FLOOR"):
            os.environ.pop(name, None)
        yield


@pytest.fixture(scope="package")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    folder = tmp_path_factory.mktemp("faults")
    cluster = Cluster(folder, start(folder))
    try:
        await migrate(cluster.server.url)
        await load([str(SAMPLE)], cluster.server.url)
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="package")
def service(cluster: Cluster) -> Iterator[ServerProcess]:
    with serving(cluster.server.url) as server:
        until(lambda: RawClient(server.port).get("/readyz").status == 200, 5)
        yield server


@pytest.fixture
def near(service: ServerProcess) -> RawClient:
    """A client of the service over the package's own Postgres, once it answers."""
    raw_client = RawClient(service.port)
    until(lambda: raw_client.get(fresh()).status == 200, 5)
    return raw_client


@pytest.fixture
async def disk(cluster: Cluster) -> AsyncIterator[Disk]:
    """A database on a disk of its own, which has little room left."""
    owner = (cluster.folder / "postgres").stat()
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(small(18))
        except PermissionError as error:
            pytest.skip(f"a file system cannot be mounted here: {error}")
        os.chown(folder, owner.st_uid, owner.st_gid)
        async with connect_to(cluster) as connection:
            await connection.execute(f"create tablespace small location '{folder}'")
            await connection.execute("create database small template template0 tablespace small")
            try:
                url = cluster.server.url.replace("/briefing?", "/small?")
                await migrate(url)
                yield Disk(folder, url)
            finally:
                await connection.execute("drop database small with (force)")
                await connection.execute("drop tablespace small")
