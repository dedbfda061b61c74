"""The exports of a version are described for data catalogues, column by column."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx2
import pytest

from api.catalog import VERSIONS, Version

EACH = pytest.mark.parametrize("version", VERSIONS.values(), ids=lambda version: str(version.name))


@pytest.fixture(scope="module", params=VERSIONS.values(), ids=lambda version: str(version.name))
def package(request: pytest.FixtureRequest, client: httpx2.Client) -> dict[str, Any]:
    """The Data Package of each version."""
    answer = client.get(f"/{request.param.name}/datapackage.json").raise_for_status()
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json())


def test_each_column_of_each_file_is_described_in_order(client: httpx2.Client, package: dict[str, Any]) -> None:
    version = package["name"].removeprefix("briefing-")
    for resource in package["resources"]:
        header = client.get(f"/{version}/{resource['path']}?limit=1").text.splitlines()[0]
        assert [field["name"] for field in resource["schema"]["fields"]] == header.split(",")
        assert all(field["description"] for field in resource["schema"]["fields"])


def test_the_cells_are_of_the_types_that_are_described(client: httpx2.Client, package: dict[str, Any]) -> None:
    version = package["name"].removeprefix("briefing-")
    types = set()
    for resource in package["resources"]:
        rows = list(csv.DictReader(io.StringIO(client.get(f"/{version}/{resource['path']}").text)))
        for field in resource["schema"]["fields"]:
            for value in filter(None, (row[field["name"]] for row in rows)):
                assert fits(value, field["type"]), (resource["name"], field["name"], value)
                assert value in field.get("constraints", {}).get("enum", [value])
                types.add(field["type"])
    assert types - {"boolean"} == {"string", "integer", "number", "datetime", "date"}


def fits(value: str, kind: str) -> bool:
    """Return True if a cell is of a type of Data Package."""
    if kind == "integer":
        return value.isdigit()
    if kind == "number":
        return float(value) == float(value)
    if kind == "boolean":
        return value in ("true", "false")
    if kind == "date":
        return len(value) == 10
    if kind == "datetime":
        return value.endswith(("Z", "+00:00"))
    return True


def test_licences_and_credits_are_those_of_the_briefings(client: httpx2.Client, package: dict[str, Any]) -> None:
    briefings = client.get("/v2/briefings?limit=200").json()["data"]
    licences = {licence.get("name") or licence["path"] for licence in package.get("licenses", [])}
    assert licences == {
        briefing["licence"] for briefing in briefings if briefing["licence"] not in (None, "NOASSERTION")
    }
    credits = {source["title"] for source in package.get("sources", [])}
    assert credits == {briefing["attribution"] for briefing in briefings if briefing["attribution"]}


@EACH
def test_search_engines_find_each_file(client: httpx2.Client, version: Version) -> None:
    answer = client.get(f"/{version.name}/dataset.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    document = answer.json()
    assert (document["@context"], document["@type"]) == ("https://schema.org/", "Dataset")
    for download in document["distribution"]:
        head = client.head(download["contentUrl"])
        assert (head.status_code, head.headers["content-type"].partition(";")[0]) == (200, download["encodingFormat"])
    again = client.get(f"/{version.name}/dataset.jsonld", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@EACH
def test_an_export_leads_to_its_description(client: httpx2.Client, version: Version) -> None:
    link = client.get(f"/{version.name}/events.csv?limit=1").headers["link"]
    assert link == f'</{version.name}/datapackage.json>; rel="describedby"'
