"""Each version's contracts are valid and committed. Its answers have the keys that they promise, and no others."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from graphql import validate_schema
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from api.catalog import VERSIONS, Resource, Version
from api.graphql import contract as graphql
from api.graphql.schema import core
from api.rest import contract as rest
from api.rest.formats import offered
from api.rest.inputs import links
from tests.rest.test_contract import close_schema

FILES = Path(__file__).parents[2] / "openapi"
each_version = pytest.mark.parametrize("version", VERSIONS.values(), ids=lambda version: str(version.name))
RESOURCES = [(version, resource) for version in VERSIONS.values() for resource in version.resources.values()]
each_resource = pytest.mark.parametrize(
    ("version", "resource"), RESOURCES, ids=[f"{version.name}-{resource.name}" for version, resource in RESOURCES]
)


@each_version
def test_the_contracts_are_valid_and_committed(version: Version) -> None:
    validate(rest.openapi(version))
    assert validate_schema(core(version)) == []
    assert (FILES / f"{version.name}.json").read_text(encoding="utf-8") == rest.text(version)
    assert (FILES / f"{version.name}.graphql").read_text(encoding="utf-8") == graphql.text(version)


@each_version
def test_everything_is_described_and_used(version: Version) -> None:
    components = rest.openapi(version)["components"]
    unused = [
        f"{kind}/{name}"
        for kind, parts in components.items()
        if kind != "securitySchemes"
        for name in parts
        if f'"#/components/{kind}/{name}"' not in rest.text(version)
    ]
    assert unused == []
    schemas = components["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []
    properties = [
        (name, key, definition)
        for name, schema in schemas.items()
        for key, definition in schema.get("properties", {}).items()
    ]
    assert [
        (name, key)
        for name, key, definition in properties
        if not definition.get("description") and "$ref" not in definition
    ] == []


@each_resource
def test_every_answer_is_as_documented(client: httpx2.Client, version: Version, resource: Resource) -> None:
    schemas = close_schema(rest.openapi(version)["components"]["schemas"])
    title = resource.name.capitalize()

    def keeps_to(path: str, name: str) -> None:
        root_schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        faults = [
            f"{error.json_path}: {error.message}"
            for error in Draft202012Validator(root_schema).iter_errors(answer.json())
        ]
        assert faults == [], path

    list_path = f"/{version.name}/{resource.plural}"
    keeps_to(f"{list_path}?limit=200&count=exact", f"{title}Page")
    for path in links(version, resource):
        keeps_to(f"{list_path}?limit=20&include={path}", f"{title}Page")
    record = client.get(list_path).json()["data"][0]
    keeps_to(f"{list_path}/{record['id']}", f"{title}Record")
    if any(form.name == "geojson" for form in offered(version, resource)):
        keeps_to(f"{list_path}.geojson", "FeatureCollection")


@each_resource
def test_an_export_has_the_records_of_the_list_in_its_order(
    client: httpx2.Client, version: Version, resource: Resource
) -> None:
    list_path = f"/{version.name}/{resource.plural}"
    page = client.get(f"{list_path}?limit=200").json()["data"]
    lines = [line for line in client.get(f"{list_path}.ndjson").text.split("\n") if line]
    assert (
        "[" + ",".join(lines) + "]"
        == client.get(f"{list_path}?limit=200").text.partition('"data":')[2].partition(',"page"')[0]
    )
    table = client.get(f"{list_path}.csv").text
    assert [record["id"] for record in page] == [
        line[:30] for line in table.split("\r\n")[1:] if line.startswith(f"{resource.prefix}_")
    ]
