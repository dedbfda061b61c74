"""Make a Query of a valid operation with its variables: read its roots, the pages of lists, and revisions.

What is selected of records is read in record_selection.py, and what is selected of counts, facets and series in
group_selection.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import get_variable_values

from api.catalog import Resource, Version, has_counts, has_series
from api.errors import Fault, InvalidRequest
from api.graphql.arguments import check_size, read_edition, read_root_list
from api.graphql.counts import counts_name, read_counts
from api.graphql.declare import MAX_RECORDS
from api.graphql.document import DocumentRefused, ParsedDocument
from api.graphql.group_selection import counts_selection, list_facets, series_selection
from api.graphql.limits import check_roots
from api.graphql.operation_context import OperationContext
from api.graphql.record_selection import record_selection
from api.graphql.schema import MAX_NODES
from api.graphql.series import read_series, series_name
from api.graphql.shape import camel, pascal
from api.query import (
    Answer,
    AsOf,
    Changed,
    Constant,
    Cursor,
    Edges,
    EditionFinder,
    EditionNumber,
    HasNext,
    HasPrevious,
    Item,
    Nodes,
    Object,
    Quality,
    Query,
    Record,
    Records,
    RevisionColumn,
    RevisionsQuery,
    Selection,
    StoredRecord,
    Timeline,
    Total,
    record_points,
)
from api.query.cursor import continue_as_of, read_cursor, revisions_fingerprint
from api.query.own_fields import own_selection
from api.query.parse import IDENTIFIER
from api.query.sort import REVISION

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
    context = OperationContext(version, schema, document, operation, values, finder)
    root_fields = context.root_fields()
    check_roots(len(root_fields))
    items: list[Item] = []
    introspection: list[FieldNode] = []
    for key, details in root_fields.items():
        node = details[0].node
        if node.name.value in INTROSPECTION_FIELDS:
            introspection += [field.node for field in details]
        else:
            items.append(Item(key, _read_root(context, key, node, details)))
    query = None
    if items:
        outdated = tuple(dict.fromkeys(context.outdated))
        query = Query(version.name, Object(tuple(items)), outdated)
    return PlannedOperation(query, tuple(root_fields), tuple(introspection))


def _read_root(context: OperationContext, key: str, node: FieldNode, details: list[FieldDetails]) -> Answer:
    name = node.name.value
    if name == "__typename":
        return Constant("Query")
    arguments = context.read_arguments("Query", node)
    if name == "node":
        return _read_records(context, [arguments["id"]], arguments, key, details, single=True)
    if name == "revisions":
        return _read_revisions(context, arguments, key, details)
    if name == "nodes":
        ids = arguments["ids"]
        if len(ids) > MAX_NODES:
            raise _fault(f"{key}.ids", f"Expected at most {MAX_NODES} ids.")
        return _read_records(context, ids, arguments, key, details)
    for resource in context.version.lists.values():
        if name == resource.name and resource.prefix:
            return _read_records(context, [arguments["id"]], arguments, key, details, resource, single=True)
        if has_counts(context.version, resource) and name == counts_name(resource):
            selection = counts_selection(context, resource, details)
            return read_counts(context.version, resource, arguments, selection, key, context.outdated, context.finder)
        if has_series(context.version, resource) and name == series_name(resource):
            selection = series_selection(context, resource, f"{pascal(resource.name)}SeriesList", details)
            return read_series(context.version, resource, arguments, selection, key, context.outdated, context.finder)
        if name == resource.plural:
            selection = _read_connection(context, resource, details)
            return read_root_list(
                context.version, resource, arguments, selection, key, context.outdated, context.finder
            )
    raise GraphQLError(f"Query has no field {name}.", node)


def _read_records(
    context: OperationContext,
    ids: list[str],
    arguments: dict[str, Any],
    key: str,
    details: list[FieldDetails],
    expected: Resource | None = None,
    *,
    single: bool = False,
) -> Records:
    as_of = read_edition(arguments, key, context.finder.find)
    records = tuple(_read_by_id(context, identifier, details, as_of, expected) for identifier in ids)
    return Records(records, single, as_of)


def _read_by_id(
    context: OperationContext,
    identifier: str,
    details: list[FieldDetails],
    as_of: AsOf | None,
    expected: Resource | None = None,
) -> Record | None:
    """Return the record with this id; None if no record can have it, or only one of another resource than
    `expected`."""
    resource = context.version.by_prefix(identifier)
    if resource is None or not IDENTIFIER.fullmatch(identifier):
        return None
    if expected is not None and resource is not expected:
        return None
    return Record(resource.name, identifier, record_selection(context, resource, details), as_of)


def _read_revisions(
    context: OperationContext, arguments: dict[str, Any], key: str, details: list[FieldDetails]
) -> Answer:
    identifier = arguments["id"]
    resource = context.version.by_prefix(identifier)
    as_of = read_edition(arguments, key, context.finder.find)
    if resource is None or not IDENTIFIER.fullmatch(identifier):
        return Records((None,), single=True)
    selection = context.read_selection("RevisionConnection", details, partial(_read_revision_page, context, resource))
    fingerprint = revisions_fingerprint(context.version.name, identifier)
    size = check_size(arguments["first"], MAX_RECORDS, f"{key}.first")
    before = None
    if arguments.get("after") is not None:
        path = f"{key}.after"
        cursor = read_cursor(arguments["after"], fingerprint, REVISION, path)
        before = cursor.position[1]
        as_of = continue_as_of(cursor, as_of, context.finder, (resource.name,), path)
    return RevisionsQuery(resource.name, identifier, size, selection, before, fingerprint, as_of)


def _read_revision_page(
    context: OperationContext, resource: Resource, name: str, details: list[FieldDetails]
) -> Answer:
    match name:
        case "nodes":
            revision = context.read_selection("Revision", details, partial(_read_revision, context, resource))
            return Nodes(revision)
        case "pageInfo":
            return Object(_read_page_info(context, details))
        case _:
            return EditionNumber()


def _read_revision(context: OperationContext, resource: Resource, name: str, details: list[FieldDetails]) -> Answer:
    if name == "changed":
        return Changed(own_selection(context.version, resource, camel))
    if name == "record":
        selection = record_selection(context, resource, details)
        return StoredRecord(selection, record_points(context.version, selection))
    column = {"knownFrom": "known_from", "knownTo": "known_to"}.get(name, name)
    return RevisionColumn(column, upper=name == "action")


def _read_connection(context: OperationContext, resource: Resource, details: list[FieldDetails]) -> Selection:
    def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
        match name:
            case "nodes":
                return Nodes(record_selection(context, resource, subfields))
            case "edges":
                return Edges(_read_edge(context, resource, subfields))
            case "pageInfo":
                return Object(_read_page_info(context, subfields))
            case "totalCount":
                return Total()
            case "edition":
                return EditionNumber()
            case "facets":
                return list_facets(context, resource, subfields)
            case _:
                return Quality(upper=True)

    return context.read_selection(f"{pascal(resource.name)}Connection", details, read_field)


def _read_edge(context: OperationContext, resource: Resource, details: list[FieldDetails]) -> Selection:
    def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
        if name == "cursor":
            return Cursor()
        return Object(record_selection(context, resource, subfields))

    return context.read_selection(f"{pascal(resource.name)}Edge", details, read_field)


def _read_page_info(context: OperationContext, details: list[FieldDetails]) -> Selection:
    def read_field(name: str, _: list[FieldDetails]) -> Answer:
        return PAGE_INFO[name]

    return context.read_selection("PageInfo", details, read_field)


def _fault(path: str, detail: str) -> InvalidRequest:
    return InvalidRequest(f"{path}: {detail}", (Fault(path, detail),))
