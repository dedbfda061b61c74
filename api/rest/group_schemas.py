"""The JSON Schemas of counts, of facets of lists, and of series of figures."""

from __future__ import annotations

from collections.abc import Iterable

from api.catalog import (
    Dimension,
    Resource,
    Version,
    Vocabulary,
    dated,
    dimensions,
    has_counts,
    has_series,
    series_dimensions,
)
from api.query import series
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


class CountQuality(Vocabulary):
    """The way in which records were counted."""

    exact = "Each record was counted."
    sampled = "One record in 32 was counted."


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
                "description": f"{dimension.description} Shown where `by` names it; null for the records without one."
            }
            if dimension.label:
                target = labelled[dimension.target] = version[dimension.target]
                text = "Shown where `include` names it; null where there is none or it was withdrawn."
                key[dimension.label] = nullable(ref(f"{title(target)}Label")) | {"description": text}
        time = dated(resource)
        if time is not None:
            key["bucket"] = SCALARS["date"] | {"description": f"The first day of the bucket of `{time.name}`."}
        result[f"{name}CountKey"] = structure({}, f"What the {resource.plural} of a group have in common.", key)
        group = {
            "key": ref(f"{name}CountKey"),
            "count": number | {"description": "How many there are. Of a sample, an estimate."},
            "low": number | {"description": "The lower bound of an interval that contains it in 95 of 100 cases."},
            "high": number | {"description": "The upper bound. Both are `count` where that is exact."},
        }
        result[f"{name}Count"] = structure(group, f"How many {resource.plural} have a key.")
        answer = {
            "data": array(
                ref(f"{name}Count"), "The largest group first, and the buckets of each in the order of time."
            ),
            "rest": ref("CountRest"),
            "unplaced": ref("CountUnplaced"),
            "total": number | {"description": f"How many {resource.plural} the filter leaves."},
            "quality": ref("CountQuality"),
            "additive": {
                "type": "boolean",
                "description": "Whether each record counts in one group. One with several citations may be in several; "
                "then the counts add up to more than `total`.",
            },
        }
        result[f"{name}Counts"] = structure(answer, f"Counts of {resource.plural}.")
    for resource in labelled.values():
        fields = {name: field_schema(resource.fields[name]) for name in resource.label}
        result[f"{title(resource)}Label"] = structure(fields, f"What a {resource.name} is called.")
    rest = {
        "groups": number | {"description": "How many groups: beyond `top`, or with fewer than ten sampled records."},
        "count": number | {"description": "How many records they have together."},
    }
    result["CountRest"] = structure(rest, "The groups that `data` does not show.")
    unplaced = {
        "undated": number | {"description": "Records whose time is not known."},
        "coarser": number | {"description": "Records whose time is known less exactly than the bucket."},
    }
    result["CountUnplaced"] = structure(unplaced, "The records that are in no bucket, and so in no group.")
    return result | _facet_schemas(number)


def _facet_schemas(number: Schema) -> dict[str, Schema]:
    """Return the schemas of the facets of lists. `number` is that of a number of records."""
    value = {
        "value": {"type": ["string", "null"], "description": "The value; null for the records without one."},
        "count": number | {"description": "How many records have it. Of a sample, an estimate."},
        "low": number | {"description": "The lower bound of an interval that contains it in 95 of 100 cases."},
        "high": number | {"description": "The upper bound. Both are `count` where that is exact."},
    }
    facet = {
        "field": {"type": "string", "description": "The field, as `facets` names it, and as its filter is named."},
        "additive": {"type": "boolean", "description": "Whether each record has one value at most."},
        "data": array(ref("FacetValue"), "Its values, those with most records first."),
        "rest": ref("CountRest"),
    }
    facets = {
        "total": number | {"description": "How many records the filter leaves, on all pages."},
        "quality": ref("CountQuality"),
        "fields": array(ref("Facet"), "The fields in the order of `facets`."),
    }
    return {
        "Facets": structure(
            facets, "How many records have the values of some fields. Shown where `facets` asks for it."
        ),
        "Facet": structure(facet, "The values of a field."),
        "FacetValue": structure(value, "How many records have a value."),
    }


def _series_schemas(version: Version, resource: Resource) -> dict[str, Schema]:
    """Return the schemas of series of figures: of the whole answer, of a series and its points, of an envelope."""
    name = title(resource)
    key: dict[str, Schema] = {}
    always = {dimension.name: dimension for dimension in series.always_keys(version, resource)}
    for dimension in (always | series_dimensions(version, resource)).values():
        schema = _dimension_schema(version, resource, dimension)
        if dimension.name not in always:
            text = f"{dimension.description} Shown where `by` names it; null for the figures without one."
            schema = nullable(schema) | {"description": text}
        elif "$ref" not in schema:
            schema = schema | {"description": dimension.description}
        key[dimension.name] = schema
    keys = {part: key.pop(part) for part in always}
    bucket = {"bucket": SCALARS["date"] | {"description": "The first day of the bucket."}}
    last = ref(f"{name}SeriesLast", "The last figure of the bucket.")
    summed = nullable(ref(f"{name}SeriesSum")) | {"description": "What they add up to; null where they do not."}
    points = array(ref(f"{name}SeriesPoint"), "Its figures in the order of time.")
    about_key = "What the figures of a series have in common."
    envelope_points = array(ref(f"{name}EnvelopePoint"), "Its bounds in the order of time.")
    whole = {
        "data": array(ref(f"{name}Series"), "The series with most figures first."),
        "envelope": array(ref(f"{name}Envelope"), "The series that differ in their sources alone, taken together."),
        "rest": ref("SeriesRest"),
    }
    series_parts = {"key": ref(f"{name}SeriesKey"), **_part_schemas(series.SERIES), "sum": summed, "points": points}
    envelope = {"key": ref(f"{name}SeriesKey"), "points": envelope_points}
    return {
        f"{name}SeriesList": structure(whole | _part_schemas(series.WHOLE), f"Series of {resource.plural}."),
        f"{name}Series": structure(series_parts, "Figures of the same over time."),
        f"{name}SeriesKey": structure(keys, about_key, key),
        f"{name}SeriesPoint": structure(
            bucket | {"last": last} | _part_schemas(series.POINT), "The figures of a series in a bucket."
        ),
        f"{name}SeriesLast": structure(_part_schemas(series.LAST), "A figure, in short."),
        f"{name}SeriesSum": structure(_part_schemas(series.SUM), "A sum, with its bounds."),
        f"{name}Envelope": structure(envelope, "The bounds of what several sources say of the same."),
        f"{name}EnvelopePoint": structure(
            bucket | _part_schemas(series.ENVELOPE_POINT), "The bounds of the last figures of all sources in a bucket."
        ),
        "SeriesRest": structure(_part_schemas(series.REST), "The series that `data` does not show."),
        "NotAdditive": class_schema(series.NotAdditive),
    }


def _part_schemas(parts: Iterable[series.Part]) -> dict[str, Schema]:
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
