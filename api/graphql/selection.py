"""Make a Query of a valid operation with its variables. graphql-core determines the fields that are asked for, and the
values of arguments and variables: fragments, aliases, merging, `@skip` and `@include`, coercion and its errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values

from api.catalog import DeprecatedPart, Field, Link, Resource, Value, Version
from api.errors import Fault, InvalidRequest
from api.graphql.arguments import list_of, set_of
from api.graphql.document import DocumentRefused, ParsedDocument
from api.graphql.limits import check_roots
from api.graphql.schema import NODES_MOST
from api.graphql.shape import FieldShape, camel, pascal, shown
from api.query import (
    Answer,
    ColumnField,
    Constant,
    Cursor,
    Edges,
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
    Selection,
    Total,
)
from api.query.parse import IDENTIFIER

Grouped = dict[str, list[FieldDetails]]
Make = Callable[[str, list[FieldDetails]], Answer]
PAGE: dict[str, Answer] = {
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
) -> PlannedOperation:
    """Return the operation as a Query. DocumentRefused if a variable is wrong; InvalidRequest if an argument is."""
    values = get_variable_values(schema, operation.variable_definitions or (), variables, 10, hide_suggestions)
    if isinstance(values, list):
        raise DocumentRefused(values)
    return _Reader(version, schema, document, operation, values).operation()


class _Reader:
    def __init__(
        self,
        version: Version,
        schema: GraphQLSchema,
        document: ParsedDocument,
        operation: OperationDefinitionNode,
        values: VariableValues,
    ) -> None:
        self._version = version
        self._schema = schema
        self._operation = operation
        self._values = values
        self._outdated: list[DeprecatedPart] = []
        self._fragments = {name: FragmentDetails(node) for name, node in document.fragments.items()}

    def operation(self) -> PlannedOperation:
        root = self._type("Query")
        grouped = collect_fields(self._schema, self._fragments, self._values, root, self._operation).grouped_field_set
        check_roots(len(grouped))
        entries = []
        introspection = []
        for key, details in grouped.items():
            node = details[0].node
            if node.name.value in ("__schema", "__type"):
                introspection += [one.node for one in details]
            else:
                entries.append(Item(key, self._root(key, node, details)))
        old = tuple(dict.fromkeys(self._outdated))
        query = Query(self._version.name, Object(tuple(entries)), old) if entries else None
        return PlannedOperation(query, tuple(grouped), tuple(introspection))

    def _root(self, key: str, node: FieldNode, details: list[FieldDetails]) -> Answer:
        name = node.name.value
        if name == "__typename":
            return Constant("Query")
        arguments = self._arguments("Query", node)
        if name == "node":
            return Records((self._by_id(arguments["id"], details),), single=True)
        if name == "nodes":
            ids = arguments["ids"]
            if len(ids) > NODES_MOST:
                raise _fault(f"{key}.ids", f"Expected at most {NODES_MOST} ids.")
            return Records(tuple(self._by_id(one, details) for one in ids))
        for resource in self._version.lists.values():
            if name == resource.name and resource.prefix:
                return Records((self._by_id(arguments["id"], details, resource),), single=True)
            if name == resource.plural:
                selection = self._connection(resource, details)
                return list_of(self._version, resource, arguments, selection, key, self._outdated)
        raise GraphQLError(f"Query has no field {name}.", node)

    def _by_id(self, identifier: str, details: list[FieldDetails], wanted: Resource | None = None) -> Record | None:
        resource = self._version.by_prefix(identifier)
        if resource is None or wanted not in (None, resource) or not IDENTIFIER.fullmatch(identifier):
            return None
        return Record(resource.name, identifier, self._record(resource, details))

    def _connection(self, resource: Resource, details: list[FieldDetails]) -> Selection:
        name = f"{pascal(resource.name)}Connection"

        def make(field: str, below: list[FieldDetails]) -> Answer:
            match field:
                case "nodes":
                    return Nodes(self._record(resource, below))
                case "edges":
                    return Edges(self._edge(resource, below))
                case "pageInfo":
                    return Object(self._entries("PageInfo", below, lambda one, _: PAGE[one]))
                case "totalCount":
                    return Total()
                case _:
                    return Quality(upper=True)

        return self._entries(name, details, make)

    def _edge(self, resource: Resource, details: list[FieldDetails]) -> Selection:
        def make(field: str, below: list[FieldDetails]) -> Answer:
            return Cursor() if field == "cursor" else Object(self._record(resource, below))

        return self._entries(f"{pascal(resource.name)}Edge", details, make)

    def _record(self, resource: Resource, details: list[FieldDetails]) -> Selection:
        fields = shown(self._version, resource)
        name = pascal(resource.name)
        return self._entries(name, details, lambda field, below: self._shown(resource, name, fields[field], below))

    def _shown(self, resource: Resource, owner: str, row: FieldShape, details: list[FieldDetails]) -> Answer:
        if isinstance(row.of, Link):
            return self._link(owner, row.of, row.ids, details)
        if isinstance(row.of, Field):
            return self._field(row.of, details)
        fields = {camel(key): field for key, field in resource.within(row.of).items()}
        return Object(self._entries(row.of.title, details, lambda name, below: self._field(fields[name], below)))

    def _field(self, field: Field, details: list[FieldDetails]) -> Answer:
        if field.type.name == "value":
            return ObjectField(field.name, field.type.many, self._value(field.type.of, details))
        return ColumnField(field.name, upper=field.type.name == "vocabulary")

    def _link(self, owner: str, link: Link, ids: bool, details: list[FieldDetails]) -> Answer:
        if ids:
            return ColumnField(link.by)
        target = self._version[link.target]
        if link.kind == "one":
            return LinkedRecord(link.name, self._record(target, details))
        if link.kind == "several":
            return LinkedRecords(link.name, self._record(target, details))
        return self._set(owner, link, target, details)

    def _set(self, owner: str, link: Link, target: Resource, details: list[FieldDetails]) -> ListQuery:
        def make(field: str, below: list[FieldDetails]) -> Answer:
            return HasMore() if field == "hasMore" else Nodes(self._record(target, below))

        node = details[0].node
        selection = self._entries(f"{pascal(target.name)}Set", details, make)
        key = node.alias.value if node.alias else node.name.value
        return set_of(self._version, link, self._arguments(owner, node), selection, key, self._outdated)

    def _value(self, kind: type[Value], details: list[FieldDetails]) -> Selection:
        names = {camel(one): one for one in kind.fields()}
        return self._entries(kind.__name__, details, lambda field, _: ColumnField(names[field]))

    def _entries(self, name: str, details: list[FieldDetails], make: Make) -> Selection:
        grouped: Grouped = collect_subfields(
            self._schema, self._fragments, self._values, self._operation, self._type(name), details
        ).grouped_field_set
        entries = []
        for key, below in grouped.items():
            field = below[0].node.name.value
            entries.append(Item(key, Constant(name) if field == "__typename" else make(field, below)))
        return tuple(entries)

    def _arguments(self, owner: str, node: FieldNode) -> dict[str, Any]:
        return get_argument_values(self._type(owner).fields[node.name.value], node, self._values)

    def _type(self, name: str) -> GraphQLObjectType:
        found = self._schema.type_map[name]
        assert isinstance(found, GraphQLObjectType)
        return found


def _fault(path: str, detail: str) -> InvalidRequest:
    return InvalidRequest(f"{path}: {detail}", (Fault(path, detail),))
