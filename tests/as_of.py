"""Queries and requests as of an edition, for tests."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import replace
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLSchema,
    NameNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    print_ast,
    visit,
)

from api.query import AsOf, ExportQuery, ListQuery, Object, Query, Record, Records


def as_of(query: Query, number: int, store: str = "k3x9ma") -> Query:
    """Return the query with each of its roots read as of an edition."""
    edition = AsOf(number, store, lambda _: number)

    def read(root: Any) -> Any:
        if isinstance(root, Records):
            records = tuple(record and replace(record, as_of=edition) for record in root.records)
            return replace(root, records=records, as_of=edition)
        if isinstance(root, ListQuery | ExportQuery | Record):
            return replace(root, as_of=edition)
        return root

    if isinstance(query.root, Object):
        items = tuple(replace(item, value=read(item.value)) for item in query.root.selection)
        return replace(query, root=Object(items))
    return replace(query, root=read(query.root))


def known_at(text: str, schema: GraphQLSchema, edition: str) -> str:
    """Return the document with `knownAt` at each root that takes it."""
    type_info = TypeInfo(schema)

    class Roots(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
            parent = type_info.get_parent_type()
            field = type_info.get_field_def()
            if parent is not schema.query_type or field is None or "knownAt" not in field.args:
                return None
            argument = ArgumentNode(name=NameNode(value="knownAt"), value=StringValueNode(value=edition))
            arguments = (*(node.arguments or ()), argument)
            return FieldNode(**{key: getattr(node, key) for key in node.keys} | {"arguments": arguments})

    return print_ast(visit(parse(text), TypeInfoVisitor(type_info, Roots())))


def positions_only(answer: Any) -> Any:
    """Return an answer whose cursors are as those of the present: a cursor of an edition names it as well."""
    if isinstance(answer, dict):
        return {name: positions_only(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [positions_only(value) for value in answer]
    if not isinstance(answer, str) or not answer.startswith("WyJ"):
        return answer
    try:
        parts = json.loads(urlsafe_b64decode(answer + "=" * (-len(answer) % 4)))
    except (ValueError, Error):
        return answer
    return urlsafe_b64encode(json.dumps(parts[:3]).encode()).decode()
