"""Files of the real data, each loaded once for the tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import pytest

from api.ingest.load import LoadOptions, LoadSummary, load
from tests.ingest.real.records import Rows
from tests.real_data import real_file


@dataclass(frozen=True)
class LoadedFile:
    """A file in a store of its own: the report of the load, and a way to query the store."""

    mapping: str
    path: str
    url: str
    summary: LoadSummary
    rows: Rows

    async def load_again(self) -> LoadSummary:
        """Load the file again, as the complete content of its data set."""
        return await load([self.path], self.url, options=LoadOptions(self.mapping, complete=True, yes=True))


Load = Callable[[str, str], Awaitable[LoadedFile]]


async def assert_unchanged(file: LoadedFile) -> None:
    """Assert that loading a file again creates, updates and withdraws nothing."""
    again = await file.load_again()
    created_counts = {resource: counts["created"] for resource, counts in file.summary.counts.items()}
    assert {resource: counts["unchanged"] for resource, counts in again.counts.items()} == created_counts
    assert {action for counts in again.counts.values() for action, count in counts.items() if count} == {"unchanged"}


@pytest.fixture(scope="module")
async def load_file(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[Load]:
    """`await load_file(mapping, file)` loads a file, or returns it as it was loaded before."""
    loads: dict[tuple[str, str], LoadedFile] = {}
    connections: list[asyncpg.Connection] = []

    async def once(mapping: str, name: str) -> LoadedFile:
        if (mapping, name) not in loads:
            path, url = str(real_file(name)), await new_store()
            summary = await load([path], url, options=LoadOptions(mapping))
            connections.append(await asyncpg.connect(url))
            loads[mapping, name] = LoadedFile(mapping, path, url, summary, connections[-1].fetch)
        return loads[mapping, name]

    yield once
    for connection in connections:
        await connection.close()
