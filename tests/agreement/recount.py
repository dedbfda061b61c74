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
        possible = used = 0
        for key, nodes in self._fields(query, [operation.selection_set]).items():
            asked = nodes[0].name.value
            if asked.startswith("__"):
                continue
            if asked == "nodes":
                pairs = [self._record(self._kind(nodes, one), nodes, one) for one in data[key]]
            elif asked == "node":
                pairs = [self._record(self._kind(nodes, data[key]), nodes, data[key])]
            elif isinstance(page := get_named_type(query.fields[asked].type), GraphQLObjectType):
                if "nodes" in page.fields:
                    pairs = [self._page(query, nodes, data[key])]
                else:
                    pairs = [self._record(page, nodes, data[key])]
            possible += sum(one for one, _ in pairs)
            used += sum(one for _, one in pairs)
        return possible - used

    def _begin(self, document: DocumentNode, name: str | None, variables: dict[str, Any]) -> OperationDefinitionNode:
        every = document.definitions
        self.fragments = {one.name.value: one for one in every if isinstance(one, FragmentDefinitionNode)}
        operations = [one for one in every if isinstance(one, OperationDefinitionNode)]
        chosen = next(one for one in operations if name is None or (one.name and one.name.value == name))
        self.variables = get_variable_values(self.schema, chosen.variable_definitions or (), variables)
        return chosen

    def _kind(self, nodes: list[FieldNode], row: dict[str, Any] | None) -> GraphQLObjectType:
        """Return the type of a record that may be of any type."""
        if row is None or "__typename" not in row:
            raise Unseen
        kind = self.schema.type_map[row["__typename"]]
        assert isinstance(kind, GraphQLObjectType)
        return kind

    def _record(self, kind: GraphQLObjectType, nodes: list[FieldNode], row: Any) -> tuple[int, int]:
        """Return the points of a record at the root, at most and as it is. A missing record costs a point."""
        possible, used = self._links(kind, nodes, row)
        return 1 + possible, 1 + (used if row is not None else 0)

    def _links(self, kind: GraphQLObjectType, nodes: list[FieldNode], row: Any) -> tuple[int, int]:
        """Return the points of a record's links, at most and as they are. A link to a single record counts even if
        null."""
        possible = used = 0
        for key, below in self._fields(kind, [one.selection_set for one in nodes if one.selection_set]).items():
            asked = below[0].name.value
            if asked == "__typename" or not below[0].selection_set:
                continue
            target = get_named_type(kind.fields[asked].type)
            assert isinstance(target, GraphQLObjectType)
            value = None if row is None else row[key]
            if "nodes" in target.fields:
                most, least = self._page(kind, below, value, nested=True)
            elif asked == "via":
                most, least = RELAYS * (1 + self._links(target, below, None)[0]), 0
                for one in value or ():
                    least += 1 + self._links(target, below, one)[1]
            elif "id" in target.fields:
                most, least = self._links(target, below, value)
                most, least = most + 1, least + 1
            else:
                continue
            possible, used = possible + most, used + least
        return possible, used

    def _page(
        self, parent: GraphQLObjectType, nodes: list[FieldNode], value: Any, nested: bool = False
    ) -> tuple[int, int]:
        declared = parent.fields[nodes[0].name.value]
        page = get_named_type(declared.type)
        given = get_argument_values(declared, nodes[0], self.variables)
        if nested and given.get("filter"):
            raise Unseen  # The filter costs points for each row above it.
        size = next((given[one] for one in ("last", "first") if given.get(one) is not None), PAGE)
        assert isinstance(page, GraphQLObjectType)
        kind = get_named_type(page.fields["nodes"].type)
        assert isinstance(kind, GraphQLObjectType)
        own = 0 if nested and kind.name in CHILDREN else 1
        possible, used = size * own, None
        for asked, rows, below in self._shown(page, nodes, value):
            used = (len(rows) * own if used is None else used) if asked else used
            if below:
                possible += size * self._links(kind, below, None)[0]
                used = (used or 0) + sum(self._links(kind, below, one)[1] for one in rows)
        if used is None:
            if value is not None and own:
                raise Unseen
            used = 0
        return possible, used

    def _shown(
        self, page: GraphQLObjectType, nodes: list[FieldNode], value: Any
    ) -> Iterator[tuple[bool, list[Any], list[FieldNode]]]:
        """Yield each occurrence of a page's rows, and the selection on them."""
        for key, below in self._fields(page, [one.selection_set for one in nodes if one.selection_set]).items():
            rows = [] if value is None else value[key]
            if below[0].name.value == "nodes":
                yield True, rows, below
            elif below[0].name.value == "edges":
                edge = get_named_type(page.fields["edges"].type)
                assert isinstance(edge, GraphQLObjectType)
                yield True, rows, []
                for name, there in self._fields(
                    edge, [one.selection_set for one in below if one.selection_set]
                ).items():
                    if there[0].name.value == "node":
                        yield True, [one[name] for one in rows], there

    def _fields(self, parent: GraphQLObjectType, sets: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Return the fields of a selection by response key, with fragments resolved."""
        found: dict[str, list[FieldNode]] = {}
        for one in sets:
            self._gather(parent, one, found)
        return found

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
            there: Any = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            if there.type_condition is None or self._fits(parent, there.type_condition.name.value):
                self._gather(parent, there.selection_set, into)

    def _fits(self, parent: GraphQLObjectType, name: str) -> bool:
        condition = self.schema.type_map[name]
        return condition is parent or (isinstance(condition, GraphQLInterfaceType) and condition in parent.interfaces)
