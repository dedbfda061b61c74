"""Make a Query of a valid operation with its variables. graphql-core determines the fields that are asked for, and the
values of arguments and variables: fragments, aliases, merging, `@skip` and `@include`, coercion and its errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values

from api.catalog import DeprecatedPart, Dimension, Field, Group, Link, Resource, Value, Version, has_counts, has_series
from api.errors import Fault, InvalidRequest
from api.graphql.arguments import check_size, read_edition, read_linked_set, read_root_list
from api.graphql.counts import (
    GROUP,
    NUMBERS,
    counts_name,
    key_answer,
    key_fields,
    label_fields,
    label_name,
    read_counts,
)
from api.graphql.declare import MAX_RECORDS
from api.graphql.document import DocumentRefused, ParsedDocument
from api.graphql.facets import read_facets_by
from api.graphql.limits import check_roots
from api.graphql.schema import MAX_NODES
from api.graphql.series import key_dimensions, part_fields, read_series, series_name
from api.graphql.shape import camel, pascal, record_fields
from api.query import (
    Answer,
    AsOf,
    Changed,
    ColumnField,
    Constant,
    CountAdditive,
    CountBucket,
    CountGroups,
    CountLabel,
    CountNumber,
    CountQualityField,
    Cursor,
    Edges,
    EditionFinder,
    EditionNumber,
    FacetFields,
    FacetName,
    Facets,
    FacetValue,
    HasMore,
    HasNext,
    HasPrevious,
    Item,
    LinkedRecord,
    LinkedRecords,
    ListQuery,
    Nodes,
    Object,
    ObjectField,
    Quality,
    Query,
    Record,
    Records,
    RevisionColumn,
    RevisionsQuery,
    Selection,
    SeriesList,
    SeriesSum,
    StoredRecord,
    Timeline,
    Total,
    record_points,
)
from api.query.counts import FACET_TOP
from api.query.cursor import continue_as_of, read_cursor, revisions_fingerprint
from api.query.group_query import SeriesListName
from api.query.own_fields import own_selection
from api.query.parse import IDENTIFIER
from api.query.sort import REVISION

FieldsByKey = dict[str, list[FieldDetails]]
SubfieldReader = Callable[[str, list[FieldDetails]], Answer]
INTROSPECTION_FIELDS = ("__schema", "__type")
# The finder of operations that name no edition.
NO_EDITIONS = EditionFinder(Timeline())
PAGE_INFO: dict[str, Answer] = {
    "hasNextPage": HasNext(),
    "hasPreviousPage": HasPrevious(),
    "startCursor": Cursor(last=False),
    "endCursor": Cursor(),
}


@dataclass(frozen=True)
class PlannedOperation:
    """The parts of an operation: a Query, all its response keys in order, and the fields of its introspection, which
    graphql-core answers."""

    query: Query | None
    keys: tuple[str, ...]
    introspection: tuple[FieldNode, ...]


def read_operation(
    version: Version,
    schema: GraphQLSchema,
    document: ParsedDocument,
    operation: OperationDefinitionNode,
    variables: dict[str, Any],
    hide_suggestions: bool = False,
    finder: EditionFinder = NO_EDITIONS,
) -> PlannedOperation:
    """Return the operation as a Query. DocumentRefused if a variable is wrong; InvalidRequest if an argument is.
    EditionPending if the process has to look at the store to know the edition that an argument names."""
    values = get_variable_values(schema, operation.variable_definitions or (), variables, 10, hide_suggestions)
    if isinstance(values, list):
        raise DocumentRefused(values)
    return _OperationReader(version, schema, document, operation, values, finder).read()


class _OperationReader:
    def __init__(
        self,
        version: Version,
        schema: GraphQLSchema,
        document: ParsedDocument,
        operation: OperationDefinitionNode,
        values: VariableValues,
        finder: EditionFinder,
    ) -> None:
        self._finder = finder
        self._version = version
        self._schema = schema
        self._operation = operation
        self._values = values
        self._outdated: list[DeprecatedPart] = []
        self._fragments = {name: FragmentDetails(node) for name, node in document.fragments.items()}

    def read(self) -> PlannedOperation:
        root_type = self._type("Query")
        root_fields: FieldsByKey = collect_fields(
            self._schema, self._fragments, self._values, root_type, self._operation
        ).grouped_field_set
        check_roots(len(root_fields))
        items: list[Item] = []
        introspection: list[FieldNode] = []
        for key, details in root_fields.items():
            node = details[0].node
            if node.name.value in INTROSPECTION_FIELDS:
                introspection += [field.node for field in details]
            else:
                items.append(Item(key, self._read_root(key, node, details)))
        query = None
        if items:
            outdated = tuple(dict.fromkeys(self._outdated))
            query = Query(self._version.name, Object(tuple(items)), outdated)
        return PlannedOperation(query, tuple(root_fields), tuple(introspection))

    def _read_root(self, key: str, node: FieldNode, details: list[FieldDetails]) -> Answer:
        name = node.name.value
        if name == "__typename":
            return Constant("Query")
        arguments = self._read_arguments("Query", node)
        if name == "node":
            return self._read_records([arguments["id"]], arguments, key, details, single=True)
        if name == "revisions":
            return self._read_revisions(arguments, key, details)
        if name == "nodes":
            ids = arguments["ids"]
            if len(ids) > MAX_NODES:
                raise _fault(f"{key}.ids", f"Expected at most {MAX_NODES} ids.")
            return self._read_records(ids, arguments, key, details)
        for resource in self._version.lists.values():
            if name == resource.name and resource.prefix:
                return self._read_records([arguments["id"]], arguments, key, details, resource, single=True)
            if has_counts(self._version, resource) and name == counts_name(resource):
                selection = self._read_counts(resource, details)
                return read_counts(self._version, resource, arguments, selection, key, self._outdated, self._finder)
            if has_series(self._version, resource) and name == series_name(resource):
                selection = self._read_series(resource, f"{pascal(resource.name)}SeriesList", details)
                return read_series(self._version, resource, arguments, selection, key, self._outdated, self._finder)
            if name == resource.plural:
                selection = self._read_connection(resource, details)
                return read_root_list(self._version, resource, arguments, selection, key, self._outdated, self._finder)
        raise GraphQLError(f"Query has no field {name}.", node)

    def _read_records(
        self,
        ids: list[str],
        arguments: dict[str, Any],
        key: str,
        details: list[FieldDetails],
        expected: Resource | None = None,
        *,
        single: bool = False,
    ) -> Records:
        as_of = read_edition(arguments, key, self._finder.find)
        records = tuple(self._read_by_id(identifier, details, as_of, expected) for identifier in ids)
        return Records(records, single, as_of)

    def _read_by_id(
        self, identifier: str, details: list[FieldDetails], as_of: AsOf | None, expected: Resource | None = None
    ) -> Record | None:
        """Return the record with this id; None if no record can have it, or only one of another resource than
        `expected`."""
        resource = self._version.by_prefix(identifier)
        if resource is None or not IDENTIFIER.fullmatch(identifier):
            return None
        if expected is not None and resource is not expected:
            return None
        return Record(resource.name, identifier, self._read_record(resource, details), as_of)

    def _read_revisions(self, arguments: dict[str, Any], key: str, details: list[FieldDetails]) -> Answer:
        identifier = arguments["id"]
        resource = self._version.by_prefix(identifier)
        as_of = read_edition(arguments, key, self._finder.find)
        if resource is None or not IDENTIFIER.fullmatch(identifier):
            return Records((None,), single=True)
        selection = self._read_selection("RevisionConnection", details, partial(self._read_revision_page, resource))
        mark = revisions_fingerprint(self._version.name, identifier)
        size = check_size(arguments["first"], MAX_RECORDS, f"{key}.first")
        before = None
        if arguments.get("after") is not None:
            path = f"{key}.after"
            cursor = read_cursor(arguments["after"], mark, REVISION, path)
            before = cursor.position[1]
            as_of = continue_as_of(cursor, as_of, self._finder, (resource.name,), path)
        return RevisionsQuery(resource.name, identifier, size, selection, before, mark, as_of)

    def _read_revision_page(self, resource: Resource, name: str, details: list[FieldDetails]) -> Answer:
        match name:
            case "nodes":
                revision = self._read_selection("Revision", details, partial(self._read_revision, resource))
                return Nodes(revision)
            case "pageInfo":
                return Object(self._read_page_info(details))
            case _:
                return EditionNumber()

    def _read_revision(self, resource: Resource, name: str, details: list[FieldDetails]) -> Answer:
        if name == "changed":
            return Changed(own_selection(self._version, resource, camel))
        if name == "record":
            selection = self._read_record(resource, details)
            return StoredRecord(selection, record_points(self._version, selection))
        column = {"knownFrom": "known_from", "knownTo": "known_to"}.get(name, name)
        return RevisionColumn(column, upper=name == "action")

    def _read_connection(self, resource: Resource, details: list[FieldDetails]) -> Selection:
        def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
            match name:
                case "nodes":
                    return Nodes(self._read_record(resource, subfields))
                case "edges":
                    return Edges(self._read_edge(resource, subfields))
                case "pageInfo":
                    return Object(self._read_page_info(subfields))
                case "totalCount":
                    return Total()
                case "edition":
                    return EditionNumber()
                case "facets":
                    return self._read_facets(resource, subfields)
                case _:
                    return Quality(upper=True)

        return self._read_selection(f"{pascal(resource.name)}Connection", details, read_field)

    def _read_facets(self, resource: Resource, details: list[FieldDetails]) -> Answer:
        node = details[0].node
        arguments = self._read_arguments(f"{pascal(resource.name)}Connection", node)
        by = read_facets_by(self._version, resource, arguments, node.alias.value if node.alias else node.name.value)

        def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
            match name:
                case "total":
                    return CountNumber("total")
                case "quality":
                    return CountQualityField(upper=True)
                case _:
                    return FacetFields(self._read_selection("Facet", subfields, self._read_facet))

        return Facets(by, FACET_TOP, self._read_selection("Facets", details, read_field))

    def _read_facet(self, name: str, details: list[FieldDetails]) -> Answer:
        match name:
            case "field":
                return FacetName(upper=True)
            case "additive":
                return CountAdditive()
            case "data":
                return CountGroups(self._read_selection("FacetValue", details, _read_facet_value))
            case _:
                return Object(self._read_numbers("CountRest", details))

    def _read_counts(self, resource: Resource, details: list[FieldDetails]) -> Selection:
        def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
            match name:
                case "data":
                    return CountGroups(self._read_group_of_records(resource, subfields))
                case "rest":
                    return Object(self._read_numbers("CountRest", subfields))
                case "unplaced":
                    return Object(self._read_numbers("CountUnplaced", subfields))
                case "total":
                    return CountNumber("total")
                case "quality":
                    return CountQualityField(upper=True)
                case _:
                    return CountAdditive()

        return self._read_selection(f"{pascal(resource.name)}Counts", details, read_field)

    def _read_numbers(self, type_name: str, details: list[FieldDetails]) -> Selection:
        def read_field(name: str, _: list[FieldDetails]) -> Answer:
            return CountNumber(NUMBERS[type_name][name])

        return self._read_selection(type_name, details, read_field)

    def _read_group_of_records(self, resource: Resource, details: list[FieldDetails]) -> Selection:
        def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
            if name == "key":
                return Object(self._read_count_key(resource, subfields))
            return CountNumber(GROUP[name])

        return self._read_selection(f"{pascal(resource.name)}Count", details, read_field)

    def _read_count_key(self, resource: Resource, details: list[FieldDetails]) -> Selection:
        values, labels = key_fields(self._version, resource), label_fields(self._version, resource)

        def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
            if name in values:
                return key_answer(self._version, resource, values[name])
            if name in labels:
                return self._read_label(labels[name], subfields)
            return CountBucket()

        return self._read_selection(f"{pascal(resource.name)}CountKey", details, read_field)

    def _read_label(self, dimension: Dimension, details: list[FieldDetails]) -> CountLabel:
        target = self._version[dimension.target]
        fields = {camel(name): target.fields[name] for name in target.label}

        def read_field(name: str, _: list[FieldDetails]) -> Answer:
            field = fields[name]
            return ColumnField(field.name, upper=field.type.name == "vocabulary")

        return CountLabel(dimension, self._read_selection(label_name(dimension), details, read_field))

    def _read_series(self, resource: Resource, type_name: str, details: list[FieldDetails]) -> Selection:
        """Return the selection of an object in the answer of series, by the name of its type."""
        name = pascal(resource.name)
        values = part_fields(resource, type_name)
        key = key_dimensions(self._version, resource)
        lists: dict[tuple[str, str], tuple[SeriesListName, str]] = {
            (f"{name}SeriesList", "data"): ("series", f"{name}Series"),
            (f"{name}SeriesList", "envelope"): ("envelopes", f"{name}Envelope"),
            (f"{name}Series", "points"): ("points", f"{name}SeriesPoint"),
            (f"{name}Envelope", "points"): ("envelope_points", f"{name}EnvelopePoint"),
        }
        objects = {"key": f"{name}SeriesKey", "last": f"{name}SeriesLast", "rest": "SeriesRest"}

        def read_field(field_name: str, subfields: list[FieldDetails]) -> Answer:
            if type_name == f"{name}SeriesKey":
                return key_answer(self._version, resource, key[field_name])
            if field_name in values:
                return values[field_name]
            if (type_name, field_name) in lists:
                list_name, item_type = lists[type_name, field_name]
                return SeriesList(list_name, self._read_series(resource, item_type, subfields))
            if field_name == "sum":
                return SeriesSum(self._read_series(resource, f"{name}SeriesSum", subfields))
            if field_name == "bucket":
                return CountBucket()
            return Object(self._read_series(resource, objects[field_name], subfields))

        return self._read_selection(type_name, details, read_field)

    def _read_edge(self, resource: Resource, details: list[FieldDetails]) -> Selection:
        def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
            if name == "cursor":
                return Cursor()
            return Object(self._read_record(resource, subfields))

        return self._read_selection(f"{pascal(resource.name)}Edge", details, read_field)

    def _read_page_info(self, details: list[FieldDetails]) -> Selection:
        def read_field(name: str, _: list[FieldDetails]) -> Answer:
            return PAGE_INFO[name]

        return self._read_selection("PageInfo", details, read_field)

    def _read_record(self, resource: Resource, details: list[FieldDetails]) -> Selection:
        shapes = record_fields(self._version, resource)
        type_name = pascal(resource.name)

        def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
            shape = shapes[name]
            if isinstance(shape.of, Link):
                return self._read_link(type_name, shape.of, shape.ids, subfields)
            if isinstance(shape.of, Group):
                return Object(self._read_group(resource, shape.of, subfields))
            return self._read_field(shape.of, subfields)

        return self._read_selection(type_name, details, read_field)

    def _read_group(self, resource: Resource, group: Group, details: list[FieldDetails]) -> Selection:
        fields = {camel(key): field for key, field in resource.within(group).items()}

        def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
            return self._read_field(fields[name], subfields)

        return self._read_selection(group.title, details, read_field)

    def _read_field(self, field: Field, details: list[FieldDetails]) -> Answer:
        if field.type.name == "value":
            return ObjectField(field.name, field.type.many, self._read_value(field.type.of, details))
        return ColumnField(field.name, upper=field.type.name == "vocabulary")

    def _read_value(self, value_class: type[Value], details: list[FieldDetails]) -> Selection:
        columns = {camel(column): column for column in value_class.fields()}

        def read_field(name: str, _: list[FieldDetails]) -> Answer:
            return ColumnField(columns[name])

        return self._read_selection(value_class.__name__, details, read_field)

    def _read_link(self, owner: str, link: Link, ids: bool, details: list[FieldDetails]) -> Answer:
        if ids:
            return ColumnField(link.by)
        target = self._version[link.target]
        if link.kind == "one":
            return LinkedRecord(link.name, self._read_record(target, details))
        if link.kind == "several":
            return LinkedRecords(link.name, self._read_record(target, details))
        return self._read_set(owner, link, target, details)

    def _read_set(self, owner: str, link: Link, target: Resource, details: list[FieldDetails]) -> ListQuery:
        def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
            if name == "hasMore":
                return HasMore()
            return Nodes(self._read_record(target, subfields))

        selection = self._read_selection(f"{pascal(target.name)}Set", details, read_field)
        node = details[0].node
        key = node.alias.value if node.alias else node.name.value
        arguments = self._read_arguments(owner, node)
        return read_linked_set(self._version, link, arguments, selection, key, self._outdated)

    def _read_selection(self, type_name: str, details: list[FieldDetails], read_field: SubfieldReader) -> Selection:
        """Return the fields that are selected of an object of this type, by response key."""
        selected: FieldsByKey = collect_subfields(
            self._schema, self._fragments, self._values, self._operation, self._type(type_name), details
        ).grouped_field_set
        items: list[Item] = []
        for key, subfields in selected.items():
            name = subfields[0].node.name.value
            if name == "__typename":
                items.append(Item(key, Constant(type_name)))
            else:
                items.append(Item(key, read_field(name, subfields)))
        return tuple(items)

    def _read_arguments(self, owner: str, node: FieldNode) -> dict[str, Any]:
        return get_argument_values(self._type(owner).fields[node.name.value], node, self._values)

    def _type(self, name: str) -> GraphQLObjectType:
        object_type = self._schema.type_map[name]
        assert isinstance(object_type, GraphQLObjectType)
        return object_type


def _read_facet_value(name: str, _: list[FieldDetails]) -> Answer:
    if name == "value":
        return FacetValue(upper=True)
    return CountNumber(GROUP[name])


def _fault(path: str, detail: str) -> InvalidRequest:
    return InvalidRequest(f"{path}: {detail}", (Fault(path, detail),))
