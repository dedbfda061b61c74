"""A request pays a point before it is read. Without a point the service does no work for it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api import suggest
from api.graphql import executor
from api.graphql.document import DocumentCache
from api.http import parameters
from api.rest import request, routes
from api.service import Service
from api.store.reader import Reader
from tests.limits.conftest import GRAPHQL, Access, Client
from tests.limits.fields import read_list
from tests.rest.conftest import run

WORK: list[tuple[Any, str]] = [
    (routes, "list_query"),
    (routes, "record_query"),
    (request, "export_names"),
    (executor, "read_request"),
    (DocumentCache, "read"),
    (Service, "with_editions"),
    (Service, "prepare"),
    (Reader, "read"),
    (parameters, "unquote_to_bytes"),
    (suggest, "similarity"),
]
EVENT = "evt_" + "0" * 26


@pytest.fixture(scope="module")
def inside(store: str) -> Iterator[Client]:
    """A client of the service in this process, with its limits on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRIEFING_LIMITS", "true")
        with run(store) as client:
            yield Client(client)


@pytest.fixture
def work_counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The number of times that each kind of work was done while the test ran."""
    counts: Counter[str] = Counter()

    def counting(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def count_call(*args: Any, **kwargs: Any) -> Any:
            counts[name] += 1
            return work(*args, **kwargs)

        return count_call

    for owner, name in WORK:
        monkeypatch.setattr(owner, name, counting(name, getattr(owner, name)))
    return counts


REQUESTS = {
    "a list": "/v2/events?limit=7&starts_at_gte=2022-01-01",
    "unknown names": "/v2/events?" + "&".join(f"starts_at_{n}=1" for n in range(300)),
    "an escaped name": "/v2/events?%6Cimit=7",
    "a record": f"/v2/events/{EVENT}?include=place",
    "an unknown id": "/v2/events/nothing",
    "an export": "/v2/events.csv?kind=shelling",
    "an export by Accept": "/v2/events?accept=csv",
    "GraphQL": "/v2/graphql?query={events{nodes{id}}}",
    "GraphQL that is wrong": "/v2/graphql?query={evnts{nodes{id}}}",
    "a hash that is not known": '/v2/graphql?extensions={"persistedQuery":{"version":1,"sha256Hash":"'
    + "0" * 64
    + '"}}',
    "an own query": "/v2/me?knid=1",
}


def accepted_types(path: str) -> str:
    """Return the media types that a client accepts which sends the request."""
    if "graphql" in path:
        return GRAPHQL
    return "text/csv" if "accept=csv" in path else "*/*"


async def test_requests_that_are_paid_do_every_kind_of_work(
    access: Access, inside: Client, work_counts: Counter[str]
) -> None:
    """Each name of WORK is one that the service calls. Otherwise the tests that nothing is counted prove nothing."""
    key = await access.key()
    for path in REQUESTS.values():
        assert inside.get(path, key, accept=accepted_types(path)).status_code != 429
    assert work_counts.keys() == {name for _, name in WORK}


@pytest.mark.parametrize("path", REQUESTS.values(), ids=REQUESTS)
async def test_without_a_point_nothing_is_read(
    access: Access, inside: Client, work_counts: Counter[str], path: str
) -> None:
    key = await access.key(burst=1, points_minute=1)
    assert inside.get("/v2/events?nothing=1", key).status_code == 400
    work_counts.clear()
    answer = inside.get(path, key, accept=accepted_types(path))
    assert answer.status_code == 429
    assert not work_counts
    problem = answer.json() if "graphql" not in path else answer.json()["errors"][0]["extensions"]
    assert "price" not in problem and "costs" not in answer.text
    assert problem["limit"] == "minute"
    assert answer.headers["ratelimit-cost"] == "0"
    assert problem["retry_after"] == int(answer.headers["retry-after"]) == 60, "a point comes back in a minute"


async def test_a_body_is_not_read_without_a_point(access: Access, inside: Client, work_counts: Counter[str]) -> None:
    key = await access.key(burst=1, points_minute=1)
    assert inside.ask("{ evnts }", key).status_code == 400
    work_counts.clear()
    for text in ("{ events { nodes { id } } }", "{ evnts }", "{" + " a" * 20_000 + "}", "{"):
        assert inside.ask(text, key).status_code == 429
    assert not work_counts


async def test_a_cached_answer_is_one_charge_of_its_whole_price(access: Access, inside: Client) -> None:
    paths = ("/v2/sources?limit=20&sort=id", "/v2/graphql?query={sources(first:20){nodes{id name}}}")
    for path in paths:
        assert inside.get(path, await access.key(), accept=GRAPHQL + ", */*").status_code == 200
    for path in paths:
        key = await access.key(burst=22, points_minute=60)
        assert inside.get(path, key, accept=GRAPHQL + ", */*").status_code == 200
        answer = inside.get(path, key, accept=GRAPHQL + ", */*")
        problem = answer.json() if "graphql" not in path else answer.json()["errors"][0]["extensions"]
        assert (answer.status_code, problem["price"]) == (429, 20)
        assert 17 <= problem["retry_after"] <= 18, "the points that the whole price lacks"
        assert read_list(answer.headers["ratelimit"])["minute"]["r"] in (2, 3), "nothing was taken"


async def test_a_refused_new_request_states_when_its_whole_price_fits(access: Access, inside: Client) -> None:
    key = await access.key(burst=30, points_minute=300)
    assert inside.get("/v2/sources?limit=20&sort=-id", key).status_code == 200
    answer = inside.get("/v2/sources?limit=21&sort=-id", key)
    assert (answer.status_code, answer.json()["price"]) == (429, 21)
    assert answer.headers["ratelimit-cost"] == "1", "it was read"
    assert int(answer.headers["retry-after"]) == 3
    time.sleep(3)
    assert inside.get("/v2/sources?limit=21&sort=-id", key).status_code == 200


@pytest.mark.parametrize("api", ["rest", "graphql"])
async def test_a_new_request_costs_what_the_same_costs_again(access: Access, inside: Client, api: str) -> None:
    key = await access.key(burst=1000, points_minute=17, points_day=1000)
    number = time.time_ns() % 1000

    def ask(size: int) -> Any:
        if api == "rest":
            return inside.get(f"/v2/quotes?limit={size}&said_at_gte=2001-01-01T00:00:00.{number:03}Z", key)
        return inside.ask(f"query new{number} {{ quotes(first: {size}) {{ totalCount nodes {{ id }} }} }}", key)

    def points_left() -> int:
        return int(inside.get("/v2/me", key).json()["data"]["limits"][1]["remaining"])

    for size in (1, 12):
        before = points_left()
        first = ask(size)
        between = points_left()
        second = ask(size)
        assert first.status_code == second.status_code == 200
        assert first.headers["ratelimit-cost"] == second.headers["ratelimit-cost"]
        assert before - between == between - points_left() == int(first.headers["ratelimit-cost"])
        if api == "graphql":
            costs = [json.loads(answer.text)["extensions"]["cost"] for answer in (first, second)]
            assert costs[0]["requested"] == costs[1]["requested"] and costs[0]["actual"] == costs[1]["actual"]


async def test_a_request_that_is_refused_for_requests_at_once_has_no_place(access: Access, inside: Client) -> None:
    """The first point takes no place, and a request that fails after it leaves no place taken."""
    key = await access.key(at_once=1)
    for n in range(4):
        assert inside.get(f"/v2/events?knid={n}", key).status_code == 400
        assert inside.ask(f"{{ evnts{n} }}", key).status_code == 400
    assert inside.get("/v2/events?limit=3", key).status_code == 200
