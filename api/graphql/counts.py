"""Counts in GraphQL: their types, and the reading of their arguments and selections.

The names of types and fields are tables here, so that the schema and the reader cannot differ.
"""

from __future__ import annotations

from typing import Any

import strawberry

from api.catalog import DeprecatedPart, Dimension, Resource, Version, dated, dimensions, has_counts
from api.errors import Fault, InvalidRequest
from api.graphql.arguments import read_edition, read_filter
from api.graphql.facets import declare_facets, read_by_argument
from api.graphql.shape import ID, camel, field_annotation, pascal, type_annotation
from api.graphql.types import Argument, OutputField, Types, part_field
from api.query import (
    CountKey,
    CountQuery,
    EditionFinder,
    Selection,
)
from api.query.counts import (
    BUCKETS,
    COUNT_PARTS,
    MAX_BY,
    MAX_TOP,
    MEANINGS,
    REST_PARTS,
    SAMPLE_FROM,
    TOP,
    UNPLACED_PARTS,
    CountQuality,
    Grouping,
    check_grouping,
    check_top,
    filled,
    read_by,
    read_time_zone,
    top_of,
)

# The types that contain nothing but numbers.
NUMBERS = {"CountRest": REST_PARTS, "CountUnplaced": UNPLACED_PARTS}


def counts_name(resource: Resource) -> str:
    """Return the name of the field of Query: `eventCounts`."""
    return f"{camel(resource.name)}Counts"


def declare_counts(types: Types) -> None:
    """Declare the types of counts of each list."""
    version = types.version
    types.enumeration("CountBucket", "A length of time.", {bucket: f"By {bucket}." for bucket in BUCKETS})
    types.enumeration(CountQuality.__name__, (CountQuality.__doc__ or "").strip(), CountQuality.terms())
    for name, parts in NUMBERS.items():
        types.output(name, MEANINGS[name], [part_field(part) for part in parts])
    declare_facets(types)
    for resource in version.lists.values():
        for dimension in dimensions(version, resource).values():
            if dimension.label and not types.has(label_name(dimension)):
                _declare_label(types, version[dimension.target])
        if has_counts(version, resource):
            _declare_counts_of(types, resource)


def _declare_label(types: Types, target: Resource) -> None:
    fields: list[OutputField] = []
    for name in target.label:
        field = target.fields[name]
        fields.append((camel(name), field_annotation(field), field.description, []))
    types.output(f"{pascal(target.name)}Label", f"The label of a {target.name}.", fields)


def label_name(dimension: Dimension) -> str:
    """Return the name of the type that describes the record whose id is the value of a dimension."""
    return f"{pascal(dimension.target)}Label"


def _declare_counts_of(types: Types, resource: Resource) -> None:
    name = pascal(resource.name)
    known = dimensions(types.version, resource)
    terms = {dimension.term: dimension.description for dimension in known.values()}
    types.enumeration(f"{name}CountField", f"A field that {resource.plural} can be grouped by.", terms)
    key: list[OutputField] = []
    for dimension in known.values():
        text = f"{dimension.description} Null if `by` does not contain it, and for records without a value."
        annotation = dimension_annotation(types.version, resource, dimension)
        key.append((camel(dimension.term), f"{annotation} | None", text, []))
        if dimension.label:
            text = f"The {dimension.target} with this id. Null if there is none or if it was withdrawn."
            key.append((_label_field(dimension), f"{label_name(dimension)} | None", text, []))
    if dated(resource) is not None:
        key.append(("bucket", "Date | None", "The first day of the bucket. Null if `bucket` is not given.", []))
    types.output(f"{name}CountKey", f"The values that the {resource.plural} of a group have in common.", key)
    group: list[OutputField] = [
        ("key", f"{name}CountKey", "The values that the records have in common.", []),
        *(part_field(part) for part in COUNT_PARTS),
    ]
    types.output(f"{name}Count", f"A group of {resource.plural} and its size.", group)
    additive = "True if each record counts in one group. A record with several citations may be in several groups."
    answer: list[OutputField] = [
        ("data", f"list[{name}Count]", "The groups, largest first. The buckets of each group are sorted by time.", []),
        ("rest", "CountRest", MEANINGS["CountRest"], []),
        ("unplaced", "CountUnplaced", MEANINGS["CountUnplaced"], []),
        ("total", "int", f"The number of {resource.plural} that match the filter.", []),
        ("quality", "CountQuality", "The method of counting.", []),
        ("additive", "bool", additive, []),
    ]
    types.output(f"{name}Counts", f"Counts of {resource.plural}.", answer)


def dimension_annotation(version: Version, resource: Resource, dimension: Dimension) -> str:
    """Return the annotation of the values of a dimension."""
    owner = version[resource.links[dimension.link].target] if dimension.link else resource
    field = owner.fields.get(dimension.column)
    if field is None or field.format == "id":
        return ID
    return type_annotation(field.type)


def _label_field(dimension: Dimension) -> str:
    return camel(dimension.label.replace(".", "_"))


def counts_field(resource: Resource, in_time: list[Argument]) -> OutputField:
    """Return the field of Query with the counts of a list. `in_time` is the argument that names an edition."""
    name = pascal(resource.name)
    unset: Any = strawberry.UNSET
    arguments: list[Argument] = [
        ("filter", f"{name}Filter | None", unset, f"A filter for {resource.plural}."),
        ("by", f"list[{name}CountField] | None", unset, f"The fields to group by, at most {MAX_BY}."),
        (
            "top",
            "int | None",
            unset,
            f"The maximum number of groups, 1 to {MAX_TOP:,}. Defaults to {TOP}. Smaller groups are in `rest`.",
        ),
        (
            "quality",
            "CountQuality | None",
            unset,
            f"EXACT counts every record, even if there are more than {SAMPLE_FROM:,}.",
        ),
    ]
    if dated(resource) is not None:
        zone = "The time zone of days, for times with minute or hour precision [IANA tz database]. Defaults to UTC."
        arguments += [
            ("bucket", "CountBucket | None", unset, "Group by time, too. Weeks begin on Monday."),
            ("timeZone", "str | None", unset, zone),
            ("fill", "bool | None", unset, "Include buckets without records, between the bounds of the time filter."),
        ]
    arguments += in_time
    return (counts_name(resource), f"{name}Counts", f"The numbers of {resource.plural} in groups.", arguments)


def read_counts(
    version: Version,
    resource: Resource,
    arguments: dict[str, Any],
    selection: Selection,
    key: str,
    outdated: list[DeprecatedPart],
    finder: EditionFinder,
) -> CountQuery:
    """Return the counts that a field of Query asks for. InvalidRequest names the argument that is wrong. Deprecated
    parts are added to `outdated`."""
    filter = read_filter(version, resource, arguments, key, outdated)
    bucket, quality = arguments.get("bucket"), arguments.get("quality")
    grouping = Grouping(bucket=bucket.value if bucket else "", fill=bool(arguments.get("fill")))
    by = read_by_argument(arguments, dimensions(version, resource))
    path = "by"
    try:
        dimensions_of_by = read_by(version, resource, by)
        path = "top"
        top = arguments.get("top")
        top = check_top(top) if top is not None else 0
        path = "timeZone"
        zone = arguments.get("timeZone")
        zone = read_time_zone(zone) if zone is not None else ""
    except ValueError as error:
        unknown = getattr(error, "unknown", None)
        raise InvalidRequest.of([Fault(f"{key}.{path}", str(error), unknown=unknown)]) from None
    grouping = Grouping(dimensions_of_by, grouping.bucket, zone, top, grouping.fill)
    faults = [Fault(f"{key}.{camel(name)}", detail) for name, detail in check_grouping(resource, grouping, filter)]
    if faults:
        raise InvalidRequest.of(faults)
    return CountQuery(
        resource=resource.name,
        by=grouping.by,
        selection=selection,
        filter=filter,
        bucket=grouping.bucket,
        time_zone=grouping.time_zone or "UTC",
        top=top_of(grouping),
        fill=filled(resource, grouping, filter),
        exact=quality is not None and quality.value == "exact",
        as_of=read_edition(arguments, key, finder.find_for_list),
    )


def key_fields(version: Version, resource: Resource) -> dict[str, Dimension]:
    """Return the dimensions by the fields of a key that show their values."""
    return {camel(dimension.term): dimension for dimension in dimensions(version, resource).values()}


def label_fields(version: Version, resource: Resource) -> dict[str, Dimension]:
    """Return the dimensions by the fields of a key that describe their records."""
    known = dimensions(version, resource).values()
    return {_label_field(dimension): dimension for dimension in known if dimension.label}


def key_answer(version: Version, resource: Resource, dimension: Dimension) -> CountKey:
    """Return the value of a dimension, as GraphQL writes it."""
    owner = version[resource.links[dimension.link].target] if dimension.link else resource
    field = owner.fields.get(dimension.column)
    return CountKey(dimension, upper=field is not None and field.type.name == "vocabulary")
