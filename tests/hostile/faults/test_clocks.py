"""Clocks that differ: a service whose clock is an hour ahead of that of Postgres, or an hour behind."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from unittest.mock import patch

import asyncpg
import httpx2
import pytest

from api.access.keys import Keys, NewKey
from api.ingest.load import load
from api.store.access import AccessStore
from tests.conftest import SAMPLE
from tests.debian import ProgramUnavailable, program
from tests.serving import OLDEST, serving

pytestmark = pytest.mark.fault
# Without this the intervals of the event loop would be faked as well. No clock that is set wrong does that.
REAL_INTERVALS = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
NOW = "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"


@pytest.fixture(params=["+3600", "-3600"])
def other_clock(request: pytest.FixtureRequest) -> Iterator[int]:
    """The seconds by which the clock of processes that start meanwhile is ahead."""
    try:
        usr = Path(program("faketime").path).parents[1]
    except ProgramUnavailable as error:
        pytest.skip(f"Debian's faketime is not available: {error}")
    library = next(usr.glob("lib/*/faketime/libfaketime.so.1"))
    with patch.dict(os.environ, {"LD_PRELOAD": str(library), "FAKETIME": request.param, **REAL_INTERVALS}):
        yield int(request.param)


async def write(url: str, name: str, folder: Path) -> None:
    line = {"resource": "source", "dataset": "test", "key": "clock", "name": name, "kind": "person"}
    path = folder / "source.ndjson"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    await load([str(path)], url)


async def moment_of(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval(NOW))
    finally:
        await connection.close()


async def test_a_clock_that_is_wrong_costs_no_client_an_error(
    other_clock: int, new_store: Callable[[], Awaitable[str]], tmp_path: Path
) -> None:
    url = await new_store()
    await load([str(SAMPLE)], url)
    access = AccessStore(url)
    key = await Keys(access, "live", "test").create(NewKey("test", "partner", expiry=timedelta(minutes=30)))
    await access.close()
    headers = {"X-API-Key": key.secret.text}
    graphql = "/v2/graphql?query={sources(first:1){nodes{name}}}"
    with (
        serving(url, limits=True, shared_cache="on") as served,
        httpx2.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=30) as client,
    ):
        end = time.monotonic() + 60
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.05)
        # The clock of the service really differs.
        date = parsedate_to_datetime(client.get("/healthz").headers["date"]).timestamp()
        assert abs(date - time.time() - other_clock) < 60
        for number in range(5):
            await write(url, f"Number {number}", tmp_path)
            time.sleep(OLDEST)
            newest = "/v2/sources?sort=-updated_at&limit=1"
            for own in ({}, headers):
                answers = [
                    client.get(newest, headers=own),
                    client.get(f"{newest}&known_at={await moment_of(url)}", headers=own),
                    client.get(graphql, headers=own),
                    client.get("/v2/sources.ndjson?limit=1", headers=headers),
                ]
                for answer in answers:
                    # The edition of this very second may be pending.
                    pending = answer.status_code == 503 and "retry-after" in answer.headers
                    assert answer.status_code == 200 or pending, answer.text
                assert answers[0].status_code == 200
                assert answers[0].json()["data"][0]["name"] == f"Number {number}"
            etag = client.get(newest, headers=headers).headers["etag"]
            assert client.get(newest, headers=headers | {"If-None-Match": etag}).status_code == 304
