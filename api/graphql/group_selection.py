"""Read what an operation selects of counts, of facets and of series."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from graphql.execution.collect_fields import FieldDetails

from api.catalog import Dimension, Resource
from api.graphql.counts import NUMBERS, key_answer, key_fields, label_fields, label_name
from api.graphql.facets import read_facets_by
from api.graphql.operation_context import OperationContext
from api.graphql.series import key_dimensions, part_fields
from api.graphql.shape import camel, pascal
from api.query import (
    Answer,
    ColumnField,
    CountAdditive,
    CountBucket,
    CountGroups,
    CountLabel,
    CountNumber,
    CountQualityField,
    FacetFields,
    FacetName,
    Facets,
    FacetValue,
    Object,
    Selection,
    SeriesList,
    SeriesSum,
)
from api.query.counts import COUNT_PARTS, FACET_TOP
from api.query.group_query import CountName, SeriesListName
from api.query.parts import Part


def _count_numbers(parts: Iterable[Part[CountName]]) -> dict[str, CountNumber]:
    """Return the numbers of an object by the names of its fields."""
    return {camel(part.key): CountNumber(part.value) for part in parts}


# The numbers of a group, and those of a value of a facet.
COUNTED = _count_numbers(COUNT_PARTS)


def counts_selection(context: OperationContext, resource: Resource, details: list[FieldDetails]) -> Selection:
    """Return the fields that are selected of counts."""

    def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
        match name:
            case "data":
                return CountGroups(_read_group_of_records(context, resource, subfields))
            case "rest":
                return Object(_read_numbers(context, "CountRest", subfields))
            case "unplaced":
                return Object(_read_numbers(context, "CountUnplaced", subfields))
            case "total":
                return CountNumber("total")
            case "quality":
                return CountQualityField(upper=True)
            case _:
                return CountAdditive()

    return context.read_selection(f"{pascal(resource.name)}Counts", details, read_field)


def _read_group_of_records(context: OperationContext, resource: Resource, details: list[FieldDetails]) -> Selection:
    def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
        if name == "key":
            return Object(_read_count_key(context, resource, subfields))
        return COUNTED[name]

    return context.read_selection(f"{pascal(resource.name)}Count", details, read_field)


def _read_count_key(context: OperationContext, resource: Resource, details: list[FieldDetails]) -> Selection:
    values, labels = key_fields(context.version, resource), label_fields(context.version, resource)

    def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
        if name in values:
            return key_answer(context.version, resource, values[name])
        if name in labels:
            return _read_label(context, labels[name], subfields)
        return CountBucket()

    return context.read_selection(f"{pascal(resource.name)}CountKey", details, read_field)


def _read_label(context: OperationContext, dimension: Dimension, details: list[FieldDetails]) -> CountLabel:
    target = context.version[dimension.target]
    fields = {camel(name): target.fields[name] for name in target.label}

    def read_field(name: str, _: list[FieldDetails]) -> Answer:
        field = fields[name]
        return ColumnField(field.name, upper=field.type.name == "vocabulary")

    return CountLabel(dimension, context.read_selection(label_name(dimension), details, read_field))


def list_facets(context: OperationContext, resource: Resource, details: list[FieldDetails]) -> Facets:
    """Return the facets of a list, with the fields that are selected of them."""
    node = details[0].node
    arguments = context.read_arguments(f"{pascal(resource.name)}Connection", node)
    by = read_facets_by(context.version, resource, arguments, node.alias.value if node.alias else node.name.value)

    def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
        match name:
            case "total":
                return CountNumber("total")
            case "quality":
                return CountQualityField(upper=True)
            case _:
                return FacetFields(context.read_selection("Facet", subfields, partial(_read_facet, context)))

    return Facets(by, FACET_TOP, context.read_selection("Facets", details, read_field))


def _read_facet(context: OperationContext, name: str, details: list[FieldDetails]) -> Answer:
    match name:
        case "field":
            return FacetName(upper=True)
        case "additive":
            return CountAdditive()
        case "data":
            return CountGroups(context.read_selection("FacetValue", details, _read_facet_value))
        case _:
            return Object(_read_numbers(context, "CountRest", details))


def _read_facet_value(name: str, _: list[FieldDetails]) -> Answer:
    if name == "value":
        return FacetValue(upper=True)
    return COUNTED[name]


def _read_numbers(context: OperationContext, type_name: str, details: list[FieldDetails]) -> Selection:
    numbers = _count_numbers(NUMBERS[type_name])

    def read_field(name: str, _: list[FieldDetails]) -> Answer:
        return numbers[name]

    return context.read_selection(type_name, details, read_field)


def series_selection(
    context: OperationContext, resource: Resource, type_name: str, details: list[FieldDetails]
) -> Selection:
    """Return the selection of an object in the answer of series, by the name of its type."""
    name = pascal(resource.name)
    values = part_fields(resource, type_name)
    key = key_dimensions(context.version, resource)
    lists: dict[tuple[str, str], tuple[SeriesListName, str]] = {
        (f"{name}SeriesList", "data"): ("series", f"{name}Series"),
        (f"{name}SeriesList", "envelope"): ("envelopes", f"{name}Envelope"),
        (f"{name}Series", "points"): ("points", f"{name}SeriesPoint"),
        (f"{name}Envelope", "points"): ("envelope_points", f"{name}EnvelopePoint"),
    }
    objects = {"key": f"{name}SeriesKey", "last": f"{name}SeriesLast", "rest": "SeriesRest"}

    def read_field(field_name: str, subfields: list[FieldDetails]) -> Answer:
        if type_name == f"{name}SeriesKey":
            return key_answer(context.version, resource, key[field_name])
        if field_name in values:
            return values[field_name]
        if (type_name, field_name) in lists:
            list_name, item_type = lists[type_name, field_name]
            return SeriesList(list_name, series_selection(context, resource, item_type, subfields))
        if field_name == "sum":
            return SeriesSum(series_selection(context, resource, f"{name}SeriesSum", subfields))
        if field_name == "bucket":
            return CountBucket()
        return Object(series_selection(context, resource, objects[field_name], subfields))

    return context.read_selection(type_name, details, read_field)
