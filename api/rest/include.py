"""The content of a record over REST: its fields, the ids of linked records, its children, and what `include` adds."""

from __future__ import annotations

from collections.abc import Iterable

from api.catalog import Field, Group, Link, Resource, Version
from api.errors import UnknownName
from api.query import (
    Answer,
    ColumnField,
    HasMore,
    Item,
    LinkedRecord,
    LinkedRecords,
    ListQuery,
    Nodes,
    Object,
    ObjectField,
    Page,
    Selection,
    read_sort,
)
from api.query.parse import listed
from api.query.sort import POSITION

LEVELS = 2
Tree = dict[str, "Tree"]


def read_include(version: Version, resource: Resource, paths: Iterable[str]) -> Tree:
    """Return paths such as `citations.source` as a tree of links. ValueError names a path that is not valid."""
    tree: Tree = {}
    for path in paths:
        names = path.split(".")
        if len(names) > LEVELS:
            raise ValueError(f"{path[:100]!r} goes deeper than {LEVELS} links.")
        branch, at = tree, resource
        for name in names:
            if name not in at.links:
                known = listed(at.links) or "it has none"
                raise UnknownName(f"{name[:50]!r} is no link of {at.plural}: {known}.", name, at.links)
            branch = branch.setdefault(name, {})
            at = version[at.links[name].target]
    return tree


def shown(version: Version, resource: Resource, tree: Tree, *, listed: bool = False, whole: bool = False) -> Selection:
    """Return the entries of a record: each field or group of them, then each link. `listed` adds the fields that only
    lists show, such as the record that a child belongs to. `whole` adds all children."""
    layout = [one for one in resource.layout if listed or isinstance(one, Group) or not one.listed]
    entries = [Item(one.name, _shown(resource, one)) for one in layout]
    for link in resource.links.values():
        entries += _link_entries(version, link, tree.get(link.name), whole)
    return tuple(entries)


def _shown(resource: Resource, one: Field | Group) -> Answer:
    if isinstance(one, Field):
        return _field(one)
    return Object(tuple(Item(key, _field(field)) for key, field in resource.within(one).items()))


def _field(field: Field) -> Answer:
    """Return the entry of a field. An object is written key by key, so that all its keys are there, and in order."""
    if field.type.name != "value":
        return ColumnField(field.name)
    return ObjectField(
        field.name, field.type.many, tuple(Item(name, ColumnField(name)) for name in field.type.of.fields())
    )


def _link_entries(version: Version, link: Link, below: Tree | None, whole: bool = False) -> list[Item]:
    target = version[link.target]
    entries = [Item(link.by, ColumnField(link.by))] if link.kind in ("one", "several") else []
    if below is None and not link.owned and not link.embedded:
        return entries
    there = shown(version, target, below or {})
    if link.kind == "one":
        return [*entries, Item(link.name, LinkedRecord(link.name, there))]
    if link.kind == "several":
        return [*entries, Item(link.name, LinkedRecords(link.name, there))]
    selection = (Item("data", Nodes(there)), Item("has_more", HasMore()))
    size = 0 if whole and link.owned else link.default
    return [*entries, Item(link.name, linked(version, link, selection, size))]


def linked(version: Version, link: Link, selection: Selection, size: int) -> ListQuery:
    """Return the set of records at the end of a link to many, in the target's own order. Size 0 means all children."""
    target = version[link.target]
    sort = POSITION if link.owned else read_sort(target, target.sort)
    assert sort is not None
    return ListQuery(link.target, Page(size), sort, selection, link=link.name)
