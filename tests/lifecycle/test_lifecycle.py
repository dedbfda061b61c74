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
from tests.agreement.conftest import Apis, open_apis
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
async def test_each_answer_of_a_deprecated_version_says_so(aged_apis: Apis, request_: str) -> None:
    answer = await aged_apis.client.get(request_)
    assert {name: answer.headers[name] for name in TOLD} == TOLD
    assert SUCCESSOR in answer.headers.get_list("link")
    again = await aged_apis.client.get(request_, headers={"If-None-Match": answer.headers.get("etag", '"none"')})
    assert {name: again.headers[name] for name in TOLD} == TOLD


async def test_the_next_page_is_linked_beside_the_successor_version(aged_apis: Apis) -> None:
    answer = await aged_apis.client.get("/v8/events?limit=1")
    following, successor = answer.headers.get_list("link")
    assert following.endswith('rel="next"') and successor == SUCCESSOR


@pytest.mark.parametrize(
    "request_", ["/v1/events?limit=1", "/v2/events?limit=1", "/v1/graphql?query={__typename}", "/"]
)
async def test_answers_of_a_current_version_have_no_deprecation_fields(aged_apis: Apis, request_: str) -> None:
    answer = await aged_apis.client.get(request_)
    assert answer.status_code == 200
    assert not {"deprecation", "sunset", "deprecated-use"} & set(answer.headers)


@pytest.mark.parametrize("request_", ["/v7", "/v7/events", "/v7/events/evt_1", "/v7/a/b/c", "/v7/openapi.json"])
async def test_a_retired_version_answers_410_with_the_way_forward(aged_apis: Apis, request_: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        answer = await aged_apis.client.request(method, request_)
        assert answer.status_code == 410
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["sunset"] == "Thu, 29 Feb 2024 00:00:00 GMT"
        assert SUCCESSOR in answer.headers.get_list("link")
    problem = (await aged_apis.client.get(request_)).json()
    assert problem["code"] == "retired"
    assert "/v1" in problem["hint"] and "/versions" in problem["hint"]


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_graphql_of_a_retired_version_answers_410_in_its_own_form(aged_apis: Apis, accept: str) -> None:
    answer = await aged_apis.client.post("/v7/graphql", json={"query": "{ __typename }"}, headers={"Accept": accept})
    assert answer.status_code == 410
    assert answer.headers["content-type"].startswith(accept)
    assert SUCCESSOR in answer.headers.get_list("link")
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "retired" and "/v1" in error["extensions"]["hint"]
    response = await aged_apis.client.get("/v7/graphql", headers={"Accept": "text/html"})
    assert (response.status_code, response.json()["code"]) == (410, "retired")


@pytest.mark.parametrize("path", ["/v9", "/v9/events", "/v9/graphql", "/v0/openapi.json"])
async def test_an_unknown_version_is_404_with_the_known_ones(aged_apis: Apis, path: str) -> None:
    answer = await aged_apis.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "v1, v2, v8" in answer.json()["detail"] and "/versions" in answer.json()["detail"]


async def test_versions_are_listed_with_their_lifecycle(aged_apis: Apis) -> None:
    answer = await aged_apis.client.get("/versions")
    versions = {version["name"]: version for version in answer.json()["versions"]}
    assert [(name, version["status"]) for name, version in versions.items()] == [
        ("v1", "current"),
        ("v2", "current"),
        ("v7", "retired"),
        ("v8", "deprecated"),
    ]
    assert versions["v8"] == {
        "name": "v8",
        "path": "/v8",
        "status": "deprecated",
        "released": "2021-01-01",
        "deprecated": "2023-07-01",
        "sunset": "2030-01-31",
        "successor": "v1",
        "changes": ["The first that there was."],
    }
    assert all(version["changes"] for version in versions.values())
    home = (await aged_apis.client.get("/")).json()
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


@pytest.mark.parametrize(("query", "expected"), USES)
async def test_a_url_with_deprecated_parts_gets_their_names(aged_apis: Apis, query: str, expected: str | None) -> None:
    for request in (f"/v8/events?{query}", *([] if "include" in query else [f"/v8/events.ndjson?{query}"])):
        answer = await aged_apis.client.get(request)
        assert answer.status_code == 200, answer.text
        assert answer.headers.get("deprecated-use") == expected
    second_answer = await aged_apis.client.get(f"/v8/events?{query}")
    assert second_answer.headers.get("deprecated-use") == expected


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


@pytest.mark.parametrize(("text", "variables", "expected"), OPERATIONS)
async def test_an_operation_with_deprecated_parts_gets_their_names(
    aged_apis: Apis, text: str, variables: dict[str, Any], expected: list[str]
) -> None:
    for _ in range(2):  # The second time from memory.
        answer = await aged_apis.client.post("/v8/graphql", json={"query": text, "variables": variables})
        extensions = answer.json()["extensions"]
        assert "data" in answer.json() and extensions["cost"]["requested"]
        assert [deprecation["name"] for deprecation in extensions.get("deprecations", [])] == expected
        assert all(deprecation["instead"].startswith("use ") for deprecation in extensions.get("deprecations", []))
        header = answer.headers.get("deprecated-use", "")
        assert [name for name in expected if f'"{name}";instead=' in header] == expected


async def test_an_operation_gets_no_deprecations_of_other_operations(aged_apis: Apis) -> None:
    text = """
    query Old { events { nodes { ...Old } } } fragment Old on Event { ...Older } fragment Older on Event { timeText }
    query New { events { nodes { ...New } } } fragment New on Event { id }
    """
    for name, expected in (("Old", ["Event.timeText"]), ("New", [])):
        answer = await aged_apis.client.post("/v8/graphql", json={"query": text, "operationName": name})
        assert [deprecation["name"] for deprecation in answer.json()["extensions"].get("deprecations", [])] == expected
        assert ("deprecated-use" in answer.headers) is bool(expected)


SCHEMA = build_schema("""
directive @times(by: Int @deprecated(reason: "leave it out")) on FIELD
type Query { events(first: Int, top: Int @deprecated(reason: "use first")): [Event!] @deprecated(reason: "use all") }
type Event { id: ID, parts(top: Int @deprecated(reason: "use first")): [Event!] }
""")


def test_deprecated_arguments_in_nested_fragments_are_reported() -> None:
    document = DocumentCache(SCHEMA).read(
        "{ events { ...A } } fragment A on Event { ...B }"
        " fragment B on Event { all: parts(top: 1) { id @times(by: 2) } }"
    )
    parts = outdated(SCHEMA, document, document.operation(None), {})
    assert parts == (DeprecatedPart("Query.events", "use all"), DeprecatedPart("Event.parts(top:)", "use first"))


async def test_quoted_text_in_the_deprecated_use_field_is_escaped(aged_apis: Apis) -> None:
    answer = await aged_apis.client.post("/v8/graphql", json={"query": "{ events { nodes { timeText } } }"})
    assert answer.headers["deprecated-use"] == '"Event.timeText";instead="use \\"starts_at\\""'


def test_the_contracts_say_what_is_deprecated(declare_versions: None) -> None:
    document = openapi(V8)
    validate(document)
    operation = document["paths"]["/v8/events"]["get"]
    assert operation["deprecated"] is True
    shared = document["components"]["parameters"]
    parameter_objects = [
        shared[parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
        for parameter in operation["parameters"]
    ]
    parameters = {parameter["name"]: parameter.get("deprecated", False) for parameter in parameter_objects}
    names = ("country", "quotes.quote_type", "status", "place.country")
    assert [parameters[name] for name in names] == [True, True, False, False]
    schemas = document["components"]["schemas"]
    properties = schemas["Event"]["properties"]
    assert {name for name, definition in properties.items() if definition.get("deprecated")} == {
        "ends_at",
        "time_text",
        "quotes",
    }
    assert "- `failed`: It was tried. Deprecated: use cancelled." in schemas["OldStatus"]["description"]
    types = core(V8).type_map
    event, narrowing, status = types["Event"], types["EventFilter"], types["OldStatus"]
    assert isinstance(event, GraphQLObjectType) and isinstance(narrowing, GraphQLInputObjectType)
    assert isinstance(status, GraphQLEnumType)
    old = {name: field.deprecation_reason for name, field in event.fields.items() if field.deprecation_reason}
    assert old == {"endsAt": "use starts_at", "timeText": 'use "starts_at"', "quotes": "use /quotes"}
    assert narrowing.fields["country"].deprecation_reason == "use place.country"
    assert status.values["FAILED"].deprecation_reason == "use cancelled"


async def test_uses_are_counted_by_caller(aged_url: str, declare_versions: None) -> None:
    store = AccessStore(aged_url)
    new_key = await Keys(store, Settings().key_environment, "test").create(NewKey("Somebody", "free"))
    await store.close()
    key = {"Authorization": f"Bearer {new_key.secret.text}"}
    async with open_apis(aged_url, V8) as apis:
        await clean(aged_url)
        for headers in (key, key, {}):
            answer = await apis.client.get("/v8/events?country=UA&limit=1", headers=headers)
            assert answer.status_code == 200, answer.text
        nested = "{ events { nodes { ...A } } } fragment A on Event { ...B } fragment B on Event { timeText }"
        operation = {"query": nested}
        await apis.client.post("/v8/graphql", json=operation, headers=key)
        await apis.client.get("/v1/events?country=UA&limit=1", headers=key)
    async with open_apis(aged_url, V8) as apis:
        await apis.client.get("/v8/events?country=UA&limit=1", headers=key)
    result = await asyncio.to_thread(briefing, aged_url, "outdated", "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    identifier = new_key.row["id"]
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
def test_a_lifecycle_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Lifecycle(**wrong)


def test_every_version_says_what_is_new(service_url: str) -> None:
    versions = httpx2.get(f"{service_url}/versions").json()["versions"]
    assert [version["name"] for version in versions] == ["v1", "v2"]
    assert {version["status"] for version in versions} == {"current"}
    release_days = days(Path(__file__).parents[2] / "openapi" / "released")
    assert {version["name"]: version["released"] for version in versions} == {
        name: str(day) for name, day in release_days.items()
    }
    assert V7.lifecycle.status == "retired"
