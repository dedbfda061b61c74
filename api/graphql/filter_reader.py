"""Make a Filter of a filter argument that graphql-core has coerced: the same Filter that URL parameters become."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from api.catalog import Condition, DeprecatedPart, Resource, Version
from api.catalog.lifecycle import missing
from api.catalog.operators import OPERATORS
from api.errors import Fault, InvalidRequest
from api.graphql.shape import FilterShape, camel, narrowed, pascal
from api.query import EVERYTHING, Exists, Filter, Not, Search, and_, or_
from api.query.filters import tested
from api.query.globe import check_box, check_near
from api.query.parse import read_identifier, read_integer, read_language, read_number, read_value, read_words
from api.query.words import is_stemmed, unstemmed

LEVELS = 6
VALUES_MOST = 200
TESTS_MOST = 60
# Filters within a filter. Each that looks through a link is a subquery, even if it tests nothing there.
PARTS_MOST = 100


class FilterReader:
    """A reader of one filter argument of one resource. Deprecated parts are added to `outdated`."""

    def __init__(self, version: Version, outdated: list[DeprecatedPart]) -> None:
        self._version = version
        self._outdated = outdated
        self._tests = 0
        self._parts = 0

    def read(self, resource: Resource, given: dict[str, Any], path: str, levels: int = LEVELS) -> Filter:
        """Return the Filter. InvalidRequest names the field that is wrong, by its `path` in the request."""
        if levels == 0:
            raise _fault(path, f"Filters may be nested {LEVELS} deep.")
        self._parts += 1
        if self._parts > PARTS_MOST:
            raise _fault(path, f"A filter may hold at most {PARTS_MOST} filters.")
        known = narrowed(self._version, resource)
        parts = [
            self._part(resource, known, name, value, f"{path}.{name}", levels - 1) for name, value in given.items()
        ]
        _check_needs(known, given, path)
        self._outdated += _missing(resource, known, given)
        return and_(*parts) if parts else EVERYTHING

    def _part(
        self, resource: Resource, known: dict[str, FilterShape], name: str, value: Any, path: str, levels: int
    ) -> Filter:
        if value is None:
            raise _fault(path, "null is no filter: leave the field out, or use isNull.")
        if name in ("and", "or"):
            if not value:
                raise _fault(path, "Expected at least one filter.")
            parts = tuple(self.read(resource, one, f"{path}.{place}", levels) for place, one in enumerate(value))
            return and_(*parts) if name == "and" else or_(*parts)
        if name == "not":
            return Not(self.read(resource, value, path, levels))
        if name == "search":
            return self._search(value, path)
        row = known[name]
        if row.link is None:
            return self._conditions(row, value, path)
        target = self._version[row.link.target]
        if not row.link.single:
            if value.get("some") is None:
                raise _fault(path, "Expected some: a filter of the linked records.")
            value, path = value["some"], f"{path}.some"
        return Exists(row.link.name, self.read(target, value, path, levels))

    def _search(self, value: dict[str, Any], path: str) -> Filter:
        self._count_test(path)
        text = _checked(read_words, value["text"], f"{path}.text")
        given = value.get("language")
        language = "en" if given is None else _checked(read_language, given, f"{path}.language")
        if not is_stemmed(language):
            self._outdated.append(unstemmed(f'Search.language: "{language}"'))
        return Search(text, language)

    def _conditions(self, row: FilterShape, value: Any, path: str) -> Filter:
        self._count_test(path)
        only = next(iter(row.conditions.values()))
        if len(row.conditions) == 1 and OPERATORS[only.operator].takes in WHOLE:
            return tested(only, _checked(WHOLE[OPERATORS[only.operator].takes], value, path))
        if not value:
            raise _fault(path, f"Expected at least one of {', '.join(OPERATORS[one].key for one in row.conditions)}.")
        by_key = {OPERATORS[operator].key: condition for operator, condition in row.conditions.items()}
        return and_(*(_one(by_key[key], one, f"{path}.{key}") for key, one in value.items()))

    def _count_test(self, path: str) -> None:
        self._tests += 1
        if self._tests > TESTS_MOST:
            raise _fault(path, f"A filter may hold at most {TESTS_MOST} tests.")


def _one(condition: Condition, value: Any, path: str) -> Filter:
    if value is None:
        raise _fault(path, "null is no filter: leave the field out, or use isNull.")
    takes = OPERATORS[condition.operator].takes
    if takes == "boolean":
        return tested(condition, bool(value))
    if takes == "value":
        return tested(condition, _checked(lambda one: _value(condition, one), value, path))
    if not value:
        raise _fault(path, "Expected at least one value.")
    if len(value) > VALUES_MOST:
        raise _fault(path, f"Expected at most {VALUES_MOST} values.")
    read = _identifier if takes == "identifier" else lambda one: _value(condition, one)
    return tested(condition, tuple(sorted({_checked(read, one, path) for one in value})))


def _value(condition: Condition, value: Any) -> Any:
    """Return a coerced value as the readers of URLs would return it."""
    if isinstance(value, enum.Enum):
        return value.value
    if condition.type.name == "text":
        return read_value(condition.type, value, condition.format)
    if condition.type.name == "integer":
        return read_integer(str(value))
    if condition.type.name == "number":
        try:
            return read_number(format(Decimal(str(value)), "f"))
        except InvalidOperation:
            raise ValueError("Expected a finite number.") from None
    return value


def _identifier(value: dict[str, str]) -> tuple[str, str]:
    """Read an object of a scheme and a value or code in it."""
    scheme, code = value["scheme"], value.get("value") or value.get("code", "")
    if ":" in scheme:
        raise ValueError("Expected a scheme without a colon, as wikidata.")
    return read_identifier(f"{scheme}:{code}")


WHOLE: dict[str, Callable[[Any], Any]] = {
    "boolean": bool,
    "bbox": lambda value: check_box(value["west"], value["south"], value["east"], value["north"]),
    "near": lambda value: check_near(value["latitude"], value["longitude"], value["kilometres"]),
}


def _check_needs(known: dict[str, FilterShape], given: dict[str, Any], path: str) -> None:
    for name, value in given.items():
        if name not in known or not isinstance(value, dict):
            continue
        for operator, condition in known[name].conditions.items():
            if condition.needs and OPERATORS[operator].key in value and condition.needs not in given:
                raise _fault(
                    f"{path}.{name}", f"Needs {condition.needs} beside it, so that like is compared with like."
                )


def _missing(resource: Resource, known: dict[str, FilterShape], given: dict[str, Any]) -> Iterator[DeprecatedPart]:
    """Yield the comparisons without the filters that they expect beside them."""
    for name, value in given.items():
        if name not in known or not isinstance(value, dict):
            continue
        for operator, condition in known[name].conditions.items():
            if OPERATORS[operator].key in value and (instead := missing(map(camel, condition.expects), given)):
                yield DeprecatedPart(f"{pascal(resource.name)}Filter.{name}", instead)


def _checked(read: Callable[[Any], Any], value: Any, path: str) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise _fault(path, str(error)) from None


def _fault(path: str, detail: str) -> InvalidRequest:
    return InvalidRequest(f"{path}: {detail}", (Fault(path, detail),))
