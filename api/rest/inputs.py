"""The parameters of requests for OpenAPI, from the parser's own tables, with their types and what they require."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from api.catalog import Condition, Resource, Version, dimensions, has_counts, has_series, series_dimensions
from api.catalog.operators import OPERATORS, ValueKind
from api.query.counts import BUCKETS, MAX_BY, MAX_FACETS, MAX_TOP, TOP, CountQuality
from api.query.globe import MAX_LONGITUDE
from api.query.parse import FIRST_YEAR, LANGUAGE, MAX_TEXT
from api.query.series import MAX_SERIES, MAX_SERIES_BY, TOP_SERIES
from api.rest.examples import example_id
from api.rest.formats import Format
from api.rest.group_parameters import OF_FILES, OF_GROUPS, ONLY_COUNTS, ONLY_SERIES, count_names, series_names
from api.rest.include import LEVELS
from api.rest.parameters import MAX_VALUES, Parameter, deprecation, parameters
from api.rest.schemas import Schema, array, choice, deprecated, ref, title, type_schema
from api.rest.url import (
    ACCEPT_DATETIME,
    COUNTS,
    LIMIT,
    MAX_EXPORT,
    MAX_LIMIT,
    ONLY_DIFFS,
    ONLY_EXPORTS,
    ONLY_REVISIONS,
    RECORD_MODES,
    REVISION_NAMES,
    SHARED,
    SharedParameter,
    diff_names,
    export_names,
    feed_names,
    list_names,
    record_names,
)

TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
# The year of dates: four digits, from FIRST_YEAR.
YEAR: Schema = {"pattern": f"^[{FIRST_YEAR // 1000}-9][0-9]{{3}}-"}
IDENTIFIER: Schema = TEXT | {"pattern": r"^[^:]+:[\s\S]"}
NUMBER: Schema = {"type": "number", "format": "double"}
DEGREES: Schema = {"type": "number", "format": "double", "minimum": -MAX_LONGITUDE, "maximum": MAX_LONGITUDE}
MAX_NUMBER = 10**15 - 1
MAX_KNOWN_AT = 100
ALSO = {
    "timestamp": "A time with its offset [RFC 3339], or a date, which means midnight UTC.",
    "date": "A date [ISO 8601].",
    "integer": "At most 15 digits.",
    "number": "At most 15 digits and 6 decimals, without an exponent.",
}
# What a header field must be, if that is not any text.
HEADER_PATTERNS = {"At-Least-Edition": "^(e?[0-9]{1,18}|e[0-9]{1,18}-[0-9a-hjkmnp-tv-z]{6})$"}
HEADERS = {
    ACCEPT_DATETIME: "Return the data as known at this time, unless `known_at` is given: an HTTP date such as "
    "`Mon, 07 Mar 2022 06:00:00 GMT` [RFC 7089].",
    "If-None-Match": "The ETags of responses that the client has, separated by commas. If one is current, the response "
    "is 304.",
    "At-Least-Edition": "An edition, such as `e123`: the `Edition` of an earlier response, or the edition of a "
    "permalink, which includes the mark of its store. The response contains every change up to this edition. It is 400 "
    "if the edition does not exist yet or is from another store.",
    "X-Request-Id": "An id for the request: 1 to 64 of A–Z, a–z, 0–9, `.`, `_` and `-`. Any other value is replaced.",
}


# The schemas of parameters of files.
FILE_SCHEMAS: dict[str, Schema] = {"bom": {"type": "boolean", "default": False}}
# Parameters of lists that exports do not have, or not with the same bounds. They are the same for every list.
PAGING = ("limit", "cursor", "count", "known_at")


def list_inputs(version: Version, resource: Resource) -> list[Schema]:
    """Return the parameters of a list: its own filters, then the shared ones, then the filters on linked records."""
    inputs = _inputs(version, resource, list_names(version, resource))
    return [*_references(resource, inputs), *_header_references(version)]


def export_inputs(version: Version, resource: Resource, form: Format) -> list[Schema]:
    """Return the parameters of an export: the filters, search and order of the list, the most records, and those of
    the format."""
    names = export_names(version, resource, form)
    inputs = _inputs(version, resource, [name for name in names if name in SHARED and name != "limit"])
    own = [_export_limit(), *_export_parameters(resource, names)]
    # An export is never a 304.
    headers = _header_references(version, "If-None-Match")
    return [*_references(resource, inputs), *own, *headers]


def _export_limit() -> Schema:
    bounds = {"type": "integer", "minimum": 1, "maximum": MAX_EXPORT}
    return _parameter("limit", bounds, "The maximum number of records. Defaults to all.")


def _export_parameters(resource: Resource, names: Iterable[str]) -> list[Schema]:
    """Return the parameters that only exports have, among these names."""
    schemas = FILE_SCHEMAS | {"after_id": ref(f"{title(resource)}Id")}
    return _own_inputs(ONLY_EXPORTS, schemas, names)


def _own_inputs(
    own: Mapping[str, SharedParameter], schemas: Mapping[str, Schema], names: Iterable[str]
) -> list[Schema]:
    """Return the parameters that only some operations have, among these names."""
    return [_parameter(name, schemas[name], own[name].description) for name in names if name in own]


def count_inputs(version: Version, resource: Resource, *, file: bool = False) -> list[Schema]:
    """Return the parameters of counts: the filters and the search of the list, and how to group. A `file` with them has
    more."""
    names = count_names(version, resource, file=file)
    inputs = _group_inputs(version, resource, names)
    only = _own_inputs(ONLY_COUNTS, _count_schemas(resource), names)
    if "include" in names:
        text = "The records to describe in addition to their ids, separated by commas. `by` must group by their ids."
        only.append(_parameter("include", _list_of(ref(f"{title(resource)}CountInclude")), text))
    if file:
        only += _file_inputs()
    return [*_references(resource, inputs), *only, *_header_references(version)]


def _count_schemas(resource: Resource) -> dict[str, Schema]:
    """Return the schemas of the parameters that only counts have, by name."""
    return {
        "by": _list_of(ref(f"{title(resource)}CountField")) | {"maxItems": MAX_BY},
        "bucket": ref("CountBucket"),
        "time_zone": {"type": "string", "minLength": 1, "default": "UTC"},
        "top": {"type": "integer", "minimum": 1, "maximum": MAX_TOP, "default": TOP},
        "fill": {"type": "boolean", "default": False},
        "quality": ref("CountQualityMode"),
    }


def series_inputs(version: Version, resource: Resource, *, file: bool = False) -> list[Schema]:
    """Return the parameters of series: the filters and the search of the list, and how to group. A `file` with them has
    more."""
    names = series_names(version, resource, file=file)
    inputs = _group_inputs(version, resource, names)
    schemas: dict[str, Schema] = {
        "by": _list_of(ref(f"{title(resource)}SeriesField")) | {"maxItems": MAX_SERIES_BY},
        "bucket": ref("CountBucket") | {"default": "day"},
        "top": {"type": "integer", "minimum": 1, "maximum": MAX_SERIES, "default": TOP_SERIES},
    }
    only = _own_inputs(ONLY_SERIES, schemas, names)
    if file:
        only += _file_inputs()
    return [*_references(resource, inputs), *only, *_header_references(version)]


def _file_inputs() -> list[Schema]:
    return _own_inputs(ONLY_EXPORTS, FILE_SCHEMAS, OF_FILES)


def _group_inputs(version: Version, resource: Resource, names: Iterable[str]) -> list[Schema]:
    """Return the filters of a list, with the parameters among these names that counts and series share with it."""
    return _inputs(version, resource, [name for name in names if name in OF_GROUPS])


def feed_inputs(version: Version, resource: Resource) -> list[Schema]:
    """Return the parameters of a feed: the filters and the search of the list, and its pages."""
    inputs = _inputs(version, resource, feed_names(version, resource))
    return [*_references(resource, inputs), *_header_references(version, ACCEPT_DATETIME)]


def shared_inputs(version: Version) -> dict[str, Schema]:
    """Return the parameters that operations refer to, by the name that they use for it."""
    inputs = header_inputs(version)
    for resource in version.lists.values():
        for parameter in _inputs(version, resource, list_names(version, resource)):
            inputs[_reference_key(resource, parameter["name"])] = parameter
    return inputs


def _inputs(version: Version, resource: Resource, shared_names: Iterable[str]) -> list[Schema]:
    """Return the filters of a list, with these shared parameters between its own filters and those on linked
    records."""
    rows = parameters(version, resource).values()
    schemas = _shared_schemas(resource)
    own: list[Schema] = []
    linked: list[Schema] = []
    for row in rows:
        filters = linked if row.link else own
        filters.append(_filter_input(version, resource, row))
    shared = [_shared_input(resource, name, schemas[name]) for name in shared_names]
    return [*own, *shared, *linked]


def _references(resource: Resource, inputs: list[Schema]) -> list[Schema]:
    return [_reference(_reference_key(resource, parameter["name"])) for parameter in inputs]


def _reference_key(resource: Resource, name: str) -> str:
    if name in PAGING:
        return name
    link = resource.links.get(name.partition(".")[0])
    if link and link.kind == "several" and name.replace(".", "_") == link.by:
        # Generators drop punctuation: `via_ids` and `via.ids` would be the same type.
        name = f"{link.name}.{link.target}_ids"
    return f"{resource.plural}.{name}"


def _reference(key: str) -> Schema:
    return {"$ref": f"#/components/parameters/{key}"}


def record_inputs(version: Version, resource: Resource) -> list[Schema]:
    """Return the parameters of a record: its id, and what to include."""
    identifier = _parameter("id", ref(f"{title(resource)}Id"), resource.fields["id"].description, where="path")
    identifier["required"] = True
    identifier["example"] = example_id(version, resource)
    shared = [_reference(_reference_key(resource, name)) for name in record_names(version)]
    return [identifier, *shared, *_header_references(version)]


def revision_inputs(version: Version, resource: Resource) -> list[Schema]:
    """Return the parameters of the revisions of a record."""
    identifier = record_inputs(version, resource)[0]
    shared = [_reference(_reference_key(resource, name)) for name in REVISION_NAMES if name in SHARED]
    schemas = {"record": ref("RecordMode") | {"default": RECORD_MODES[0]}}
    own = _own_inputs(ONLY_REVISIONS, schemas, ONLY_REVISIONS)
    return [identifier, *shared, *own, *_header_references(version)]


def diff_inputs(version: Version, resource: Resource, form: Format | None = None) -> list[Schema]:
    """Return the parameters of the differences between two states of a list; with a format, of their export."""
    names = diff_names(version, resource, form)
    shared = [name for name in names if name in SHARED and not (form and name == "limit")]
    inputs = _references(resource, _inputs(version, resource, shared))
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_KNOWN_AT}
    states = _own_inputs(ONLY_DIFFS, dict.fromkeys(ONLY_DIFFS, schema), ONLY_DIFFS)
    states[0]["required"] = True
    if form is None:
        return [*states, *inputs, *_header_references(version, ACCEPT_DATETIME)]
    own = [_export_limit(), *_export_parameters(resource, names)]
    return [*states, *inputs, *own, *_header_references(version, "If-None-Match", ACCEPT_DATETIME)]


def links(version: Version, resource: Resource, levels: int = LEVELS) -> Iterator[str]:
    """Yield every path that `include` takes."""
    if levels == 0:
        return
    for link in resource.links.values():
        yield link.name
        for path in links(version, version[link.target], levels - 1):
            yield f"{link.name}.{path}"


def _filter_input(version: Version, resource: Resource, row: Parameter) -> Schema:
    schema = VALUE_SCHEMAS[row.takes](row.condition)
    parameter = _parameter(row.name, schema, _describe_filter(version, resource, row))
    return deprecated(parameter, deprecation(resource, row))


def _describe_filter(version: Version, resource: Resource, row: Parameter) -> str:
    condition = row.condition
    sentences = [condition.description, OPERATORS[condition.operator].meaning]
    if row.takes == "value" and condition.type.name in ALSO:
        sentences.append(ALSO[condition.type.name])
    if row.takes == "list" and condition.type.name == "text" and condition.type.of is None:
        sentences.append('Put a value that contains a comma in "double quotes".')
    if row.link:
        link = resource.links[row.link]
        sentences.insert(0, f"Filter on the linked `{link.name}` ({link.description.rstrip('.')}):")
        if not link.single:
            sentences.append(f"All filters on `{link.name}` must match the same {link.target}.")
        if link.fallback:
            sentences.append(f"For a record without `{link.name}`, `{link.fallback}` is used.")
    if condition.needs:
        sentences.append(f"Requires `{row.sibling(condition.needs)}`.")
    if condition.expects:
        sentences.append(_describe_expected([row.sibling(name) for name in condition.expects]))
    # Here readers see it, and no tool sends it: consoles send the `example` of a parameter.
    example = _example(version, row)
    if example:
        sentences.append(f"Example: `{example}`.")
    return " ".join(sentence for sentence in sentences if sentence)


def _describe_expected(names: Iterable[str]) -> str:
    beside = " or ".join(f"`{name}`" for name in names)
    return f"Without {beside}, it compares numbers of different units, which is deprecated."


def _example(version: Version, row: Parameter) -> str:
    """Return a value of a filter as a URL has it; empty if there is none to show."""
    condition = row.condition
    if row.takes == "boolean":
        return ""
    if isinstance(condition.type.of, Resource):
        return example_id(version, condition.type.of)
    return "" if condition.example is None else str(condition.example)


def _list_schema(condition: Condition) -> Schema:
    kind = condition.type
    if kind.name == "text" and kind.of is None and not condition.format:
        return _list_of(TEXT)
    return _list_of(type_schema(kind, condition.format))


def _value_schema(condition: Condition) -> Schema:
    kind = condition.type
    if kind.name == "timestamp":
        # Without a pattern: clients write times in several forms, and all of them are read.
        return type_schema(kind)
    if kind.name == "date":
        return type_schema(kind) | YEAR
    minimum = 0 if kind.name == "integer" else -MAX_NUMBER
    return type_schema(kind) | {"minimum": minimum, "maximum": MAX_NUMBER}


def _boolean_schema(condition: Condition) -> Schema:
    return {"type": "boolean"}


def _box_schema(condition: Condition) -> Schema:
    return array(DEGREES) | {"minItems": 4, "maxItems": 4}


def _near_schema(condition: Condition) -> Schema:
    return array(NUMBER) | {"minItems": 3, "maxItems": 3}


def _identifier_schema(condition: Condition) -> Schema:
    return _list_of(IDENTIFIER)


VALUE_SCHEMAS: dict[ValueKind, Callable[[Condition], Schema]] = {
    "list": _list_schema,
    "value": _value_schema,
    "boolean": _boolean_schema,
    "bbox": _box_schema,
    "near": _near_schema,
    "identifier": _identifier_schema,
}


def _list_of(items: Schema) -> Schema:
    return array(items) | {"minItems": 1, "maxItems": MAX_VALUES}


def choice_schemas(version: Version) -> dict[str, Schema]:
    """Return the schemas of the texts that shared parameters choose from, by name."""
    schemas = {"CountMode": choice(COUNTS, "The method of counting.")}
    if version.history:
        schemas["RecordMode"] = choice(RECORD_MODES, "The part of the record that a revision contains.")
    if version.counts:
        schemas["CountBucket"] = choice(BUCKETS, "A length of time.")
        schemas["CountQualityMode"] = choice(CountQuality.terms(), "The method of counting a large list.")
    for resource in version.lists.values():
        if has_counts(version, resource):
            schemas |= _count_choices(version, resource)
        sorts = _sorts(resource)
        schemas[f"{title(resource)}Sort"] = choice(sorts, f"The sort order of {resource.plural}.")
        paths = list(links(version, resource))
        if paths:
            schemas[f"{title(resource)}Include"] = choice(
                paths, f"A link of {resource.plural} whose records are included."
            )
    return schemas


def _count_choices(version: Version, resource: Resource) -> dict[str, Schema]:
    known = dimensions(version, resource)
    fields = choice(known, f"A field that {resource.plural} can be grouped by.")
    labels = [dimension.label for dimension in known.values() if dimension.label]
    schemas = {f"{title(resource)}CountField": fields}
    if has_series(version, resource):
        text = f"A field that defines series of {resource.plural}."
        schemas[f"{title(resource)}SeriesField"] = choice(series_dimensions(version, resource), text)
    if labels:
        text = f"The records that counts of {resource.plural} can describe."
        schemas[f"{title(resource)}CountInclude"] = choice(labels, text)
    return schemas


def _shared_schemas(resource: Resource) -> dict[str, Schema]:
    """Return the schemas of the shared parameters by name."""
    return {
        "q": TEXT,
        # The stemmer's language has a default too, but a client that always sends a default would send it without q.
        "q_language": {"type": "string", "pattern": f"^{LANGUAGE.pattern}$"},
        "include": _list_of(ref(f"{title(resource)}Include")),
        "sort": ref(f"{title(resource)}Sort") | {"default": resource.sort},
        "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": LIMIT},
        "cursor": {"type": "string", "minLength": 1},
        "count": ref("CountMode"),
        "facets": _list_of(ref(f"{title(resource)}CountField")) | {"maxItems": MAX_FACETS},
        # Without a pattern, as other times: clients write them in several forms.
        "known_at": {"type": "string", "minLength": 1, "maxLength": MAX_KNOWN_AT},
    }


def _shared_input(resource: Resource, name: str, schema: Schema) -> Schema:
    sentences = [SHARED[name].description, *_describe_requirements(resource, name)]
    return _parameter(name, schema, " ".join(sentences))


def _describe_requirements(resource: Resource, name: str) -> Iterator[str]:
    """Yield sentences about the parameters that a shared parameter needs beside it."""
    if name == "q_language":
        yield "Requires `q`."
    if name == "sort":
        for field_name in resource.sortable:
            field = resource.fields[field_name]
            if field.needs:
                yield f"Sorting by `{field.name}` requires `{field.needs}`."
            if field.expects:
                yield _describe_expected(field.expects)
        if resource.searched:
            yield "Sorting by `relevance` requires `q`."


def _sorts(resource: Resource) -> list[str]:
    sorts: list[str] = []
    for name in resource.sortable:
        sorts += [name, f"-{name}"]
    if resource.searched:
        sorts.append("relevance")
    return sorts


def _parameter(name: str, schema: Schema, description: str, where: str = "query") -> Schema:
    parameter: Schema = {"name": name, "in": where, "description": description, "schema": schema}
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter


def _header_references(version: Version, *left_out: str) -> list[Schema]:
    """Return references to the header fields of requests, except for those that are left out."""
    return [_reference(name) for name in header_inputs(version) if name not in left_out]


def header_inputs(version: Version) -> dict[str, Schema]:
    """Return the header fields of requests, by name."""
    inputs = {}
    for name, description in HEADERS.items():
        if name == ACCEPT_DATETIME and not version.history:
            continue
        schema: Schema = {"type": "string"}
        if name in HEADER_PATTERNS:
            schema["pattern"] = HEADER_PATTERNS[name]
        inputs[name] = _parameter(name, schema, description, where="header")
    return inputs
