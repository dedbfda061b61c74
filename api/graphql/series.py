"""Series of figures in GraphQL: their types, and the reading of their arguments. The tables of `api/query/series.py`
say what the objects contain."""

from __future__ import annotations

from typing import Any

import strawberry

from api.catalog import DeprecatedPart, Dimension, Resource, Version, series_dimensions
from api.errors import Fault, InvalidRequest
from api.graphql.arguments import read_edition, read_filter
from api.graphql.counts import dimension_annotation
from api.graphql.facets import read_by_argument
from api.graphql.shape import camel, pascal
from api.graphql.types import Argument, OutputField, Types, part_field
from api.query import EditionFinder, Selection, SeriesField, SeriesQuery
from api.query import series as table
from api.query.parts import Part
from api.query.series import MAX_SERIES, MAX_SERIES_BY, TOP_SERIES, always_keys, check_series_top, read_series_by


def series_name(resource: Resource) -> str:
    """Return the name of the field of Query: `figureSeries`."""
    return f"{camel(resource.name)}Series"


def part_tables(resource: Resource) -> dict[str, tuple[Part[str], ...]]:
    """Return the types that contain nothing but parts, or parts beside other objects, with their parts."""
    name = pascal(resource.name)
    return {
        f"{name}SeriesLast": table.LAST,
        f"{name}SeriesSum": table.SUM,
        f"{name}SeriesPoint": table.POINT,
        f"{name}Series": table.SERIES,
        f"{name}EnvelopePoint": table.ENVELOPE_POINT,
        "SeriesRest": table.REST,
        f"{name}SeriesList": table.WHOLE,
    }


def declare_series(types: Types, resource: Resource) -> None:
    """Declare the types of the series of a list of figures."""
    name = pascal(resource.name)
    bucket: OutputField = ("bucket", "Date", "The first day of the bucket.", [])
    others: dict[str, list[OutputField]] = {
        f"{name}SeriesPoint": [bucket, ("last", f"{name}SeriesLast", "The last figure of the bucket.", [])],
        f"{name}Series": [
            ("key", f"{name}SeriesKey", "The values that the figures have in common.", []),
            ("sum", f"{name}SeriesSum | None", "The sum of the figures. Null if they do not add up.", []),
            ("points", f"list[{name}SeriesPoint]", "The points of the series, sorted by time.", []),
        ],
        f"{name}EnvelopePoint": [bucket],
        f"{name}SeriesList": [
            ("data", f"list[{name}Series]", "The series, those with the most figures first.", []),
            ("envelope", f"list[{name}Envelope]", "The combined series that differ only in their sources.", []),
            ("rest", "SeriesRest", table.MEANINGS["SeriesRest"], []),
        ],
    }
    meanings = {f"{name}{type_name}": text for type_name, text in table.MEANINGS.items()}
    meanings |= {"SeriesRest": table.MEANINGS["SeriesRest"], f"{name}SeriesList": f"Series of {resource.plural}."}
    reasons = (table.NotAdditive.__doc__ or "").strip()
    types.enumeration(table.NotAdditive.__name__, reasons, table.NotAdditive.terms())
    known = series_dimensions(types.version, resource)
    terms = {dimension.term: dimension.description for dimension in known.values()}
    types.enumeration(f"{name}SeriesField", f"A field that defines series of {resource.plural}.", terms)
    key: list[OutputField] = []
    for field_name, dimension in key_dimensions(types.version, resource).items():
        annotation = dimension_annotation(types.version, resource, dimension)
        if dimension.name in known:
            text = f"{dimension.description} Null if `by` does not contain it, and for figures without a value."
            key.append((field_name, f"{annotation} | None", text, []))
        else:
            key.append((field_name, annotation, dimension.description, []))
    types.output(f"{name}SeriesKey", table.MEANINGS["SeriesKey"], key)
    for type_name, parts in part_tables(resource).items():
        fields = others.get(type_name, []) + [part_field(part) for part in parts]
        if type_name == f"{name}SeriesList":
            envelope: list[OutputField] = [
                (
                    "key",
                    f"{name}SeriesKey",
                    "The values that the figures have in common, except for their sources.",
                    [],
                ),
                ("points", f"list[{name}EnvelopePoint]", "The bounds, sorted by time.", []),
            ]
            types.output(f"{name}Envelope", table.MEANINGS["Envelope"], envelope)
        types.output(type_name, meanings[type_name], fields)


def key_dimensions(version: Version, resource: Resource) -> dict[str, Dimension]:
    """Return the dimensions by the fields of a key that show their values."""
    found = [*always_keys(version, resource), *series_dimensions(version, resource).values()]
    return {camel(dimension.term): dimension for dimension in found}


def part_fields(resource: Resource, type_name: str) -> dict[str, SeriesField]:
    """Return the values that the fields of a type show. Terms are in capitals."""
    fields: dict[str, SeriesField] = {}
    for part in part_tables(resource).get(type_name, ()):
        is_term = part.type.name == "vocabulary"
        fields[camel(part.key)] = SeriesField(part.value, upper=is_term)
    return fields


def series_field(resource: Resource, in_time: list[Argument]) -> OutputField:
    """Return the field of Query with the series of a list of figures. `in_time` is the argument that names an
    edition."""
    name = pascal(resource.name)
    unset: Any = strawberry.UNSET
    arguments: list[Argument] = [
        ("filter", f"{name}Filter | None", unset, f"A filter for {resource.plural}."),
        (
            "by",
            f"list[{name}SeriesField] | None",
            unset,
            f"The fields that define a series, in addition to measure and unit, at most {MAX_SERIES_BY}.",
        ),
        ("bucket", "CountBucket | None", unset, "The length of the bucket of a point. Defaults to DAY."),
        ("top", "int | None", unset, f"The maximum number of series, 1 to {MAX_SERIES}. Defaults to {TOP_SERIES}."),
        *in_time,
    ]
    return (series_name(resource), f"{name}SeriesList", f"{resource.plural.capitalize()} over time.", arguments)


def read_series(
    version: Version,
    resource: Resource,
    arguments: dict[str, Any],
    selection: Selection,
    key: str,
    outdated: list[DeprecatedPart],
    finder: EditionFinder,
) -> SeriesQuery:
    """Return the series that a field of Query asks for. InvalidRequest names the argument that is wrong. Deprecated
    parts are added to `outdated`."""
    filter = read_filter(version, resource, arguments, key, outdated)
    bucket, top = arguments.get("bucket"), arguments.get("top")
    names = read_by_argument(arguments, series_dimensions(version, resource))
    path = "by"
    try:
        by = read_series_by(version, resource, names)
        path = "top"
        top = TOP_SERIES if top is None else check_series_top(top)
    except ValueError as error:
        raise InvalidRequest.of([Fault(f"{key}.{path}", str(error))]) from None
    as_of = read_edition(arguments, key, finder.find_for_list)
    return SeriesQuery(resource.name, by, selection, filter, bucket.value if bucket else "day", top, as_of)
