"""The JSON Schemas of answers: each resource, value and vocabulary of a version under its own name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from api.catalog import Field, Group, Link, Resource, Value, Version, Vocabulary
from api.model import StoredField as Stored
from api.model import Type

Schema = dict[str, Any]

SCALARS: dict[str, Schema] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "float": {"type": "number", "format": "double"},
    "number": {"type": "number"},
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
HAS_MORE: Schema = {"type": "boolean", "description": "Whether there are more than these."}


class TotalQuality(Vocabulary):
    """How good a total is."""

    exact = "Every record was counted."
    at_least = "Counting stopped at this number; there are more."
    estimated = "Worked out from a sample."


def schemas(version: Version) -> dict[str, Schema]:
    """Return the schemas of a version by name: records, the objects around them, then the values in them."""
    declared = list({**version.resources, **version.children, **version.lists}.values())
    made: dict[str, Schema] = {}
    for one in declared:
        made[title(one)] = record(version, one)
    for one in declared:
        for group in one.groups.values():
            fields_of = {key: shown(field) for key, field in one.within(group).items()}
            made[group.title] = structure(fields_of, group.description)
    for one in _in_sets(version, declared):
        made[f"{title(one)}Set"] = _set(one)
    for one in version.lists.values():
        page = {"data": array(ref(one), f"The {one.plural}, in order."), "page": ref("Page")}
        made[f"{title(one)}Page"] = structure(page, f"A page of {one.plural}.")
        if one.prefix:
            made[f"{title(one)}Record"] = structure({"data": ref(one)}, f"One {one.name}.")
    made["Page"] = _page()
    for one in version.resources.values():
        made[f"{title(one)}Id"] = _identifier(one)
    for kind in dict.fromkeys([*_kinds(fields(declared)), TotalQuality]):
        made[kind.__name__] = _kind(kind)
    return made


def feature_schemas() -> dict[str, Schema]:
    """Return the schemas of a GeoJSON export [RFC 7946]."""
    position = array({"type": "number"}, "Longitude and latitude in degrees [WGS 84].") | {"minItems": 2, "maxItems": 2}
    point = {"type": {"const": "Point", "description": "A point."}, "coordinates": position}
    feature = {
        "type": {"const": "Feature", "description": "One record."},
        "id": {"type": "string", "description": "The id of the record."},
        "geometry": nullable(ref("Point")) | {"description": "Where it is; null where that is not known."},
        "properties": {
            "type": "object",
            "description": "The record as its list shows it, with the `geo_precision` of its place; of an event or a "
            "figure also `place_name`, `country` and `admin1`.",
        },
    }
    collection = {
        "type": {"const": "FeatureCollection", "description": "All of them."},
        "features": array(ref("Feature"), "The records, in order."),
    }
    return {
        "FeatureCollection": structure(collection, "Records on the map [RFC 7946]."),
        "Feature": structure(feature, "A record on the map [RFC 7946]."),
        "Point": structure(point, "A point on the map [RFC 7946]."),
    }


def title(resource: Resource) -> str:
    """Return the name of a resource's schema."""
    return resource.name.capitalize()


def ref(what: Resource | str, description: str = "") -> Schema:
    """Return a reference to a schema, with a description of its own."""
    name = what if isinstance(what, str) else title(what)
    return {"$ref": f"#/components/schemas/{name}"} | ({"description": description} if description else {})


def array(items: Schema, description: str = "") -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items} | ({"description": description} if description else {})


def typed(kind: Type, format: str = "") -> Schema:
    """Return the schema of a type of the catalog, without regard to null."""
    if kind.of is None:
        return SCALARS[kind.name] | FORMATS.get(format, {})
    return ref(f"{title(kind.of)}Id") if isinstance(kind.of, Resource) else ref(kind.of.__name__)


def record(version: Version, resource: Resource) -> Schema:
    """Return the schema of a record: its fields, the ids that it links by, its children, and what may be included."""
    always: dict[str, Schema] = {}
    included: dict[str, Schema] = {}
    for one in resource.layout:
        made = ref(one.title, one.description) if isinstance(one, Group) else shown(one)
        if isinstance(one, Field) and one.listed:
            included[one.name] = made | {"description": f"{one.description} Shown in lists of {resource.plural}."}
        else:
            always[one.name] = made
    if resource.prefix:
        always["id"] = ref(f"{title(resource)}Id")
    for link in resource.links.values():
        target = version[link.target]
        if link.kind in ("one", "several"):
            always[link.by] = deprecated(_by(target, link), link.deprecated)
        shown_always = link.owned or link.embedded
        (always if shown_always else included)[link.name] = deprecated(_linked(target, link), link.deprecated)
    return structure(always, resource.description, included)


def shown(field: Field) -> Schema:
    """Return the schema of a field as records show it."""
    return deprecated(_described(field), field.deprecated)


def _described(field: Stored) -> Schema:
    made = typed(field.type, field.format)
    made = array(made) if field.type.many else nullable(made) if field.type.nullable else made
    exemplary = field.example is not None and field.type.of is None and not field.type.many
    return made | {"description": field.description} | ({"examples": [field.example]} if exemplary else {})


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
    told = ((term, meaning, getattr(meaning, "deprecated", "")) for term, meaning in terms.items())
    listed = "".join(f"\n- `{term}`: {meaning}{f' Deprecated: {old}.' if old else ''}" for term, meaning, old in told)
    return {
        "type": "string",
        "enum": list(terms),
        "x-enum-descriptions": list(terms.values()),
        "description": f"{description} New terms may be added.\n{listed}",
    }


def structure(always: dict[str, Schema], description: str, sometimes: dict[str, Schema] | None = None) -> Schema:
    """Return the schema of an object. All of `always` is required. Clients must tolerate unknown properties."""
    properties = always | (sometimes or {})
    return {"type": "object", "description": description, "required": list(always), "properties": properties}


def _by(target: Resource, link: Link) -> Schema:
    """Return the schema of the id, or the ids, that a record links to."""
    there = ref(f"{title(target)}Id")
    if link.kind == "several":
        return array(there, f"{link.description} The ids.")
    words = {"description": f"{link.description} The id."}
    return (nullable(there) if link.nullable else there) | words


def _linked(target: Resource, link: Link) -> Schema:
    if link.owned:
        return ref(f"{title(target)}Set", f"{link.description} At most {link.default} are shown; exports show all.")
    when = f"{link.description} {'Always shown' if link.embedded else 'Shown where `include` names it'}"
    if link.kind == "one":
        return nullable(ref(target)) | {"description": f"{when}; null where there is none or it was withdrawn."}
    if link.kind == "several":
        return array(ref(target), f"{when}; without those that were withdrawn.")
    return ref(f"{title(target)}Set", f"{when}; at most {link.default}.")


def _set(resource: Resource) -> Schema:
    data = array(ref(resource), f"The {resource.plural}, in order.")
    return structure({"data": data, "has_more": HAS_MORE}, f"The first {resource.plural} of a record.")


def _page() -> Schema:
    next_cursor = {"type": ["string", "null"], "description": "The `cursor` of the next page; null on the last one."}
    total = {"type": "integer", "description": "How many records the filter leaves. Shown where `count` asks for it."}
    quality = ref(TotalQuality.__name__, "How good `total` is. Shown beside it.")
    about = "Where the page ends, and what comes after it."
    always = {"next_cursor": next_cursor, "has_more": HAS_MORE}
    return structure(always, about, {"total": total, "total_quality": quality})


def _identifier(resource: Resource) -> Schema:
    described = resource.fields["id"].description
    return {"type": "string", "pattern": f"^{resource.prefix}_{ID}$", "description": described}


def _kind(kind: type[Value] | type[Vocabulary]) -> Schema:
    if issubclass(kind, Vocabulary):
        return enum(kind.terms(), kind.__doc__ or "")
    return structure({name: _described(field) for name, field in kind.fields().items()}, kind.__doc__ or "")


def _in_sets(version: Version, declared: list[Resource]) -> list[Resource]:
    targets = {link.target for one in declared for link in one.links.values() if link.kind in ("many", "children")}
    return [one for one in declared if one.name in targets]


def fields(declared: Iterable[Resource]) -> Iterator[Field]:
    """Return the fields of all these resources."""
    return (field for one in declared for field in one.fields.values())


def _kinds(found: Iterable[Stored]) -> Iterator[Any]:
    """Yield the vocabularies and value classes of the fields, and those inside the values."""
    for field in found:
        if field.type.name in ("vocabulary", "value"):
            yield field.type.of
        if field.type.name == "value":
            yield from _kinds(field.type.of.fields().values())
