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
        branch = tree
        target = resource
        for name in names:
            if name not in target.links:
                known = listed(target.links) or "it has none"
                raise UnknownName(f"{name[:50]!r} is no link of {target.plural}: {known}.", name, target.links)
            branch = branch.setdefault(name, {})
            target = version[target.links[name].target]
    return tree


def record_selection(
    version: Version, resource: Resource, tree: Tree, *, listed: bool = False, all_children: bool = False
) -> Selection:
    """Return the entries of a record: each field or group of them, then each link. `listed` adds the fields that only
    lists show, such as the record that a child belongs to. `all_children` adds all children of a record, not only the
    first of them."""
    entries: list[Item] = []
    for part in resource.layout:
        if isinstance(part, Group):
            items = [Item(key, _field_answer(field)) for key, field in resource.within(part).items()]
            entries.append(Item(part.name, Object(tuple(items))))
        elif listed or not part.listed:
            entries.append(Item(part.name, _field_answer(part)))
    for link in resource.links.values():
        if link.kind in ("one", "several"):
            entries.append(Item(link.by, ColumnField(link.by)))
        if link.name in tree or link.owned or link.embedded:
            answer = _link_answer(version, link, tree.get(link.name, {}), all_children)
            entries.append(Item(link.name, answer))
    return tuple(entries)


def _field_answer(field: Field) -> Answer:
    """Return the entry of a field. An object is written key by key, so that all its keys are there, and in order."""
    if field.type.name != "value":
        return ColumnField(field.name)
    keys = tuple(Item(name, ColumnField(name)) for name in field.type.of.fields())
    return ObjectField(field.name, field.type.many, keys)


def _link_answer(version: Version, link: Link, tree: Tree, all_children: bool) -> Answer:
    """Return the entry of the records that a link leads to, with the links in `tree` from them."""
    target = version[link.target]
    selection = record_selection(version, target, tree)
    if link.kind == "one":
        return LinkedRecord(link.name, selection)
    if link.kind == "several":
        return LinkedRecords(link.name, selection)
    sort = POSITION if link.owned else read_sort(target, target.sort)
    assert sort is not None
    # A page of size 0 has all children.
    size = 0 if all_children and link.owned else link.default
    page = (Item("data", Nodes(selection)), Item("has_more", HasMore()))
    return ListQuery(link.target, Page(size), sort, page, link=link.name)
