"""The sample is loaded once: a later start does not restore what was withdrawn since."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from api.ingest.load import load
from api.ingest.sample import load_sample


async def test_a_second_start_leaves_the_store_as_it_is(
    new_store: Callable[[], Awaitable[str]], tmp_path: Path
) -> None:
    url = await new_store()
    await load_sample(url)
    line = {"resource": "quote", "dataset": "rferl-2022-03-06", "key": "arakhamia-third-round"}
    path = tmp_path / "withdrawn.ndjson"
    path.write_text(json.dumps({**line, "withdrawn": {"reason": "Retracted"}}) + "\n", encoding="utf-8")
    await load([str(path)], url)
    await load_sample(url)
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select count(*) from store.quote where withdrawn is not null") == 1
    await connection.close()
