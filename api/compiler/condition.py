"""Write a Filter as an SQL condition. Each operator is a row of the table at the end."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from api.catalog import Resource
from api.compiler.geography import box_around
from api.compiler.writer import CASTS, StatementWriter
from api.query import AllOf, AnyOf, Exists, Filter, Not, Search, Test
from api.query.filters import fallback, merge_tests
from api.query.globe import Box
from api.query.words import terms


def condition(writer: StatementWriter, resource: Resource, alias: str, filter: Filter) -> str:
    """Return the condition on the rows of `alias`."""
    match filter:
        case Test():
            return TESTS[filter.operator](writer, alias, filter)
        case Search():
            return f"{alias}.search @@ {word_query(writer, filter)}"
        case Exists():
            return _test_linked(writer, resource, alias, filter)
        case Not():
            # Two-valued: a condition that is unknown does not hold, so its negation holds.
            return f"({condition(writer, resource, alias, filter.filter)}) is not true"
        case AllOf():
            filters = merge_tests(resource, filter.filters)
            return _join_conditions(writer, resource, alias, filters, " and ") or "true"
        case AnyOf():
            return _join_conditions(writer, resource, alias, filter.filters, " or ") or "false"


def word_query(writer: StatementWriter, search: Search) -> str:
    """Return the tsquery of a search."""
    search_terms = writer.argument(terms(search.words), "text[]")
    return f"store.search_query({search_terms}, {writer.argument(search.language, 'text')})"


def _join_conditions(
    writer: StatementWriter, resource: Resource, alias: str, filters: tuple[Filter, ...], operator: str
) -> str:
    """Return the conditions of the filters with `and` or `or` between them; empty if there are none."""
    if not filters:
        return ""
    conditions = [condition(writer, resource, alias, filter) for filter in filters]
    return f"({operator.join(conditions)})"


def _test_linked(writer: StatementWriter, resource: Resource, alias: str, filter: Exists) -> str:
    """Return the condition that a linked record passes a filter, or the record that stands in for it."""
    exists = _exists(writer, resource, alias, filter)
    alternative = fallback(resource, filter)
    if not alternative:
        return exists
    return f"({exists} or {condition(writer, resource, alias, alternative)})"


def _exists(writer: StatementWriter, resource: Resource, alias: str, filter: Exists) -> str:
    link = resource.links[filter.link]
    target = writer.name()
    writer.looked_at.add(link.target)
    is_linked = {
        "one": f"{target}.id = {alias}.{link.by}",
        "several": f"{target}.id = any({alias}.{link.by})",
        "many": f"{target}.{link.by} = {alias}.id",
        "children": f"{target}.{link.by} = {alias}.id",
    }[link.kind]
    passes = condition(writer, writer.version[link.target], target, filter.filter)
    return f"exists (select from {writer.view(link.target)} {target} where {is_linked} and {passes})"


def _is_any_of(writer: StatementWriter, alias: str, test: Test) -> str:
    cast = CASTS[test.kind]
    if len(test.value) == 1:
        # With equality, an index on the column and the order of the list returns the rows in order.
        return f"{alias}.{test.column} = {writer.argument(test.value[0], cast)}"
    values = writer.argument(test.value, f"{cast}[]")
    return f"{alias}.{test.column} = any({values})"


def _has_any_of(writer: StatementWriter, alias: str, test: Test) -> str:
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


def _is_null(writer: StatementWriter, alias: str, test: Test) -> str:
    null = "null" if test.value else "not null"
    return f"{alias}.{test.column} is {null}"


def _is_inside(writer: StatementWriter, alias: str, test: Test) -> str:
    return _test_box(writer, alias, test.value)


def _test_box(writer: StatementWriter, alias: str, box: Box) -> str:
    west, south, east, north = (writer.argument(float(edge), "float8") for edge in box)
    # A box whose west is greater than its east contains the antimeridian.
    both_edges = "or" if box[0] > box[2] else "and"
    at_pole = ""
    if _reaches_pole(box):
        # At a pole every longitude is the same place.
        at_pole = f" or abs({alias}.latitude) = 90"
    return (
        f"({alias}.latitude between {south} and {north}"
        f" and ({alias}.longitude >= {west} {both_edges} {alias}.longitude <= {east}{at_pole}))"
    )


def _reaches_pole(box: Box) -> bool:
    """Return True if the box contains a pole, but not all longitudes."""
    west, south, east, north = box
    return max(north, -south) == 90 and east - west < 360


def _is_near(writer: StatementWriter, alias: str, test: Test) -> str:
    latitude, longitude, kilometres = test.value
    centre = f"{writer.argument(latitude, 'float8')}, {writer.argument(longitude, 'float8')}"
    in_box = _test_box(writer, alias, box_around(latitude, longitude, kilometres))
    distance = f"store.distance_km({alias}.latitude, {alias}.longitude, {centre})"
    return f"({in_box} and {distance} <= {writer.argument(kilometres, 'float8')})"


def _has_scheme_and(key: str) -> Callable[[StatementWriter, str, Test], str]:
    """Return the writer of a test: a list of objects contains one with a scheme, and a value under `key`."""

    def has_any_object(writer: StatementWriter, alias: str, test: Test) -> str:
        objects = [orjson.dumps([{"scheme": scheme, key: value}]).decode() for scheme, value in test.value]
        return f"{alias}.{test.column} @> any({writer.argument(tuple(objects), 'jsonb[]')})"

    return has_any_object


def _is_same_as(writer: StatementWriter, alias: str, test: Test) -> str:
    """Return the condition that a column has the value that it has in a record, by its resource and its id."""
    name, record_id = test.value
    other = writer.name()
    value = f"select {other}.{test.column} from {writer.view(name)} {other} where {other}.id"
    return f"{alias}.{test.column} = ({value} = {writer.argument(record_id, 'text')})"


TESTS: dict[str, Callable[[StatementWriter, str, Test], str]] = {
    "in": _is_any_of,
    "has": _has_any_of,
    "is": _is,
    "gte": _at_least,
    "after": _after,
    "lt": _before,
    "null": _is_null,
    "bbox": _is_inside,
    "near": _is_near,
    "identifier": _has_scheme_and("value"),
    "subject": _has_scheme_and("code"),
    # Only pages test this. No parameter and no input does.
    "same_as": _is_same_as,
}
