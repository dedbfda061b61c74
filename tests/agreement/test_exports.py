"""An export as NDJSON has the records of the JSON list, with the same linked records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from api.catalog import V2, Resource, Version
from tests.agreement.conftest import Apis
from tests.walking import bounded_walk

# Lists of version 2, among them all of version 1.
LISTS = [resource.plural for resource in V2.lists.values() if resource.links]


@pytest.mark.parametrize("plural", LISTS)
async def test_lines_are_the_records_of_the_list_with_the_same_include(apis: Apis, plural: str) -> None:
    resource = next((resource for resource in apis.version.lists.values() if resource.plural == plural), None)
    if resource is None:
        return  # Version 1 has no such list.
    for include in includes(apis.version, resource):
        parameters = {"include": include} if include else {}
        expected = await walk(apis, f"/{plural}", parameters)
        lines = await export(apis, f"/{plural}.ndjson?{urlencode(parameters)}")
        assert lines, include
        assert [as_listed(resource, line) for line in lines] == expected, include
        for line, record in zip(lines, expected, strict=True):
            assert list(line) == list(record), include


async def test_filters_orders_and_limits_are_those_of_the_list(apis: Apis) -> None:
    resource = apis.version["event"]
    parameters = {"status": "occurred", "sort": "starts_at", "limit": "20", "include": "figures.citations,briefing"}
    expected = (await apis.rest("/events", parameters))[1]["data"]
    assert len(expected) > 1
    lines = await export(apis, f"/events.ndjson?{urlencode(parameters)}")
    assert [as_listed(resource, line) for line in lines] == expected


async def test_an_export_with_links_goes_on_after_an_id(apis: Apis) -> None:
    path = "/figures.ndjson?sort=id&include=event,citations.source"
    lines = await export(apis, path)
    middle = len(lines) // 2
    assert await export(apis, f"{path}&after_id={lines[middle]['id']}") == lines[middle + 1 :]


async def test_repeated_parameters_and_accept_give_the_same_file(apis: Apis) -> None:
    expected = await export(apis, "/events.ndjson?include=figures,citations.source")
    assert await export(apis, "/events.ndjson?include=figures&include[]=citations.source") == expected
    accept = {"accept": "application/x-ndjson"}
    assert await export(apis, "/events?include=figures,citations.source", accept) == expected


def includes(version: Version, resource: Resource) -> Iterator[str]:
    """Yield nothing, all links at once, and each link with all links from there."""
    yield ""
    yield ",".join(resource.links)
    for link in resource.links.values():
        yield ",".join([link.name, *(f"{link.name}.{name}" for name in version[link.target].links)])


async def walk(apis: Apis, path: str, filters: dict[str, str]) -> list[Any]:
    """Return the records of all pages of a list."""
    records: list[Any] = []
    parameters = {**filters, "limit": "200"}
    for _ in bounded_walk():
        status, page = await apis.rest(path, parameters)
        assert status == 200, page
        records += page["data"]
        if not page["page"]["has_more"]:
            break
        parameters["cursor"] = page["page"]["next_cursor"]
    return records


async def export(apis: Apis, path: str, headers: dict[str, str] | None = None) -> list[Any]:
    """Return the lines of a file."""
    response = await apis.client.get(f"/{apis.version.name}{path}", headers=headers)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def as_listed(resource: Resource, line: dict[str, Any]) -> dict[str, Any]:
    """Return a line with as many children as a list shows. An export has all of them."""
    listed = dict(line)
    for link in resource.links.values():
        if link.owned:
            children = line[link.name]["data"]
            assert line[link.name]["has_more"] is False
            listed[link.name] = {"data": children[: link.default], "has_more": len(children) > link.default}
    return listed
