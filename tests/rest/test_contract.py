"""The committed contract is that of the code. It is valid OpenAPI, and each answer of the application keeps to it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from api.catalog import V1, VERSIONS, Resource
from api.http.problems import PROBLEMS
from api.ingest.load import load
from api.rest.access.contract import document as admin_document
from api.rest.contract import openapi, text
from api.rest.formats import offered
from api.rest.inputs import links
from api.rest.parameters import parameters
from api.rest.responses import HEADERS, NEVER
from api.rest.url import SHARED

FILES = Path(__file__).parents[2] / "openapi"
DOCUMENT = openapi(V1)
CONTRACTS = {version.name: openapi(version) for version in VERSIONS.values()} | {"admin": admin_document()}
RESOURCES = list(V1.resources.values())
LISTS = {resource.name: f"/v1/{resource.plural}" for resource in RESOURCES}
RECORDS = {resource.name: f"/v1/{resource.plural}/{{id}}" for resource in RESOURCES}
NO_ID = "0" * 26
each_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)


def test_the_committed_file_is_what_the_code_says() -> None:
    """The file is written by `briefing contract`."""
    assert (FILES / "v1.json").read_text(encoding="utf-8") == text(V1)


def test_it_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_every_part_is_named_once_used_and_described() -> None:
    assert {name for requirement in DOCUMENT["security"] for name in requirement} == set(
        DOCUMENT["components"]["securitySchemes"]
    )
    for kind, parts in DOCUMENT["components"].items():
        if kind == "securitySchemes":
            continue
        unused = [name for name in parts if f'"#/components/{kind}/{name}"' not in text(V1)]
        assert not unused
    assert [path for path, part in described_parts(DOCUMENT) if not part.get("description")] == []


def test_each_operation_has_an_id_and_a_tag_of_its_own() -> None:
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    lists = {f"list_{resource.plural}" for resource in RESOURCES}
    exports = {f"export_{resource.plural}_{form.name}" for resource in RESOURCES for form in offered(V1, resource)}
    records = {f"get_{resource.name}" for resource in RESOURCES}
    assert {operation["operationId"] for operation in operations()} == lists | records | exports | {"get_me"}
    assert all(set(operation["tags"]) <= tags and len(operation["tags"]) == 1 for operation in operations())


@each_resource
def test_every_parameter_that_a_list_takes_is_documented_and_no_other(resource: Resource) -> None:
    names = [parameter["name"] for parameter in documented_parameters(LISTS[resource.name])]
    assert len(names) == len(set(names))
    assert set(names) == set(parameters(V1, resource)) | set(SHARED) - {"facets", "known_at"}


@each_resource
def test_every_documented_parameter_is_taken(client: httpx2.Client, resource: Resource) -> None:
    path = LISTS[resource.name]
    wrong = {}
    for parameter in documented_parameters(path):
        answer = client.get(path, params=beside(parameter["name"], query(parameter)))
        if answer.status_code != 200 and parameter["name"] != "cursor":
            wrong[parameter["name"]] = answer.json()["errors"]
    assert wrong == {}
    assert [parameter["name"] for parameter in documented_parameters(RECORDS[resource.name])] == ["include"]


@each_resource
def test_undocumented_parameters_are_refused(client: httpx2.Client, resource: Resource) -> None:
    for path in (LISTS[resource.name], LISTS[resource.name] + f"/{resource.prefix}_{NO_ID}"):
        answer = client.get(path, params={"colour": "red"})
        keeps_to(answer, path_of(answer), 400)
        assert [error["parameter"] for error in answer.json()["errors"]] == ["colour"]


def test_a_key_is_optional_and_has_one_scheme() -> None:
    assert DOCUMENT["security"] == [{}, {"bearer": []}]
    (scheme,) = DOCUMENT["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


@pytest.mark.parametrize("document", CONTRACTS.values(), ids=[*CONTRACTS])
def test_generators_can_read_it(document: dict[str, Any]) -> None:
    """Look for what generators of clients have stumbled over: see docs/generators.md."""
    text = json.dumps(document)
    assert "*/" not in text, "it would end a comment"
    for path, schema in schemas_of(document):
        assert "const" not in schema or "type" in schema, path
        assert schema.get("type") != "number" or schema.get("format") == "double", path
        assert schema.get("format") != "date-time" or "pattern" not in schema, path
        names = schema.get("x-enum-varnames", [])
        assert len(set(names)) == len(names), path
        assert all(name.isidentifier() for name in names), path
    for kind, components in document["components"].items():
        words = Counter(re.sub("[^a-z0-9]", "", name.lower()) for name in components)
        assert [word for word, count in words.items() if count > 1] == [], f"{kind} would have the same type"
    for name, parameter in document["components"].get("parameters", {}).items():
        schema = parameter["schema"]
        assert "enum" not in schema and "enum" not in schema.get("items", {}), f"{name} has an enum without a name"
        assert parameter["in"] == "path" or not {"example", "examples"} & {*parameter, *schema}, f"consoles send {name}"


def test_an_export_is_binary_unless_it_is_json() -> None:
    for path, item in DOCUMENT["paths"].items():
        form = path.rpartition(".")[2]
        if form in ("csv", "ndjson"):
            (media,) = item["get"]["responses"]["200"]["content"].values()
            assert media["schema"] == {"type": "string", "format": "binary"}, path


def schemas_of(part: Any, path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object of a document that may be a schema, with its place. Examples contain none."""
    if isinstance(part, list):
        for number, item in enumerate(part):
            yield from schemas_of(item, f"{path}/{number}")
    if isinstance(part, dict):
        yield path, part
        for name, value in part.items():
            if name not in ("example", "examples", "properties"):
                yield from schemas_of(value, f"{path}/{name}")
        properties = part.get("properties")
        if isinstance(properties, dict):
            for name, value in properties.items():
                yield from schemas_of(value, f"{path}/properties/{name}")


def test_no_query_parameter_may_be_null() -> None:
    assert not [
        parameter
        for path in LISTS.values()
        for parameter in documented_parameters(path)
        if "null" in json.dumps(parameter["schema"])
    ]


def test_lists_are_written_with_commas() -> None:
    lists = [
        parameter
        for path in LISTS.values()
        for parameter in documented_parameters(path)
        if parameter["schema"].get("type") == "array"
    ]
    assert lists and all((parameter["style"], parameter["explode"]) == ("form", False) for parameter in lists)


def test_every_code_of_a_problem_is_documented() -> None:
    assert DOCUMENT["components"]["schemas"]["ProblemCode"]["enum"] == list(PROBLEMS)
    statuses = {status for operation in operations() for status in operation["responses"]}
    assert statuses == {"200", "304"} | {
        str(problem.status) for problem in PROBLEMS.values() if problem.code not in NEVER
    }


@each_resource
def test_every_list_and_record_is_as_documented(client: httpx2.Client, resource: Resource) -> None:
    for request in (f"{LISTS[resource.name]}?limit=200", f"{LISTS[resource.name]}?limit=2&count=exact"):
        answer = client.get(request)
        keeps_to(answer, LISTS[resource.name], 200)
    for record in answer.json()["data"]:
        keeps_to(client.get(f"{LISTS[resource.name]}/{record['id']}"), RECORDS[resource.name], 200)


@each_resource
def test_every_export_is_as_documented(client: httpx2.Client, resource: Resource) -> None:
    for form in offered(V1, resource):
        path = f"{LISTS[resource.name]}.{form.name}"
        keeps_to(client.get(path), path, 200)
        keeps_to(client.get(f"{path}?colour=red"), path, 400)
        names = {parameter["name"] for parameter in documented_parameters(path)}
        shared = set(SHARED) - {"include", "cursor", "count", "facets", "known_at"} | set(form.parameters)
        assert names == set(parameters(V1, resource)) | shared


@each_resource
def test_every_include_is_as_documented(client: httpx2.Client, resource: Resource) -> None:
    for path in links(V1, resource):
        answer = client.get(LISTS[resource.name], params={"include": path, "limit": 20})
        keeps_to(answer, LISTS[resource.name], 200)
        first, _, second = path.partition(".")
        records = answer.json()["data"]
        assert all(first in record for record in records), path
        assert not second or all(
            second in linked_record for record in records for linked_record in linked_records(record[first])
        ), path


def test_the_caller_is_described_as_documented(client: httpx2.Client) -> None:
    answer = client.get("/v1/me")
    keeps_to(answer, "/v1/me", 200)
    keeps_to(client.get("/v1/me?colour=red"), "/v1/me", 400)
    keeps_to(client.get("/v1/me", headers={"X-API-Key": "bak_live_wrong"}), "/v1/me", 401)
    (example,) = DOCUMENT["paths"]["/v1/me"]["get"]["responses"]["200"]["content"]["application/json"][
        "examples"
    ].values()
    validator = Draft202012Validator(close_schema({"$ref": "#/components/schemas/MeRecord"}) | COMPONENTS)
    assert list(validator.iter_errors(example["value"])) == []


@pytest.mark.parametrize(
    ("request_", "headers", "status"),
    [
        ("/v1/events?limit=1", {}, 200),
        ("/v1/events?limit=1", {"Accept-Encoding": "gzip"}, 200),
        ("/v1/events?limit=1", {"If-None-Match": "*"}, 304),
        ("/v1/events?cursor=x", {}, 400),
        ("/v1/events?limit=200&include=figures.event,quotes.event", {}, 400),
        (f"/v1/events/evt_{NO_ID}", {}, 404),
        ("/v1/events/1", {}, 404),
        ("/v1/events", {"Accept": "text/html"}, 406),
        (f"/v1/events?q={'a' * 9000}", {}, 414),
        ("/v1/events", {"X-Long": "a" * 20000}, 431),
    ],
)
def test_other_answers_are_as_documented(
    client: httpx2.Client, request_: str, headers: dict[str, str], status: int
) -> None:
    answer = client.get(request_, headers=headers)
    keeps_to(answer, path_of(answer), status)


def test_a_body_that_is_too_large_is_refused_as_documented(client: httpx2.Client) -> None:
    keeps_to(client.request("GET", "/v1/events", content=b"a" * 70_000), "/v1/events", 413)


def test_it_is_served_as_committed(client: httpx2.Client) -> None:
    answer = client.get("/v1/openapi.json")
    assert (answer.status_code, answer.text) == (200, text(V1))
    again = client.get("/v1/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_withdrawn_record_answers_as_documented(
    new_store: Callable[[], Awaitable[str]], serving: Callable[[str], Any], tmp_path: Path
) -> None:
    url = await new_store()
    place = {"resource": "place", "dataset": "test", "key": "here", "name": "Here"}
    for number, line in enumerate((place, place | {"withdrawn": {"reason": "There is no such place."}})):
        file = tmp_path / f"{number}.ndjson"
        file.write_text(json.dumps(line) + "\n", encoding="utf-8")
        if number:
            with serving(url) as client:
                identifier = client.get("/v1/places").json()["data"][0]["id"]
        await load([str(file)], url)
    with serving(url) as client:
        answer = client.get(f"/v1/places/{identifier}")
    keeps_to(answer, "/v1/places/{id}", 410)
    assert "There is no such place." in answer.json()["detail"]


def test_a_store_that_is_away_answers_as_documented(serving: Callable[[str], Any]) -> None:
    with serving("postgresql://briefing@127.0.0.1:1/none") as client:
        for path in ("/v1/events", f"/v1/events/evt_{NO_ID}"):
            answer = client.get(path)
            keeps_to(answer, path_of(answer), 503)


@each_resource
def test_other_methods_are_as_documented(client: httpx2.Client, resource: Resource) -> None:
    path = LISTS[resource.name] + "?limit=1"
    get_answer, head = client.get(path), client.head(path)
    changing = ("date", "server-timing", "x-request-id")
    assert head.content == b""
    assert [header for header in head.headers.multi_items() if header[0] not in changing] == [
        header for header in get_answer.headers.multi_items() if header[0] not in changing
    ]
    for method, status in (("OPTIONS", 204), ("POST", 405), ("DELETE", 405)):
        answer = client.request(method, path)
        assert (answer.status_code, {*answer.headers["allow"].split(", ")}) == (status, {"GET", "HEAD", "OPTIONS"})


def keeps_to(answer: httpx2.Response, path: str, status: int) -> None:
    """Assert that the operation documents this answer: its status, header fields, media type and body."""
    assert answer.status_code == status, answer.text
    response = resolve(DOCUMENT["paths"][path]["get"]["responses"][str(status)])
    headers = {name.lower(): resolve(header) for name, header in response["headers"].items()}
    assert {name for name, header in headers.items() if header.get("required")} <= set(answer.headers)
    assert {name.lower() for name in HEADERS} & set(answer.headers) <= set(headers)
    if "content" in response:
        media = answer.headers["content-type"].partition(";")[0]
        validator = Draft202012Validator(close_schema(response["content"][media]["schema"]) | COMPONENTS)
        content = answer.json() if media.endswith("json") and "ndjson" not in media else answer.text
        assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)] == []
    else:
        assert answer.content == b""


def close_schema(part: Any) -> Any:
    """Return the schema without room for properties that it does not name. Clients tolerate more, the test does not."""
    if isinstance(part, list):
        return [close_schema(element) for element in part]
    if not isinstance(part, dict):
        return part
    inside = {name: close_schema(element) for name, element in part.items()}
    return inside | {"additionalProperties": False} if isinstance(part.get("properties"), dict) else inside


COMPONENTS = {"components": {"schemas": close_schema(DOCUMENT["components"]["schemas"])}}


def resolve(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    value: dict[str, Any] = DOCUMENT
    for name in part["$ref"].removeprefix("#/").split("/"):
        value = value[name]
    return value


def operations() -> Iterator[dict[str, Any]]:
    return (item["get"] for item in DOCUMENT["paths"].values())


def documented_parameters(path: str) -> list[dict[str, Any]]:
    """Return the query parameters of an operation."""
    parameters = map(resolve, DOCUMENT["paths"][path]["get"]["parameters"])
    return [parameter for parameter in parameters if parameter["in"] == "query"]


def path_of(answer: httpx2.Response) -> str:
    """Return the path in the document that a request was for."""
    version, plural, *rest = answer.request.url.path.strip("/").split("/")
    return f"/{version}/{plural}" + ("/{id}" if rest else "")


def query(parameter: dict[str, Any]) -> str:
    """Return a value for a parameter: its example, or one that its schema allows."""
    if example := re.search(r"Example: `(.+?)`", parameter["description"]):
        return example[1]
    schema = resolve(parameter["schema"])
    while schema.get("type") == "array":
        schema = resolve(schema["items"])
    by_format = {"date-time": "2022-03-06T12:00:00Z", "date": "2022-03-06"}
    by_type = {"boolean": "true", "integer": "1", "number": "1", "string": "en"}
    plain = by_format.get(schema.get("format", ""), by_type[schema["type"]])
    return str(schema.get("default") or (schema["enum"][0] if "enum" in schema else plain))


def beside(name: str, value: str) -> dict[str, str]:
    """Return the parameter with those that it needs."""
    link, dot, own = name.rpartition(".")
    needed = {"q": "talks"} if name == "q_language" else {}
    if own in ("value_gte", "value_lt"):
        needed = {f"{link}{dot}measure": "killed"}
    return {**needed, name: value}


def linked_records(value: Any) -> list[dict[str, Any]]:
    """Return the records that an include shows."""
    if isinstance(value, list):
        return value
    if value is None:
        return []
    return value["data"] if "has_more" in value else [value]


def described_parts(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each part that OpenAPI lets us describe, except references: schemas, parameters, responses, headers."""
    for name, schema in part["components"]["schemas"].items():
        yield name, schema
        yield from ((f"{name}.{key}", value | resolve(value)) for key, value in schema.get("properties", {}).items())
    for kind in ("parameters", "headers", "responses"):
        yield from part["components"][kind].items()
    for name, operation in ((operation["operationId"], operation) for operation in operations()):
        yield name, operation
        yield from ((f"{name} {parameter['name']}", parameter) for parameter in map(resolve, operation["parameters"]))
        yield from ((f"{name} {status}", resolve(response)) for status, response in operation["responses"].items())
