"""What the answer looks like: a tree whose leaves are columns and whose branches are links and pages.

An answer is an object of entries; each entry is a key and what stands there. REST asks for whole records under
snake_case keys, GraphQL for what its query names under its aliases; the compiler sees no difference.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from api.catalog import Outdated
from api.query.cells import Cell
from api.query.filter import EVERYTHING, Filter
from api.query.sort import Page, Sort


@dataclass(frozen=True)
class Entry:
    """A key of a JSON object and its value."""

    key: str
    value: Answer


Selection = tuple[Entry, ...]


@dataclass(frozen=True)
class Column:
    """A field of the record as it is; `upper` writes a vocabulary's term in capitals, as GraphQL does."""

    name: str
    upper: bool = False


@dataclass(frozen=True)
class Constant:
    """The same text in each record, such as a type's name."""

    text: str


@dataclass(frozen=True)
class Part:
    """A field that holds an object, or a list of them, with some of its keys."""

    name: str
    many: bool
    selection: Selection


@dataclass(frozen=True)
class Single:
    """The record at the end of a link to one; null where there is none, or it is withdrawn."""

    link: str
    selection: Selection


@dataclass(frozen=True)
class Several:
    """The records whose ids an array column holds, in its order."""

    link: str
    selection: Selection


@dataclass(frozen=True)
class Rows:
    """A page of a resource, and the object made of it. Under a record, `link` is the way there from it."""

    resource: str
    page: Page
    sort: Sort
    selection: Selection
    filter: Filter = EVERYTHING
    link: str = ""
    fingerprint: str = ""

    @property
    def entries(self) -> Selection:
        """The page as the only entry of a request."""
        return (Entry("", self),)


@dataclass(frozen=True)
class Nodes:
    """The records of a page, as a list."""

    selection: Selection


@dataclass(frozen=True)
class Edges:
    """The records of a page, each in an object with its cursor."""

    selection: Selection


@dataclass(frozen=True)
class Cursor:
    """Inside an edge: the cursor of its record. Inside a page: of its first (`last` false) or last record."""

    last: bool = True


@dataclass(frozen=True)
class NextCursor:
    """The cursor of the last record where more follow, else null."""


@dataclass(frozen=True)
class HasMore:
    """Whether the set has more than the page shows, in the direction of reading."""


@dataclass(frozen=True)
class HasNext:
    """Relay's hasNextPage."""


@dataclass(frozen=True)
class HasPrevious:
    """Relay's hasPreviousPage."""


@dataclass(frozen=True)
class Total:
    """How many records the filter leaves. Exact counting stops at 100,000; an estimate looks at a sample."""

    exact: bool = True


@dataclass(frozen=True)
class Quality:
    """How good the total beside it is: `exact`, `estimated` or `at_least`."""

    exact: bool = True
    upper: bool = False


@dataclass(frozen=True)
class Object:
    """An object of entries: around a root, around page information, around an edge's record."""

    selection: Selection

    @property
    def entries(self) -> Selection:
        """The entries of a request."""
        return self.selection


@dataclass(frozen=True)
class Record:
    """One record by its id; null, with a note why, where there is none."""

    resource: str
    id: str
    selection: Selection


@dataclass(frozen=True)
class Records:
    """Records by their ids, in the order asked, null where there is none; a `single` one without a list around."""

    records: tuple[Record | None, ...]
    single: bool = False


def counted(selection: Selection) -> set[bool]:
    """The counts that a page's totals need: exact, estimated or both. A total and its quality are one count."""
    counts: set[bool] = set()
    for entry in selection:
        if isinstance(entry.value, Total | Quality):
            counts.add(entry.value.exact)
        elif isinstance(entry.value, Object):
            counts |= counted(entry.value.selection)
    return counts


@dataclass(frozen=True)
class Whole:
    """A line that is the record as JSON."""

    selection: Selection


@dataclass(frozen=True)
class Feature:
    """A line that is the record as a GeoJSON feature; `link` leads to its place, of which the `place` entries join its
    properties, and is empty where the record is a place itself."""

    selection: Selection
    link: str = ""
    place: Selection = ()


@dataclass(frozen=True)
class Flat:
    """A line that is the record as a row of CSV."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Typed:
    """No line, but the cells of a flat row as columns of their own types."""

    cells: tuple[Cell, ...]


Shape = Whole | Feature | Flat | Typed


@dataclass(frozen=True)
class Lines:
    """All records of a list, or the first `most`, each a line of an export with `before` and `after` around it. If
    `marked`, the line before them is the mark of the state that they are read from."""

    resource: str
    sort: Sort
    shape: Shape
    filter: Filter = EVERYTHING
    before: str = ""
    after: str = ""
    most: int | None = None
    marked: bool = False

    @property
    def entries(self) -> Selection:
        """The export as the only entry of a request."""
        return (Entry("", self),)


Answer = (
    Column
    | Constant
    | Part
    | Single
    | Several
    | Rows
    | Nodes
    | Edges
    | Cursor
    | NextCursor
    | HasMore
    | HasNext
    | HasPrevious
    | Total
    | Quality
    | Object
    | Record
    | Records
    | Lines
)
# What a request asks for: an object (GraphQL, one record), a page of a list, or an export.
Root = Object | Rows | Lines


@dataclass(frozen=True)
class Query:
    """A request: everything that it asks of one version, as one tree, and what of it is deprecated.

    `edition` is a change number: the answer is that of the store as of this change. None asks for the present."""

    version: str
    root: Root
    outdated: tuple[Outdated, ...] = field(default=(), compare=False)
    edition: int | None = None
