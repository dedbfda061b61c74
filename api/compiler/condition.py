"""Write a Filter as an SQL condition. Each operator is a row of the table at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from api.catalog import Resource
from api.compiler.geography import box_around
from api.compiler.writer import CASTS, StatementWriter
from api.query import AllOf, AnyOf, Exists, Filter, Not, Search, Test
from api.query.filters import fallback, merged
from api.query.words import terms


def condition(writer: StatementWriter, resource: Resource, alias: str, filter: Filter) -> str:
    """Return the condition on the rows of `alias`."""
    match filter:
        case Test():
            return TESTS[filter.operator](writer, alias, filter)
        case Search():
            return f"{alias}.search @@ {word_query(writer, filter)}"
        case Exists():
            return _through(writer, resource, alias, filter)
        case Not():
            # Two-valued: a condition that is unknown does not hold, so its negation holds.
            return f"({condition(writer, resource, alias, filter.filter)}) is not true"
        case AllOf():
            return _joined(writer, resource, alias, merged(resource, filter.filters), " and ", "true")
        case AnyOf():
            return _joined(writer, resource, alias, filter.filters, " or ", "false")


def word_query(writer: StatementWriter, search: Search) -> str:
    """Return the tsquery of a search."""
    found = writer.argument(terms(search.words), "text[]")
    return f"store.search_query({found}, {writer.argument(search.language, 'text')})"


def _joined(
    writer: StatementWriter, resource: Resource, alias: str, parts: tuple[Filter, ...], word: str, empty: str
) -> str:
    if not parts:
        return empty
    return "(" + word.join(condition(writer, resource, alias, part) for part in parts) + ")"


def _through(writer: StatementWriter, resource: Resource, alias: str, filter: Exists) -> str:
    link = resource.links[filter.link]
    there = writer.name()
    writer.looked_at.add(link.target)
    joined = {
        "one": f"{there}.id = {alias}.{link.by}",
        "several": f"{there}.id = any({alias}.{link.by})",
        "many": f"{there}.{link.by} = {alias}.id",
        "children": f"{there}.{link.by} = {alias}.id",
    }[link.kind]
    tested = condition(writer, writer.version[link.target], there, filter.filter)
    own = f"exists (select from {writer.view(link.target)} {there} where {joined} and {tested})"
    instead = fallback(resource, filter)
    return f"({own} or {condition(writer, resource, alias, instead)})" if instead else own


def _any_of(writer: StatementWriter, alias: str, test: Test) -> str:
    if len(test.value) == 1:
        # With equality, an index on the column and the order of the list returns the rows in order.
        return f"{alias}.{test.column} = {writer.argument(test.value[0], CASTS[test.kind])}"
    return f"{alias}.{test.column} = any({writer.argument(test.value, CASTS[test.kind] + '[]')})"


def _holds(writer: StatementWriter, alias: str, test: Test) -> str:
    return f"{alias}.{test.column} && {writer.argument(test.value, 'text[]')}"


def _is(writer: StatementWriter, alias: str, test: Test) -> str:
    # A literal, because an argument would not match a partial index.
    return f"{alias}.{test.column}" if test.value else f"not {alias}.{test.column}"


def _at_least(writer: StatementWriter, alias: str, test: Test) -> str:
    return f"{alias}.{test.column} >= {writer.argument(test.value, CASTS[test.kind])}"


def _after(writer: StatementWriter, alias: str, test: Test) -> str:
    return f"{alias}.{test.column} > {writer.argument(test.value, CASTS[test.kind])}"


def _before(writer: StatementWriter, alias: str, test: Test) -> str:
    return f"{alias}.{test.column} < {writer.argument(test.value, CASTS[test.kind])}"


def _null(writer: StatementWriter, alias: str, test: Test) -> str:
    return f"{alias}.{test.column} is {'null' if test.value else 'not null'}"


def _inside(writer: StatementWriter, alias: str, test: Test) -> str:
    return _box(writer, alias, test.value)


def _box(writer: StatementWriter, alias: str, box: Any) -> str:
    west, south, east, north = (writer.argument(float(edge), "float8") for edge in box)
    across = "or" if box[0] > box[2] else "and"
    # At a pole every longitude is the same place.
    pole = f" or abs({alias}.latitude) = 90" if max(box[3], -box[1]) == 90 and box[2] - box[0] < 360 else ""
    return (
        f"({alias}.latitude between {south} and {north}"
        f" and ({alias}.longitude >= {west} {across} {alias}.longitude <= {east}{pole}))"
    )


def _near(writer: StatementWriter, alias: str, test: Test) -> str:
    latitude, longitude, kilometres = test.value
    centre = f"{writer.argument(latitude, 'float8')}, {writer.argument(longitude, 'float8')}"
    return (
        f"({_box(writer, alias, box_around(latitude, longitude, kilometres))}"
        f" and store.distance_km({alias}.latitude, {alias}.longitude, {centre})"
        f" <= {writer.argument(kilometres, 'float8')})"
    )


def _identified(key: str) -> Callable[[StatementWriter, str, Test], str]:
    """Return the writer of a test: a list of objects contains one with a scheme, and a value under `key`."""

    def identified(writer: StatementWriter, alias: str, test: Test) -> str:
        wanted = tuple(orjson.dumps([{"scheme": scheme, key: value}]).decode() for scheme, value in test.value)
        return f"{alias}.{test.column} @> any({writer.argument(wanted, 'jsonb[]')})"

    return identified


TESTS: dict[str, Callable[[StatementWriter, str, Test], str]] = {
    "in": _any_of,
    "has": _holds,
    "is": _is,
    "gte": _at_least,
    "after": _after,
    "lt": _before,
    "null": _null,
    "bbox": _inside,
    "near": _near,
    "identifier": _identified("value"),
    "subject": _identified("code"),
}
