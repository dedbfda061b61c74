"""The filters of a list in its URL: one row for each, derived from the catalog. Parser and contract read these rows."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from api.catalog import Condition, Resource, Version
from api.catalog.operators import OPERATORS, ValueKind
from api.query import Filter
from api.query.filters import test_of_condition
from api.query.globe import Box
from api.query.parse import read_boolean, read_box, read_identifier, read_near, read_value

MAX_VALUES = 200


@dataclass(frozen=True)
class Parameter:
    """One filter in a URL: its name, the condition behind it, and the link that it looks through, if any."""

    name: str
    condition: Condition
    link: str = ""

    @property
    def takes_several(self) -> bool:
        """True if it takes several values: separated by commas, or each with the name again."""
        return self.takes in ("list", "identifier", "bbox", "near")

    @property
    def takes(self) -> ValueKind:
        """The kind of its value."""
        return OPERATORS[self.condition.operator].takes

    def filter(self, text: str) -> Filter:
        """Return the filter that a value means, still without the link. ValueError says what was expected."""
        return test_of_condition(self.condition, READERS[self.takes](self.condition, text))

    def sibling(self, name: str) -> str:
        """Return the full name of another filter of the same record: `figures.measure` beside `figures.value_gte`."""
        if self.link:
            return f"{self.link}.{name}"
        return name


@cache
def parameters(version: Version, resource: Resource) -> dict[str, Parameter]:
    """Return the filters of a list, by name: its own, and those of linked records as `link.name`."""
    rows: dict[str, Parameter] = {}
    for condition in version.conditions[resource.name].values():
        name = parameter_name(condition)
        rows[name] = Parameter(name, condition)
    for link in resource.links.values():
        for condition in version.conditions[link.target].values():
            if condition.listed:
                continue
            name = f"{link.name}.{parameter_name(condition)}"
            rows[name] = Parameter(name, condition, link.name)
    return rows


def parameter_name(condition: Condition) -> str:
    """Return the name of a condition in a URL: `starts_at_gte`."""
    return (condition.parameter or condition.name) + OPERATORS[condition.operator].suffix


def deprecation(resource: Resource, row: Parameter) -> str:
    """Return what to use instead of a parameter that is deprecated itself or by its link; empty if neither is."""
    if row.condition.deprecated or not row.link:
        return row.condition.deprecated
    return resource.links[row.link].deprecated


def split(text: str) -> list[str]:
    """Return the values of a list. Commas separate them, and a value that contains a comma stands in double quotes."""
    try:
        values = next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise ValueError('Expected values separated by commas, one with a comma in it in "double quotes".') from None
    if not values or not all(values):
        raise ValueError("Expected at least one value, and none of them empty.")
    if len(values) > MAX_VALUES:
        raise ValueError(f"Expected at most {MAX_VALUES} values.")
    return values


def quote_value(value: str) -> str:
    """Return a value as one of a list, so that `split` returns it."""
    if "," in value or '"' in value:
        return '"' + value.replace('"', '""') + '"'
    return value


def _read_list(condition: Condition, text: str) -> tuple[Any, ...]:
    values = {read_value(condition.type, part, condition.format) for part in split(text)}
    return tuple(sorted(values))


def _read_value(condition: Condition, text: str) -> Any:
    return read_value(condition.type, text)


def _read_boolean(condition: Condition, text: str) -> bool:
    return read_boolean(text)


def _read_box(condition: Condition, text: str) -> Box:
    return read_box(text)


def _read_near(condition: Condition, text: str) -> tuple[float, float, float]:
    return read_near(text)


def _read_identifiers(condition: Condition, text: str) -> tuple[tuple[str, str], ...]:
    identifiers = {read_identifier(part) for part in split(text)}
    return tuple(sorted(identifiers))


READERS: dict[ValueKind, Callable[[Condition, str], Any]] = {
    "list": _read_list,
    "value": _read_value,
    "boolean": _read_boolean,
    "bbox": _read_box,
    "near": _read_near,
    "identifier": _read_identifiers,
}
