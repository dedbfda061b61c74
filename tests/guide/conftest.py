"""A store of the sample for each page, and the machine on which the pages are read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from api.ingest.sample import load_sample
from tests.clients import ROOT
from tests.conftest import take_for_the_original
from tests.guide.reader import Machine, Reader
from tests.serving import serving


@pytest.fixture(scope="session")
def machine(
    python_home: Path, typescript_home: Path, node_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Machine:
    """The programs that a reader has installed. What a page installs itself comes in the versions of the tests."""
    pins = tmp_path_factory.mktemp("guide") / "pins.txt"
    write_pins("openapi/sdk/python/requirements-test.txt", pins)
    return Machine(python_home / "bin" / "python", node_home, typescript_home / "node_modules", pins)


def write_pins(requirements: str, pins: Path) -> None:
    """Write the versions that a file of requirements pins, without their hashes, for pip's constraints."""
    pinned = (ROOT / requirements).read_text(encoding="utf-8")
    pins.write_text("\n".join(re.findall(r"^[\w.-]+==[^\\\n]+", pinned, re.M)), encoding="utf-8")


@pytest.fixture(scope="session")
async def sample_store(new_store: Callable[..., Awaitable[str]]) -> str:
    """A store of the sample in its two editions, which is copied for each page."""
    url = await new_store()
    await load_sample(url)
    return url


@pytest.fixture
async def reader(
    fresh_database: Callable[..., Awaitable[str]],
    sample_store: str,
    machine: Machine,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Reader]:
    """A reader with the service as `make serve` runs it: over the sample, with limits."""
    url = await fresh_database(sample_store)
    await take_for_the_original(url)
    # Tests of single commands have no page.
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    page = parameters.get("page")
    if isinstance(page, Path) and page.name == "data-analysis.md":
        pins = tmp_path / "pins.txt"
        write_pins("tests/files/requirements.txt", pins)
        machine = replace(machine, pins=pins)
    with serving(url, limits=True) as server:
        yield Reader(tmp_path, machine, f"http://127.0.0.1:{server.port}", url)
