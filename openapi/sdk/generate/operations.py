"""GraphQL operations for a schema: one for each kind of record and one for its list, with the fields of REST.

A client gets all fields of a record, and the ids of the records that it links to. A user who needs more writes an
operation of their own. `node` is left out: fields of one name differ in type between kinds, which GraphQL forbids in
one selection.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_leaf_type,
)

NODE = "Node"


def operations(sdl: str) -> str:
    """Return the document with the operations of a schema."""
    schema = build_schema(sdl)
    query = schema.query_type
    assert query is not None
    definitions = []
    for name, field in query.fields.items():
        kind = get_named_type(field.type)
        # `node` and `nodes` return an interface.
        if isinstance(kind, GraphQLObjectType):
            definitions.append(_operation(name, field, kind))
    definitions += _fragments(schema)
    return "\n\n".join(definitions) + "\n"


def _operation(name: str, field: GraphQLField, kind: GraphQLObjectType) -> str:
    variables = ", ".join(f"${key}: {argument.type}" for key, argument in field.args.items())
    arguments = ", ".join(f"{key}: ${key}" for key in field.args)
    title = name[0].upper() + name[1:]
    return f"query {title}({variables}) {{\n  {name}({arguments}) {_selection(kind)}\n}}"


def _selection(kind: GraphQLObjectType) -> str:
    """Return the selection of a record, or of a page of records."""
    if _is_record(kind):
        return f"{{ ...{kind.name}Fields }}"
    if "nodes" not in kind.fields:
        # Counts have no pages.
        return f"{{ {_fields(kind)} }}"
    # Totals cost a count, and edges repeat the nodes.
    nodes = get_named_type(kind.fields["nodes"].type)
    page = get_named_type(kind.fields["pageInfo"].type)
    assert isinstance(page, GraphQLObjectType)
    return f"{{ nodes {{ ...{nodes.name}Fields }} pageInfo {{ {' '.join(page.fields)} }} }}"


def _fragments(schema: GraphQLSchema) -> Iterator[str]:
    listed_types = _listed_types(schema)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and (_is_record(kind) or kind.name in listed_types):
            yield f"fragment {kind.name}Fields on {kind.name} {{\n  {_fields(kind)}\n}}"


def _listed_types(schema: GraphQLSchema) -> set[str]:
    """Return the types of the rows of lists. Some of them are not records."""
    assert schema.query_type is not None
    names = set()
    for field in schema.query_type.fields.values():
        page = get_named_type(field.type)
        if isinstance(page, GraphQLObjectType) and "nodes" in page.fields:
            row = get_named_type(page.fields["nodes"].type)
            names.add(row.name)
    return names


def _fields(kind: GraphQLObjectType) -> str:
    """Return the selected fields of a type: its values, and the objects that are part of it."""
    selected = []
    for name, field in kind.fields.items():
        field_type = get_named_type(field.type)
        if is_leaf_type(field_type):
            selected.append(name)
        elif isinstance(field_type, GraphQLObjectType) and _is_part(kind, name, field_type):
            selected.append(f"{name} {{ {_fields(field_type)} }}")
    return " ".join(selected)


def _is_part(kind: GraphQLObjectType, name: str, field_type: GraphQLObjectType) -> bool:
    """Return True if an object is selected with its record. A set of other records is not. Nor is a linked record, if
    the record also has its id."""
    if _is_set_of_records(field_type):
        return False
    if not _is_record(field_type):
        return True
    id_fields = {f"{name}Id", f"{name.removesuffix('s')}Ids"}
    return id_fields.isdisjoint(kind.fields)


def _is_set_of_records(kind: GraphQLObjectType) -> bool:
    if "nodes" not in kind.fields:
        return False
    node = get_named_type(kind.fields["nodes"].type)
    return isinstance(node, GraphQLObjectType) and _is_record(node)


def _is_record(kind: GraphQLObjectType) -> bool:
    return any(interface.name == NODE for interface in kind.interfaces)
