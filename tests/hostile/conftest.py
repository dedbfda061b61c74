"""The service as operators run it, over the sample, and a client without manners."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from api.ingest.load import load
from tests.hostile.raw_client import RawClient
from tests.http.conftest import ServerProcess
from tests.serving import serving

SAMPLE = Path(__file__).parents[2] / "api" / "sample"


@pytest.fixture(scope="package")
async def sample(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    """The URL of a database that contains the sample."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    yield url


@pytest.fixture(scope="package")
def service(sample: str) -> Iterator[ServerProcess]:
    """The running service."""
    with serving(sample) as server:
        yield server
        assert server.process.poll() is None, "it is still there"


@pytest.fixture
def raw_client(service: ServerProcess) -> RawClient:
    """A client of the running service."""
    return RawClient(service.port)


def cpu_seconds(service: ServerProcess) -> float:
    """Return the processor time of the service so far, in seconds."""
    fields = Path(f"/proc/{service.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
