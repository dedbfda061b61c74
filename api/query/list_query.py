"""A page of a list as a value, and the parts of the object that shows it: its records, cursors and totals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from api.query.filters import EVERYTHING, Filter
from api.query.known_at import AsOf
from api.query.selection import Answer, Object, Selection
from api.query.sort import Page, Sort


@dataclass(frozen=True)
class ListQuery(Answer):
    """A page of a resource, and the object that shows it. Inside a record, `link` is the link that leads to the
    page. A page that is a root may be read `as_of` an edition."""

    resource: str
    page: Page
    sort: Sort
    selection: Selection
    filter: Filter = EVERYTHING
    link: str = ""
    fingerprint: str = ""
    as_of: AsOf | None = None


@dataclass(frozen=True)
class Nodes(Answer):
    """The records of a page, as a list."""

    selection: Selection


@dataclass(frozen=True)
class Edges(Answer):
    """The records of a page, each in an object with its cursor."""

    selection: Selection


@dataclass(frozen=True)
class Cursor(Answer):
    """The cursor of the record of an edge. Inside a page: the cursor of its first (`last` false) or last record."""

    last: bool = True


@dataclass(frozen=True)
class NextCursor(Answer):
    """The cursor of the last record; null if no more follow."""


@dataclass(frozen=True)
class HasMore(Answer):
    """True if the set has more records than the page shows, in the direction of reading."""


@dataclass(frozen=True)
class HasNext(Answer):
    """Relay's hasNextPage."""


@dataclass(frozen=True)
class HasPrevious(Answer):
    """Relay's hasPreviousPage."""


@dataclass(frozen=True)
class Total(Answer):
    """The number of records that pass the filter. Exact counting stops at 100,000. An estimate looks at a sample."""

    exact: bool = True


@dataclass(frozen=True)
class Quality(Answer):
    """The quality of the total beside it: `exact`, `estimated` or `at_least`."""

    exact: bool = True
    upper: bool = False


@dataclass(frozen=True)
class EditionNumber(Answer):
    """The number of the last edition that changed what the page was read from."""


@dataclass(frozen=True)
class Permalink(Answer):
    """A URL that gives the page as of its edition for good: `url` and the name of the edition. Null without a `url`, or
    if the store has no edition yet."""

    url: str


def wanted_totals(selection: Selection) -> set[bool]:
    """Return the counts that a page's totals need: exact (True), estimated (False) or both. A total and its quality
    need the same count."""
    counts: set[bool] = set()
    for entry in selection:
        if isinstance(entry.value, Total | Quality):
            counts.add(entry.value.exact)
        elif isinstance(entry.value, Object):
            counts |= wanted_totals(entry.value.selection)
    return counts


def parts_of_nodes(selection: Selection) -> Iterator[Answer]:
    """Yield the parts of each record of a page."""
    for entry in selection:
        if isinstance(entry.value, Nodes):
            for part in entry.value.selection:
                yield part.value
