"""The JSON Schemas of counts, of facets of lists, and of series of figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api.catalog import (
    Dimension,
    Resource,
    Version,
    dated,
    dimensions,
    has_counts,
    has_series,
    series_dimensions,
)
from api.query import series
from api.query.counts import COUNT_PARTS, MEANINGS, REST_PARTS, UNPLACED_PARTS, CountQuality
from api.query.parts import Part
from api.rest.schemas import (
    SCALARS,
    Schema,
    array,
    class_schema,
    field_schema,
    nullable,
    ref,
    structure,
    title,
    type_schema,
)


def group_schemas(version: Version) -> dict[str, Schema]:
    """Return the schemas of what a version counts, by name."""
    if not version.counts:
        return {}
    result = _count_schemas(version) | {CountQuality.__name__: class_schema(CountQuality)}
    for resource in version.lists.values():
        if has_series(version, resource):
            result |= _series_schemas(version, resource)
    return result


def _count_schemas(version: Version) -> dict[str, Schema]:
    """Return the schemas of counts: of the whole answer, of a group, and of its key."""
    number = SCALARS["integer"]
    result: dict[str, Schema] = {}
    labelled: dict[str, Resource] = {}
    for resource in version.lists.values():
        if not has_counts(version, resource):
            continue
        name, key = title(resource), {}
        for dimension in dimensions(version, resource).values():
            key[dimension.name] = nullable(_dimension_schema(version, resource, dimension)) | {
                "description": f"{dimension.description} Present if `by` contains it. Null for records without a value."
            }
            if dimension.label:
                target = labelled[dimension.target] = version[dimension.target]
                text = "Present if `include` contains it. Null if there is none or if it was withdrawn."
                key[dimension.label] = nullable(ref(f"{title(target)}Label")) | {"description": text}
        time = dated(resource)
        if time is not None:
            key["bucket"] = SCALARS["date"] | {"description": f"The first day of the bucket of `{time.name}`."}
        result[f"{name}CountKey"] = structure(
            {}, f"The values that the {resource.plural} of a group have in common.", key
        )
        group = {"key": ref(f"{name}CountKey")} | _part_schemas(COUNT_PARTS)
        result[f"{name}Count"] = structure(group, f"A group of {resource.plural} and its size.")
        answer = {
            "data": array(
                ref(f"{name}Count"), "The groups, largest first. The buckets of each group are sorted by time."
            ),
            "rest": ref("CountRest"),
            "unplaced": ref("CountUnplaced"),
            "total": number | {"description": f"The number of {resource.plural} that match the filter."},
            "quality": ref("CountQuality"),
            "additive": {
                "type": "boolean",
                "description": "True if each record counts in one group. A record with several citations may be in "
                "several groups: then the counts add up to more than `total`.",
            },
        }
        result[f"{name}Counts"] = structure(answer, f"Counts of {resource.plural}.")
    for resource in labelled.values():
        fields = {name: field_schema(resource.fields[name]) for name in resource.label}
        result[f"{title(resource)}Label"] = structure(fields, f"The label of a {resource.name}.")
    result["CountRest"] = structure(_part_schemas(REST_PARTS), MEANINGS["CountRest"])
    result["CountUnplaced"] = structure(_part_schemas(UNPLACED_PARTS), MEANINGS["CountUnplaced"])
    return result | _facet_schemas(number)


def _facet_schemas(number: Schema) -> dict[str, Schema]:
    """Return the schemas of the facets of lists. `number` is that of a number of records."""
    text = {"type": ["string", "null"], "description": "The value. Null for records without a value."}
    value = {"value": text} | _part_schemas(COUNT_PARTS)
    facet = {
        "field": {"type": "string", "description": "The name of the field, as in `facets` and in its filter."},
        "additive": {"type": "boolean", "description": "True if each record has at most one value."},
        "data": array(ref("FacetValue"), "The values, those with the most records first."),
        "rest": ref("CountRest"),
    }
    facets = {
        "total": number | {"description": "The number of records that match the filter, on all pages."},
        "quality": ref("CountQuality"),
        "fields": array(ref("Facet"), "The fields, in the order of `facets`."),
    }
    return {
        "Facets": structure(facets, f"{MEANINGS['Facets']} Present if `facets` is given."),
        "Facet": structure(facet, MEANINGS["Facet"]),
        "FacetValue": structure(value, MEANINGS["FacetValue"]),
    }


def _series_schemas(version: Version, resource: Resource) -> dict[str, Schema]:
    """Return the schemas of series of figures: of the whole answer, of a series and its points, of an envelope."""
    name = title(resource)
    key: dict[str, Schema] = {}
    always = {dimension.name: dimension for dimension in series.always_keys(version, resource)}
    for dimension in (always | series_dimensions(version, resource)).values():
        schema = _dimension_schema(version, resource, dimension)
        if dimension.name not in always:
            text = f"{dimension.description} Present if `by` contains it. Null for figures without a value."
            schema = nullable(schema) | {"description": text}
        elif "$ref" not in schema:
            schema = schema | {"description": dimension.description}
        key[dimension.name] = schema
    keys = {part: key.pop(part) for part in always}
    bucket = {"bucket": SCALARS["date"] | {"description": "The first day of the bucket."}}
    last = ref(f"{name}SeriesLast", "The last figure of the bucket.")
    summed = nullable(ref(f"{name}SeriesSum")) | {"description": "The sum of the figures. Null if they do not add up."}
    points = array(ref(f"{name}SeriesPoint"), "The points of the series, sorted by time.")
    envelope_points = array(ref(f"{name}EnvelopePoint"), "The bounds, sorted by time.")
    whole = {
        "data": array(ref(f"{name}Series"), "The series, those with the most figures first."),
        "envelope": array(ref(f"{name}Envelope"), "The combined series that differ only in their sources."),
        "rest": ref("SeriesRest"),
    }
    series_parts = {"key": ref(f"{name}SeriesKey"), **_part_schemas(series.SERIES), "sum": summed, "points": points}
    envelope = {"key": ref(f"{name}SeriesKey"), "points": envelope_points}
    return {
        f"{name}SeriesList": structure(whole | _part_schemas(series.WHOLE), f"Series of {resource.plural}."),
        f"{name}Series": structure(series_parts, series.MEANINGS["Series"]),
        f"{name}SeriesKey": structure(keys, series.MEANINGS["SeriesKey"], key),
        f"{name}SeriesPoint": structure(
            bucket | {"last": last} | _part_schemas(series.POINT), series.MEANINGS["SeriesPoint"]
        ),
        f"{name}SeriesLast": structure(_part_schemas(series.LAST), series.MEANINGS["SeriesLast"]),
        f"{name}SeriesSum": structure(_part_schemas(series.SUM), series.MEANINGS["SeriesSum"]),
        f"{name}Envelope": structure(envelope, series.MEANINGS["Envelope"]),
        f"{name}EnvelopePoint": structure(
            bucket | _part_schemas(series.ENVELOPE_POINT), series.MEANINGS["EnvelopePoint"]
        ),
        "SeriesRest": structure(_part_schemas(series.REST), series.MEANINGS["SeriesRest"]),
        "NotAdditive": class_schema(series.NotAdditive),
    }


def _part_schemas(parts: Iterable[Part[Any]]) -> dict[str, Schema]:
    schemas: dict[str, Schema] = {}
    for part in parts:
        schema = type_schema(part.type, "id" if part.key == "id" else "")
        if part.type.nullable:
            schema = nullable(schema)
        schemas[part.key] = schema | {"description": part.description}
    return schemas


def _dimension_schema(version: Version, resource: Resource, dimension: Dimension) -> Schema:
    owner = version[resource.links[dimension.link].target] if dimension.link else resource
    field = owner.fields.get(dimension.column)
    if field is not None:
        return type_schema(field.type, field.format)
    for link in owner.links.values():
        if link.single and link.by == dimension.column:
            return ref(f"{title(version[link.target])}Id")
    raise KeyError(f"{dimension.column} is no column of {owner.name}")
