"""Refused arguments: GraphQL names them as its callers write them, and takes no boolean for a number."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from api.catalog import VERSIONS, Resource, Version
from api.errors import InvalidRequest
from api.graphql.arguments import read_root_list
from api.query import EditionFinder, Selection, Timeline

Post = Callable[..., httpx2.Response]


class FigureOrderField(enum.Enum):
    VALUE = "value"


@pytest.fixture(scope="module")
def catalog() -> tuple[Version, Resource]:
    """Version 2 and its figures, whose value needs a filter with a name of two words."""
    version = VERSIONS["v2"]
    figure = version["figure"]
    fields = figure.fields | {"value": replace(figure.fields["value"], needs="unit_code")}
    conditions = {
        key: replace(condition, needs="unit_code") if condition.needs else condition
        for key, condition in version.conditions["figure"].items()
    }
    changed = replace(figure, fields=fields)
    return replace(version, conditions=version.conditions | {"figure": conditions}), changed


SORTED: dict[str, Any] = {"orderBy": {"field": FigureOrderField.VALUE}}
COMPARED: dict[str, Any] = {"filter": {"value": {"gte": Decimal(1)}}}
WITH_UNIT: dict[str, Any] = {"filter": {"value": {"gte": Decimal(1)}, "unitCode": {"in": ["USD"]}}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (SORTED, "figures.orderBy: Sorting by VALUE needs unitCode in the filter"),
        (COMPARED, "figures.filter.value: Needs unitCode beside it"),
    ],
)
def test_a_missing_filter_is_named_as_graphql_spells_it(
    catalog: tuple[Version, Resource], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequest, match=message):
        read_root_list(*catalog, arguments, Selection(), "figures", [], EditionFinder(Timeline()))


def test_the_filter_that_is_needed_is_found_by_its_graphql_name(catalog: tuple[Version, Resource]) -> None:
    read_root_list(*catalog, SORTED | WITH_UNIT, Selection(), "figures", [], EditionFinder(Timeline()))


@pytest.mark.parametrize(
    ("query", "type"),
    [
        ("query($x: Int) {figures(first: $x) {nodes {id}}}", "Int"),
        ("query($x: Float) {figures(filter: {measure: {in: [KILLED]}, value: {gte: $x}}) {nodes {id}}}", "Float"),
    ],
)
def test_a_boolean_is_no_number(post: Post, query: str, type: str) -> None:
    message = post({"query": query, "variables": {"x": True}}).json()["errors"][0]["message"]
    assert f"{type} cannot represent" in message
