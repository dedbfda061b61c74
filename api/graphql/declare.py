"""Declare every type of a version from the catalog's tables: records, their sets and pages, filters and orders."""

from __future__ import annotations

import strawberry

from api.catalog import Field, Group, Link, Resource, Value, Vocabulary, has_counts
from api.catalog.operators import OPERATORS
from api.graphql.facets import facets_field
from api.graphql.shape import (
    ID,
    FilterShape,
    camel,
    field_annotation,
    filter_fields,
    pascal,
    record_fields,
    type_annotation,
)
from api.graphql.types import Argument, InputField, OutputField, Types
from api.model.kinds import RevisionAction
from api.model.types import term

RECORDS_FIRST = 50
MAX_RECORDS = 200
MAX_LINKED = 50
# The input objects of the filters that take a scheme and a code of it, by operator.
IDENTIFIED = {
    "identifier": (
        "IdentifierInput",
        "An identifier in somebody else's scheme.",
        [("scheme", "str", "Whose identifier."), ("value", "str", "The identifier.")],
    ),
    "subject": (
        "SubjectInput",
        "A subject, as a code of somebody's scheme.",
        [("scheme", "str", "The scheme of the code."), ("code", "str", "The code.")],
    ),
}
# The types of the filters that have one operator and no object around its value.
PLAIN_TESTS = {"is": "bool", "bbox": "Box", "near": "Near"}
# The names in GraphQL of the annotations whose name differs.
GRAPHQL_NAMES = {"str": "String", ID: "ID", "float": "Float", "int": "Int"}


def declare(types: Types) -> None:
    """Declare every type of the version, in the order of the catalog."""
    version = types.version
    _declare_common(types)
    resources = {**version.resources, **version.children, **version.lists}
    for resource in resources.values():
        _declare_field_classes(types, resource)
        for group in resource.groups.values():
            if not types.has(group.title):
                _declare_group(types, resource, group)
        _declare_filter(types, resource)
        _declare_record(types, resource)
        _declare_set(types, resource)
    for resource in version.lists.values():
        _declare_connection(types, resource)
    if version.history:
        _declare_revisions(types)


def _declare_common(types: Types) -> None:
    types.interface("Node", "Anything with a public id.", [("id", "strawberry.ID", "The public id.")])
    types.enumeration("OrderDirection", "Which way to sort.", {"asc": "Ascending.", "desc": "Descending."})
    quality = {
        "exact": "Counted.",
        "estimated": "Estimated from a sample.",
        "at_least": "There are more: counting stopped at 100,000.",
    }
    types.enumeration("TotalQuality", "How good a total is.", quality)
    page: list[OutputField] = [
        ("hasNextPage", "bool", "Whether more records follow.", []),
        ("hasPreviousPage", "bool", "Whether records come before.", []),
        ("startCursor", "str | None", "The cursor of the first record; null on an empty page.", []),
        ("endCursor", "str | None", "The cursor of the last record; null on an empty page.", []),
    ]
    types.output("PageInfo", "Where a page stands in its list (Relay).", page)
    search = [
        ("text", "str", 'Words, "a phrase", or, -not, beginnings of words (corr*). Accents do not matter.'),
        ("language", "str | None", "The language whose stemmer reads it [BCP 47], `en` unless given."),
    ]
    types.input("Search", "Full text.", search)
    box = [
        ("west", "float", "The western edge, in degrees."),
        ("south", "float", "The southern edge, in degrees."),
        ("east", "float", "The eastern edge, in degrees."),
        ("north", "float", "The northern edge, in degrees."),
    ]
    crossing = "170 to 190 and 170 to -170 are the same box across the antimeridian"
    types.input("Box", f"A box on the globe (RFC 7946). Longitudes beyond 180 are wrapped: {crossing}.", box)
    near = [
        ("latitude", "float", "Degrees north."),
        ("longitude", "float", "Degrees east."),
        ("kilometres", "float", "The greatest distance."),
    ]
    types.input("Near", "A distance from a point.", near)
    operators: set[str] = set()
    for conditions in types.version.conditions.values():
        operators.update(operator for _, operator in conditions)
    for operator, (name, text, fields) in IDENTIFIED.items():
        if operator in operators:
            types.input(name, text, fields)


def _declare_field_classes(types: Types, resource: Resource) -> None:
    """Declare the vocabularies and value classes of the resource's fields that are not declared yet."""
    for field in resource.fields.values():
        if field.type.name not in ("vocabulary", "value"):
            continue
        field_class = field.type.of
        if not types.has(field_class.__name__):
            _declare_field_class(types, field_class)


def _declare_field_class(types: Types, field_class: type[Vocabulary] | type[Value]) -> None:
    name = field_class.__name__
    description = (field_class.__doc__ or "").strip()
    if issubclass(field_class, Vocabulary):
        types.enumeration(name, description, field_class.terms())
        return
    fields: list[OutputField] = [
        (camel(field.name), field_annotation(field), field.description, []) for field in field_class.fields().values()
    ]
    types.output(name, description, fields)


def _declare_group(types: Types, resource: Resource, group: Group) -> None:
    fields: list[OutputField] = []
    deprecated: dict[str, str] = {}
    for key, field in resource.within(group).items():
        name = camel(key)
        fields.append((name, field_annotation(field), field.description, []))
        deprecated[name] = field.deprecated
    types.output(group.title, group.description, fields, deprecated=deprecated)


def _declare_record(types: Types, resource: Resource) -> None:
    fields: list[OutputField] = []
    deprecated: dict[str, str] = {}
    for name, shape in record_fields(types.version, resource).items():
        arguments: list[Argument] = []
        if isinstance(shape.of, Link) and shape.annotation.endswith("Set"):
            arguments = _set_arguments(shape.of)
        fields.append((name, shape.annotation, shape.description, arguments))
        deprecated[name] = shape.deprecated
    is_record = bool(resource.prefix)
    types.output(pascal(resource.name), resource.description, fields, node=is_record, deprecated=deprecated)


def _set_arguments(link: Link) -> list[Argument]:
    return [
        ("first", "int", link.default, f"How many, at most {MAX_LINKED}."),
        ("filter", f"{pascal(link.target)}Filter | None", strawberry.UNSET, "Which of them."),
    ]


def _declare_set(types: Types, resource: Resource) -> None:
    name = pascal(resource.name)
    fields: list[OutputField] = [
        ("nodes", f"list[{name}]", "The records.", []),
        ("hasMore", "bool", "Whether the record has more of them than are shown.", []),
    ]
    types.output(f"{name}Set", f"Some {resource.plural} of one record.", fields)


def _declare_connection(types: Types, resource: Resource) -> None:
    name = pascal(resource.name)
    edge: list[OutputField] = [
        ("node", name, "The record.", []),
        ("cursor", "str", "Where the record stands in the list.", []),
    ]
    types.output(f"{name}Edge", f"One of a list of {resource.plural}.", edge)
    fields: list[OutputField] = [
        ("edges", f"list[{name}Edge]", "The records, each with its cursor.", []),
        ("nodes", f"list[{name}]", "The records.", []),
        ("pageInfo", "PageInfo", "Where the page stands in the list.", []),
        ("totalCount", "int", "How many records the filter leaves, up to 100,000; counted only when asked.", []),
        ("totalQuality", "TotalQuality", "Whether `totalCount` is exact.", []),
    ]
    if types.version.history:
        edition = "The number of the last edition that changed what the answer was read from."
        fields.append(("edition", "int", edition, []))
    if has_counts(types.version, resource):
        fields.append(facets_field(resource))
    types.output(f"{name}Connection", f"A page of {resource.plural} (Relay).", fields)
    terms: dict[str, str] = {}
    for field_name in resource.sortable:
        terms[field_name] = _describe_sort(resource.fields[field_name])
    if resource.searched:
        terms["relevance"] = "How well it answers `search`: the best first, in either direction."
    types.enumeration(f"{name}OrderField", f"What {resource.plural} can be sorted by.", terms)
    order = [
        ("field", f"{name}OrderField", f"What to sort by. Ties are broken by {resource.key}, and nulls come last."),
        ("direction", "OrderDirection | None", "Which way, ASC unless given."),
    ]
    types.input(f"{name}Order", f"How to sort {resource.plural}.", order)


def _declare_revisions(types: Types) -> None:
    """Declare the types of the revisions of a record, which are those of records of any kind."""
    types.enumeration(RevisionAction.__name__, RevisionAction.__doc__ or "", RevisionAction.terms())
    revision: list[OutputField] = [
        ("revision", "int", "Its number; the first one is 1.", []),
        ("action", RevisionAction.__name__, "What was done to the record.", []),
        ("edition", "int", "The number of the edition that brought it. As `knownAt` it is written `e12345`.", []),
        ("knownFrom", "DateTime", "When readers could see it first.", []),
        ("knownTo", "DateTime | None", "When the next revision took its place; null for the last one.", []),
        ("reason", "str | None", "Why the record was changed or withdrawn, if that was said.", []),
        ("dataset", "str | None", "The dataset that it was loaded with.", []),
        (
            "changed",
            "list[str]",
            "The paths of the fields that differ from the version before: those of the record itself, the ids of its "
            "links, and its children. Empty for the first revision and for a withdrawal.",
            [],
        ),
        ("record", "Node | None", "The record as the revision left it; null if it was withdrawn.", []),
    ]
    types.output("Revision", "What was done to a record, and what changed.", revision)
    page: list[OutputField] = [
        ("nodes", "list[Revision]", "The revisions, newest first.", []),
        ("pageInfo", "PageInfo", "Where the page stands among the revisions.", []),
        ("edition", "int", "The number of the last edition that changed what the answer was read from.", []),
    ]
    types.output("RevisionConnection", "A page of revisions.", page)


def _describe_sort(field: Field) -> str:
    if field.deprecated:
        return term(field.description, deprecated=field.deprecated)
    return field.description


def _declare_filter(types: Types, resource: Resource) -> None:
    name = f"{pascal(resource.name)}Filter"
    fields: list[InputField] = []
    deprecated: dict[str, str] = {}
    for key, shape in filter_fields(types.version, resource).items():
        fields.append((key, f"{_filter_type(types, shape)} | None", shape.description))
        deprecated[key] = shape.deprecated
    if resource.searched:
        fields.append(("search", "Search | None", "Records that answer a full-text search."))
    fields += [
        ("and", f"list[{name}] | None", "Each of these holds."),
        ("or", f"list[{name}] | None", "At least one of these holds."),
        ("not", f"{name} | None", "This does not hold; what is unknown does not hold."),
    ]
    types.input(name, f"Which {resource.plural}: every field that is given must hold.", fields, deprecated)


def _filter_type(types: Types, shape: FilterShape) -> str:
    """Return the name of the input type of a field of a filter. Declare the type if need be."""
    if shape.link is not None:
        return _link_filter_type(types, shape.link)
    if len(shape.conditions) == 1:
        operator = shape.first_condition.operator
        if operator in PLAIN_TESTS:
            return PLAIN_TESTS[operator]
    return _test_type(types, shape)


def _link_filter_type(types: Types, link: Link) -> str:
    target_filter = f"{pascal(link.target)}Filter"
    if link.single:
        return target_filter
    name = f"{pascal(link.target)}Some"
    if not types.has(name):
        text = "At least one linked record passes the whole filter."
        types.input(name, text, [("some", f"{target_filter} | None", text)])
    return name


def _test_type(types: Types, shape: FilterShape) -> str:
    """Return the name of the input type that has a field for each operator. Declare the type if need be."""
    operand = _operand_annotation(shape)
    name = _test_type_name(shape, operand)
    if types.has(name):
        return name
    fields: list[InputField] = []
    for operator_name in shape.conditions:
        operator = OPERATORS[operator_name]
        annotation = operand
        if operator_name == "null":
            annotation = "bool"
        elif operator.takes in ("list", "identifier"):
            annotation = f"list[{operand}]"
        # A URL separates the values by commas, and GraphQL takes a list.
        meaning = operator.meaning.replace(", separated by commas", "")
        fields.append((operator.key, f"{annotation} | None", meaning))
    types.input(name, "Every test that is given must hold.", fields)
    return name


def _operand_annotation(shape: FilterShape) -> str:
    """Return the annotation of the values that the field is compared with."""
    for operator_name in shape.conditions:
        if operator_name in IDENTIFIED:
            return IDENTIFIED[operator_name][0]
    condition = shape.first_condition
    if condition.format == "id":
        return ID
    return type_annotation(condition.type)


def _test_type_name(shape: FilterShape, operand: str) -> str:
    if shape.conditions.keys() == {"null"}:
        return "NullTest"
    name = GRAPHQL_NAMES.get(operand, operand)
    if "null" in shape.conditions:
        name = f"Nullable{name}"
    if "has" in shape.conditions:
        name = f"{name}List"
    return f"{name}Test"
