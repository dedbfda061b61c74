"""The shape of an answer: a tree whose leaves are columns and whose branches are links and pages.

An answer is an object of entries, each a key and its value. REST asks for whole records under snake_case keys. GraphQL
asks for the fields that its query names, under its aliases. To the compiler both are the same.

This module has the parts of records. Those of pages are in list_query.py, those of revisions and differences in
history_query.py, and those of counts, facets and series in group_query.py. Exports have other shapes: export_query.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.query.known_at import AsOf


class Answer:
    """A part of an answer: the value of a key. Each kind of value is a subclass."""


@dataclass(frozen=True)
class Item:
    """A key of a JSON object and its value."""

    key: str
    value: Answer


Selection = tuple[Item, ...]


@dataclass(frozen=True)
class ColumnField(Answer):
    """A field of the record. `upper` writes a vocabulary's term in capitals, as GraphQL does."""

    name: str
    upper: bool = False


@dataclass(frozen=True)
class Constant(Answer):
    """The same text in each record, such as a type's name."""

    text: str


@dataclass(frozen=True)
class ObjectField(Answer):
    """A field that contains an object, or a list of objects, with some of its keys."""

    name: str
    many: bool
    selection: Selection


@dataclass(frozen=True)
class LinkedRecord(Answer):
    """The record at the end of a link to one; null if there is none, or if it is withdrawn."""

    link: str
    selection: Selection


@dataclass(frozen=True)
class LinkedRecords(Answer):
    """The records whose ids an array column contains, in its order."""

    link: str
    selection: Selection


@dataclass(frozen=True)
class Object(Answer):
    """An object of entries: of roots, of page information, or of an edge's record."""

    selection: Selection


@dataclass(frozen=True)
class Record(Answer):
    """One record by its id, at present or `as_of` an edition. If there is none, it is null, with a note that says
    why."""

    resource: str
    id: str
    selection: Selection
    as_of: AsOf | None = None


@dataclass(frozen=True)
class Records(Answer):
    """Records by their ids, in the order of the request; null for each that does not exist. A `single` one is not in a
    list. All are read `as_of` the same edition."""

    records: tuple[Record | None, ...]
    single: bool = False
    as_of: AsOf | None = None
