"""A reference for GraphQL answers: graphql-core's own executor over plain Python rows.

It shares nothing with the compiler. The schema is the text of the contract. The rules that the contract only describes
in words (filters, orders, pages, links) are implemented here a second time, as plainly as possible. It is slow, and
correct.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
    graphql_sync,
)
from pyuca.collator import Collator_10_0_0  # type: ignore[import-untyped]

from api import model
from tests.agreement.rows import Row, Rows

# Links: to one record by a column of this row, to several by an array of this row, to many by a column of their rows,
# or to children.
LINKS: dict[str, dict[str, tuple[str, str, str]]] = {
    "Event": {
        "briefing": ("one", "Briefing", "briefing_id"),
        "place": ("one", "Place", "place_id"),
        "figures": ("many", "Figure", "event_id"),
        "quotes": ("many", "Quote", "event_id"),
        "participants": ("children", "Participant", ""),
        "related": ("children", "Relation", ""),
        "citations": ("children", "Citation", ""),
    },
    "Figure": {
        "briefing": ("one", "Briefing", "briefing_id"),
        "event": ("one", "Event", "event_id"),
        "place": ("one", "Place", "place_id"),
        "citations": ("children", "Citation", ""),
    },
    "Quote": {
        "briefing": ("one", "Briefing", "briefing_id"),
        "event": ("one", "Event", "event_id"),
        "speaker": ("one", "Source", "speaker_id"),
        "addressee": ("one", "Source", "addressee_id"),
        "citations": ("children", "Citation", ""),
    },
    "Source": {
        "affiliation": ("one", "Source", "affiliation_id"),
        "members": ("many", "Source", "affiliation_id"),
        "quotes": ("many", "Quote", "speaker_id"),
        "documents": ("many", "Document", "publisher_id"),
    },
    "Document": {"publisher": ("one", "Source", "publisher_id")},
    "Place": {"events": ("many", "Event", "place_id"), "figures": ("many", "Figure", "place_id")},
    "Briefing": {
        "publisher": ("one", "Source", "publisher_id"),
        "events": ("many", "Event", "briefing_id"),
        "figures": ("many", "Figure", "briefing_id"),
        "quotes": ("many", "Quote", "briefing_id"),
    },
    "Citation": {
        "source": ("one", "Source", "source_id"),
        "blames": ("one", "Source", "blames_id"),
        "via": ("several", "Source", "via_ids"),
        "document": ("one", "Document", "document_id"),
    },
    "Participant": {"source": ("one", "Source", "source_id")},
    "Relation": {"event": ("one", "Event", "event_id")},
    "Withdrawal": {},
}
# Filters with a short name: the link that they follow, and the filter at its end.
SHORT: dict[str, dict[str, tuple[str, str]]] = {
    "Event": {
        "country": ("place", "country"),
        "bbox": ("place", "bbox"),
        "near": ("place", "near"),
        "sourceId": ("citations", "sourceId"),
        "participantId": ("participants", "sourceId"),
    },
    "Figure": {
        "country": ("place", "country"),
        "bbox": ("place", "bbox"),
        "near": ("place", "near"),
        "sourceId": ("citations", "sourceId"),
    },
    "Quote": {"sourceId": ("citations", "sourceId")},
}
# Objects that group some columns of a record.
GROUPS = {
    "EventTime": {"startsAt": "starts_at", "endsAt": "ends_at", "precision": "time_precision", "text": "time_text"},
    "FigureAmount": {
        "value": "value",
        "low": "value_low",
        "high": "value_high",
        "quantifier": "quantifier",
        "unit": "unit",
        "unitCode": "unit_code",
        "text": "value_text",
        "decimals": "decimals",
    },
    "QuoteOriginal": {"text": "text_original", "language": "language_original"},
    "Dispute": {"status": "dispute_status", "stances": "dispute_stances"},
}
ORDERS = {
    "Event": ("startsAt", True),
    "Figure": ("asOf", True),
    "Quote": ("saidAt", True),
    "Citation": ("recordId", False),
    "Participant": ("recordId", False),
    "Relation": ("recordId", False),
    "Withdrawal": ("change", False),
}
# The column that breaks ties, if it is not the id.
TIES = {"Citation": "position", "Participant": "position", "Relation": "position", "Withdrawal": "change"}
PREFIXES = {prefix: name.capitalize() for name, prefix in model.PREFIXES.items()}
CURSOR = "reference:"


@cache
def sort_key(column: str, value: Any) -> Any:
    """Return the sort key of a value. Names are sorted by the Unicode Collation Algorithm."""
    return COLLATOR.sort_key(value) if column == "name" else value


COLLATOR = Collator_10_0_0()


class Reference:
    """The executor. `cursors` contains every cursor that it returned: type, filter, order and row. `utc` is how answers
    write the offset of UTC."""

    def __init__(self, contract: str, rows: Rows, utc: str) -> None:
        self.rows = rows
        self.cursors: list[tuple[str, Any, Any, Row]] = []
        self.schema = build_schema(contract)
        for name in ("DateTime", "Date"):
            scalar = self.schema.type_map[name]
            assert isinstance(scalar, GraphQLScalarType)
            reader = _read_time if name == "DateTime" else date.fromisoformat
            scalar.coerce_output_value = partial(format_time, utc=utc)
            scalar.coerce_input_value = reader
            scalar.coerce_input_literal = lambda node, reader=reader: reader(node.value)
        for type_ in self.schema.type_map.values():
            if isinstance(type_, GraphQLInterfaceType):
                type_.resolve_type = lambda row, *_: row["__kind"]
            elif isinstance(type_, GraphQLObjectType) and type_.name in LINKS | GROUPS:
                for name, field in type_.fields.items():
                    field.resolve = self._resolver(type_.name, name)
        assert self.schema.query_type is not None
        for name, field in self.schema.query_type.fields.items():
            field.resolve = self._root(name)

    def execute(self, text: str, variables: dict[str, Any] | None = None, name: str | None = None) -> ExecutionResult:
        """Return the whole answer."""
        return graphql_sync(self.schema, text, variable_values=variables, operation_name=name)

    def _root(self, name: str) -> Callable[..., Any]:
        if name == "node":
            return lambda _, info, id: self._by_id(id)
        if name == "nodes":
            return lambda _, info, ids: self._by_ids(ids)
        kind = name.capitalize()
        if kind in LINKS:
            return lambda _, info, id: self._by_id(id, kind)
        return lambda _, info, **arguments: self._connection(kind.removesuffix("s"), arguments)

    def _by_ids(self, ids: list[str]) -> list[Any]:
        if len(ids) > 50:
            raise argument_error("too many ids")
        return [self._or_error(identifier) for identifier in ids]

    def _or_error(self, identifier: str) -> Row | GraphQLError:
        try:
            return self._by_id(identifier)
        except GraphQLError as error:
            return error

    def _by_id(self, identifier: str, expected_kind: str = "") -> Row:
        kind = PREFIXES.get(identifier.split("_")[0], "")
        if kind and expected_kind in ("", kind):
            if identifier in self.rows.records[kind]:
                return self.rows.records[kind][identifier]
            if identifier in self.rows.withdrawn[kind]:
                raise GraphQLError("withdrawn", extensions={"code": "withdrawn"})
        raise GraphQLError("no such record", extensions={"code": "not_found"})

    def _resolver(self, kind: str, name: str) -> Callable[..., Any]:
        if name not in LINKS.get(kind, ()):
            parent = self.schema.type_map[kind]
            assert isinstance(parent, GraphQLObjectType)
            field_type = _named_type(parent.fields[name].type)
            if field_type.name in GROUPS:
                return lambda row, info: row
            column = GROUPS[kind][name] if kind in GROUPS else snake(name)
            enum = field_type.__class__.__name__ == "GraphQLEnumType"
            return lambda row, info: _as_output(row[column], enum)
        how, target, _ = LINKS[kind][name]
        if how == "one":
            return lambda row, info: next(iter(self._linked_rows(kind, row, name)), None)
        if how == "several":
            return lambda row, info: self._linked_rows(kind, row, name)
        return lambda row, info, **arguments: self._set(target, self._linked_rows(kind, row, name), arguments)

    def _linked_rows(self, kind: str, row: Row, name: str) -> list[Row]:
        """Return the records at the end of a link, without withdrawn ones."""
        how, target, column = LINKS[kind][name]
        if how == "children":
            return self.rows.children[target].get(row["id"], [])
        records = self.rows.records[target]
        if how == "many":
            return [candidate for candidate in records.values() if candidate[column] == row["id"]]
        ids = [row[column]] if how == "one" else row[column]
        return [records[identifier] for identifier in ids if identifier in records]

    def _counting(self, kind: str, row: Row, name: str) -> list[Row]:
        """Return the records that a filter through a link looks at. A figure without a place has that of its event."""
        if (kind, name) != ("Figure", "place") or row["place_id"] is not None:
            return self._linked_rows(kind, row, name)
        return [
            place
            for event in self._linked_rows(kind, row, "event")
            for place in self._linked_rows("Event", event, "place")
        ]

    def _set(self, target: str, candidates: list[Row], arguments: dict[str, Any]) -> Row:
        size = _size(arguments["first"], 50)
        rows = [candidate for candidate in candidates if self._passes(target, candidate, arguments.get("filter") or {})]
        if target in PREFIXES.values():
            rows = self._ordered(target, rows, None, {})
        return {"nodes": rows[:size], "hasMore": len(rows) > size}

    def _connection(self, kind: str, arguments: dict[str, Any]) -> Row:
        narrowing, order = arguments.get("filter") or {}, arguments.get("orderBy")
        candidates = [row for row in self._every(kind) if self._passes(kind, row, narrowing)]
        rows = self._ordered(kind, candidates, order, narrowing)
        first, last, after, before = (arguments.get(name) for name in ("first", "last", "after", "before"))
        backward = last is not None or before is not None
        if backward and (first is not None or after is not None):
            raise argument_error("first goes with after, last with before")
        size = last if backward else first
        size = 50 if size is None else _size(size, 200)
        if backward:
            remaining = rows if before is None else rows[: self._place(before, kind, narrowing, order, rows)]
            page, more = remaining[-size:], len(remaining) > size
        else:
            remaining = rows if after is None else rows[self._place(after, kind, narrowing, order, rows) + 1 :]
            page, more = remaining[:size], len(remaining) > size
        cursors = [self._cursor(kind, narrowing, order, row) for row in page]
        return {
            "nodes": page,
            "edges": [{"node": row, "cursor": cursor} for row, cursor in zip(page, cursors, strict=True)],
            "pageInfo": {
                "hasNextPage": before is not None if backward else more,
                "hasPreviousPage": more if backward else after is not None,
                "startCursor": cursors[0] if cursors else None,
                "endCursor": cursors[-1] if cursors else None,
            },
            "totalCount": len(rows),
            "totalQuality": "EXACT",
            "edition": self.rows.edition,
        }

    def _every(self, kind: str) -> list[Row]:
        """Return the rows of a list: records, children of records that are not withdrawn, or withdrawals."""
        if kind == "Withdrawal":
            return self.rows.withdrawals
        if kind in self.rows.children:
            standing = {id for records in self.rows.records.values() for id in records}
            return [row for id, rows in self.rows.children[kind].items() if id in standing for row in rows]
        return list(self.rows.records[kind].values())

    def _cursor(self, kind: str, narrowing: Any, order: Any, row: Row) -> str:
        self.cursors.append((kind, narrowing, order, row))
        return f"{CURSOR}{len(self.cursors) - 1}"

    def _place(self, cursor: str, kind: str, narrowing: Any, order: Any, rows: list[Row]) -> int:
        if not cursor.startswith(CURSOR):
            raise GraphQLError("no cursor", extensions={"code": "invalid_cursor"})
        position = self.cursors[int(cursor.removeprefix(CURSOR))]
        assert position[:3] == (kind, narrowing, order)
        return next(place for place, row in enumerate(rows) if row is position[3])

    def _ordered(self, kind: str, rows: list[Row], order: Any, narrowing: dict[str, Any]) -> list[Row]:
        """Sort the rows. The id or another column breaks ties, in the direction of the sort. Rows without a key come
        last in either direction."""
        name, descending = ORDERS.get(kind, ("id", False))
        tie = TIES.get(kind, "id")
        if order is not None:
            name, descending = camel(order["field"].lower()), order.get("direction") == "DESC"
        if name == "relevance":
            ranks = self.rows.ranks[kind, *self._searched(narrowing)]
            return sorted(rows, key=lambda row: (ranks[row["id"]], row["id"]), reverse=True)
        if name == "value" and "measure" not in narrowing:
            raise argument_error("like is compared with like")
        column = {"value": "value_floor"}.get(name, snake(name))
        keyed = [row for row in rows if row[column] is not None]
        bare = [row for row in rows if row[column] is None]
        keyed.sort(key=lambda row: (sort_key(column, row[column]), row[tie]), reverse=descending)
        bare.sort(key=lambda row: row[tie], reverse=descending)
        return keyed + bare

    def _searched(self, narrowing: dict[str, Any]) -> tuple[str, str]:
        if "search" not in narrowing:
            raise argument_error("relevance of what?")
        return narrowing["search"]["text"], narrowing["search"].get("language") or "en"

    def _passes(self, kind: str, row: Row, conditions: dict[str, Any]) -> bool:
        if kind == "Figure" and {"gte", "lt"} & set(conditions.get("value") or ()) and "measure" not in conditions:
            raise argument_error("like is compared with like")
        return all(self._holds(kind, row, name, value) for name, value in conditions.items())

    def _holds(self, kind: str, row: Row, name: str, value: Any) -> bool:
        if value is None:
            raise argument_error("null is no filter")
        if name in ("and", "or"):
            return (all if name == "and" else any)([self._passes(kind, row, condition) for condition in value])
        if name == "not":
            return not self._passes(kind, row, value)
        if name == "search":
            return row["id"] in self.rows.ranks[kind, value["text"], value.get("language") or "en"]
        if name in SHORT.get(kind, ()):
            link, name = SHORT[kind][name]
            target = LINKS[kind][link][1]
            return any(self._holds(target, linked_row, name, value) for linked_row in self._counting(kind, row, link))
        if name in LINKS[kind]:
            how, target, _ = LINKS[kind][name]
            condition = value if how == "one" else value["some"]
            return any(self._passes(target, linked_row, condition) for linked_row in self._counting(kind, row, name))
        if name in ("bbox", "near"):
            return row["latitude"] is not None and {"bbox": inside, "near": near}[name](row, value)
        if isinstance(value, bool):
            return bool(row[snake(name)] == value)
        return all(_test(row, name, operator, expected) for operator, expected in value.items())


def _test(row: Row, name: str, operator: str, expected: Any) -> bool:
    column = row[snake(name)]
    if operator == "isNull":
        return bool((column is None) == expected)
    if name == "value":
        column, expected = row["value_floor"], Decimal(str(expected))
    if column is None:
        return False
    if operator == "in" and name == "unitCode":
        return column.upper() in expected
    if operator == "in":
        return column in [_lowered(option, name) for option in expected]
    if operator == "after":
        return bool(column > expected)
    if operator == "has" and name in ("identifiers", "subjects"):
        return any(option.items() <= entry.items() for option in expected for entry in column)
    if operator == "has":
        return bool(set(column) & set(expected))
    return bool(column >= expected) if operator == "gte" else bool(column < expected)


def _lowered(value: Any, name: str) -> Any:
    return value.lower() if name in VOCABULARIES else value


VOCABULARIES = {
    *("kind", "reliability", "geoPrecision", "timePrecision", "status", "role", "relation", "measure", "quantifier"),
    *("resource", "basis", "certainty", "quoteType", "medium", "stance"),
}


def inside(row: Row, box: dict[str, float]) -> bool:
    """Return True if a place is in a box. East of the box's west edge, a place is at most as far as the box is wide. At
    a pole the longitude does not matter."""
    if not box["south"] <= row["latitude"] <= box["north"]:
        return False
    width = box["east"] - box["west"]
    offset = round((row["longitude"] - box["west"]) % 360, 7) % 360
    return abs(row["latitude"]) == 90 or width >= 360 or offset <= round(width % 360, 7)


def near(row: Row, point: dict[str, float]) -> bool:
    """Return True if a place is within a distance."""
    return distance(row["latitude"], row["longitude"], point["latitude"], point["longitude"]) <= point["kilometres"]


def distance(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the kilometres on the mean sphere, by the haversine formula."""
    angle, other_angle = math.radians(latitude), math.radians(other_latitude)
    across = math.radians(other_longitude - longitude)
    half = (
        math.sin((other_angle - angle) / 2) ** 2 + math.cos(angle) * math.cos(other_angle) * math.sin(across / 2) ** 2
    )
    return 2 * 6371.0088 * math.asin(min(1.0, math.sqrt(half)))


def argument_error(message: str) -> GraphQLError:
    """Return the error of an argument that is not allowed."""
    return GraphQLError(message, extensions={"code": "invalid_request"})


def _size(size: int, most: int) -> int:
    if not 1 <= size <= most:
        raise argument_error("out of range")
    return size


def _as_output(value: Any, enum: bool) -> Any:
    if enum and value is not None:
        return [term.upper() for term in value] if isinstance(value, list) else value.upper()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return _object(value)
    if isinstance(value, list):
        return [_object(element) if isinstance(element, dict) else element for element in value]
    return value


def _object(value: Row) -> Row:
    return {camel(name): element for name, element in value.items()}


def format_time(value: Any, utc: str = "+00:00") -> str:
    """Return a day, or a time in UTC, as answers write it."""
    if not isinstance(value, datetime):
        return str(value.isoformat())
    text = value.astimezone(UTC).isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if "." in text else text) + utc


def _read_time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _named_type(kind: Any) -> Any:
    while hasattr(kind, "of_type"):
        kind = kind.of_type
    return kind


def snake(name: str) -> str:
    """Return `startsAt` as `starts_at`."""
    return re.sub("([A-Z])", r"_\1", name).lower()


def camel(name: str) -> str:
    """Return `starts_at` as `startsAt`."""
    return re.sub("_(.)", lambda match: match[1].upper(), name)
