"""The cost of a request: charged before, refunded after, and equal in both APIs, whatever answers are kept."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest

from api.ingest.load import load
from tests.limits.conftest import Access, Client, cost
from tests.limits.fields import read_integer, read_list


def points_left(client: Client, key: dict[str, str]) -> dict[str, int]:
    """Return the points that are left, by limit, as /v1/me states them."""
    return {limit["name"]: limit["remaining"] for limit in client.get("/v1/me", key).json()["data"]["limits"]}


def stated_cost(response: object) -> int:
    return read_integer(response.headers["ratelimit-cost"])  # type: ignore[attr-defined]


@pytest.fixture
async def key(access: Access) -> dict[str, str]:
    """A key whose day limit gets almost nothing back while a test runs: a point in 17 seconds."""
    return await access.key(points_minute=1000, points_day=5000, burst=5000)


def test_the_day_has_less_by_what_was_used(client: Client, key: dict[str, str]) -> None:
    before = points_left(client, key)
    answer = client.get("/v1/events?limit=200&include=figures", key)
    records = answer.json()["data"]
    expected = sum(
        1 + len(record["figures"]["data"] if "data" in record["figures"] else record["figures"]) for record in records
    )
    assert 0 < stated_cost(answer) == expected < 200
    assert points_left(client, key)["day"] == before["day"] - expected


PAIRS = [
    ("/v1/events?limit=7", "{ events(first: 7) { nodes { id } } }"),
    ("/v1/events?limit=200&count=exact", "{ events(first: 200) { nodes { id } totalCount } }"),
    ("/v1/events?limit=3&q=talks", '{ events(first: 3, filter: {search: {text: "talks"}}) { nodes { id } } }'),
    ("/v1/events?limit=3&q=nothing1", '{ events(first: 3, filter: {search: {text: "nothing1"}}) { nodes { id } } }'),
    ("/v1/events?limit=5&country=UA", '{ events(first: 5, filter: {country: {in: ["UA"]}}) { nodes { id } } }'),
    ("/v1/quotes?limit=9&include=speaker", "{ quotes(first: 9) { nodes { speaker { id } } } }"),
    (
        "/v1/events?limit=4&include=citations.source,figures",
        "{ events(first: 4) { nodes { citations(first: 20) { nodes { source { id } } } figures { nodes { id } } } } }",
    ),
    (
        "/v1/events?limit=4&include=citations.via",
        "{ events(first: 4) { nodes { citations(first: 20) { nodes { via { id } } } } } }",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("url", "text"), PAIRS, ids=[url for url, _ in PAIRS])
def test_both_apis_charge_and_refund_the_same(client: Client, key: dict[str, str], url: str, text: str) -> None:
    start_time = points_left(client, key)["day"]
    rest = client.get(url, key)
    between = points_left(client, key)["day"]
    cost_report = cost(graphql := client.ask(text, key))
    assert (
        stated_cost(rest)
        == stated_cost(graphql)
        == cost_report["actual"]
        == start_time - between
        == between - points_left(client, key)["day"]
    )
    assert 1 <= cost_report["actual"] <= cost_report["requested"]


def test_a_cached_answer_costs_what_it_did(client: Client, key: dict[str, str]) -> None:
    path = "/v1/figures?limit=40&include=event"
    first, second = client.get(path, key), client.get(path, key)
    assert stated_cost(first) == stated_cost(second) > 10
    assert "db;dur=0.0" in second.headers["server-timing"]


def test_a_304_is_free(client: Client, key: dict[str, str]) -> None:
    for path in ("/v1/events?limit=11", "/v1/graphql?query={events(first:11){nodes{id}}}"):
        tag = client.get(path, key).headers["etag"]
        before = points_left(client, key)
        answer = client.get(path, key, if_none_match=tag)
        assert answer.status_code == 304
        assert points_left(client, key)["day"] == before["day"]


async def test_a_304_is_free_while_it_is_not_sure_what_changed(client: Client, key: dict[str, str], store: str) -> None:
    """Each notification makes a worker read the change log again. Until then no answer is known to be current."""
    connection, over = await asyncpg.connect(store), asyncio.Event()

    async def notify() -> None:
        while not over.is_set():
            await connection.execute("notify briefing_change")

    for path in ("/v1/events?limit=13", "/v1/graphql?query={events(first:13){nodes{id}}}"):
        tag = client.get(path, key).headers["etag"]
        before = points_left(client, key)["day"]
        over.clear()
        storm = asyncio.create_task(notify())
        answers = [await asyncio.to_thread(client.get, path, key, if_none_match=tag) for _ in range(40)]
        over.set()
        await storm
        assert {answer.status_code for answer in answers} == {304}
        assert points_left(client, key)["day"] == before
    await connection.close()


@pytest.mark.parametrize("tag_format", ["{tag}", "*", '"{tag}', "{tag}-x", "W/{tag}", 'W/"{tag}"x'])
def test_a_forged_tag_gets_nothing_for_free(client: Client, key: dict[str, str], tag_format: str) -> None:
    for path in ("/v1/events?limit=12", "/v1/graphql?query={events(first:12){nodes{id}}}"):
        tag = client.get(path, key).headers["etag"].removeprefix("W/").strip('"')
        before = points_left(client, key)["day"]
        answer = client.get(path, key, if_none_match=tag_format.format(tag=tag))
        if answer.status_code == 200:
            assert answer.content
        assert before - points_left(client, key)["day"] == 12, "a tag without its quotes is none, and * names no copy"


def test_a_tag_of_the_data_does_not_pay_for_the_schema(client: Client, key: dict[str, str]) -> None:
    tag = client.get("/v1/graphql?query={events(first:2){nodes{id}}}", key).headers["etag"]
    path = "/v1/graphql?query={events(first:2){nodes{id}}__schema{queryType{name}}}"
    answer = client.get(path, key, if_none_match=tag)
    assert answer.status_code == 200
    assert stated_cost(answer) == 52


def test_the_schema_costs_beside_data_what_it_costs_alone(client: Client, key: dict[str, str]) -> None:
    schema = "__schema { queryType { name } }"
    assert cost(client.ask(f"{{ {schema} }}", key))["actual"] == 50
    assert cost(client.ask(f"{{ {schema} events(first: 3) {{ nodes {{ id }} }} }}", key))["actual"] == 53
    assert cost(client.ask("{ __typename }", key))["actual"] == 1


MISTAKES = [
    ("GET", "/v1/events?mood=bad", None),
    ("GET", "/v1/events/evt_00000000000000000000000000", None),
    ("GET", "/v1/events?limit=200&include=figures,quotes,citations.source", None),
    ("POST", "/v1/graphql", {"query": "{ evnts { id } }"}),
    ("POST", "/v1/graphql", {"query": "{"}),
    ("POST", "/v1/graphql", {"query": "{ events { nodes { id } } }", "variables": 1}),
    ("POST", "/v1/graphql", [{"query": "{ __typename }"}]),
    ("POST", "/v1/graphql", {"query": "{ " + "a: __typename " * 999 + "}"}),
    ("POST", "/v1/graphql", {"query": 'query { event(id: "evt_1") { id } }'}),
    ("GET", "/v1/me?x=1", None),
]


@pytest.mark.parametrize(("method", "path", "body"), MISTAKES, ids=[f"{n}" for n in range(len(MISTAKES))])
def test_a_mistake_costs_a_point(client: Client, key: dict[str, str], method: str, path: str, body: object) -> None:
    before = points_left(client, key)["day"]
    answer = client.http.request(method, path, json=body, headers=key) if body else client.get(path, key)
    assert before - points_left(client, key)["day"] == 1, answer.text
    assert stated_cost(answer) == 1


def test_a_request_refused_for_its_http_costs_a_point(client: Client, key: dict[str, str]) -> None:
    before = points_left(client, key)["day"]
    assert client.get("/v1/events", key, accept="image/png").status_code == 406
    form = {**key, "content-type": "application/x-www-form-urlencoded"}
    assert client.http.post("/v1/graphql", content=b"query={__typename}", headers=form).status_code == 415
    assert before - points_left(client, key)["day"] == 2


def test_a_head_costs_what_a_get_costs(client: Client, key: dict[str, str]) -> None:
    answer = client.http.head("/v1/events?limit=13", headers=key)
    assert (answer.status_code, answer.content, stated_cost(answer)) == (200, b"", 13)


def test_an_export_has_a_price_of_its_own_and_its_head_costs_what_is_done_for_it(
    client: Client, key: dict[str, str]
) -> None:
    before = points_left(client, key)["day"]
    assert stated_cost(client.get("/v1/events.csv", key)) == 50
    assert before - points_left(client, key)["day"] == 50
    head = client.http.head("/v1/events.csv", headers=key)
    assert stated_cost(head) < 50 and before - points_left(client, key)["day"] == 50 + stated_cost(head)


@pytest.mark.parametrize(("include", "points"), [("citations.source,figures", 1550), ("place", 100), ("citations", 50)])
async def test_an_export_pays_for_the_links_that_it_includes(
    client: Client, key: dict[str, str], include: str, points: int
) -> None:
    path = f"/v1/events.ndjson?limit=2&include={include}"
    before = points_left(client, key)["day"]
    assert stated_cost(client.get(path, key)) == points
    assert before - points_left(client, key)["day"] == points
    assert (
        stated_cost(client.get(f"/v1/events?limit=2&include={include}", key, accept="application/x-ndjson")) == points
    )


async def test_an_export_with_too_many_links_is_refused_with_the_remedy(
    client: Client, access: Access, key: dict[str, str]
) -> None:
    before = points_left(client, key)["day"]
    answer = client.get("/v1/events.ndjson?include=citations.via", key)
    assert (answer.status_code, answer.json()["code"]) == (400, "too_expensive")
    assert "costs 10050 points; one request may cost 5000" in answer.json()["detail"]
    assert "50 more for each linked record that a record can have (include)" in answer.json()["hint"]
    assert before - points_left(client, key)["day"] == 1
    small = await access.key(burst=1000)
    answer = client.get("/v1/events.ndjson?include=figures,quotes", small)
    assert "costs 1050 points; your plan grants at most 1000 at a time" in answer.json()["detail"]
    assert client.get("/v1/events.ndjson?include=figures", small).status_code == 200


def test_fields_are_structured_and_agree_with_each_other(client: Client, key: dict[str, str]) -> None:
    answer = client.ask("{ events(first: 30) { nodes { id } } }", key)
    policy, state = read_list(answer.headers["ratelimit-policy"]), read_list(answer.headers["ratelimit"])
    me = {limit["name"]: limit for limit in client.get("/v1/me", key).json()["data"]["limits"]}
    cost_report = cost(answer)
    assert list(policy) == list(state) == list(me) == ["minute", "day"]
    for name, limit in me.items():
        assert policy[name]["q"] == limit["size"]
        assert policy[name]["w"] == -(-limit["size"] * limit["period"] // limit["points"])
        assert state[name]["r"] <= limit["remaining"] <= state[name]["r"] + 17
        assert 0 <= state[name]["t"] - limit["reset"] < 3
    assert cost_report["remaining"] == min(limit["r"] for limit in state.values())
    assert read_integer(answer.headers["ratelimit-cost"]) == cost_report["actual"]


@pytest.mark.parametrize("wrong", ['a";r=1', '"a";r=', '"a";r=1,', '"a" ;r=1', '"a";R=1', '"a";r=1.5', "", '"a""b"'])
def test_the_field_reader_refuses_invalid_fields(wrong: str) -> None:
    with pytest.raises(AssertionError):
        read_list(wrong)


@pytest.fixture(scope="module")
async def long_texts(store: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """The points that the events of a dataset of their own cost for their texts, by tag."""
    points_by_tag = {"none": 0, "short": 0, "long": 4, "cited": 9, "tagged": 2}
    records: list[dict[str, object]] = [
        {"resource": "source", "key": "a source", "dataset": "texts", "name": "A source", "kind": "ngo"},
    ]
    for tag in points_by_tag:
        record: dict[str, object] = {
            "resource": "event", "dataset": "texts", "key": tag, "kind": "other", "title": f"About {tag}",
            "language": "en", "status": "occurred", "time_precision": "unknown", "tags": [tag],
        }  # fmt: skip
        records.append(record)
        if tag == "short":
            record["summary"] = "a" * 4000
        if tag == "long":
            record["summary"] = "a" * 20_000
        if tag == "cited":
            record["citations"] = [{"source": "a source", "statement": "b" * 20_000} for _ in range(2)]
        if tag == "tagged":
            record["tags"] = [tag, *(f"{n:03}" + "c" * 90 for n in range(99))]
    path = tmp_path_factory.mktemp("texts") / "texts.ndjson"
    path.write_text("\n".join(json.dumps(record) for record in records))
    await load([str(path)], store)
    await asyncio.sleep(0.5)
    return points_by_tag


SHOWN = "id title summary timeText tags citations(first: 20) { nodes { statement sourceRole } }"


@pytest.mark.parametrize("tag", ["none", "short", "long", "cited", "tagged"])
async def test_text_beyond_4_kib_a_record_costs_the_same_through_both_apis(
    client: Client, key: dict[str, str], long_texts: dict[str, int], tag: str
) -> None:
    rest = [client.get(f"/v1/events?tag={tag}", key) for _ in range(2)]
    compressed = client.get(f"/v1/events?tag={tag}", key, accept_encoding="gzip")
    graphql_answer = client.ask(f'{{ events(filter: {{tags: {{has: ["{tag}"]}}}}) {{ nodes {{ {SHOWN} }} }} }}', key)
    points = 1 + long_texts[tag]
    assert [stated_cost(answer) for answer in (*rest, compressed)] == [points] * 3
    assert cost(graphql_answer)["actual"] == points


async def test_a_field_that_is_not_asked_for_costs_nothing(
    client: Client, key: dict[str, str], long_texts: dict[str, int]
) -> None:
    graphql_answer = client.ask('{ events(filter: {tags: {has: ["long"]}}) { nodes { id title } } }', key)
    assert cost(graphql_answer)["actual"] == 1


async def test_texts_may_cost_more_than_was_taken_before(
    client: Client, key: dict[str, str], long_texts: dict[str, int]
) -> None:
    before = points_left(client, key)["day"]
    identifier = client.get("/v1/events?tag=cited", key).json()["data"][0]["id"]
    graphql_answer = client.ask(f'{{ event(id: "{identifier}") {{ {SHOWN} }} }}', key)
    assert (cost(graphql_answer)["requested"], cost(graphql_answer)["actual"]) == (1, 10)
    again = client.get(f"/v1/events/{identifier}", key)
    assert stated_cost(again) == stated_cost(client.get(f"/v1/events/{identifier}", key)) == 10
    assert before - points_left(client, key)["day"] == 40
