"""The sample is loaded once, in two editions: a later start does not restore what was withdrawn since."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.ingest.load import LoadOptions, load
from api.ingest.sample import CORRECTED, DATASET, FIRST, load_sample

EDITIONS = [FIRST.known_at, CORRECTED.known_at]
QUOTE = {"resource": "quote", "dataset": DATASET, "key": "arakhamia-third-round"}
OTHER = {"resource": "place", "dataset": "other", "key": "place", "name": "Gomel"}


@pytest.fixture
async def url(new_store: Callable[[], Awaitable[str]]) -> str:
    return await new_store()


async def fetch(url: str, sql: str) -> list[Any]:
    """Return the first column of what a statement finds."""
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def write(url: str, folder: Path, record: dict[str, Any]) -> None:
    path = folder / "record.ndjson"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    await load([str(path)], url)


async def times(url: str) -> list[Any]:
    return await fetch(url, "select at from store.edition order by seq")


async def test_a_second_start_leaves_the_store_as_it_is(url: str, tmp_path: Path) -> None:
    await load_sample(url)
    assert await times(url) == EDITIONS
    await write(url, tmp_path, QUOTE | {"withdrawn": {"reason": "Retracted"}})
    await load_sample(url)
    assert await fetch(url, "select count(*) from store.quote where withdrawn is not null") == [1]
    assert len(await times(url)) == 3


async def test_a_start_that_was_killed_between_the_editions_is_completed_by_the_next(url: str) -> None:
    await load([str(FIRST.file)], url, options=LoadOptions(known_at=FIRST.known_at))
    await load_sample(url)
    assert await times(url) == EDITIONS


async def test_a_sample_of_an_earlier_release_is_not_corrected(url: str) -> None:
    await load([str(FIRST.file)], url)
    await load_sample(url)
    assert await fetch(url, "select value from store.figure where key = 'civilians-killed'") == [364]


async def test_a_store_that_already_has_editions_gets_those_of_the_sample_after_them(url: str, tmp_path: Path) -> None:
    await write(url, tmp_path, OTHER)
    await load_sample(url)
    own, *sample = await times(url)
    assert len(sample) == 2 and own < min(sample)
    assert await fetch(url, "select value from store.figure where key = 'civilians-killed'") == [406]


async def test_processes_that_start_at_the_same_time_load_it_once(url: str) -> None:
    await asyncio.gather(*[load_sample(url) for _ in range(3)])
    assert await times(url) == EDITIONS
