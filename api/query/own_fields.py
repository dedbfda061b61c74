"""The content of a record by itself: its own fields, the ids of its links, and its children. Two versions of a record
are compared by it, in the shape of a version of the contract."""

from __future__ import annotations

from collections.abc import Callable

from api.catalog import Field, Group, Resource, Version
from api.query.list_query import ListQuery, Nodes
from api.query.selection import Answer, ColumnField, Item, Object, ObjectField, Selection
from api.query.sort import POSITION, Page

# What is different in each revision, and what is never.
NOT_COMPARED = ("id", "revision", "created_at", "updated_at")
Key = Callable[[str], str]


def own_selection(version: Version, resource: Resource, key: Key = str) -> Selection:
    """Return the entries of a record by itself. `key` returns the key of a field, by its name in the catalog."""
    entries: list[Item] = []
    for part in resource.layout:
        if isinstance(part, Group):
            fields = resource.within(part)
            entries.append(Item(key(part.name), Object(tuple(_items(fields, key)))))
        elif not part.listed:
            entries += _items({part.name: part}, key)
    for link in resource.links.values():
        if link.kind in ("one", "several"):
            entries.append(Item(key(link.by), ColumnField(link.by)))
        elif link.owned:
            child = own_selection(version, version[link.target], key)
            # A page of size 0 has all children. Without a key of its own, its path is that of the link.
            children = ListQuery(link.target, Page(0), POSITION, (Item("", Nodes(child)),), link=link.name)
            entries.append(Item(key(link.name), children))
    return tuple(entries)


def _items(fields: dict[str, Field], key: Key) -> list[Item]:
    items: list[Item] = []
    for name, field in fields.items():
        # The id that counts for a link follows from other records.
        is_compared = field.name not in NOT_COMPARED and not field.effective
        if is_compared:
            items.append(Item(key(name), _answer(field, key)))
    return items


def _answer(field: Field, key: Key) -> Answer:
    if field.type.name != "value":
        return ColumnField(field.name)
    parts = [Item(key(name), ColumnField(name)) for name in field.type.of.fields()]
    return ObjectField(field.name, field.type.many, tuple(parts))
