"""The parameters of requests for OpenAPI, from the parser's own tables, with their types and what they require."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from api.catalog import Condition, Resource, Version
from api.catalog.operators import OPERATORS
from api.query.globe import LONGITUDE_MOST
from api.query.parse import FIRST_YEAR, LANGUAGE, TEXT_MOST
from api.rest.examples import example_id
from api.rest.include import LEVELS
from api.rest.parameters import LIST_MOST, Parameter, parameters
from api.rest.schemas import Schema, array, deprecated, ref, title, typed
from api.rest.url import COUNTS, EXPORT_MOST, LIMIT, LIMIT_MOST, SHARED, export_names, list_names

TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": TEXT_MOST}
# The year of times and dates: four digits, from FIRST_YEAR.
YEAR: Schema = {"pattern": f"^[{FIRST_YEAR // 1000}-9][0-9]{{3}}-"}
IDENTIFIER: Schema = TEXT | {"pattern": r"^[^:]+:[\s\S]"}
NUMBER: Schema = {"type": "number"}
DEGREES: Schema = {"type": "number", "minimum": -LONGITUDE_MOST, "maximum": LONGITUDE_MOST}
NUMBER_MOST = 10**15 - 1
ALSO = {
    "timestamp": "RFC 3339 with its offset, or a date, which is its midnight in UTC.",
    "date": "ISO 8601.",
    "integer": "At most 15 digits.",
    "number": "At most 15 digits and 6 decimals, without an exponent.",
}
HEADERS = {
    "If-None-Match": "ETags of answers that the client holds, separated by commas: 304 where one of them is this one.",
    "X-Request-Id": "An id for the request, 1 to 64 of A–Z, a–z, 0–9, `.`, `_` and `-`; any other is replaced.",
}


# Parameters of lists that exports do not have, or not with the same bounds. They are the same for every list.
PAGING = ("limit", "cursor", "count")


def list_inputs(version: Version, resource: Resource) -> list[Schema]:
    """Return the parameters of a list: its own filters, then the shared ones, then the filters on linked records."""
    return [*_named(resource, _taken(version, resource, list_names(resource))), *_headers()]


def export_inputs(version: Version, resource: Resource) -> list[Schema]:
    """Return the parameters of an export: the filters, search and order of the list, and the most records."""
    most = {"type": "integer", "minimum": 1, "maximum": EXPORT_MOST}
    limit = _parameter("limit", most, "Records at most; all of them without it.")
    named = [name for name in export_names(resource) if name != "limit"]
    return [*_named(resource, _taken(version, resource, named)), limit, _reference("X-Request-Id")]


def shared_inputs(version: Version) -> dict[str, Schema]:
    """Return the parameters that operations refer to, by the name that they use for it."""
    made = header_inputs()
    for resource in version.lists.values():
        taken = _taken(version, resource, list_names(resource))
        made |= {_key(resource, one["name"]): one for one in taken}
    return made


def _taken(version: Version, resource: Resource, shared: Iterable[str]) -> list[Schema]:
    rows = parameters(version, resource).values()
    own = [_filter(version, resource, row) for row in rows if not row.link]
    linked = [_filter(version, resource, row) for row in rows if row.link]
    return [*own, *(_shared(version, resource, name) for name in shared), *linked]


def _named(resource: Resource, taken: list[Schema]) -> list[Schema]:
    return [_reference(_key(resource, one["name"])) for one in taken]


def _key(resource: Resource, name: str) -> str:
    return name if name in PAGING else f"{resource.plural}.{name}"


def _reference(key: str) -> Schema:
    return {"$ref": f"#/components/parameters/{key}"}


def record_inputs(version: Version, resource: Resource) -> list[Schema]:
    """Return the parameters of a record: its id, and what to include."""
    given = _parameter("id", ref(f"{title(resource)}Id"), resource.fields["id"].description, where="path")
    example = {"example": example_id(version, resource)}
    return [given | {"required": True} | example, _reference(_key(resource, "include")), *_headers()]


def links(version: Version, resource: Resource, levels: int = LEVELS) -> Iterator[str]:
    """Yield every path that `include` takes."""
    for link in resource.links.values() if levels else ():
        yield link.name
        yield from (f"{link.name}.{rest}" for rest in links(version, version[link.target], levels - 1))


def _filter(version: Version, resource: Resource, row: Parameter) -> Schema:
    made = _parameter(row.name, TAKEN[row.takes](row.condition), _told(resource, row))
    through = resource.links[row.link].deprecated if row.link else ""
    made = deprecated(made, row.condition.deprecated or through)
    example = _example(version, row)
    return made if example is None else made | {"example": example}


def _told(resource: Resource, row: Parameter) -> str:
    condition = row.condition
    words = [condition.description, OPERATORS[condition.operator].meaning]
    if row.takes == "value":
        words.append(ALSO.get(condition.type.name, ""))
    if row.takes == "list" and condition.type.name == "text" and condition.type.of is None:
        words.append('A value that holds a comma stands in "double quotes".')
    if row.link:
        link = resource.links[row.link]
        words.insert(0, f"Through `{link.name}` ({link.description.rstrip('.')}):")
        if not link.single:
            words.append(f"All filters through `{link.name}` hold for the same {link.target}.")
        if link.fallback:
            words.append(f"`{link.fallback}` counts for a record without `{link.name}`.")
    if condition.needs:
        beside = f"{row.link}.{condition.needs}" if row.link else condition.needs
        words.append(f"Needs `{beside}` beside it.")
    if condition.expects:
        beside = " or ".join(f"`{row.link}.{name}`" if row.link else f"`{name}`" for name in condition.expects)
        words.append(f"Without {beside} beside it, it compares numbers of different units. That is deprecated.")
    return " ".join(filter(None, words))


def _example(version: Version, row: Parameter) -> Any:
    condition = row.condition
    if row.takes == "boolean":
        return None
    if isinstance(condition.type.of, Resource):
        return [example_id(version, condition.type.of)]
    if condition.example is None or row.takes == "value":
        return condition.example
    if row.takes in ("bbox", "near"):
        return [float(part) if "." in part else int(part) for part in condition.example.split(",")]
    return [condition.example]


def _item(condition: Condition) -> Schema:
    kind = condition.type
    plain = kind.name == "text" and kind.of is None and not condition.format
    return TEXT if plain else typed(kind, condition.format)


def _value(condition: Condition) -> Schema:
    kind = condition.type
    if kind.name in ("timestamp", "date"):
        return typed(kind) | YEAR
    return typed(kind) | {"minimum": 0 if kind.name == "integer" else -NUMBER_MOST, "maximum": NUMBER_MOST}


def _listed(items: Schema) -> Schema:
    return array(items) | {"minItems": 1, "maxItems": LIST_MOST}


TAKEN: dict[str, Callable[[Condition], Schema]] = {
    "list": lambda condition: _listed(_item(condition)),
    "value": _value,
    "boolean": lambda condition: {"type": "boolean"},
    "bbox": lambda condition: array(DEGREES) | {"minItems": 4, "maxItems": 4},
    "near": lambda condition: array(NUMBER) | {"minItems": 3, "maxItems": 3},
    "identifier": lambda condition: _listed(IDENTIFIER),
}


def _shared(version: Version, resource: Resource, name: str) -> Schema:
    schema = SCHEMAS[name](version, resource)
    return _parameter(name, schema, " ".join([SHARED[name].description, *_needed(resource, name)]))


def _needed(resource: Resource, name: str) -> Iterator[str]:
    if name == "q_language":
        yield "Needs `q` beside it."
    if name == "sort":
        for field in map(resource.fields.__getitem__, resource.sortable):
            if field.needs:
                yield f"Sorting by `{field.name}` needs `{field.needs}` beside it."
            if field.expects:
                beside = " or ".join(f"`{name}`" for name in field.expects)
                yield f"Without {beside} beside it, it compares numbers of different units. That is deprecated."
        if resource.searched:
            yield "Sorting by `relevance` needs `q` beside it."


def _sorts(resource: Resource) -> list[str]:
    names = [way + name for name in resource.sortable for way in ("", "-")]
    return [*names, "relevance"] if resource.searched else names


# The stemmer's language has a default too, but a client that always sends a default would send it without q.
SCHEMAS: dict[str, Callable[[Version, Resource], Schema]] = {
    "q": lambda version, resource: TEXT,
    "q_language": lambda version, resource: {"type": "string", "pattern": f"^{LANGUAGE.pattern}$"},
    "include": lambda version, resource: _listed({"type": "string", "enum": [*links(version, resource)]}),
    "sort": lambda version, resource: {"type": "string", "enum": _sorts(resource), "default": resource.sort},
    "limit": lambda version, resource: {"type": "integer", "minimum": 1, "maximum": LIMIT_MOST, "default": LIMIT},
    "cursor": lambda version, resource: {"type": "string", "minLength": 1},
    "count": lambda version, resource: {"type": "string", "enum": list(COUNTS)},
}


def _parameter(name: str, schema: Schema, description: str, where: str = "query") -> Schema:
    made: Schema = {"name": name, "in": where, "description": description, "schema": schema}
    return made | {"style": "form", "explode": False} if schema.get("type") == "array" else made


def _headers() -> list[Schema]:
    return [_reference(name) for name in HEADERS]


def header_inputs() -> dict[str, Schema]:
    """Return the header fields of requests, by name."""
    return {name: _parameter(name, {"type": "string"}, told, where="header") for name, told in HEADERS.items()}
