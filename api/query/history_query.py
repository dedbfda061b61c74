"""Revisions of a record and differences between two states of a list as values, and the parts of their answers."""

from __future__ import annotations

from dataclasses import dataclass

from api.query.filters import EVERYTHING, Filter
from api.query.known_at import AsOf
from api.query.list_query import ListQuery
from api.query.selection import Answer, Selection
from api.query.sort import CHANGE, Page


@dataclass(frozen=True)
class RevisionColumn(Answer):
    """A part of a revision that the log has, such as its number. `upper` writes a term in capitals."""

    name: str
    upper: bool = False


@dataclass(frozen=True)
class Changed(Answer):
    """The paths of the fields that a revision changed, in the keys of a selection: the record's own fields, the ids of
    its links, and its children."""

    selection: Selection


@dataclass(frozen=True)
class StoredRecord(Answer):
    """The record as a revision left it; null if the revision withdrew it. `points` is what it costs."""

    selection: Selection
    points: int


@dataclass(frozen=True)
class RevisionsQuery(Answer):
    """A page of the revisions of a record, newest first: those `before` a number, and up to an edition."""

    resource: str
    id: str
    size: int
    selection: Selection
    before: int | None = None
    fingerprint: str = ""
    as_of: AsOf | None = None


@dataclass(frozen=True)
class DiffColumn(Answer):
    """A part of a difference between two states of a list: the `id` of the record, the `change`, or the number of the
    record's revision in the earlier and in the later state, `from_revision` and `to_revision`."""

    name: str


@dataclass(frozen=True)
class FieldChanges(Answer):
    """The fields of a record that differ between two states of a list, each by its path with both values. The paths are
    in the keys of a selection: the record's own fields, the ids of its links, and its children."""

    selection: Selection


@dataclass(frozen=True)
class DiffQuery(Answer):
    """A page of the differences between a list as of the edition with the number `since`, and the same list `as_of` a
    later one."""

    resource: str
    page: Page
    selection: Selection
    since: int
    as_of: AsOf
    filter: Filter = EVERYTHING
    fingerprint: str = ""

    @property
    def rows(self) -> ListQuery:
        """The page as one of a list whose rows are the differences."""
        return ListQuery(
            self.resource, self.page, CHANGE, self.selection, self.filter, "", self.fingerprint, self.as_of
        )
