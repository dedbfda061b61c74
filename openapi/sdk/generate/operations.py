"""GraphQL operations made from a schema: one for each kind of record and one for its list, with the fields of REST.

A client gets all fields of a record, and the ids of the records that it links to. A client that needs more sends an
operation of its own. `node` is left out: fields of one name differ in type between kinds, which GraphQL forbids in
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
    fields = {name: (one, get_named_type(one.type)) for name, one in query.fields.items()}
    asked = [
        _operation(name, field, kind) for name, (field, kind) in fields.items() if isinstance(kind, GraphQLObjectType)
    ]
    return "\n\n".join([*asked, *_fragments(schema)]) + "\n"


def _operation(name: str, field: GraphQLField, kind: GraphQLObjectType) -> str:
    variables = ", ".join(f"${key}: {one.type}" for key, one in field.args.items())
    arguments = ", ".join(f"{key}: ${key}" for key in field.args)
    body = _answer(kind)
    return f"query {name[0].upper()}{name[1:]}({variables}) {{\n  {name}({arguments}) {body}\n}}"


def _answer(kind: GraphQLObjectType) -> str:
    if _is_record(kind):
        return f"{{ ...{kind.name}Fields }}"
    # Totals cost a count, and edges repeat the nodes.
    nodes = get_named_type(kind.fields["nodes"].type)
    page = get_named_type(kind.fields["pageInfo"].type)
    assert isinstance(page, GraphQLObjectType)
    return f"{{ nodes {{ ...{nodes.name}Fields }} pageInfo {{ {' '.join(page.fields)} }} }}"


def _fragments(schema: GraphQLSchema) -> Iterator[str]:
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and (_is_record(kind) or kind.name in _listed(schema)):
            yield f"fragment {kind.name}Fields on {kind.name} {{\n  {' '.join(_selected(kind))}\n}}"


def _listed(schema: GraphQLSchema) -> set[str]:
    """Return the types of the rows of lists. Some of them are no records of their own."""
    assert schema.query_type is not None
    pages = [get_named_type(field.type) for field in schema.query_type.fields.values()]
    rows = [page.fields["nodes"] for page in pages if isinstance(page, GraphQLObjectType) and "nodes" in page.fields]
    return {get_named_type(field.type).name for field in rows}


def _selected(kind: GraphQLObjectType) -> Iterator[str]:
    for name, field in kind.fields.items():
        found = get_named_type(field.type)
        if is_leaf_type(found):
            yield name
        elif isinstance(found, GraphQLObjectType) and not _leads_on(found) and _own(kind, name, found):
            yield f"{name} {{ {' '.join(_selected(found))} }}"


def _own(kind: GraphQLObjectType, name: str, found: GraphQLObjectType) -> bool:
    """Return True if a part is selected with its record. A link is not, if the record also has its id."""
    return not _is_record(found) or not {f"{name}Id", f"{name.removesuffix('s')}Ids"} & kind.fields.keys()


def _leads_on(found: GraphQLObjectType) -> bool:
    """Return True if the type is a set of other records."""
    nodes = found.fields.get("nodes")
    inner = get_named_type(nodes.type) if nodes else None
    return isinstance(inner, GraphQLObjectType) and _is_record(inner)


def _is_record(kind: GraphQLObjectType) -> bool:
    return any(one.name == NODE for one in kind.interfaces)
