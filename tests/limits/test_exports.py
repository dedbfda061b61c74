"""The cost of the count of an export, whether the export follows or not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing

import pytest

from api.store.access import AccessStore
from tests.http.conftest import ServerProcess
from tests.limits.conftest import Access, Client, client_of
from tests.limits.fields import read_integer
from tests.rest.crowd import crowd
from tests.rest.test_export_stream import Reader, until
from tests.serving import serving

EVENTS = 50_000
# No index serves this filter in this order, and no event passes it.
NONE_PASSES = "tag=nothing&sort=-updated_at"
# The points for the records that a count looks at, up to the most that a count with one test can cost.
LOOKED_AT = 60


@pytest.fixture(scope="module")
async def crowded_store(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of a store with many events."""
    url = await new_store()
    await crowd(url, EVENTS)
    return url


@pytest.fixture(scope="module")
async def access(crowded_store: str) -> AsyncIterator[Access]:
    store = AccessStore(crowded_store)
    yield Access(store)
    await store.close()


@pytest.fixture(scope="module")
def server(crowded_store: str) -> Iterator[ServerProcess]:
    with serving(crowded_store, limits="true", export_connections=2, export_wait=0.2) as server:
        yield server


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Client]:
    with client_of(server) as client:
        yield client


def points_left(client: Client, key: dict[str, str]) -> int:
    """Return the points of the day that are left."""
    limits = client.get("/v1/me", key).json()["data"]["limits"]
    return next(int(limit["remaining"]) for limit in limits if limit["name"] == "day")


async def test_a_head_pays_for_the_records_that_its_count_looked_at(client: Client, access: Access) -> None:
    # Almost no points come back meanwhile.
    key = await access.key(points_minute=1000, points_day=2_000, burst=2_000)
    before = points_left(client, key)
    answer = client.http.head(f"/v2/events.csv?{NONE_PASSES}", headers=key)
    assert answer.status_code == 200
    assert LOOKED_AT <= read_integer(answer.headers["ratelimit-cost"]) == before - points_left(client, key)


async def test_an_export_that_is_too_long_pays_for_its_count(client: Client, access: Access) -> None:
    key = await access.key(export_most=100)
    answer = client.get("/v2/events.csv?tag=talks", key)
    assert answer.json()["code"] == "too_expensive"
    assert read_integer(answer.headers["ratelimit-cost"]) >= LOOKED_AT


async def test_an_export_without_a_place_pays_for_its_count(
    client: Client, access: Access, server: ServerProcess, crowded_store: str
) -> None:
    key = await access.key()
    with closing(Reader(server.port)) as slow:
        slow.ask("GET", "/v2/events.ndjson", f"Authorization: {key['authorization']}")
        await until(crowded_store, 1, 5)
        answer = client.get(f"/v2/events.csv?{NONE_PASSES}", key)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert read_integer(answer.headers["ratelimit-cost"]) >= LOOKED_AT
