"""Read what an operation selects of records: their fields, objects and links."""

from __future__ import annotations

from graphql.execution.collect_fields import FieldDetails

from api.catalog import Field, Group, Link, Resource, Value
from api.graphql.arguments import read_linked_set
from api.graphql.operation_context import OperationContext
from api.graphql.shape import camel, pascal, record_fields
from api.query import (
    Answer,
    ColumnField,
    HasMore,
    LinkedRecord,
    LinkedRecords,
    ListQuery,
    Nodes,
    Object,
    ObjectField,
    Selection,
)


def record_selection(context: OperationContext, resource: Resource, details: list[FieldDetails]) -> Selection:
    """Return the fields that are selected of a record."""
    shapes = record_fields(context.version, resource)
    type_name = pascal(resource.name)

    def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
        shape = shapes[name]
        if isinstance(shape.of, Link):
            return _read_link(context, type_name, shape.of, shape.ids, subfields)
        if isinstance(shape.of, Group):
            return Object(_read_group(context, resource, shape.of, subfields))
        return _read_field(context, shape.of, subfields)

    return context.read_selection(type_name, details, read_field)


def _read_group(context: OperationContext, resource: Resource, group: Group, details: list[FieldDetails]) -> Selection:
    fields = {camel(key): field for key, field in resource.within(group).items()}

    def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
        return _read_field(context, fields[name], subfields)

    return context.read_selection(group.title, details, read_field)


def _read_field(context: OperationContext, field: Field, details: list[FieldDetails]) -> Answer:
    if field.type.name == "value":
        return ObjectField(field.name, field.type.many, _read_value(context, field.type.of, details))
    return ColumnField(field.name, upper=field.type.name == "vocabulary")


def _read_value(context: OperationContext, value_class: type[Value], details: list[FieldDetails]) -> Selection:
    columns = {camel(column): column for column in value_class.fields()}

    def read_field(name: str, _: list[FieldDetails]) -> Answer:
        return ColumnField(columns[name])

    return context.read_selection(value_class.__name__, details, read_field)


def _read_link(context: OperationContext, owner: str, link: Link, ids: bool, details: list[FieldDetails]) -> Answer:
    if ids:
        return ColumnField(link.by)
    target = context.version[link.target]
    if link.kind == "one":
        return LinkedRecord(link.name, record_selection(context, target, details))
    if link.kind == "several":
        return LinkedRecords(link.name, record_selection(context, target, details))
    return _read_set(context, owner, link, target, details)


def _read_set(
    context: OperationContext, owner: str, link: Link, target: Resource, details: list[FieldDetails]
) -> ListQuery:
    def read_field(name: str, subfields: list[FieldDetails]) -> Answer:
        if name == "hasMore":
            return HasMore()
        return Nodes(record_selection(context, target, subfields))

    selection = context.read_selection(f"{pascal(target.name)}Set", details, read_field)
    node = details[0].node
    key = node.alias.value if node.alias else node.name.value
    arguments = context.read_arguments(owner, node)
    return read_linked_set(context.version, link, arguments, selection, key, context.outdated)
