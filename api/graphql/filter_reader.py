"""Make a Filter of a filter argument that graphql-core has coerced: the same Filter that URL parameters become."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from api.catalog import Condition, DeprecatedPart, Resource, Version
from api.catalog.lifecycle import missing_companions
from api.catalog.operators import OPERATORS
from api.errors import Fault, InvalidRequest
from api.graphql.shape import FilterShape, camel, filter_fields, pascal
from api.query import EVERYTHING, Exists, Filter, Not, Search, and_, or_
from api.query.filters import test_of_condition
from api.query.globe import Box, check_box, check_near
from api.query.parse import read_identifier, read_integer, read_language, read_number, read_value, read_words
from api.query.words import is_stemmed, unstemmed

LEVELS = 6
MAX_VALUES = 200
MAX_TESTS = 60
# Filters within a filter. Each that looks through a link is a subquery, even if it tests nothing there.
MAX_PARTS = 100


class FilterReader:
    """A reader of one filter argument of one resource. Deprecated parts are added to `outdated`."""

    def __init__(self, version: Version, outdated: list[DeprecatedPart]) -> None:
        self._version = version
        self._outdated = outdated
        self._tests = 0
        self._parts = 0

    def read(self, resource: Resource, argument: dict[str, Any], path: str, levels: int = LEVELS) -> Filter:
        """Return the Filter. InvalidRequest names the field that is wrong, by its `path` in the request."""
        if levels == 0:
            raise _fault(path, f"Filters may be nested {LEVELS} deep.")
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise _fault(path, f"A filter may hold at most {MAX_PARTS} filters.")
        shapes = filter_fields(self._version, resource)
        parts: list[Filter] = []
        for name, value in argument.items():
            parts.append(self._read_part(resource, shapes, name, value, f"{path}.{name}", levels - 1))
        _check_needs(shapes, argument, path)
        self._outdated += _find_missing(resource, shapes, argument)
        if not parts:
            return EVERYTHING
        return and_(*parts)

    def _read_part(
        self, resource: Resource, shapes: dict[str, FilterShape], name: str, value: Any, path: str, levels: int
    ) -> Filter:
        if value is None:
            raise _fault(path, "null is no filter: leave the field out, or use isNull.")
        if name == "and":
            return and_(*self._read_list(resource, value, path, levels))
        if name == "or":
            return or_(*self._read_list(resource, value, path, levels))
        if name == "not":
            return Not(self.read(resource, value, path, levels))
        if name == "search":
            return self._read_search(value, path)
        shape = shapes[name]
        if shape.link is None:
            return self._read_tests(shape, value, path)
        target = self._version[shape.link.target]
        if shape.link.single:
            return Exists(shape.link.name, self.read(target, value, path, levels))
        linked_filter = value.get("some")
        if linked_filter is None:
            raise _fault(path, "Expected some: a filter of the linked records.")
        return Exists(shape.link.name, self.read(target, linked_filter, f"{path}.some", levels))

    def _read_list(self, resource: Resource, filters: list[dict[str, Any]], path: str, levels: int) -> list[Filter]:
        if not filters:
            raise _fault(path, "Expected at least one filter.")
        return [self.read(resource, part, f"{path}.{index}", levels) for index, part in enumerate(filters)]

    def _read_search(self, value: dict[str, Any], path: str) -> Filter:
        self._count_test(path)
        words = _checked(read_words, value["text"], f"{path}.text")
        language = "en"
        if value.get("language") is not None:
            language = _checked(read_language, value["language"], f"{path}.language")
        if not is_stemmed(language):
            self._outdated.append(unstemmed(f'Search.language: "{language}"'))
        return Search(words, language)

    def _read_tests(self, shape: FilterShape, value: Any, path: str) -> Filter:
        self._count_test(path)
        if len(shape.conditions) == 1:
            condition = shape.first_condition
            read_whole = WHOLE.get(OPERATORS[condition.operator].takes)
            if read_whole is not None:
                return test_of_condition(condition, _checked(read_whole, value, path))
        conditions_by_key = {OPERATORS[operator].key: condition for operator, condition in shape.conditions.items()}
        if not value:
            raise _fault(path, f"Expected at least one of {', '.join(conditions_by_key)}.")
        tests = [_read_test(conditions_by_key[key], operand, f"{path}.{key}") for key, operand in value.items()]
        return and_(*tests)

    def _count_test(self, path: str) -> None:
        self._tests += 1
        if self._tests > MAX_TESTS:
            raise _fault(path, f"A filter may hold at most {MAX_TESTS} tests.")


def _read_test(condition: Condition, operand: Any, path: str) -> Filter:
    if operand is None:
        raise _fault(path, "null is no filter: leave the field out, or use isNull.")
    takes = OPERATORS[condition.operator].takes
    if takes == "boolean":
        return test_of_condition(condition, bool(operand))
    read = _read_identifier if takes == "identifier" else partial(_read_operand, condition)
    if takes == "value":
        return test_of_condition(condition, _checked(read, operand, path))
    if not operand:
        raise _fault(path, "Expected at least one value.")
    if len(operand) > MAX_VALUES:
        raise _fault(path, f"Expected at most {MAX_VALUES} values.")
    values = {_checked(read, value, path) for value in operand}
    return test_of_condition(condition, tuple(sorted(values)))


def _read_operand(condition: Condition, value: Any) -> Any:
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


def _read_identifier(value: dict[str, str]) -> tuple[str, str]:
    """Read an object of a scheme and a value or code in it."""
    scheme = value["scheme"]
    if ":" in scheme:
        raise ValueError("Expected a scheme without a colon, as wikidata.")
    code = value.get("value") or value.get("code", "")
    return read_identifier(f"{scheme}:{code}")


def _read_box(value: dict[str, float]) -> Box:
    return check_box(value["west"], value["south"], value["east"], value["north"])


def _read_near(value: dict[str, float]) -> tuple[float, float, float]:
    return check_near(value["latitude"], value["longitude"], value["kilometres"])


# The readers of what an operator takes, if its value has no input object with a field for each operator.
WHOLE: dict[str, Callable[[Any], Any]] = {"boolean": bool, "bbox": _read_box, "near": _read_near}


def _find_tests(shapes: dict[str, FilterShape], argument: dict[str, Any]) -> Iterator[tuple[str, Condition]]:
    """Yield the tests that a filter has of its own fields: the name of each field, and the condition."""
    for name, value in argument.items():
        if name not in shapes or not isinstance(value, dict):
            continue
        for operator, condition in shapes[name].conditions.items():
            if OPERATORS[operator].key in value:
                yield name, condition


def _check_needs(shapes: dict[str, FilterShape], argument: dict[str, Any], path: str) -> None:
    for name, condition in _find_tests(shapes, argument):
        needed = camel(condition.needs)
        if needed and needed not in argument:
            raise _fault(f"{path}.{name}", f"Needs {needed} beside it, so that like is compared with like.")


def _find_missing(
    resource: Resource, shapes: dict[str, FilterShape], argument: dict[str, Any]
) -> Iterator[DeprecatedPart]:
    """Yield the comparisons without the filters that they expect beside them."""
    for name, condition in _find_tests(shapes, argument):
        expected = [camel(filter_name) for filter_name in condition.expects]
        instead = missing_companions(expected, argument)
        if instead:
            yield DeprecatedPart(f"{pascal(resource.name)}Filter.{name}", instead)


def _checked(read: Callable[[Any], Any], value: Any, path: str) -> Any:
    """Return the value as read. InvalidRequest if the reader raises ValueError."""
    try:
        return read(value)
    except ValueError as error:
        raise _fault(path, str(error)) from None


def _fault(path: str, detail: str) -> InvalidRequest:
    return InvalidRequest(f"{path}: {detail}", (Fault(path, detail),))
