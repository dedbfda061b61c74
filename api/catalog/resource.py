"""The parts of a version: resources, their fields and links, and the filters that callers have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from api.model import StoredField as Stored
from api.model import Type


@dataclass(frozen=True)
class Field(Stored):
    """A field that callers see. A `hidden` one is filtered by and not shown. An `effective` one is no column: it is
    the id of the record that counts for the link of this name, which is that of its fallback where the link leads
    nowhere. A comparison of one that `expects` other filters, separated by spaces, makes little sense without any of
    them, and is then deprecated. A vocabulary that is `read_from` a column of free text is filtered there. Only the
    list of children shows a `listed` one. A field that came after the first release of the version
    has the number of the addition in `added`."""

    operators: tuple[str, ...] = ()
    sort: bool = False
    search: bool = False
    needs: str = ""
    compared: str = ""
    parameter: str = ""
    hidden: bool = False
    deprecated: str = ""
    effective: str = ""
    expects: tuple[str, ...] = ()
    read_from: str = ""
    listed: bool = False
    added: int = 0


@dataclass(frozen=True)
class Group:
    """Some fields that records show together, in an object of its own type, `title`: its keys and the fields that they
    show. Filters and orders know the fields by their own names, as if they stood alone."""

    name: str
    title: str
    description: str
    keys: dict[str, str]


@dataclass(frozen=True)
class Link:
    """A way from a record to others. `by` is the column that holds the ids: ours for `one` and `several`, the
    target's for `many` and `children`. What an `embedded` one leads to is always shown whole. `fallback` is the path,
    `event.place`, to the record that filters and maps take where a link to one has no id."""

    name: str
    target: str
    description: str
    by: str
    kind: str
    nullable: bool = True
    filtered: bool = True
    default: int = 10
    embedded: bool = False
    deprecated: str = ""
    fallback: str = ""

    @property
    def single(self) -> bool:
        """True if it leads to at most one record."""
        return self.kind == "one"

    @property
    def owned(self) -> bool:
        """True if the linked rows are part of the record and always shown with it."""
        return self.kind == "children"


@dataclass(frozen=True)
class Condition:
    """One filter as callers know it: `name` and `operator`, tested on `column` at the end of `path` (link names)."""

    name: str
    operator: str
    type: Type
    description: str
    column: str
    path: tuple[str, ...] = ()
    needs: str = ""
    parameter: str = ""
    example: Any = None
    format: str = ""
    deprecated: str = ""
    expects: tuple[str, ...] = ()
    listed: bool = False


@dataclass(frozen=True, eq=False)
class Resource:
    """A kind of record: what it is called, how its ids begin, and what it offers. Rows without ids have no prefix: the
    children of records, which have a list of their own where they are `listed`, and what is only a list. In the order
    of a list the column `key` breaks ties. `table` is the table of the store that is read, if it has another name.
    `flat` names the columns of children that flat rows of their record contain, as in CSV. `label` names the fields by
    which flat rows of other records describe a record that they link to."""

    name: str
    description: str
    fields: dict[str, Field]
    links: dict[str, Link]
    wheres: dict[str, Where]
    tests: dict[str, Condition]
    groups: dict[str, Group]
    prefix: str = ""
    sort: str = "id"
    example: str = ""
    listed: bool = False
    key: str = "id"
    table: str = ""
    flat: tuple[str, ...] = ()
    label: tuple[str, ...] = ()

    @property
    def plural(self) -> str:
        """The name of the list."""
        return self.name + "s"

    @property
    def searched(self) -> bool:
        """True if it can be searched as full text."""
        return any(field.search for field in self.fields.values())

    @property
    def sortable(self) -> tuple[str, ...]:
        """The fields that a list can be sorted by."""
        return tuple(field.name for field in self.fields.values() if field.sort)

    @property
    def collated(self) -> Field | None:
        """The text by whose collation key lists are sorted. There is one at most, because a record has one key."""
        fields = [field for field in self.fields.values() if field.collated]
        if len(fields) > 1:
            raise TypeError(f"{self.name} has two collated fields, {fields[0].name} and {fields[1].name}")
        return fields[0] if fields else None

    @property
    def deprecates(self) -> bool:
        """True if a part of it is deprecated: a field, a link, a filter, or a term of a vocabulary."""
        parts: tuple[Field | Link | Where | Condition, ...] = (
            *self.fields.values(),
            *self.links.values(),
            *self.wheres.values(),
            *self.tests.values(),
        )
        if any(part.deprecated for part in parts):
            return True
        vocabularies = [field.type.of for field in self.fields.values() if field.type.name == "vocabulary"]
        return any(vocabulary.outdated() for vocabulary in vocabularies)

    @property
    def stored(self) -> str:
        """The name of the table in the store."""
        return self.table or self.name

    @cached_property
    def layout(self) -> tuple[Field | Group, ...]:
        """The fields and groups that a record shows, in order. A group takes the place of the first of its fields."""
        group_of: dict[str, Group] = {}
        for group in self.groups.values():
            group_of.update(dict.fromkeys(group.keys.values(), group))
        parts: dict[str, Field | Group] = {}
        for field in self.fields.values():
            if not field.hidden:
                part = group_of.get(field.name, field)
                parts[part.name] = part
        return tuple(parts.values())

    def within(self, group: Group) -> dict[str, Field]:
        """Return the fields of a group by its keys."""
        return {key: self.fields[name] for key, name in group.keys.items()}


@dataclass(frozen=True)
class Where:
    """A filter that is declared elsewhere: the path to it through links."""

    path: str
    description: str
    parameter: str
    deprecated: str = ""
