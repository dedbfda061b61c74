"""The JSON Schemas of answers: each resource, value and vocabulary of a version under its own name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from api.catalog import (
    Field,
    Group,
    Link,
    Resource,
    Value,
    Version,
    Vocabulary,
    has_counts,
)
from api.model import StoredField as Stored
from api.model import Type
from api.model.kinds import RevisionAction

Schema = dict[str, Any]

SCALARS: dict[str, Schema] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "float": {"type": "number", "format": "double"},
    # Without the format, Go reads it as a float of 32 bits.
    "number": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
}
ID = "[0-9a-hjkmnp-tv-z]{26}"
FORMATS: dict[str, Schema] = {
    "uri": {"format": "uri"},
    "country": {"pattern": "^[A-Z]{2}$"},
    "language": {},
    "id": {"pattern": f"^[a-z]{{3}}_{ID}$"},
}
HAS_MORE: Schema = {"type": "boolean", "description": "True if there are more records."}


class DiffChange(Vocabulary):
    """The type of difference of a record between two states of a list."""

    added = "The record did not exist, and is in the list now."
    changed = "The record is in the list in both states, and its fields differ."
    removed = "The record was in the list, and was withdrawn."
    entered = "The record existed but did not match the filters, and matches now."
    left = "The record was in the list and still exists, but no longer matches the filters."


class TotalQuality(Vocabulary):
    """The quality of a total."""

    exact = "Every record was counted."
    at_least = "Counting stopped at this number. There are more records."
    estimated = "Estimated from a sample."


def schemas(version: Version) -> dict[str, Schema]:
    """Return the schemas of a version by name: records, the objects around them, then the values in them."""
    resources = list({**version.resources, **version.children, **version.lists}.values())
    result: dict[str, Schema] = {}
    for resource in resources:
        result[title(resource)] = record(version, resource)
    for resource in resources:
        for group in resource.groups.values():
            properties = {key: field_schema(field) for key, field in resource.within(group).items()}
            result[group.title] = structure(properties, group.description)
    for resource in _set_targets(resources):
        result[f"{title(resource)}Set"] = _set_schema(resource)
    for resource in version.lists.values():
        page = {"data": array(ref(resource), f"The {resource.plural}, in order."), "page": ref("Page")}
        facets = {"facets": ref("Facets")} if has_counts(version, resource) else {}
        result[f"{title(resource)}Page"] = structure(page, f"A page of {resource.plural}.", facets)
        if resource.prefix:
            result[f"{title(resource)}Record"] = structure({"data": ref(resource)}, f"One {resource.name}.")
    result["Page"] = _page_schema(version)
    if version.history:
        result |= _revision_schemas(version) | _diff_schemas(version)
    for resource in version.resources.values():
        result[f"{title(resource)}Id"] = _identifier_schema(resource)
    for kind in dict.fromkeys([*_field_classes(_fields(resources)), *_own_classes(version)]):
        result[kind.__name__] = class_schema(kind)
    return result


def _own_classes(version: Version) -> tuple[type[Vocabulary], ...]:
    """Return the vocabularies of what no record contains."""
    classes: list[type[Vocabulary]] = [TotalQuality]
    if version.history:
        classes += [RevisionAction, DiffChange]
    return tuple(classes)


def _revision_schemas(version: Version) -> dict[str, Schema]:
    """Return the schemas of the revisions of records, and of their pages."""
    result: dict[str, Schema] = {}
    for resource in version.resources.values():
        name = f"{title(resource)}Revision"
        about = "The record after the revision. Null if it was withdrawn. Present if `record` is `full`."
        record_schema = nullable(ref(resource)) | {"description": about}
        result[name] = structure(REVISION, f"A revision of {_with_article(resource.name)}.", {"record": record_schema})
        page = {"data": array(ref(name), "The revisions, newest first."), "page": ref("Page")}
        result[f"{name}Page"] = structure(page, f"A page of the revisions of {_with_article(resource.name)}.")
    return result


def _diff_schemas(version: Version) -> dict[str, Schema]:
    """Return the schemas of the differences between two states of a list, and of their pages."""
    result: dict[str, Schema] = {}
    for resource in version.resources.values():
        name = f"{title(resource)}Diff"
        identifier = ref(f"{title(resource)}Id", "The id of the record.")
        result[name] = structure({"id": identifier, **DIFF}, f"A difference between two states of {resource.plural}.")
        page = {"data": array(ref(name), "The differences, in order."), "page": ref("Page")}
        result[f"{name}Page"] = structure(page, f"A page of the differences between two states of {resource.plural}.")
    result["FieldChange"] = structure(FIELD_CHANGE, "The values of a field in two states of a record.")
    return result


def _with_article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def feature_schemas() -> dict[str, Schema]:
    """Return the schemas of a GeoJSON export [RFC 7946]."""
    position = array(SCALARS["number"], "Longitude and latitude in degrees [WGS 84].") | {"minItems": 2, "maxItems": 2}
    point = {"type": constant("Point", "A point."), "coordinates": position}
    feature = {
        "type": constant("Feature", "A record."),
        "id": {"type": "string", "description": "The id of the record."},
        "geometry": nullable(ref("Point"))
        | {"description": "The coordinates of the record. Null if they are not known."},
        "properties": {
            "type": "object",
            "description": "The record as in its list, with the `geo_precision` of its place. Events and figures also "
            "have `place_name`, `country` and `admin1`. The members of objects are repeated at the top level, such as "
            "`amount_value`.",
        },
    }
    collection = {
        "type": constant("FeatureCollection", "A collection of records."),
        "features": array(ref("Feature"), "The records, in order."),
    }
    return {
        "FeatureCollection": structure(collection, "The records as GeoJSON [RFC 7946]."),
        "Feature": structure(feature, "A record as GeoJSON [RFC 7946]."),
        "Point": structure(point, "A point [RFC 7946]."),
    }


def title(resource: Resource) -> str:
    """Return the name of a resource's schema."""
    return resource.name.capitalize()


def ref(what: Resource | str, description: str = "") -> Schema:
    """Return a reference to a schema, with a description of its own."""
    name = title(what) if isinstance(what, Resource) else what
    schema: Schema = {"$ref": f"#/components/schemas/{name}"}
    if description:
        schema["description"] = description
    return schema


def array(items: Schema, description: str = "") -> Schema:
    """Return the schema of a list."""
    schema: Schema = {"type": "array", "items": items}
    if description:
        schema["description"] = description
    return schema


def type_schema(kind: Type, format: str = "") -> Schema:
    """Return the schema of a type of the catalog, without regard to null."""
    if kind.of is None:
        return SCALARS[kind.name] | FORMATS.get(format, {})
    if isinstance(kind.of, Resource):
        return ref(f"{title(kind.of)}Id")
    return ref(kind.of.__name__)


def record(version: Version, resource: Resource) -> Schema:
    """Return the schema of a record: its fields, the ids that it links by, its children, and what may be included."""
    always: dict[str, Schema] = {}
    included: dict[str, Schema] = {}
    for part in resource.layout:
        if isinstance(part, Group):
            always[part.name] = ref(part.title, part.description)
        elif part.listed:
            description = f"{part.description} Present in lists of {resource.plural}."
            included[part.name] = field_schema(part) | {"description": description}
        else:
            always[part.name] = field_schema(part)
    if resource.prefix:
        always["id"] = ref(f"{title(resource)}Id")
    for link in resource.links.values():
        target = version[link.target]
        if link.kind in ("one", "several"):
            always[link.by] = deprecated(_link_id_schema(target, link), link.deprecated)
        properties = always if link.owned or link.embedded else included
        properties[link.name] = deprecated(_link_schema(target, link), link.deprecated)
    return structure(always, resource.description, included)


def field_schema(field: Field) -> Schema:
    """Return the schema of a field as records show it."""
    return deprecated(_stored_field_schema(field), field.deprecated)


def _stored_field_schema(field: Stored) -> Schema:
    kind = field.type
    schema = type_schema(kind, field.format)
    if kind.many:
        schema = array(schema)
    elif kind.nullable:
        schema = nullable(schema)
    schema = schema | {"description": field.description}
    if field.example is not None and kind.of is None and not kind.many:
        schema["examples"] = [field.example]
    return schema


def deprecated(schema: Schema, instead: str) -> Schema:
    """Return the schema or parameter, marked as deprecated if `instead` says what to do instead."""
    if not instead:
        return schema
    return schema | {"deprecated": True, "description": f"{schema['description']} Deprecated: {instead}."}


def nullable(schema: Schema) -> Schema:
    """Return the schema of this or null."""
    if "type" in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def enum(terms: dict[str, str], description: str) -> Schema:
    """Return the schema of terms with their meanings: in the description for readers, and as a list for generators."""
    lines = ""
    for term, meaning in terms.items():
        lines += f"\n- `{term}`: {meaning}"
        instead = getattr(meaning, "deprecated", "")
        if instead:
            lines += f" Deprecated: {instead}."
    return {
        "type": "string",
        "enum": list(terms),
        "x-enum-descriptions": list(terms.values()),
        "description": f"{description} New terms may be added.\n{lines}",
    }


def constant(text: str, description: str) -> Schema:
    """Return the schema of a text that is always the same."""
    return {"type": "string", "const": text, "description": description}


def choice(terms: Iterable[str], description: str) -> Schema:
    """Return the schema of texts of which one is chosen. Each has a name that may be an identifier in any language:
    `-starts_at` is `STARTS_AT_DESC`."""
    names = []
    for term in terms:
        name = term.removeprefix("-").replace(".", "_").upper()
        names.append(f"{name}_DESC" if term.startswith("-") else name)
    return {"type": "string", "enum": list(terms), "x-enum-varnames": names, "description": description}


def with_doubles(part: Any) -> Any:
    """Return a part of a schema that was made elsewhere, with the format of its numbers."""
    if isinstance(part, list):
        return [with_doubles(item) for item in part]
    if not isinstance(part, dict):
        return part
    result = {name: with_doubles(value) for name, value in part.items()}
    if result.get("type") == "number":
        result["format"] = "double"
    return result


def structure(always: dict[str, Schema], description: str, sometimes: dict[str, Schema] | None = None) -> Schema:
    """Return the schema of an object. All of `always` is required. Clients must tolerate unknown properties."""
    properties = always | (sometimes or {})
    return {"type": "object", "description": description, "required": list(always), "properties": properties}


def _link_id_schema(target: Resource, link: Link) -> Schema:
    """Return the schema of the id, or the ids, that a record links to."""
    identifier = ref(f"{title(target)}Id")
    if link.kind == "several":
        return array(identifier, f"{link.description} The ids only.")
    if link.nullable:
        identifier = nullable(identifier)
    return identifier | {"description": f"{link.description} The id only."}


def _link_schema(target: Resource, link: Link) -> Schema:
    """Return the schema of the records at the end of a link."""
    if link.owned:
        return ref(f"{title(target)}Set", f"{link.description} Contains at most {link.default}. Exports contain all.")
    when = "Always present." if link.embedded else "Present if `include` contains it."
    description = f"{link.description} {when}"
    if link.kind == "one":
        text = f"{description} Null if there is none or if it was withdrawn."
        return nullable(ref(target)) | {"description": text}
    if link.kind == "several":
        return array(ref(target), f"{description} Withdrawn ones are left out.")
    return ref(f"{title(target)}Set", f"{description} Contains at most {link.default}.")


def _set_schema(resource: Resource) -> Schema:
    data = array(ref(resource), f"The {resource.plural}, in order.")
    return structure({"data": data, "has_more": HAS_MORE}, f"The first {resource.plural} of a record.")


REVISION: dict[str, Schema] = {
    "revision": {
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "description": "The number of the revision, from 1.",
    },
    "action": {"$ref": "#/components/schemas/RevisionAction", "description": "The type of change to the record."},
    "edition": {
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "description": "The number of the edition with the revision. Write it as `e12345` in `known_at`.",
    },
    "known_from": {
        "type": "string",
        "format": "date-time",
        "description": "The time from which readers could see the revision.",
    },
    "known_to": {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "The time at which the next revision replaced it. Null for the last revision.",
    },
    "reason": {
        "type": ["string", "null"],
        "description": "The reason for the change or the withdrawal, if one was given.",
    },
    "dataset": {"type": ["string", "null"], "description": "The dataset that the revision was loaded with."},
    "changed": {
        "type": "array",
        "items": {"type": "string"},
        "description": "The paths of the fields that differ from the previous revision, such as `amount.value`: those "
        "of the record itself, the ids of its links, and its children. Empty for the first revision and for a "
        "withdrawal.",
    },
}
DIFF: dict[str, Schema] = {
    "change": {"$ref": "#/components/schemas/DiffChange", "description": "The type of difference."},
    "from_revision": {
        "type": ["integer", "null"],
        "format": "int64",
        "minimum": 1,
        "description": "The revision of the record in the earlier state. Null if the record did not exist.",
    },
    "to_revision": {
        "type": ["integer", "null"],
        "format": "int64",
        "minimum": 1,
        "description": "The revision of the record in the later state. Null if the record does not exist.",
    },
    "fields": {
        "type": "object",
        "additionalProperties": {"$ref": "#/components/schemas/FieldChange"},
        "description": "The fields that differ, by their paths, such as `amount.value`: those of the record itself, "
        "the ids of its links, and its children. A record that was added or entered has all of its fields here, except "
        "those that are null.",
    },
}
FIELD_CHANGE: dict[str, Schema] = {
    "from": {"description": "The value in the earlier state. Null if there was none."},
    "to": {"description": "The value in the later state. Null if there is none."},
}
EDITION: Schema = {
    "type": "integer",
    "format": "int64",
    "minimum": 0,
    "description": "The number of the last edition that changed the data of the response. 0 before the first edition.",
}
PERMALINK: Schema = {
    "type": ["string", "null"],
    "format": "uri-reference",
    "description": "The permanent URL of this page in its edition. Null if there is no edition, or if the URL of the "
    "request contains a key.",
}


def _page_schema(version: Version) -> Schema:
    next_cursor = {"type": ["string", "null"], "description": "The `cursor` of the next page. Null on the last page."}
    total = {
        "type": "integer",
        "description": "The number of records that match the filter. Present if `count` is given.",
    }
    quality = ref(TotalQuality.__name__, "The quality of `total`. Present if `total` is.")
    about = "The position of the page in the list, and the link to the next page."
    always = {"next_cursor": next_cursor, "has_more": HAS_MORE}
    if version.history:
        always |= {"edition": EDITION, "permalink": PERMALINK}
    return structure(always, about, {"total": total, "total_quality": quality})


def _identifier_schema(resource: Resource) -> Schema:
    description = resource.fields["id"].description
    return {"type": "string", "pattern": f"^{resource.prefix}_{ID}$", "description": description}


def class_schema(kind: type[Value] | type[Vocabulary]) -> Schema:
    description = kind.__doc__ or ""
    if issubclass(kind, Vocabulary):
        return enum(kind.terms(), description)
    properties = {name: _stored_field_schema(field) for name, field in kind.fields().items()}
    return structure(properties, description)


def _set_targets(resources: list[Resource]) -> list[Resource]:
    """Return the resources that records show sets of."""
    targets: set[str] = set()
    for resource in resources:
        targets.update(link.target for link in resource.links.values() if link.kind in ("many", "children"))
    return [resource for resource in resources if resource.name in targets]


def _fields(resources: Iterable[Resource]) -> Iterator[Field]:
    for resource in resources:
        yield from resource.fields.values()


def _field_classes(fields: Iterable[Stored]) -> Iterator[type[Value] | type[Vocabulary]]:
    """Yield the vocabularies and value classes of the fields, and those inside the values."""
    for field in fields:
        if field.type.name in ("vocabulary", "value"):
            yield field.type.of
        if field.type.name == "value":
            yield from _field_classes(field.type.of.fields().values())
