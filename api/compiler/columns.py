"""The types of the columns of views: those of fields, and those of the ids that links lead by."""

from __future__ import annotations

from api.catalog import Link, Resource
from api.model import Type


def column_type(resource: Resource, name: str) -> tuple[Type, bool]:
    """Return the type of a column, and True if its texts contain no character that JSON escapes, as those of ids."""
    if name == "id":
        return Type("text"), True
    if name in resource.fields:
        kind = resource.fields[name].type
        return kind, isinstance(kind.of, Resource)
    link = _link_of_column(resource, name)
    if link.single:
        return Type("text", nullable=link.nullable), True
    return Type("text", many=True), False


def _link_of_column(resource: Resource, name: str) -> Link:
    """Return the link whose ids a column of the resource contains."""
    for link in resource.links.values():
        if link.by == name and link.kind in ("one", "several"):
            return link
    raise KeyError(f"{name} is no column of {resource.name}")
