"""The shape of an answer: a tree whose leaves are columns and whose branches are links and pages.

An answer is an object of entries, each a key and its value. REST asks for whole records under snake_case keys. GraphQL
asks for the fields that its query names, under its aliases. To the compiler both are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from api.catalog import DeprecatedPart, Dimension
from api.query.cells import Cell
from api.query.filters import EVERYTHING, Filter
from api.query.known_at import AsOf
from api.query.sort import CHANGE, Page, Sort


@dataclass(frozen=True)
class Item:
    """A key of a JSON object and its value."""

    key: str
    value: Answer


Selection = tuple[Item, ...]


@dataclass(frozen=True)
class ColumnField:
    """A field of the record. `upper` writes a vocabulary's term in capitals, as GraphQL does."""

    name: str
    upper: bool = False


@dataclass(frozen=True)
class Constant:
    """The same text in each record, such as a type's name."""

    text: str


@dataclass(frozen=True)
class ObjectField:
    """A field that contains an object, or a list of objects, with some of its keys."""

    name: str
    many: bool
    selection: Selection


@dataclass(frozen=True)
class LinkedRecord:
    """The record at the end of a link to one; null if there is none, or if it is withdrawn."""

    link: str
    selection: Selection


@dataclass(frozen=True)
class LinkedRecords:
    """The records whose ids an array column contains, in its order."""

    link: str
    selection: Selection


@dataclass(frozen=True)
class ListQuery:
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

    @property
    def entries(self) -> Selection:
        """The page as the only entry of a request."""
        return (Item("", self),)


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
    """The cursor of the record of an edge. Inside a page: the cursor of its first (`last` false) or last record."""

    last: bool = True


@dataclass(frozen=True)
class NextCursor:
    """The cursor of the last record; null if no more follow."""


@dataclass(frozen=True)
class HasMore:
    """True if the set has more records than the page shows, in the direction of reading."""


@dataclass(frozen=True)
class HasNext:
    """Relay's hasNextPage."""


@dataclass(frozen=True)
class HasPrevious:
    """Relay's hasPreviousPage."""


@dataclass(frozen=True)
class Total:
    """The number of records that pass the filter. Exact counting stops at 100,000. An estimate looks at a sample."""

    exact: bool = True


@dataclass(frozen=True)
class Quality:
    """The quality of the total beside it: `exact`, `estimated` or `at_least`."""

    exact: bool = True
    upper: bool = False


@dataclass(frozen=True)
class EditionNumber:
    """The number of the last edition that changed what the page was read from."""


@dataclass(frozen=True)
class Permalink:
    """A URL that gives the page as of its edition for good: `url` and the name of the edition. Null without a `url`, or
    if the store has no edition yet."""

    url: str


@dataclass(frozen=True)
class Object:
    """An object of entries: of roots, of page information, or of an edge's record."""

    selection: Selection

    @property
    def entries(self) -> Selection:
        """The entries of a request."""
        return self.selection


@dataclass(frozen=True)
class Record:
    """One record by its id, at present or `as_of` an edition. If there is none, it is null, with a note that says
    why."""

    resource: str
    id: str
    selection: Selection
    as_of: AsOf | None = None


@dataclass(frozen=True)
class Records:
    """Records by their ids, in the order of the request; null for each that does not exist. A `single` one is not in a
    list. All are read `as_of` the same edition."""

    records: tuple[Record | None, ...]
    single: bool = False
    as_of: AsOf | None = None


@dataclass(frozen=True)
class RevisionColumn:
    """A part of a revision that the log has, such as its number. `upper` writes a term in capitals."""

    name: str
    upper: bool = False


@dataclass(frozen=True)
class Changed:
    """The paths of the fields that a revision changed, in the keys of a selection: the record's own fields, the ids of
    its links, and its children."""

    selection: Selection


@dataclass(frozen=True)
class StoredRecord:
    """The record as a revision left it; null if the revision withdrew it. `points` is what it costs."""

    selection: Selection
    points: int


@dataclass(frozen=True)
class RevisionsQuery:
    """A page of the revisions of a record, newest first: those `before` a number, and up to an edition."""

    resource: str
    id: str
    size: int
    selection: Selection
    before: int | None = None
    fingerprint: str = ""
    as_of: AsOf | None = None

    @property
    def entries(self) -> Selection:
        """The page as the only entry of a request."""
        return (Item("", self),)


@dataclass(frozen=True)
class DiffColumn:
    """A part of a difference between two states of a list: the `id` of the record, the `change`, or the number of the
    record's revision in the earlier and in the later state, `from_revision` and `to_revision`."""

    name: str


@dataclass(frozen=True)
class FieldChanges:
    """The fields of a record that differ between two states of a list, each by its path with both values. The paths are
    in the keys of a selection: the record's own fields, the ids of its links, and its children."""

    selection: Selection


@dataclass(frozen=True)
class DiffQuery:
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
    def entries(self) -> Selection:
        """The page as the only entry of a request."""
        return (Item("", self),)

    @property
    def rows(self) -> ListQuery:
        """The page as one of a list whose rows are the differences."""
        return ListQuery(
            self.resource, self.page, CHANGE, self.selection, self.filter, "", self.fingerprint, self.as_of
        )


def counted(selection: Selection) -> set[bool]:
    """Return the counts that a page's totals need: exact (True), estimated (False) or both. A total and its quality
    need the same count."""
    counts: set[bool] = set()
    for entry in selection:
        if isinstance(entry.value, Total | Quality):
            counts.add(entry.value.exact)
        elif isinstance(entry.value, Object):
            counts |= counted(entry.value.selection)
    return counts


def facets_of(selection: Selection) -> Iterator[Facets]:
    """Yield the facets of a page."""
    for entry in selection:
        if isinstance(entry.value, Facets):
            yield entry.value


@dataclass(frozen=True)
class JsonShape:
    """The shape of an export whose lines are records as JSON."""

    selection: Selection


@dataclass(frozen=True)
class GeoJsonShape:
    """The shape of an export whose lines are records as GeoJSON features. `link` leads to the record's place, whose
    `place` entries are added to the properties. It is empty if the record is a place itself."""

    selection: Selection
    link: str = ""
    place: Selection = ()


@dataclass(frozen=True)
class CsvShape:
    """The shape of an export whose lines are records as rows of CSV."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class RowShape:
    """The shape of an export whose lines are the cells of a flat row, as a JSON array."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TypedShape:
    """The shape of an export without lines: the cells of a flat row are columns of their own types."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class DiffShape:
    """The shape of an export whose lines are the differences between two states of a list, as JSON."""

    selection: Selection


@dataclass(frozen=True)
class DiffCsvShape:
    """The shape of an export whose lines are rows of CSV, one for each field that differs between two states of a list.
    The paths of the fields are in the keys of a selection."""

    selection: Selection


Shape = JsonShape | GeoJsonShape | CsvShape | RowShape | TypedShape | DiffShape | DiffCsvShape


@dataclass(frozen=True)
class ExportQuery:
    """An export of all records of a list, or of the first `max_records`. Each record is a line with `before` and
    `after` around it. If `marked`, a row before them contains the mark of the state that they are read from.
    Only the records after the `position` are exported, if there is one. They are read at present or `as_of` an
    edition. With the number of an edition in `since`, what is exported is the difference between the two."""

    resource: str
    sort: Sort
    shape: Shape
    filter: Filter = EVERYTHING
    before: str = ""
    after: str = ""
    max_records: int | None = None
    marked: bool = False
    position: tuple[Any, Any] | None = None
    as_of: AsOf | None = None
    since: int | None = None

    @property
    def entries(self) -> Selection:
        """The export as the only entry of a request."""
        return (Item("", self),)


@dataclass(frozen=True)
class CsvTable:
    """The columns of counts or of series that are written as rows of CSV, under their names. With `bom` the file begins
    with a byte order mark."""

    columns: Selection
    bom: bool = False


@dataclass(frozen=True)
class CountQuery:
    """The numbers of the records of a list that pass the filter, in groups. Records are grouped by the values of `by`,
    and by the `bucket` of their time: its day, week, month or year in the time zone. `top` is the most groups of `by`.
    With `fill`, these buckets are shown even if no record is in them. Unless `exact`, a large list is counted from a
    sample. With a `table`, the answer is this and not the object of the selection."""

    resource: str
    by: tuple[Dimension, ...]
    selection: Selection
    filter: Filter = EVERYTHING
    bucket: str = ""
    time_zone: str = "UTC"
    top: int = 0
    fill: tuple[date, ...] = ()
    exact: bool = False
    as_of: AsOf | None = None
    table: CsvTable | None = None

    @property
    def entries(self) -> Selection:
        """The counts as the only entry of a request."""
        return (Item("", self),)


def counts_of_facets(rows: ListQuery, facets: Facets) -> CountQuery:
    """Return the counts that are as much work as the facets of a list: one reading of the list for all fields."""
    return CountQuery(rows.resource, facets.by, (), rows.filter, top=facets.top)


@dataclass(frozen=True)
class CountGroups:
    """The groups that an answer shows, as a list."""

    selection: Selection


@dataclass(frozen=True)
class CountKey:
    """The value of a dimension in a group. `upper` writes a vocabulary's term in capitals."""

    dimension: Dimension
    upper: bool = False


@dataclass(frozen=True)
class CountLabel:
    """Fields of the record whose id is the value of a dimension; null if there is no such record."""

    dimension: Dimension
    selection: Selection


@dataclass(frozen=True)
class CountBucket:
    """The first day of the bucket of a group."""


# Of a group its number of records with the bounds of its interval, of the whole answer the others.
CountName = Literal["count", "low", "high", "total", "rest_groups", "rest_count", "undated", "coarser"]


@dataclass(frozen=True)
class CountNumber:
    """A number of records, or of groups."""

    name: CountName


@dataclass(frozen=True)
class CountQualityField:
    """`exact` if each record was counted, `sampled` if one in 32 was."""

    upper: bool = False


@dataclass(frozen=True)
class CountAdditive:
    """True if each record counts in one group."""


@dataclass(frozen=True)
class Facets:
    """The numbers of the records of a page's list, on all of its pages, by each of several fields. `top` is the most
    values of each field."""

    by: tuple[Dimension, ...]
    top: int
    selection: Selection


@dataclass(frozen=True)
class FacetFields:
    """The fields by which records were counted, as a list."""

    selection: Selection


@dataclass(frozen=True)
class FacetName:
    """The name of a field. `upper` writes it in capitals, with an underscore for a dot."""

    upper: bool = False


@dataclass(frozen=True)
class FacetValue:
    """A value of a field; null for the records without one. `upper` writes a vocabulary's term in capitals."""

    upper: bool = False


@dataclass(frozen=True)
class SeriesQuery:
    """Series of the figures of a list that pass the filter: those with equal values of `by` are one series. Its figures
    are in buckets of the day for which they hold. `top` is the most series. With a `table`, the answer is this and not
    the object of the selection."""

    resource: str
    by: tuple[Dimension, ...]
    selection: Selection
    filter: Filter = EVERYTHING
    bucket: str = "day"
    top: int = 0
    as_of: AsOf | None = None
    table: CsvTable | None = None

    @property
    def entries(self) -> Selection:
        """The series as the only entry of a request."""
        return (Item("", self),)


# The lists of an answer: the series and the points of each, and the envelopes over their sources with their points.
SeriesListName = Literal["series", "points", "envelopes", "envelope_points"]


@dataclass(frozen=True)
class SeriesList:
    """A list of an answer, or of one of its series."""

    name: SeriesListName
    selection: Selection


@dataclass(frozen=True)
class SeriesField:
    """A value of an item of such a list, or of the whole answer. `upper` writes a vocabulary's term in capitals."""

    name: str
    upper: bool = False


@dataclass(frozen=True)
class SeriesSum:
    """The sum of the figures of a series; null if they do not add up."""

    selection: Selection


Answer = (
    ColumnField
    | Constant
    | ObjectField
    | LinkedRecord
    | LinkedRecords
    | ListQuery
    | Nodes
    | Edges
    | Cursor
    | NextCursor
    | HasMore
    | HasNext
    | HasPrevious
    | Total
    | Quality
    | EditionNumber
    | Permalink
    | Object
    | Record
    | Records
    | ExportQuery
    | RevisionColumn
    | Changed
    | StoredRecord
    | RevisionsQuery
    | CountQuery
    | CountGroups
    | CountKey
    | CountLabel
    | CountBucket
    | CountNumber
    | CountQualityField
    | CountAdditive
    | Facets
    | FacetFields
    | FacetName
    | FacetValue
    | SeriesQuery
    | SeriesList
    | SeriesField
    | SeriesSum
    | DiffColumn
    | FieldChanges
    | DiffQuery
)
# The root of a request: an object (GraphQL, one record), a page of a list, of revisions or of differences, an export,
# counts or series.
Root = Object | ListQuery | ExportQuery | RevisionsQuery | DiffQuery | CountQuery | SeriesQuery


@dataclass(frozen=True)
class Query:
    """A request to one version as a tree, and the deprecated parts that it uses."""

    version: str
    root: Root
    outdated: tuple[DeprecatedPart, ...] = field(default=(), compare=False)


def as_of(value: Answer) -> AsOf | None:
    """Return the edition as of which a root is read; None for the present, and for what is no root."""
    if isinstance(
        value, ListQuery | Record | Records | ExportQuery | RevisionsQuery | DiffQuery | CountQuery | SeriesQuery
    ):
        return value.as_of
    return None
