"""An erased record as callers see it, and the exports that began before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from api.ingest.identity import public_id
from api.ingest.load import load
from api.store.erase import erase
from tests.rest.crowd import crowd
from tests.rest.test_export_stream import Reader, until
from tests.serving import serving

PLACE = public_id("d", "place", "p")
EVENT = public_id("d", "event", "e")
RECORDS = [
    {"resource": "place", "dataset": "d", "key": "p", "name": "Town of the name"},
    {
        **{"resource": "event", "dataset": "d", "key": "e", "kind": "other", "title": "Talks"},
        **{"time_precision": "unknown", "status": "occurred", "place": "p"},
    },
]


@pytest.fixture
async def url(new_store: Callable[[], Awaitable[str]], tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a store with an event at a place."""
    store_url = await new_store()
    file = tmp_path / "records.ndjson"
    file.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    await load([str(file)], store_url)
    yield store_url


@pytest.fixture
def client(url: str) -> Iterator[httpx2.Client]:
    """A client of the service over this store."""
    with serving(url) as server, httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client:
        yield client


def ask(client: httpx2.Client, version: str, query: str) -> Any:
    return client.post(f"/{version}/graphql", json={"query": query}).json()


async def until_gone(client: httpx2.Client) -> None:
    """Wait until the service has seen the erasure: it may give an answer that is 250 ms old."""
    for _ in range(1500):
        if client.get(f"/v2/places/{PLACE}").status_code == 410:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the place is still there")


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_an_erased_record_is_gone_in_both_apis(client: httpx2.Client, url: str, version: str) -> None:
    assert client.get(f"/{version}/places/{PLACE}").status_code == 200
    await erase(url, PLACE, "A court ordered it.", 5)
    await until_gone(client)
    answer = client.get(f"/{version}/places/{PLACE}")
    assert (answer.status_code, answer.json()["code"]) == (410, "withdrawn")
    assert "The record was erased." in answer.json()["detail"]
    graphql_answer = ask(client, version, f'{{ place(id: "{PLACE}") {{ name }} }}')
    assert graphql_answer["data"] == {"place": None}
    assert graphql_answer["errors"][0]["extensions"]["reason"] == "The record was erased."
    assert client.get(f"/{version}/places").json()["data"] == []


async def test_an_erasure_is_in_the_list_of_withdrawals(client: httpx2.Client, url: str) -> None:
    erasure = await erase(url, PLACE, "A court ordered it.", 5)
    await until_gone(client)
    [row] = client.get("/v2/withdrawals").json()["data"]
    assert (row["change"], row["id"], row["reason"]) == (erasure.change, PLACE, "The record was erased.")


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_record_that_links_to_an_erased_one_keeps_the_id_alone(
    client: httpx2.Client, url: str, version: str
) -> None:
    query = f'{{ event(id: "{EVENT}") {{ placeId place {{ name }} }} }}'
    assert ask(client, version, query)["data"]["event"]["place"] == {"name": "Town of the name"}
    path_with_include = f"/{version}/events/{EVENT}?include=place"
    assert "Town of the name" in client.get(path_with_include).text
    await erase(url, PLACE, "A court ordered it.", 5)
    await until_gone(client)
    assert ask(client, version, query)["data"]["event"] == {"placeId": PLACE, "place": None}
    event = client.get(path_with_include).json()["data"]
    assert (event["place_id"], event["place"]) == (PLACE, None)


@pytest.fixture(scope="module")
async def crowded_store(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of a store with many events."""
    url = await new_store()
    await crowd(url, 50_000)
    return url


async def test_an_export_that_began_before_an_erasure_is_cut_off(crowded_store: str) -> None:
    connection = await asyncpg.connect(crowded_store)
    event = await connection.fetchval("select id from store.event order by starts_at limit 1")
    await connection.close()
    with serving(crowded_store, export_connections=2) as server, closing(Reader(server.port)) as slow:
        slow.ask("GET", "/v1/events.ndjson")
        assert slow.head()[0] == 200
        await until(crowded_store, 1, 5)
        await erase(crowded_store, event, "A court ordered it.", 5)
        await until(crowded_store, 0, 10)
        with pytest.raises((ConnectionError, ValueError)):
            for _ in slow.chunks():
                pass
        with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:
            records = client.get("/v1/events.ndjson").text.splitlines()
        assert len(records) == 49_999 and event not in "".join(records)
