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
        "An identifier in another system.",
        [("scheme", "str", "The scheme of the identifier."), ("value", "str", "The identifier.")],
    ),
    "subject": (
        "SubjectInput",
        "A subject, as a code of a scheme.",
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
    types.interface("Node", "An object with a public id.", [("id", "strawberry.ID", "The public id.")])
    types.enumeration("OrderDirection", "The sort direction.", {"asc": "Ascending.", "desc": "Descending."})
    quality = {
        "exact": "Every record was counted.",
        "estimated": "Estimated from a sample.",
        "at_least": "Counting stopped at 100,000. There are more records.",
    }
    types.enumeration("TotalQuality", "The quality of a total.", quality)
    page: list[OutputField] = [
        ("hasNextPage", "bool", "True if more records follow.", []),
        ("hasPreviousPage", "bool", "True if records come before the page.", []),
        ("startCursor", "str | None", "The cursor of the first record. Null on an empty page.", []),
        ("endCursor", "str | None", "The cursor of the last record. Null on an empty page.", []),
    ]
    types.output("PageInfo", "The position of a page in its list (Relay).", page)
    search = [
        ("text", "str", 'The search terms: words, "a phrase", or, -not, prefixes (corr*). Accents are ignored.'),
        ("language", "str | None", "The language for stemming [BCP 47]. Defaults to `en`."),
    ]
    types.input("Search", "A full-text search.", search)
    box = [
        ("west", "float", "The western edge, in degrees."),
        ("south", "float", "The southern edge, in degrees."),
        ("east", "float", "The eastern edge, in degrees."),
        ("north", "float", "The northern edge, in degrees."),
    ]
    crossing = "170 to 190 and 170 to -170 are the same box across the antimeridian"
    types.input("Box", f"A box on the globe (RFC 7946). Longitudes beyond 180 are wrapped: {crossing}.", box)
    near = [
        ("latitude", "float", "The latitude in degrees north."),
        ("longitude", "float", "The longitude in degrees east."),
        ("kilometres", "float", "The maximum distance in kilometres."),
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
    fields: list[OutputField] = []
    for field in field_class.fields().values():
        annotation = field_annotation(field)
        fields.append((camel(field.name), annotation, field.description, []))
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
        ("first", "int", link.default, f"The number of records to return, at most {MAX_LINKED}."),
        ("filter", f"{pascal(link.target)}Filter | None", strawberry.UNSET, "A filter for the linked records."),
    ]


def _declare_set(types: Types, resource: Resource) -> None:
    name = pascal(resource.name)
    fields: list[OutputField] = [
        ("nodes", f"list[{name}]", "The records.", []),
        ("hasMore", "bool", "True if the record has more than the response contains.", []),
    ]
    types.output(f"{name}Set", f"Some {resource.plural} of one record.", fields)


def _declare_connection(types: Types, resource: Resource) -> None:
    name = pascal(resource.name)
    edge: list[OutputField] = [
        ("node", name, "The record.", []),
        ("cursor", "str", "The cursor of the record in the list.", []),
    ]
    types.output(f"{name}Edge", f"An entry of a list of {resource.plural}.", edge)
    fields: list[OutputField] = [
        ("edges", f"list[{name}Edge]", "The records, each with its cursor.", []),
        ("nodes", f"list[{name}]", "The records.", []),
        ("pageInfo", "PageInfo", "The position of the page in the list.", []),
        (
            "totalCount",
            "int",
            "The number of records that match the filter, up to 100,000. Counted only if selected.",
            [],
        ),
        ("totalQuality", "TotalQuality", "The quality of `totalCount`.", []),
    ]
    if types.version.history:
        edition = "The number of the last edition that changed the data of the response."
        fields.append(("edition", "int", edition, []))
    if has_counts(types.version, resource):
        fields.append(facets_field(resource))
    types.output(f"{name}Connection", f"A page of {resource.plural} (Relay).", fields)
    terms: dict[str, str] = {}
    for field_name in resource.sortable:
        terms[field_name] = _describe_sort(resource.fields[field_name])
    if resource.searched:
        terms["relevance"] = "The relevance for `search`: the best match first, in either direction."
    types.enumeration(f"{name}OrderField", f"A field that {resource.plural} can be sorted by.", terms)
    order = [
        (
            "field",
            f"{name}OrderField",
            f"The field to sort by. Ties are broken by {resource.key}, and nulls come last.",
        ),
        ("direction", "OrderDirection | None", "The sort direction. Defaults to ASC."),
    ]
    types.input(f"{name}Order", f"The sort order of {resource.plural}.", order)


def _declare_revisions(types: Types) -> None:
    """Declare the types of the revisions of a record, which are those of records of any kind."""
    types.enumeration(RevisionAction.__name__, RevisionAction.__doc__ or "", RevisionAction.terms())
    revision: list[OutputField] = [
        ("revision", "int", "The number of the revision, from 1.", []),
        ("action", RevisionAction.__name__, "The type of change to the record.", []),
        ("edition", "int", "The number of the edition with the revision. Write it as `e12345` in `knownAt`.", []),
        ("knownFrom", "DateTime", "The time from which readers could see the revision.", []),
        (
            "knownTo",
            "DateTime | None",
            "The time at which the next revision replaced it. Null for the last revision.",
            [],
        ),
        ("reason", "str | None", "The reason for the change or the withdrawal, if one was given.", []),
        ("dataset", "str | None", "The dataset that the revision was loaded with.", []),
        (
            "changed",
            "list[str]",
            "The paths of the fields that differ from the previous revision: those of the record itself, the ids of "
            "its links, and its children. Empty for the first revision and for a withdrawal.",
            [],
        ),
        ("record", "Node | None", "The record after the revision. Null if it was withdrawn.", []),
    ]
    types.output("Revision", "A change to a record, with the affected fields.", revision)
    page: list[OutputField] = [
        ("nodes", "list[Revision]", "The revisions, newest first.", []),
        ("pageInfo", "PageInfo", "The position of the page in the list of revisions.", []),
        ("edition", "int", "The number of the last edition that changed the data of the response.", []),
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
        fields.append(("search", "Search | None", "Records that match a full-text search."))
    fields += [
        ("and", f"list[{name}] | None", "All of these filters must match."),
        ("or", f"list[{name}] | None", "At least one of these filters must match."),
        ("not", f"{name} | None", "This filter must not match. A comparison with an unknown value counts as no match."),
    ]
    types.input(name, f"A filter for {resource.plural}. All given fields must match.", fields, deprecated)


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
        text = "At least one linked record matches the whole filter."
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
    types.input(name, "All given conditions must match.", fields)
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
