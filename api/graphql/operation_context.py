"""The fields that an operation selects and the values of their arguments, as graphql-core determines them: fragments,
aliases, merging, `@skip` and `@include`, coercion and its errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import FieldNode, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values

from api.catalog import DeprecatedPart, Version
from api.graphql.document import ParsedDocument
from api.query import Answer, Constant, EditionFinder, Item, Selection

FieldsByKey = dict[str, list[FieldDetails]]
SubfieldReader = Callable[[str, list[FieldDetails]], Answer]


class OperationContext:
    """An operation with the values of its variables. `outdated` collects the deprecated parts that it uses."""

    def __init__(
        self,
        version: Version,
        schema: GraphQLSchema,
        document: ParsedDocument,
        operation: OperationDefinitionNode,
        values: VariableValues,
        finder: EditionFinder,
    ) -> None:
        self.finder = finder
        self.version = version
        self._schema = schema
        self._operation = operation
        self._values = values
        self.outdated: list[DeprecatedPart] = []
        self._fragments = {name: FragmentDetails(node) for name, node in document.fragments.items()}

    def root_fields(self) -> FieldsByKey:
        """Return the fields of the operation, by response key."""
        return collect_fields(
            self._schema, self._fragments, self._values, self._type("Query"), self._operation
        ).grouped_field_set

    def read_selection(self, type_name: str, details: list[FieldDetails], read_field: SubfieldReader) -> Selection:
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

    def read_arguments(self, owner: str, node: FieldNode) -> dict[str, Any]:
        """Return the values of the arguments of a field of this type."""
        return get_argument_values(self._type(owner).fields[node.name.value], node, self._values)

    def _type(self, name: str) -> GraphQLObjectType:
        object_type = self._schema.type_map[name]
        assert isinstance(object_type, GraphQLObjectType)
        return object_type
