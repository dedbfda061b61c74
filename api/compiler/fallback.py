"""The id of the record that counts for a link: the link's own or, if there is none, that of its fallback."""

from __future__ import annotations

from collections.abc import Callable

from api.catalog import Link, Resource
from api.compiler.writer import RowSource, StatementWriter


def effective_id(writer: StatementWriter, source: RowSource, link: Link) -> str:
    """Return the expression of the id on the rows of the source. It is null if there is neither."""
    own_id = source.column(link.by)
    if not link.fallback:
        return own_id
    path = link.fallback.split(".")
    fallback_id = _follow_path(writer, source.resource, source.column, path)
    return f"coalesce({own_id}, {fallback_id})"


def _follow_path(writer: StatementWriter, resource: Resource, column: Callable[[str], str], path: list[str]) -> str:
    """Return the id at the end of a path of links to one. `column` returns a column of the row where it begins."""
    link = resource.links[path[0]]
    if len(path) == 1:
        return column(link.by)
    target = RowSource(writer.name(), writer.version[link.target])
    target_id = _follow_path(writer, target.resource, target.column, path[1:])
    view = writer.view(link.target)
    return f"(select {target_id} from {view} {target.alias} where {target.column('id')} = {column(link.by)})"
