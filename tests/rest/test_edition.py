"""`Edition`: the last edition that changed what an answer was read from, equal through both APIs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from pathlib import Path

import asyncpg
import httpx2
import pytest

from api.ingest.load import load
from tests.rest.conftest import SAMPLE

LATEST = "select resource, edition from store.latest"


@pytest.fixture
async def store(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A store with the sample, and a connection to it."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    connection = await asyncpg.connect(url)
    yield url, connection
    await connection.close()


async def test_the_edition_is_the_last_one_that_changed_what_was_read(
    store: tuple[str, asyncpg.Connection],
    serving: Callable[[str], AbstractContextManager[httpx2.Client]],
    tmp_path: Path,
) -> None:
    url, connection = store
    latest = {row["resource"]: row["edition"] for row in await connection.fetch(LATEST)}
    with serving(url) as client:
        places = client.get("/v2/places?limit=1")
        event = client.get("/v2/events?limit=1").json()["data"][0]["id"]
        editions = {
            "/v2/places?limit=1": latest["place"],
            f"/v2/events/{event}": max(latest["event"], latest["place"]),
            "/v1/events?limit=1": latest["event"],
            "/v1/events?place.country=UA&limit=1": max(latest["event"], latest["place"]),
            "/v2/graphql?query={sources(first:1){nodes{id}}}": latest["source"],
        }
        for path, edition in editions.items():
            assert client.get(path).headers["edition"] == str(edition), path
        unchanged = client.get("/v2/places?limit=1", headers={"If-None-Match": places.headers["etag"]})
        assert unchanged.status_code == 304
        exports = {
            "/v2/places.csv": latest["place"],
            "/v2/places.geojson?limit=1": latest["place"],
            "/v2/places.ndjson?name=none": latest["place"],
            "/v2/events.ndjson?limit=1": max(latest["event"], latest["place"]),
            "/v1/figures.csv?limit=1": max(latest["figure"], latest["event"]),
        }
        for path, edition in exports.items():
            assert client.get(path).headers["edition"] == str(edition), path
        assert "edition" not in client.head("/v2/places.csv").headers
        assert "edition" not in client.get("/v2/places?limit=0").headers
        assert "edition" not in client.get("/healthz").headers

        file = tmp_path / "one.ndjson"
        file.write_text(json.dumps({"resource": "place", "key": "new", "dataset": "test", "name": "Kyiv"}) + "\n")
        await load([str(file)], url)
        last = await connection.fetchval("select seq from store.last_change")
        # Other URLs, because a kept answer is used for 250 ms.
        assert client.get("/v2/places?limit=2").headers["edition"] == str(last)
        assert client.get("/v2/sources?limit=2").headers["edition"] == str(latest["source"])


async def test_browsers_may_read_the_edition(client: httpx2.Client) -> None:
    answer = client.get("/v2/places?limit=1", headers={"Origin": "https://example.org"})
    assert "Edition" in answer.headers["access-control-expose-headers"].split(", ")
