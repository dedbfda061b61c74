"""Both APIs announce deprecated parts to the clients that use them. A retired version names the one to use instead."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, build_schema
from openapi_spec_validator import validate

from api.access.keys import Keys, NewKey
from api.catalog import DeprecatedPart, Lifecycle
from api.contracts.release import days
from api.graphql.document import DocumentCache
from api.graphql.outdated import outdated
from api.graphql.schema import core
from api.rest.contract import openapi
from api.settings import Settings
from api.store.access import AccessStore
from tests.agreement.conftest import Apis, opened
from tests.command import briefing
from tests.lifecycle.conftest import V7, V8

TOLD = {
    "deprecation": "@1688169600",
    "sunset": "Thu, 31 Jan 2030 00:00:00 GMT",
}
SUCCESSOR = '</v1>; rel="successor-version"'
REQUESTS = [
    "/v8",
    "/v8/events?limit=1",
    "/v8/events?colour=red",
    "/v8/nothing",
    "/v8/events.csv?limit=1",
    "/v8/openapi.json",
    "/v8/graphql?query={__typename}",
    "/v8/graphql?query={nothing}",
]


@pytest.mark.parametrize("request_", REQUESTS)
async def test_each_answer_of_a_deprecated_version_says_so(aged: Apis, request_: str) -> None:
    answer = await aged.client.get(request_)
    assert {name: answer.headers[name] for name in TOLD} == TOLD
    assert SUCCESSOR in answer.headers.get_list("link")
    again = await aged.client.get(request_, headers={"If-None-Match": answer.headers.get("etag", '"none"')})
    assert {name: again.headers[name] for name in TOLD} == TOLD


async def test_a_page_that_follows_is_told_beside_the_version_that_does(aged: Apis) -> None:
    answer = await aged.client.get("/v8/events?limit=1")
    following, successor = answer.headers.get_list("link")
    assert following.endswith('rel="next"') and successor == SUCCESSOR


@pytest.mark.parametrize(
    "request_", ["/v1/events?limit=1", "/v2/events?limit=1", "/v1/graphql?query={__typename}", "/"]
)
async def test_no_answer_of_a_current_version_does(aged: Apis, request_: str) -> None:
    answer = await aged.client.get(request_)
    assert answer.status_code == 200
    assert not {"deprecation", "sunset", "deprecated-use"} & set(answer.headers)


@pytest.mark.parametrize("request_", ["/v7", "/v7/events", "/v7/events/evt_1", "/v7/a/b/c", "/v7/openapi.json"])
async def test_a_retired_version_answers_410_with_the_way_forward(aged: Apis, request_: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        answer = await aged.client.request(method, request_)
        assert answer.status_code == 410
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["sunset"] == "Thu, 29 Feb 2024 00:00:00 GMT"
        assert SUCCESSOR in answer.headers.get_list("link")
    problem = (await aged.client.get(request_)).json()
    assert problem["code"] == "retired"
    assert "/v1" in problem["hint"] and "/versions" in problem["hint"]


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_graphql_of_a_retired_version_does_in_its_own_shape(aged: Apis, accept: str) -> None:
    answer = await aged.client.post("/v7/graphql", json={"query": "{ __typename }"}, headers={"Accept": accept})
    assert answer.status_code == 410
    assert answer.headers["content-type"].startswith(accept)
    assert SUCCESSOR in answer.headers.get_list("link")
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "retired" and "/v1" in error["extensions"]["hint"]
    opened = await aged.client.get("/v7/graphql", headers={"Accept": "text/html"})
    assert (opened.status_code, opened.json()["code"]) == (410, "retired")


@pytest.mark.parametrize("path", ["/v9", "/v9/events", "/v9/graphql", "/v0/openapi.json"])
async def test_a_version_that_never_was_is_404_and_tells_which_there_are(aged: Apis, path: str) -> None:
    answer = await aged.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "v1, v2, v8" in answer.json()["detail"] and "/versions" in answer.json()["detail"]


async def test_versions_are_listed_with_what_becomes_of_them(aged: Apis) -> None:
    answer = await aged.client.get("/versions")
    listed = {one["name"]: one for one in answer.json()["versions"]}
    assert [(name, one["status"]) for name, one in listed.items()] == [
        ("v1", "current"),
        ("v2", "current"),
        ("v7", "retired"),
        ("v8", "deprecated"),
    ]
    assert listed["v8"] == {
        "name": "v8",
        "path": "/v8",
        "status": "deprecated",
        "released": "2021-01-01",
        "deprecated": "2023-07-01",
        "sunset": "2030-01-31",
        "successor": "v1",
        "changes": ["The first that there was."],
    }
    assert all(one["changes"] for one in listed.values())
    home = (await aged.client.get("/")).json()
    assert list(home["versions"]) == ["v1", "v2", "v8"]


USES = [
    ("country=UA", '"country";instead="use place.country"'),
    ("status=failed,planned", '"status=failed";instead="use cancelled"'),
    ("sort=-ends_at", '"sort=ends_at";instead="use starts_at"'),
    ("include=quotes.speaker", '"include=quotes.speaker";instead="use /quotes"'),
    ("quotes.quote_type=direct", '"quotes.quote_type";instead="use /quotes"'),
    (
        "country=UA&status=failed",
        '"country";instead="use place.country", "status=failed";instead="use cancelled"',
    ),
    ("status=planned&sort=starts_at&include=place", None),
]


@pytest.mark.parametrize(("query", "told"), USES)
async def test_a_url_that_uses_what_is_deprecated_is_told_what(aged: Apis, query: str, told: str | None) -> None:
    for request in (f"/v8/events?{query}", *([] if "include" in query else [f"/v8/events.ndjson?{query}"])):
        answer = await aged.client.get(request)
        assert answer.status_code == 200, answer.text
        assert answer.headers.get("deprecated-use") == told
    kept = await aged.client.get(f"/v8/events?{query}")
    assert kept.headers.get("deprecated-use") == told


OPERATIONS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("{ events { nodes { timeText } } }", {}, ["Event.timeText"]),
    ("{ events { nodes { ...F } } } fragment F on Event { a: quotes { hasMore } id }", {}, ["Event.quotes"]),
    ('{ events(filter: {country: {in: "UA"}}) { nodes { id } } }', {}, ["EventFilter.country"]),
    ("{ events(filter: {status: {in: FAILED}}) { nodes { id } } }", {}, ["OldStatus.FAILED"]),
    ("{ events(orderBy: {field: ENDS_AT}) { nodes { id } } }", {}, ["EventOrderField.ENDS_AT"]),
    (
        "query ($filter: EventFilter) { events(filter: $filter) { nodes { id endsAt } } }",
        {"filter": {"or": [{"country": {"in": ["UA"]}}, {"status": {"in": ["FAILED", "PLANNED"]}}]}},
        ["Event.endsAt", "EventFilter.country", "OldStatus.FAILED"],
    ),
    ("{ events { nodes { id status } } places { nodes { name country } } }", {}, []),
    (
        "{ places { nodes { ...A } } } fragment A on Place { events { nodes { ...B } } }"
        " fragment B on Event { id ... { ...C } } fragment C on Event { timeText ... on Event { endsAt } }",
        {},
        ["Event.timeText", "Event.endsAt"],
    ),
    (
        "query ($of: EventFilter, $to: [OldStatus!]) { places { nodes { ...A } } events(filter: {status: {in: $to}})"
        " { nodes { id } } } fragment A on Place { ...B } fragment B on Place { events(filter: $of) { hasMore } }",
        {"of": {"not": {"and": [{"country": {"in": ["UA"]}}]}}, "to": ["PLANNED", "FAILED"]},
        ["EventFilter.country", "OldStatus.FAILED"],
    ),
    (
        'query ($of: EventFilter = {country: {in: "UA"}}) { events(filter: $of) { nodes { id } } }',
        {},
        ["EventFilter.country"],
    ),
]


@pytest.mark.parametrize(("text", "variables", "told"), OPERATIONS)
async def test_an_operation_that_uses_what_is_deprecated_is_told_what(
    aged: Apis, text: str, variables: dict[str, Any], told: list[str]
) -> None:
    for _ in range(2):  # The second time from memory.
        answer = await aged.client.post("/v8/graphql", json={"query": text, "variables": variables})
        extensions = answer.json()["extensions"]
        assert "data" in answer.json() and extensions["cost"]["requested"]
        assert [one["name"] for one in extensions.get("deprecations", [])] == told
        assert all(one["instead"].startswith("use ") for one in extensions.get("deprecations", []))
        named = answer.headers.get("deprecated-use", "")
        assert [one for one in told if f'"{one}";instead=' in named] == told


async def test_an_operation_is_not_told_of_what_another_of_its_document_uses(aged: Apis) -> None:
    text = """
    query Old { events { nodes { ...Old } } } fragment Old on Event { ...Older } fragment Older on Event { timeText }
    query New { events { nodes { ...New } } } fragment New on Event { id }
    """
    for name, told in (("Old", ["Event.timeText"]), ("New", [])):
        answer = await aged.client.post("/v8/graphql", json={"query": text, "operationName": name})
        assert [one["name"] for one in answer.json()["extensions"].get("deprecations", [])] == told
        assert ("deprecated-use" in answer.headers) is bool(told)


SCHEMA = build_schema("""
directive @times(by: Int @deprecated(reason: "leave it out")) on FIELD
type Query { events(first: Int, top: Int @deprecated(reason: "use first")): [Event!] @deprecated(reason: "use all") }
type Event { id: ID, parts(top: Int @deprecated(reason: "use first")): [Event!] }
""")


def test_arguments_are_told_in_fragments_of_fragments_too() -> None:
    document = DocumentCache(SCHEMA).read(
        "{ events { ...A } } fragment A on Event { ...B }"
        " fragment B on Event { all: parts(top: 1) { id @times(by: 2) } }"
    )
    found = outdated(SCHEMA, document, document.operation(None), {})
    assert found == (DeprecatedPart("Query.events", "use all"), DeprecatedPart("Event.parts(top:)", "use first"))


async def test_what_stands_in_quotes_is_told_in_ascii(aged: Apis) -> None:
    answer = await aged.client.post("/v8/graphql", json={"query": "{ events { nodes { timeText } } }"})
    assert answer.headers["deprecated-use"] == '"Event.timeText";instead="use \\"starts_at\\""'


def test_the_contracts_say_what_is_deprecated(declared: None) -> None:
    document = openapi(V8)
    validate(document)
    operation = document["paths"]["/v8/events"]["get"]
    assert operation["deprecated"] is True
    shared = document["components"]["parameters"]
    written = [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in operation["parameters"]]
    parameters = {one["name"]: one.get("deprecated", False) for one in written}
    named = ("country", "quotes.quote_type", "status", "place.country")
    assert [parameters[name] for name in named] == [True, True, False, False]
    schemas = document["components"]["schemas"]
    properties = schemas["Event"]["properties"]
    assert {name for name, one in properties.items() if one.get("deprecated")} == {"ends_at", "time_text", "quotes"}
    assert "- `failed`: It was tried. Deprecated: use cancelled." in schemas["OldStatus"]["description"]
    types = core(V8).type_map
    event, narrowing, status = types["Event"], types["EventFilter"], types["OldStatus"]
    assert isinstance(event, GraphQLObjectType) and isinstance(narrowing, GraphQLInputObjectType)
    assert isinstance(status, GraphQLEnumType)
    old = {name: one.deprecation_reason for name, one in event.fields.items() if one.deprecation_reason}
    assert old == {"endsAt": "use starts_at", "timeText": 'use "starts_at"', "quotes": "use /quotes"}
    assert narrowing.fields["country"].deprecation_reason == "use place.country"
    assert status.values["FAILED"].deprecation_reason == "use cancelled"


async def test_uses_are_counted_by_caller(aged_url: str, declared: None) -> None:
    store = AccessStore(aged_url)
    made = await Keys(store, Settings().key_environment, "test").create(NewKey("Somebody", "free"))
    await store.close()
    key = {"Authorization": f"Bearer {made.secret.text}"}
    async with opened(aged_url, V8) as apis:
        await clean(aged_url)
        for headers in (key, key, {}):
            answer = await apis.client.get("/v8/events?country=UA&limit=1", headers=headers)
            assert answer.status_code == 200, answer.text
        nested = "{ events { nodes { ...A } } } fragment A on Event { ...B } fragment B on Event { timeText }"
        operation = {"query": nested}
        await apis.client.post("/v8/graphql", json=operation, headers=key)
        await apis.client.get("/v1/events?country=UA&limit=1", headers=key)
    async with opened(aged_url, V8) as apis:
        await apis.client.get("/v8/events?country=UA&limit=1", headers=key)
    printed = await asyncio.to_thread(briefing, aged_url, "outdated", "--json")
    rows = [json.loads(line) for line in printed.stdout.splitlines()]
    identifier = made.row["id"]
    assert {(row["caller"], row["version"], row["part"]): row["uses"] for row in rows} == {
        (identifier, "v8", None): 4,
        (identifier, "v8", "country"): 3,
        (identifier, "v8", "Event.timeText"): 1,
        ("anonymous", "v8", None): 1,
        ("anonymous", "v8", "country"): 1,
    }
    assert {row["holder"] for row in rows if row["caller"] == identifier} == {"Somebody"}
    assert "Somebody" in (await asyncio.to_thread(briefing, aged_url, "outdated")).stdout


async def clean(url: str) -> None:
    """Delete the counts of earlier requests."""
    connection = await asyncpg.connect(url)
    await connection.execute("truncate access.outdated")
    await connection.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "deprecated", "deprecated": date(2023, 1, 1)},
        {"status": "retired"},
        {"status": "current", "sunset": date(2023, 1, 1)},
        {"status": "deprecated", "deprecated": date(2023, 1, 1), "sunset": date(2022, 1, 1), "successor": "v2"},
    ],
)
def test_a_lifecycle_that_contradicts_itself_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Lifecycle(**wrong)


def test_every_version_says_what_is_new(served: str) -> None:
    listed = httpx2.get(f"{served}/versions").json()["versions"]
    assert [one["name"] for one in listed] == ["v1", "v2"]
    assert {one["status"] for one in listed} == {"current"}
    kept = days(Path(__file__).parents[2] / "openapi" / "released")
    assert {one["name"]: one["released"] for one in listed} == {name: str(day) for name, day in kept.items()}
    assert V7.lifecycle.status == "retired"
