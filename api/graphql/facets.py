"""Facets of lists in GraphQL: their types, and the reading of their arguments."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from api.catalog import Dimension, Resource, Version, dimensions
from api.errors import Fault, InvalidRequest
from api.graphql.shape import pascal
from api.graphql.types import Argument, OutputField, Types, part_field
from api.query.counts import COUNT_PARTS, MAX_FACETS, MEANINGS, read_facets

REQUIRED: Any = inspect.Parameter.empty


def declare_facets(types: Types) -> None:
    """Declare the types of the facets of lists, which are those of any list."""
    value: list[OutputField] = [
        ("value", "str | None", "The value, in the form that the filter takes. Null for records without a value.", []),
        *(part_field(part) for part in COUNT_PARTS),
    ]
    types.output("FacetValue", MEANINGS["FacetValue"], value)
    facet: list[OutputField] = [
        ("field", "str", "The name of the field, as in `by`.", []),
        ("additive", "bool", "True if each record has at most one value.", []),
        ("data", "list[FacetValue]", "The values, those with the most records first.", []),
        ("rest", "CountRest", "The values that `data` does not contain.", []),
    ]
    types.output("Facet", MEANINGS["Facet"], facet)
    facets: list[OutputField] = [
        ("total", "int", "The number of records that match the filter, on all pages.", []),
        ("quality", "CountQuality", "The method of counting.", []),
        ("fields", "list[Facet]", "The fields, in the order of `by`.", []),
    ]
    types.output("Facets", MEANINGS["Facets"], facets)


def facets_field(resource: Resource) -> OutputField:
    """Return the field of a connection with the facets of its list."""
    by = f"The fields whose values are counted, at most {MAX_FACETS}."
    arguments: list[Argument] = [("by", f"list[{pascal(resource.name)}CountField]", REQUIRED, by)]
    return ("facets", "Facets", "The numbers of records that match the filter, by the values of each field.", arguments)


def read_by_argument(arguments: dict[str, Any], known: Mapping[str, Dimension]) -> list[str]:
    """Return the names of the dimensions that `by` names by their terms."""
    names = {dimension.term: name for name, dimension in known.items()}
    return [names[term.value] for term in arguments.get("by") or ()]


def read_facets_by(version: Version, resource: Resource, arguments: dict[str, Any], key: str) -> tuple[Dimension, ...]:
    """Return the fields of facets. InvalidRequest says what was expected."""
    try:
        return read_facets(version, resource, read_by_argument(arguments, dimensions(version, resource)))
    except ValueError as error:
        raise InvalidRequest.of([Fault(f"{key}.by", str(error))]) from None
