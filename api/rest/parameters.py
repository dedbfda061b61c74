"""The filters of a list in its URL: one row for each, derived from the catalog. Parser and contract read these rows."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from api.catalog import Condition, Resource, Version
from api.catalog.operators import OPERATORS
from api.query import Filter
from api.query.filters import tested
from api.query.parse import read_boolean, read_box, read_identifier, read_near, read_value

LIST_MOST = 200


@dataclass(frozen=True)
class Parameter:
    """One filter in a URL: its name, the condition behind it, and the link that it looks through, if any."""

    name: str
    condition: Condition
    link: str = ""

    @property
    def takes(self) -> str:
        """The kind of its value: `list`, `value`, `boolean`, `bbox`, `near` or `identifier`."""
        return OPERATORS[self.condition.operator].takes

    def filter(self, text: str) -> Filter:
        """Return the filter that a value means, still without the link. ValueError says what was expected."""
        return tested(self.condition, TAKES[self.takes](self.condition, text))


@cache
def parameters(version: Version, resource: Resource) -> dict[str, Parameter]:
    """Return the filters of a list, by name: its own, and those of linked records as `link.name`."""
    own = [Parameter(spelled(one), one) for one in version.conditions[resource.name].values()]
    linked = [
        Parameter(f"{link.name}.{spelled(one)}", one, link.name)
        for link in resource.links.values()
        for one in version.conditions[link.target].values()
        if not one.listed
    ]
    return {one.name: one for one in [*own, *linked]}


def spelled(condition: Condition) -> str:
    """Return the name of a condition in a URL: `starts_at_gte`."""
    return (condition.parameter or condition.name) + OPERATORS[condition.operator].suffix


def split(text: str) -> list[str]:
    """Return the values of a list. Commas separate them, and a value that contains a comma stands in double quotes."""
    try:
        values = next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise ValueError('Expected values separated by commas, one with a comma in it in "double quotes".') from None
    if not values or not all(values):
        raise ValueError("Expected at least one value, and none of them empty.")
    if len(values) > LIST_MOST:
        raise ValueError(f"Expected at most {LIST_MOST} values.")
    return values


def _list(condition: Condition, text: str) -> tuple[Any, ...]:
    return tuple(sorted({read_value(condition.type, one, condition.format) for one in split(text)}))


def _identifiers(condition: Condition, text: str) -> tuple[Any, ...]:
    return tuple(sorted({read_identifier(one) for one in split(text)}))


TAKES: dict[str, Callable[[Condition, str], Any]] = {
    "list": _list,
    "value": lambda condition, text: read_value(condition.type, text),
    "boolean": lambda condition, text: read_boolean(text),
    "bbox": lambda condition, text: read_box(text),
    "near": lambda condition, text: read_near(text),
    "identifier": _identifiers,
}
