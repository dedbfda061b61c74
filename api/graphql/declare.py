"""Declare every type of a version from the catalog's tables: records, their sets and pages, filters and orders."""

from __future__ import annotations

from typing import Any

import strawberry

from api.catalog import Field, Group, Resource, Value, Vocabulary
from api.catalog.operators import OPERATORS
from api.graphql.shape import FilterShape, annotated, camel, narrowed, pascal, shown, type_name
from api.graphql.types import Argument, OutputField, Types
from api.model.types import term

RECORDS_FIRST = 50
RECORDS_MOST = 200
LINKED_MOST = 50
# The input objects of the filters that take a scheme and a code of it, by operator.
IDENTIFIED = {
    "identifier": (
        "IdentifierInput",
        "An identifier in somebody else's scheme.",
        [("scheme", "str", "Whose identifier."), ("value", "str", "The identifier.")],
    ),
    "subject": (
        "SubjectInput",
        "A subject, as a code of somebody's scheme.",
        [("scheme", "str", "The scheme of the code."), ("code", "str", "The code.")],
    ),
}


def declare(types: Types) -> None:
    """Declare every type of the version, in the order of the catalog."""
    version = types.version
    _declare_common(types)
    for resource in {**version.resources, **version.children, **version.lists}.values():
        for one in _behind(resource):
            if not types.has(one.__name__):
                _declare_small(types, one)
        for group in resource.groups.values():
            if not types.has(group.title):
                _declare_group(types, resource, group)
        _declare_filter(types, resource)
        _declare_record(types, resource)
        _declare_set(types, resource)
    for resource in version.lists.values():
        _declare_connection(types, resource)


def _behind(resource: Resource) -> list[Any]:
    """Return the vocabularies and value classes of the resource's fields."""
    return [one.type.of for one in resource.fields.values() if one.type.name in ("vocabulary", "value")]


def _declare_common(types: Types) -> None:
    types.interface("Node", "Anything with a public id.", [("id", "strawberry.ID", "The public id.")])
    types.enumeration("OrderDirection", "Which way to sort.", {"asc": "Ascending.", "desc": "Descending."})
    quality = {
        "exact": "Counted.",
        "estimated": "Estimated from a sample.",
        "at_least": "There are more: counting stopped at 100,000.",
    }
    types.enumeration("TotalQuality", "How good a total is.", quality)
    page: list[OutputField] = [
        ("hasNextPage", "bool", "Whether more records follow.", []),
        ("hasPreviousPage", "bool", "Whether records come before.", []),
        ("startCursor", "str | None", "The cursor of the first record; null on an empty page.", []),
        ("endCursor", "str | None", "The cursor of the last record; null on an empty page.", []),
    ]
    types.output("PageInfo", "Where a page stands in its list (Relay).", page)
    search = [
        ("text", "str", 'Words, "a phrase", or, -not, beginnings of words (corr*). Accents do not matter.'),
        ("language", "str | None", "The language whose stemmer reads it [BCP 47], `en` unless given."),
    ]
    types.input("Search", "Full text.", search)
    box = [(edge, "float", f"The {edge}ern edge, in degrees.") for edge in ("west", "south", "east", "north")]
    crossing = "170 to 190 and 170 to -170 are the same box across the antimeridian"
    types.input("Box", f"A box on the globe (RFC 7946). Longitudes beyond 180 are wrapped: {crossing}.", box)
    near = [
        ("latitude", "float", "Degrees north."),
        ("longitude", "float", "Degrees east."),
        ("kilometres", "float", "The greatest distance."),
    ]
    types.input("Near", "A distance from a point.", near)
    operators = {operator for known in types.version.conditions.values() for _, operator in known}
    for operator, (name, text, fields) in IDENTIFIED.items():
        if operator in operators:
            types.input(name, text, fields)


def _declare_small(types: Types, one: Any) -> None:
    text = (one.__doc__ or "").strip()
    if issubclass(one, Vocabulary):
        types.enumeration(one.__name__, text, one.terms())
    elif issubclass(one, Value):
        fields: list[OutputField] = [
            (camel(each.name), annotated(each), each.description, []) for each in one.fields().values()
        ]
        types.output(one.__name__, text, fields)


def _declare_group(types: Types, resource: Resource, group: Group) -> None:
    fields: list[OutputField] = [
        (camel(key), annotated(field), field.description, []) for key, field in resource.within(group).items()
    ]
    old = {camel(key): field.deprecated for key, field in resource.within(group).items()}
    types.output(group.title, group.description, fields, deprecated=old)


def _declare_record(types: Types, resource: Resource) -> None:
    rows = shown(types.version, resource)
    fields = [
        (row.name, row.annotation, row.description, _linked_arguments(row.of) if row.annotation.endswith("Set") else [])
        for row in rows.values()
    ]
    old = {name: row.deprecated for name, row in rows.items()}
    types.output(pascal(resource.name), resource.description, fields, node=bool(resource.prefix), deprecated=old)


def _linked_arguments(link: Any) -> list[Argument]:
    return [
        ("first", "int", link.default, f"How many, at most {LINKED_MOST}."),
        ("filter", f"{pascal(link.target)}Filter | None", strawberry.UNSET, "Which of them."),
    ]


def _declare_set(types: Types, resource: Resource) -> None:
    name = pascal(resource.name)
    fields: list[OutputField] = [
        ("nodes", f"list[{name}]", "The records.", []),
        ("hasMore", "bool", "Whether the record has more of them than are shown.", []),
    ]
    types.output(f"{name}Set", f"Some {resource.plural} of one record.", fields)


def _declare_connection(types: Types, resource: Resource) -> None:
    name = pascal(resource.name)
    edge: list[OutputField] = [
        ("node", name, "The record.", []),
        ("cursor", "str", "Where the record stands in the list.", []),
    ]
    types.output(f"{name}Edge", f"One of a list of {resource.plural}.", edge)
    fields: list[OutputField] = [
        ("edges", f"list[{name}Edge]", "The records, each with its cursor.", []),
        ("nodes", f"list[{name}]", "The records.", []),
        ("pageInfo", "PageInfo", "Where the page stands in the list.", []),
        ("totalCount", "int", "How many records the filter leaves, up to 100,000; counted only when asked.", []),
        ("totalQuality", "TotalQuality", "Whether `totalCount` is exact.", []),
    ]
    types.output(f"{name}Connection", f"A page of {resource.plural} (Relay).", fields)
    terms: dict[str, str] = {one: _sorted_by(resource.fields[one]) for one in resource.sortable}
    if resource.searched:
        terms["relevance"] = "How well it answers `search`: the best first, in either direction."
    types.enumeration(f"{name}OrderField", f"What {resource.plural} can be sorted by.", terms)
    order = [
        ("field", f"{name}OrderField", f"What to sort by. Ties are broken by {resource.key}, and nulls come last."),
        ("direction", "OrderDirection | None", "Which way, ASC unless given."),
    ]
    types.input(f"{name}Order", f"How to sort {resource.plural}.", order)


def _sorted_by(field: Field) -> str:
    return term(field.description, deprecated=field.deprecated) if field.deprecated else field.description


def _declare_filter(types: Types, resource: Resource) -> None:
    name = f"{pascal(resource.name)}Filter"
    rows = narrowed(types.version, resource)
    fields = [(row.name, f"{_filter_type(types, row)} | None", row.description) for row in rows.values()]
    if resource.searched:
        fields.append(("search", "Search | None", "Records that answer a full-text search."))
    fields += [
        ("and", f"list[{name}] | None", "Each of these holds."),
        ("or", f"list[{name}] | None", "At least one of these holds."),
        ("not", f"{name} | None", "This does not hold; what is unknown does not hold."),
    ]
    old = {key: row.deprecated for key, row in rows.items()}
    types.input(name, f"Which {resource.plural}: every field that is given must hold.", fields, old)


def _filter_type(types: Types, row: FilterShape) -> str:
    if row.link is not None:
        target = f"{pascal(row.link.target)}Filter"
        if row.link.single:
            return target
        some = f"{pascal(row.link.target)}Some"
        if not types.has(some):
            text = "At least one linked record passes the whole filter."
            types.input(some, text, [("some", f"{target} | None", text)])
        return some
    plain = {"is": "bool", "bbox": "Box", "near": "Near"}
    if len(row.conditions) == 1 and (only := next(iter(row.conditions))) in plain:
        return plain[only]
    return _operators_type(types, row)


def _operators_type(types: Types, row: FilterShape) -> str:
    condition = next(iter(row.conditions.values()))
    own = "strawberry.ID" if condition.format == "id" else type_name(condition.type)
    kind = next((IDENTIFIED[operator][0] for operator in row.conditions if operator in IDENTIFIED), own)
    base = {"str": "String", "strawberry.ID": "ID", "float": "Float", "int": "Int"}.get(kind, kind)
    name = (
        ("Nullable" if "null" in row.conditions else "") + base + ("List" if "has" in row.conditions else "") + "Test"
    )
    if not types.has(name):
        fields = []
        for operator in row.conditions:
            how = OPERATORS[operator]
            listed = how.takes in ("list", "identifier")
            annotation = "bool" if operator == "null" else f"list[{kind}]" if listed else kind
            fields.append((how.key, f"{annotation} | None", how.meaning.replace(", separated by commas", "")))
        types.input(name, "Every test that is given must hold.", fields)
    return name
