"""`At-Least-Edition`: an answer shows what its client has written or seen before, or it is refused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

from api.ingest.load import load
from tests.rest.conftest import SAMPLE, run

PATHS = (
    "/v2/places?limit=1",
    "/v1/sources",
    "/v2/places.csv",
    "/v2/graphql?query={sources(first:1){nodes{id}}}",
    "/v2/datapackage.json",
)
each_path = pytest.mark.parametrize("path", PATHS)


@pytest.fixture(scope="module")
async def store(new_store: Callable[[], Awaitable[str]]) -> str:
    """A store with the sample."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    return url


async def last_edition(store: str) -> int:
    connection = await asyncpg.connect(store)
    try:
        return int(await connection.fetchval("select max(seq) from store.latest"))
    finally:
        await connection.close()


@pytest.fixture
async def last(store: str) -> int:
    """The last edition of the store."""
    return await last_edition(store)


@pytest.fixture(scope="module")
async def mark(store: str) -> str:
    """The mark of the store."""
    connection = await asyncpg.connect(store)
    try:
        return str(await connection.fetchval("select mark from store.identity"))
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def client(store: str) -> Iterator[httpx2.Client]:
    with run(store) as client:
        yield client


def at_least(edition: object) -> dict[str, str]:
    return {"At-Least-Edition": str(edition)}


@each_path
def test_the_last_edition_and_earlier_ones_are_answered(client: httpx2.Client, last: int, path: str) -> None:
    # The list of places has an older last change than the store has.
    for edition in (f"e{last}", last, "e1", "e0"):
        answer = client.get(path, headers=at_least(edition))
        assert answer.status_code == 200, edition
        assert "errors" not in answer.text and "freshness" not in answer.headers


@each_path
def test_an_edition_may_have_the_mark_of_its_store(client: httpx2.Client, last: int, mark: str, path: str) -> None:
    for edition in (f"e{last}-{mark}", f"e1-{mark}"):
        answer = client.get(path, headers=at_least(edition))
        assert answer.status_code == 200, edition
        assert "errors" not in answer.text
    permalink = client.get("/v2/places?limit=1").json()["page"]["permalink"]
    assert client.get(path, headers=at_least(permalink.rpartition("=")[2])).status_code == 200


@each_path
def test_an_edition_of_another_store_is_refused(client: httpx2.Client, mark: str, path: str) -> None:
    other = "000000" if mark != "000000" else "111111"
    answer = client.get(path, headers=at_least(f"e1-{other}"))
    assert answer.status_code == (200 if "graphql" in path else 400)
    assert "At-Least-Edition: This is an edition of another store" in answer.text


@each_path
def test_an_edition_beyond_the_last_one_is_refused(client: httpx2.Client, last: int, mark: str, path: str) -> None:
    # Also if the answer is kept, and if the client has it.
    etag = client.get(path).headers.get("etag", "")
    for edition in (f"e{last + 1}", f"e{last + 1}-{mark}"):
        for headers in ({}, {"If-None-Match": etag}):
            answer = client.get(path, headers=at_least(edition) | headers)
            # In GraphQL a request that is refused in plain JSON is a 200 with errors.
            assert answer.status_code == (200 if "graphql" in path else 400)
            assert f"the last one is e{last}." in answer.text


@each_path
def test_head_is_refused_as_get_is(client: httpx2.Client, last: int, path: str) -> None:
    for edition in (f"e{last + 1}", "e1-000000", "latest"):
        statuses = [client.request(method, path, headers=at_least(edition)).status_code for method in ("GET", "HEAD")]
        assert statuses[0] == statuses[1], edition
    assert client.head(path, headers=at_least(f"e{last}")).status_code == 200


@each_path
@pytest.mark.parametrize(
    "wrong", ["e", "latest", "-1", "e1, e2", "e1.5", "e" + "9" * 19, "e1-", "1-k3x9ma", "e1-K3X9MA"]
)
def test_what_is_no_edition_is_refused(client: httpx2.Client, path: str, wrong: str) -> None:
    answer = client.get(path, headers=at_least(wrong))
    assert answer.status_code == (200 if "graphql" in path else 400)
    assert "Expected one edition, such as e123." in answer.text


def test_a_copy_that_the_client_has_is_unchanged_at_an_edition_that_is_there(client: httpx2.Client, last: int) -> None:
    etag = client.get(PATHS[0]).headers["etag"]
    answer = client.get(PATHS[0], headers=at_least(f"e{last}") | {"If-None-Match": etag})
    assert answer.status_code == 304


async def test_a_client_reads_what_it_has_just_loaded(client: httpx2.Client, store: str, tmp_path: Path) -> None:
    path = tmp_path / "sources.ndjson"
    for number in range(10):
        name = f"Written {number}"
        line = {"resource": "source", "dataset": "test", "key": "written", "name": name, "kind": "person"}
        path.write_text(json.dumps(line) + "\n", encoding="utf-8")
        client.get("/v2/sources?sort=-updated_at&limit=1")
        await load([str(path)], store)
        # At once: without the field the answer may be a quarter of a second old.
        edition = f"e{await last_edition(store)}"
        answer = client.get("/v2/sources?sort=-updated_at&limit=1", headers=at_least(edition))
        assert answer.json()["data"][0]["name"] == name


def test_a_page_of_another_origin_may_send_and_read_the_fields(client: httpx2.Client) -> None:
    preflight = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    answer = client.options("/v2/places", headers=preflight | {"Access-Control-Request-Headers": "At-Least-Edition"})
    assert "at-least-edition" in answer.headers["access-control-allow-headers"].lower()
    exposed = client.get("/v2/places?limit=1", headers={"Origin": "https://example.org"})
    assert "Freshness" in exposed.headers["access-control-expose-headers"]
