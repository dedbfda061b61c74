"""A store of the sample for each page, and the machine on which the pages are read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from api.ingest.load import load
from tests.clients import ROOT
from tests.conftest import SAMPLE
from tests.guide.reader import Machine, Reader
from tests.serving import serving


@pytest.fixture(scope="session")
def machine(
    python_home: Path, typescript_home: Path, node_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Machine:
    """The programs that a reader has installed. What a page installs itself comes in the versions of the tests."""
    pinned = (ROOT / "openapi/sdk/python/requirements-test.txt").read_text(encoding="utf-8")
    pins = tmp_path_factory.mktemp("guide") / "pins.txt"
    pins.write_text("\n".join(re.findall(r"^[\w.-]+==[^\s;]+", pinned, re.M)))
    return Machine(python_home / "bin" / "python", node_home, typescript_home / "node_modules", pins)


@pytest.fixture(scope="session")
async def loaded(new_store: Callable[..., Awaitable[str]]) -> str:
    """A store of the sample, which is copied for each page."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    return url


@pytest.fixture
async def reader(
    fresh_database: Callable[..., Awaitable[str]], loaded: str, machine: Machine, tmp_path: Path
) -> AsyncIterator[Reader]:
    """A reader with the service as `make serve` runs it: over the sample, with limits."""
    url = await fresh_database(loaded)
    with serving(url, limits=True) as server:
        yield Reader(tmp_path, machine, f"http://127.0.0.1:{server.port}", url)
