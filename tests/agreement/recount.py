"""Count how much less an answer cost than it might have, from its document and its JSON by the formula of
docs/limits.md. No function of the service takes part.

The points of a filter, an order and a total are in the price and in what was used alike. So the difference consists of
rows alone. `Unseen` is raised if the answer does not show how many rows there were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    OperationDefinitionNode,
    SelectionSetNode,
    get_argument_values,
    get_directive_values,
    get_named_type,
    get_variable_values,
    parse,
)

from api import model

CHILDREN = tuple(name.capitalize() for name in model.CHILDREN)
RELAYS = 10
PAGE = 50


class Unseen(Exception):
    """The answer does not show which rows it was made of."""


@dataclass
class Recount:
    """Counts the points of answers over a schema."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    variables: Any = None

    def unused(self, text: str, name: str | None, variables: dict[str, Any], data: dict[str, Any]) -> int:
        """Return the points that are refunded."""
        operation = self._begin(parse(text), name, variables)
        query = self.schema.query_type
        assert query is not None
        possible = used_points = 0
        for key, nodes in self._fields(query, [operation.selection_set]).items():
            field = nodes[0].name.value
            if field.startswith("__"):
                continue
            if field == "nodes":
                pairs = [self._record(self._kind(nodes, record), nodes, record) for record in data[key]]
            elif field == "node":
                pairs = [self._record(self._kind(nodes, data[key]), nodes, data[key])]
            elif isinstance(page := get_named_type(query.fields[field].type), GraphQLObjectType):
                if "nodes" in page.fields:
                    pairs = [self._page(query, nodes, data[key])]
                else:
                    pairs = [self._record(page, nodes, data[key])]
            possible += sum(count for count, _ in pairs)
            used_points += sum(count for _, count in pairs)
        return possible - used_points

    def _begin(self, document: DocumentNode, name: str | None, variables: dict[str, Any]) -> OperationDefinitionNode:
        definitions = document.definitions
        self.fragments = {
            definition.name.value: definition
            for definition in definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        operations = [definition for definition in definitions if isinstance(definition, OperationDefinitionNode)]
        operation = next(
            operation for operation in operations if name is None or (operation.name and operation.name.value == name)
        )
        self.variables = get_variable_values(self.schema, operation.variable_definitions or (), variables)
        return operation

    def _kind(self, nodes: list[FieldNode], row: dict[str, Any] | None) -> GraphQLObjectType:
        """Return the type of a record that may be of any type."""
        if row is None or "__typename" not in row:
            raise Unseen
        kind = self.schema.type_map[row["__typename"]]
        assert isinstance(kind, GraphQLObjectType)
        return kind

    def _record(self, kind: GraphQLObjectType, nodes: list[FieldNode], row: Any) -> tuple[int, int]:
        """Return the points of a record at the root, at most and as it is. A missing record costs a point."""
        possible, used_points = self._links(kind, nodes, row)
        return 1 + possible, 1 + (used_points if row is not None else 0)

    def _links(self, kind: GraphQLObjectType, nodes: list[FieldNode], row: Any) -> tuple[int, int]:
        """Return the points of a record's links, at most and as they are. A link to a single record counts even if
        null."""
        possible = used_points = 0
        for key, below in self._fields(kind, [relay.selection_set for relay in nodes if relay.selection_set]).items():
            field = below[0].name.value
            if field == "__typename" or not below[0].selection_set:
                continue
            target = get_named_type(kind.fields[field].type)
            assert isinstance(target, GraphQLObjectType)
            value = None if row is None else row[key]
            if "nodes" in target.fields:
                most, least = self._page(kind, below, value, nested=True)
            elif field == "via":
                most, least = RELAYS * (1 + self._links(target, below, None)[0]), 0
                for relay in value or ():
                    least += 1 + self._links(target, below, relay)[1]
            elif "id" in target.fields:
                most, least = self._links(target, below, value)
                most, least = most + 1, least + 1
            else:
                continue
            possible, used_points = possible + most, used_points + least
        return possible, used_points

    def _page(
        self, parent: GraphQLObjectType, nodes: list[FieldNode], value: Any, nested: bool = False
    ) -> tuple[int, int]:
        field = parent.fields[nodes[0].name.value]
        page = get_named_type(field.type)
        arguments = get_argument_values(field, nodes[0], self.variables)
        if nested and arguments.get("filter"):
            raise Unseen  # The filter costs points for each row above it.
        size = next(
            (arguments[argument] for argument in ("last", "first") if arguments.get(argument) is not None), PAGE
        )
        assert isinstance(page, GraphQLObjectType)
        kind = get_named_type(page.fields["nodes"].type)
        assert isinstance(kind, GraphQLObjectType)
        own = 0 if nested and kind.name in CHILDREN else 1
        possible, used_points = size * own, None
        for has_rows, rows, below in self._occurrences(page, nodes, value):
            used_points = (len(rows) * own if used_points is None else used_points) if has_rows else used_points
            if below:
                possible += size * self._links(kind, below, None)[0]
                used_points = (used_points or 0) + sum(self._links(kind, below, row)[1] for row in rows)
        if used_points is None:
            if value is not None and own:
                raise Unseen
            used_points = 0
        return possible, used_points

    def _occurrences(
        self, page: GraphQLObjectType, nodes: list[FieldNode], value: Any
    ) -> Iterator[tuple[bool, list[Any], list[FieldNode]]]:
        """Yield each occurrence of a page's rows, and the selection on them."""
        for key, below in self._fields(page, [node.selection_set for node in nodes if node.selection_set]).items():
            rows = [] if value is None else value[key]
            if below[0].name.value == "nodes":
                yield True, rows, below
            elif below[0].name.value == "edges":
                edge = get_named_type(page.fields["edges"].type)
                assert isinstance(edge, GraphQLObjectType)
                yield True, rows, []
                for name, node_or_fragment in self._fields(
                    edge, [node.selection_set for node in below if node.selection_set]
                ).items():
                    if node_or_fragment[0].name.value == "node":
                        yield True, [row[name] for row in rows], node_or_fragment

    def _fields(self, parent: GraphQLObjectType, sets: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Return the fields of a selection by response key, with fragments resolved."""
        fields: dict[str, list[FieldNode]] = {}
        for selection_set in sets:
            self._gather(parent, selection_set, fields)
        return fields

    def _gather(
        self, parent: GraphQLObjectType, selections: SelectionSetNode, into: dict[str, list[FieldNode]]
    ) -> None:
        for node in selections.selections:
            skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
            include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
            if (skip or {}).get("if") is True or (include or {}).get("if") is False:
                continue
            if isinstance(node, FieldNode):
                into.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
                continue
            node_or_fragment: Any = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            condition = node_or_fragment.type_condition
            if condition is None or self._fits(parent, condition.name.value):
                self._gather(parent, node_or_fragment.selection_set, into)

    def _fits(self, parent: GraphQLObjectType, name: str) -> bool:
        condition = self.schema.type_map[name]
        return condition is parent or (isinstance(condition, GraphQLInterfaceType) and condition in parent.interfaces)
