"""Refusals: the limit, the price, the time to come back, and the request that would fit."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.limits.conftest import Access, Client
from tests.limits.fields import read_list

LIST = "/v1/events?limit=200"


def problem_of(answer: httpx2.Response, api: str) -> dict[str, object]:
    """Return the content of a refusal, from either API."""
    body = answer.json()
    members: dict[str, object] = body if api == "rest" else body["errors"][0]["extensions"]
    return members


def request_sources(client: Client, api: str, key: dict[str, str], size: int = 20) -> httpx2.Response:
    if api == "rest":
        return client.get(f"/v1/sources?limit={size}", key)
    return client.ask(f"{{ sources(first: {size}) {{ nodes {{ id }} }} }}", key)


@pytest.mark.parametrize("api", ["rest", "graphql"])
async def test_a_429_names_the_limit_the_price_and_when_to_come_back(access: Access, client: Client, api: str) -> None:
    key = await access.key(burst=30, points_minute=120)
    assert request_sources(client, api, key).status_code == 200
    answer = request_sources(client, api, key)
    assert answer.status_code == 429
    problem = problem_of(answer, api)
    assert (problem["limit"], problem["price"], problem["violated-policies"]) == ("minute", 20, ["minute"])
    assert problem["retry_after"] == int(answer.headers["retry-after"]) == 5
    assert read_list(answer.headers["ratelimit"])["minute"]["r"] in (10, 11)
    assert answer.headers["ratelimit-cost"] == "0"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("api", ["rest", "graphql"])
async def test_a_caller_that_honours_retry_after_is_not_refused_again(access: Access, client: Client, api: str) -> None:
    key = await access.key(burst=40, points_minute=1200)
    refusals = 0
    for size in [20, 40, 1, 33, 20, 40, 40, 7, 40, 25]:
        answer = request_sources(client, api, key, size)
        while answer.status_code == 429:
            refusals += 1
            states_price = "price" in problem_of(answer, api)
            time.sleep(int(answer.headers["retry-after"]))
            answer = request_sources(client, api, key, size)
            assert not states_price or answer.status_code == 200, answer.text
        assert answer.status_code == 200, answer.text
    assert refusals >= 2


async def test_a_caller_that_only_makes_mistakes_is_refused_and_later_accepted_again(
    access: Access, client: Client
) -> None:
    key = await access.key(burst=5, points_minute=60)
    statuses = [client.ask("{ evnts }", key).status_code for _ in range(7)]
    assert statuses[:5] == [400] * 5 and statuses[-1] == 429
    time.sleep(1)
    assert client.ask("{ evnts }", key).status_code == 400


@pytest.mark.parametrize("api", ["rest", "graphql"])
async def test_a_request_above_the_plan_is_400_with_a_page_size_that_fits(
    access: Access, client: Client, api: str
) -> None:
    key = await access.key(burst=50, points_minute=60)
    answer = request_sources(client, api, key, 200)
    assert answer.status_code == 400
    problem = problem_of(answer, api)
    assert problem["code"] == "too_expensive"
    assert int(re.findall(r"a page of (\d+) would fit", str(problem["hint"]))[0]) == 50
    assert "sources" in str(problem["hint"]) or api == "rest"


LARGE = [
    "{ a: events(first: %s) { nodes { figures(first: 50) { nodes { id } } } } places(first: 3) { nodes { id } } }",
    "{ quotes(first: %s) { totalCount nodes { citations(first: 20) { nodes { via { id } source { id } } } } } }",
    "{ briefings(first: %s) { nodes { events(first: 50) { nodes { place { id } } } } } }",
    '{ sources(first: %s, filter: {search: {text: "x"}, members: {some: {quotes: {some: {}}}}})'
    " { edges { node { quotes(first: 50) { nodes { speaker { id } } } } } } }",
]


@pytest.mark.parametrize("burst", [37, 400, 1_000_000])
@pytest.mark.parametrize("text", LARGE, ids=["two lists", "a total", "one list", "through links"])
async def test_the_suggested_page_size_fits_and_one_more_does_not(
    access: Access, client: Client, text: str, burst: int
) -> None:
    key = await access.key(burst=burst, points_minute=burst)
    answer = client.ask(text % 200, key)
    assert answer.status_code == 400 and answer.json()["errors"][0]["extensions"]["code"] == "too_expensive"
    hint = answer.json()["errors"][0]["extensions"]["hint"]
    size = re.findall(r"^\w+: each record costs \d+ points .* a page of (\d+) would fit", hint)
    if not size:
        assert client.ask(text % 1, key).status_code == 400, hint
        return
    assert client.ask(text % size[0], key).status_code == 200
    key = await access.key(burst=burst, points_minute=burst)
    assert client.ask(text % (int(size[0]) + 1), key).status_code == 400


async def test_pages_are_as_large_as_the_plan_has_them(access: Access, client: Client) -> None:
    key = await access.key(page_most=10)
    assert client.get("/v1/sources?limit=10", key).status_code == 200
    for api in ("rest", "graphql"):
        answer = request_sources(client, api, key, 11)
        assert answer.status_code == 400 and "10 records" in answer.text
    # A query that was prepared for one caller is still refused to another one.
    assert client.get("/v1/sources?limit=11", await access.key()).status_code == 200
    assert client.get("/v1/sources?limit=11", key).status_code == 400


async def test_exports_are_those_of_the_plan(access: Access, client: Client) -> None:
    key = await access.key(formats=("csv",), export_most=3)
    answer = client.get("/v1/events.ndjson", key)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "csv" in answer.json()["hint"]
    assert client.get("/v1/events", key, accept="application/x-ndjson").status_code == 403
    assert client.get("/v1/events.csv", key).json()["code"] == "too_expensive"
    assert client.get("/v1/events.csv?limit=4", key).status_code == 400
    assert client.get("/v1/events.csv?limit=3", key).text.count("evt_") >= 3
    none = await access.key(export_most=0)
    assert client.get("/v1/events.csv", none).status_code == 403


async def test_a_mistake_in_a_page_costs_what_it_does_in_rest(access: Access, client: Client) -> None:
    key = await access.key()
    for path in ("/v2/events?kin=x", "/explore/events?kin=x", "/explore/events?view=x", "/explore/events/evt_x?kin=x"):
        answer = client.get(path, key)
        assert (answer.status_code, answer.headers["ratelimit-cost"]) == (400, "1"), path


async def test_the_length_of_an_export_is_not_counted_for_nothing(access: Access, client: Client) -> None:
    key = await access.key(export_most=3, burst=50, points_minute=1)
    for _ in range(5):
        answer = client.get("/v1/events.csv", key)
    assert answer.status_code == 429, "counting was charged"


def test_an_invalid_key_is_a_401_in_both_apis(client: Client) -> None:
    wrong = {"authorization": "Bearer bak_live_" + "0" * 30 + "_000000"}
    rest, answer = client.get(LIST, wrong), client.ask("{ __typename }", wrong)
    assert (rest.status_code, rest.json()["code"]) == (401, "invalid_key")
    assert answer.status_code == 401
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["invalid_key"]
    assert "data" not in answer.json()
    for response in (rest, answer):
        assert response.headers["www-authenticate"].startswith('Bearer realm="briefing", error="invalid_token"')


async def test_a_scope_that_a_key_lacks_is_403_and_costs_a_point(access: Access, client: Client) -> None:
    reader, admin = await access.key(), await access.key(None, "admin")
    answer = client.get("/admin/plans", reader)
    assert (answer.status_code, answer.headers["ratelimit-cost"]) == (403, "1")
    assert 'scope="admin"' in answer.headers["www-authenticate"]
    assert client.get("/admin/plans", admin).status_code == 200
    assert client.get(LIST, admin).status_code == 403
    assert client.ask("{ __typename }", admin).json()["errors"][0]["extensions"]["code"] == "forbidden"
    assert client.get("/admin/plans").status_code == 401


async def test_requests_above_the_plans_number_at_once_are_refused(access: Access, client: Client) -> None:
    key = await access.key(at_once=2)
    urls = [f"/v1/quotes?limit=200&include=speaker,citations.source&said_at_lt=2030-01-{n:02d}" for n in range(1, 29)]
    with ThreadPoolExecutor(14) as pool:
        answers = list(pool.map(lambda url: client.get(url, key), urls))
    refusals = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert all(answer.json()["limit"] == "at_once" and answer.headers["retry-after"] == "1" for answer in refusals)
    assert client.get(LIST, key).status_code == 200


@pytest.mark.full
async def test_sequential_requests_are_not_refused_twice_in_a_row(access: Access, client: Client) -> None:
    # The limit of tries is independent of the plan's limits. A client that is told of one and then of the other would
    # be refused twice although it waits. So a client that sends one request after the other is delayed instead, for
    # a second at most.
    key = await access.key(burst=301, points_minute=20)
    refusals, again, statuses, limits_hit = 0, False, [], set()
    for number in range(305):
        answer = client.ask("", key, extensions={"persistedQuery": {"version": 1, "sha256Hash": f"{number:064x}"}})
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            assert not again, "two in a row"
            refusals += 1
            limits_hit.add(answer.json()["errors"][0]["extensions"]["limit"])
            time.sleep(int(answer.headers["retry-after"]))
        again = answer.status_code == 429
    assert set(statuses) == {400, 429} and refusals >= 1
    assert limits_hit == {"minute"}
