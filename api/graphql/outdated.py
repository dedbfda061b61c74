"""Find the deprecated parts that an operation uses: the fields that it selects and their arguments, the fields of its
inputs and the terms of its enums, in the document or in the variables. Names are schema coordinates: `Event.mood`,
`Query.events(mood:)`, `EventFilter.mood`, `EventKind.WAR`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    EnumValueNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLType,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    type_from_ast,
    visit,
)

from api.catalog import DeprecatedPart
from api.graphql.document import ParsedDocument


def outdated(
    schema: GraphQLSchema, document: ParsedDocument, operation: OperationDefinitionNode, variables: dict[str, Any]
) -> tuple[DeprecatedPart, ...]:
    """Return each deprecated part once: those of the operation, of the fragments that it reaches, however deep, and of
    the variables."""
    info = TypeInfo(schema)
    finder = _Finder(info)
    visitor = TypeInfoVisitor(info, finder)
    visit(operation, visitor)
    # Other operations of the document may have fragments of their own, which this request does not use.
    for name in finder.spread:
        visit(document.fragments[name], visitor)
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if name in variables:
            finder.parts += _parts_of_value(type_from_ast(schema, definition.type), variables[name])
    return tuple(dict.fromkeys(finder.parts))


class _Finder(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info = info
        self.parts: list[DeprecatedPart] = []
        # The fragments in the order in which they were met. The list grows while they are visited.
        self.spread: list[str] = []

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        if node.name.value not in self.spread:
            self.spread.append(node.name.value)

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        field = self.info.get_field_def()
        parent = self.info.get_parent_type()
        if field is None or parent is None:
            return
        coordinate = f"{parent.name}.{node.name.value}"
        if field.deprecation_reason:
            self.parts.append(DeprecatedPart(coordinate, field.deprecation_reason))
        for argument_node in node.arguments or ():
            argument_name = argument_node.name.value
            argument = field.args.get(argument_name)
            if argument and argument.deprecation_reason:
                self.parts.append(DeprecatedPart(f"{coordinate}({argument_name}:)", argument.deprecation_reason))

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        parent = get_named_type(self.info.get_parent_input_type())
        if isinstance(parent, GraphQLInputObjectType):
            self.parts += _part_of_field(parent, node.name.value)

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        kind = get_named_type(self.info.get_input_type())
        if isinstance(kind, GraphQLEnumType):
            self.parts += _part_of_term(kind, node.value)


def _parts_of_value(kind: GraphQLType | None, value: Any) -> Iterator[DeprecatedPart]:
    """Yield the deprecated parts that a variable's value uses. Its type was checked before."""
    if isinstance(kind, GraphQLNonNull):
        yield from _parts_of_value(kind.of_type, value)
    elif isinstance(kind, GraphQLList):
        # A single value stands for a list of one.
        items = value if isinstance(value, list) else [value]
        for item in items:
            yield from _parts_of_value(kind.of_type, item)
    elif isinstance(kind, GraphQLEnumType):
        yield from _part_of_term(kind, value)
    elif isinstance(kind, GraphQLInputObjectType) and isinstance(value, dict):
        for name, field_value in value.items():
            yield from _part_of_field(kind, name)
            yield from _parts_of_value(kind.fields[name].type, field_value)


def _part_of_field(kind: GraphQLInputObjectType, name: str) -> Iterator[DeprecatedPart]:
    field = kind.fields.get(name)
    if field and field.deprecation_reason:
        yield DeprecatedPart(f"{kind.name}.{name}", field.deprecation_reason)


def _part_of_term(kind: GraphQLEnumType, name: Any) -> Iterator[DeprecatedPart]:
    term = kind.values.get(name)
    if term and term.deprecation_reason:
        yield DeprecatedPart(f"{kind.name}.{name}", term.deprecation_reason)
