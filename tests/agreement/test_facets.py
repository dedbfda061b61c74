"""Facets of a list are the counts of the list by each of the fields, in both APIs and at the same price."""

from __future__ import annotations

from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest

from api.catalog import V2, Dimension, Resource, dimensions, has_counts
from api.query import price
from api.query.counts import FACET_TOP, MAX_FACETS
from api.rest.group_request import counts_query
from api.rest.request import list_query
from tests.agreement import rows
from tests.agreement.conftest import Apis
from tests.agreement.generator import _plain
from tests.agreement.test_both_apis import Chooser
from tests.agreement.test_counts import store

__all__ = ["store"]

FIELDS = "total quality fields { field additive data { value count low high } rest { groups count } }"
COUNTED = [resource for resource in V2.lists.values() if has_counts(V2, resource)]


def is_term(resource: Resource, dimension: Dimension) -> bool:
    """Return True if GraphQL writes the values of a dimension in capitals."""
    owner = V2[resource.links[dimension.link].target] if dimension.link else resource
    field = owner.fields.get(dimension.column)
    return field is not None and field.type.name == "vocabulary"


async def expected_of(
    service: Apis, resource: Resource, by: list[Dimension], filters: dict[str, str]
) -> dict[str, Any]:
    """Return the facets of a list, put together from counts by one field each."""
    fields = []
    answer: dict[str, Any] = {}
    for dimension in by:
        parameters = filters | {"by": dimension.name, "top": str(FACET_TOP)}
        _, answer = await service.rest(f"/{resource.plural}/counts", parameters)
        data = [
            {"value": group["key"][dimension.name], **{name: group[name] for name in ("count", "low", "high")}}
            for group in answer["data"]
        ]
        fields.append({"field": dimension.name, "additive": answer["additive"], "data": data, "rest": answer["rest"]})
    return {"total": answer["total"], "quality": answer["quality"], "fields": fields}


def in_graphql(resource: Resource, by: list[Dimension], facets: dict[str, Any]) -> dict[str, Any]:
    """Return facets of REST as GraphQL writes them."""
    fields = []
    for dimension, facet in zip(by, facets["fields"], strict=True):
        data = facet["data"]
        if is_term(resource, dimension):
            data = [item | {"value": item["value"] and item["value"].upper()} for item in data]
        fields.append(facet | {"field": dimension.term.upper(), "data": data})
    return {"total": facets["total"], "quality": facets["quality"].upper(), "fields": fields}


@pytest.mark.parametrize("resource", COUNTED, ids=lambda resource: str(resource.plural))
async def test_facets_are_the_counts_by_each_field(service: Apis, resource: Resource) -> None:
    known_dimensions = list(dimensions(V2, resource).values())
    for start in range(0, len(known_dimensions), MAX_FACETS):
        by = known_dimensions[start : start + MAX_FACETS]
        names = ",".join(dimension.name for dimension in by)
        status, answer = await service.rest(f"/{resource.plural}", {"facets": names, "limit": "2"})
        assert status == 200, answer
        assert answer["facets"] == await expected_of(service, resource, by, {})
        _, plain = await service.rest(f"/{resource.plural}", {"limit": "2"})
        assert {**answer, "facets": None} == {**plain, "facets": None}
        assert "facets" not in plain


async def test_facets_count_what_the_filter_leaves_on_all_pages(service: Apis, known: rows.Rows) -> None:
    counted = 0
    for seed in range(40):
        random = Random(f"facets {seed}")
        chosen = Chooser(V2, known, random).choose()
        resource = V2[chosen.resource]
        if resource not in COUNTED:
            continue
        filters = {name: text for name, text in chosen.parameters.items() if name != "sort"}
        available = list(dimensions(V2, resource).values())
        by = random.sample(available, min(len(available), random.randint(1, MAX_FACETS)))
        names = ",".join(dimension.name for dimension in by)
        parameters = filters | {"facets": names, "limit": "1"}
        status, answer = await service.rest(f"/{resource.plural}", parameters)
        assert status == 200, answer
        assert answer["facets"] == await expected_of(service, resource, by, filters), parameters
        counted += answer["facets"]["total"]
        if answer["page"]["next_cursor"]:
            cursor = {"cursor": answer["page"]["next_cursor"]}
            _, following = await service.rest(f"/{resource.plural}", parameters | cursor)
            assert following["facets"] == answer["facets"]
        terms = ", ".join(dimension.term.upper() for dimension in by)
        arguments = f"filter: {_plain(chosen.filter)}, first: 1" if chosen.filter else "first: 1"
        query = (
            f"{{ {resource.plural}({arguments}) {{ nodes {{ __typename }} facets(by: [{terms}]) {{ {FIELDS} }} }} }}"
        )
        status, other = await service.graphql(query)
        assert status == 200, (query, other)
        assert other["data"][resource.plural]["facets"] == in_graphql(resource, by, answer["facets"]), query
    assert counted > 100


async def test_both_apis_charge_the_same_for_facets(service: Apis) -> None:
    for parameters, arguments in (
        ({"facets": "kind,country"}, "facets(by: [KIND, COUNTRY])"),
        ({"facets": "citations.source_id"}, "facets(by: [CITATIONS_SOURCE_ID])"),
    ):
        query = f"{{ events(first: 50) {{ nodes {{ kind }} {arguments} {{ total }} }} }}"
        _, answer = await service.graphql(query)
        with_facets = answer["extensions"]["cost"]["requested"]
        _, answer = await service.graphql("{ events(first: 50) { nodes { kind } } }")
        added = with_facets - answer["extensions"]["cost"]["requested"]
        listed = [price(list_query(V2, V2["event"], urlencode(each).encode())) for each in (parameters, {})]
        assert listed[0] - listed[1] == added
        counts = urlencode({"by": parameters["facets"]}).encode()
        assert abs(price(counts_query(V2, V2["event"], counts)) - added) <= 1


async def test_facets_have_aliases_and_only_what_is_asked_for(service: Apis) -> None:
    query = """{ figures(first: 1, filter: {measure: {in: [KILLED]}}) {
        a: facets(by: [MEASURE]) { __typename fields { __typename field data { __typename value } } }
        b: facets(by: [UNIT, STATUS]) { total }
    } }"""
    status, answer = await service.graphql(query)
    assert status == 200, answer
    (facet,) = answer["data"]["figures"]["a"]["fields"]
    assert facet["field"] == "MEASURE"
    assert [item["value"] for item in facet["data"]] == ["KILLED"]
    assert answer["data"]["figures"]["b"]["total"] > 0


@pytest.mark.parametrize(
    ("parameters", "argument", "remedy"),
    [
        ({"facets": "kind,kind"}, "[KIND, KIND]", "kind is given twice."),
        (
            {"facets": "kind,status,language,country,place_id,briefing_id"},
            "[KIND, STATUS, LANGUAGE, COUNTRY, PLACE_ID, BRIEFING_ID]",
            "Expected at most 5 fields.",
        ),
    ],
)
async def test_both_apis_refuse_the_same_facets(
    service: Apis, parameters: dict[str, str], argument: str, remedy: str
) -> None:
    status, problem = await service.rest("/events", parameters)
    assert status == 400
    assert [(fault["parameter"], fault["detail"]) for fault in problem["errors"]] == [("facets", remedy)]
    _, answer = await service.graphql(f"{{ events {{ facets(by: {argument}) {{ total }} }} }}")
    assert remedy in answer["errors"][0]["message"]


async def test_facets_of_nothing_are_refused(service: Apis) -> None:
    _, answer = await service.graphql("{ events { facets(by: []) { total } } }")
    assert "Name at least one field." in answer["errors"][0]["message"]
    status, _ = await service.rest("/events", {"facets": ""})
    assert status == 400


async def test_an_unknown_facet_is_refused_with_the_fields_that_there_are(service: Apis) -> None:
    status, problem = await service.rest("/events", {"facets": "kinds"})
    assert status == 400
    assert "Did you mean kind?" in problem["errors"][0]["detail"]
    status, problem = await service.rest("/editions", {"facets": "edition"})
    assert status == 400
