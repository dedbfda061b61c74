"""The id of the record that counts for a link: the link's own or, if there is none, that of its fallback."""

from __future__ import annotations

from collections.abc import Callable

from api.catalog import Link, Resource
from api.compiler.writer import RowSource, StatementWriter


def effective_id(writer: StatementWriter, source: RowSource, link: Link) -> str:
    """Return the expression of the id on the rows of the source. It is null if there is neither."""
    own = source.column(link.by)
    if not link.fallback:
        return own
    return f"coalesce({own}, {_id_at(writer, source.resource, source.column, link.fallback.split('.'))})"


def _id_at(writer: StatementWriter, resource: Resource, column: Callable[[str], str], path: list[str]) -> str:
    """Return the id at the end of a path of links to one."""
    link = resource.links[path[0]]
    if len(path) == 1:
        return column(link.by)
    there = writer.name()
    found = _id_at(writer, writer.version[link.target], lambda name: f"{there}.{name}", path[1:])
    return f"(select {found} from {writer.view(link.target)} {there} where {there}.id = {column(link.by)})"
