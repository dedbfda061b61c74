"""An instance of the old release over a store that the next release has migrated: an upgrade, and the way back."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from unittest.mock import patch

import asyncpg
import httpx2
import pytest

from api.ingest.load import load
from tests.command import briefing
from tests.conftest import SAMPLE
from tests.serving import launch, serving

NEXT = """
    alter table store.event add column of_the_next_release text;
    insert into migration.applied (name, checksum, release) values ('0999_next', 'x', '9.1.0');
    update migration.applied set checksum = 'of the next release' where name = 'v2';
"""
LEDGER = "select string_agg(name || checksum, ' ' order by name) from migration.applied"


@pytest.fixture
async def store(new_store: Callable[[], Awaitable[str]]) -> str:
    url = await new_store()
    await load([str(SAMPLE)], url)
    return url


async def execute(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await (connection.fetchval(sql) if sql == LEDGER else connection.execute(sql))
    finally:
        await connection.close()


def read_all(port: int) -> list[int]:
    """Return the statuses of a request of each API and of `/readyz`."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        end = time.monotonic() + 60
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < end, "it is never ready"
            time.sleep(0.05)
        document = {"query": "{events(first:1){nodes{id}}}"}
        answers = [client.get("/v1/events?limit=1"), client.get("/v2/events.ndjson?limit=1")]
        answers.append(client.post("/v2/graphql", json=document))
        assert "errors" not in answers[-1].json()
        return [answer.status_code for answer in answers]


async def test_an_instance_that_runs_goes_on_serving_and_one_that_starts_is_refused(store: str) -> None:
    with serving(store) as served:
        assert await asyncio.to_thread(read_all, served.port) == [200, 200, 200]
        await execute(store, NEXT)
        assert await asyncio.to_thread(read_all, served.port) == [200, 200, 200]
        with launch(store) as process:
            _, err = await asyncio.to_thread(process.communicate, timeout=60)
        assert process.returncode == 78
        assert "migrated to 0999_next by release 9.1.0" in err and "BRIEFING_ALLOW_NEWER_STORE=on" in err


@pytest.mark.parametrize("workers", [1, 2])
async def test_on_the_way_back_an_instance_serves_the_store_and_leaves_it_as_it_is(store: str, workers: int) -> None:
    await execute(store, NEXT)
    ledger = await execute(store, LEDGER)
    with serving(store, allow_newer_store="on", workers=workers) as served:
        assert await asyncio.to_thread(read_all, served.port) == [200, 200, 200]
    assert await execute(store, LEDGER) == ledger


async def test_commands_that_write_refuse_the_store_whatever_the_setting(store: str) -> None:
    await execute(store, NEXT)
    with patch.dict(os.environ, {"BRIEFING_ALLOW_NEWER_STORE": "on"}):
        for arguments in (("migrate",), ("load", str(SAMPLE))):
            refused = await asyncio.to_thread(briefing, store, *arguments)
            assert refused.returncode == 78, arguments
            assert "migrated to 0999_next" in refused.stderr
