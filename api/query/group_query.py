"""Counts, facets and series as values, and the parts of their answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from api.catalog import Dimension, Version
from api.catalog.dimensions import SOURCE
from api.query.filters import EVERYTHING, Filter
from api.query.known_at import AsOf
from api.query.list_query import ListQuery
from api.query.selection import Answer, Selection


@dataclass(frozen=True)
class CsvTable:
    """The columns of counts or of series that are written as rows of CSV, under their names. With `bom` the file begins
    with a byte order mark."""

    columns: Selection
    bom: bool = False


@dataclass(frozen=True)
class CountQuery(Answer):
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
    def links(self) -> set[str]:
        """The links through which records are grouped, by their names."""
        return {dimension.link for dimension in self.by if dimension.link}


def is_counted_exactly(version: Version, root: CountQuery) -> bool:
    """Return True if each record is counted, however many there are. Children are: a sample would have all children of
    a few records, which says little of the others."""
    return root.exact or root.resource in version.children


@dataclass(frozen=True)
class CountGroups(Answer):
    """The groups that an answer shows, as a list."""

    selection: Selection


@dataclass(frozen=True)
class CountKey(Answer):
    """The value of a dimension in a group. `upper` writes a vocabulary's term in capitals."""

    dimension: Dimension
    upper: bool = False


@dataclass(frozen=True)
class CountLabel(Answer):
    """Fields of the record whose id is the value of a dimension; null if there is no such record."""

    dimension: Dimension
    selection: Selection


@dataclass(frozen=True)
class CountBucket(Answer):
    """The first day of the bucket of a group."""


# Of a group its number of records with the bounds of its interval, of the whole answer the others.
CountName = Literal["count", "low", "high", "total", "rest_groups", "rest_count", "undated", "coarser"]


@dataclass(frozen=True)
class CountNumber(Answer):
    """A number of records, or of groups."""

    name: CountName


@dataclass(frozen=True)
class CountQualityField(Answer):
    """`exact` if each record was counted, `sampled` if those of a sample were."""

    upper: bool = False


@dataclass(frozen=True)
class CountAdditive(Answer):
    """True if each record counts in one group."""


@dataclass(frozen=True)
class Facets(Answer):
    """The numbers of the records of a page's list, on all of its pages, by each of several fields. `top` is the most
    values of each field."""

    by: tuple[Dimension, ...]
    top: int
    selection: Selection


@dataclass(frozen=True)
class FacetFields(Answer):
    """The fields by which records were counted, as a list."""

    selection: Selection


@dataclass(frozen=True)
class FacetName(Answer):
    """The name of a field. `upper` writes it in capitals, with an underscore for a dot."""

    upper: bool = False


@dataclass(frozen=True)
class FacetValue(Answer):
    """A value of a field; null for the records without one. `upper` writes a vocabulary's term in capitals."""

    upper: bool = False


def facets_of(selection: Selection) -> Iterator[Facets]:
    """Yield the facets of a page."""
    for entry in selection:
        if isinstance(entry.value, Facets):
            yield entry.value


def counts_of_facets(rows: ListQuery, facets: Facets) -> CountQuery:
    """Return the counts that are as much work as the facets of a list: one reading of the list for all fields."""
    return CountQuery(rows.resource, facets.by, (), rows.filter, top=facets.top)


@dataclass(frozen=True)
class SeriesQuery(Answer):
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


def counts_of_series(root: SeriesQuery) -> CountQuery:
    """Return the counts that are as much work as series: exact ones by the same values and by sources of citations."""
    by = (*root.by, SOURCE)
    return CountQuery(root.resource, by, (), root.filter, root.bucket, exact=True)


# The lists of an answer: the series and the points of each, and the envelopes over their sources with their points.
SeriesListName = Literal["series", "points", "envelopes", "envelope_points"]


@dataclass(frozen=True)
class SeriesList(Answer):
    """A list of an answer, or of one of its series."""

    name: SeriesListName
    selection: Selection


@dataclass(frozen=True)
class SeriesField(Answer):
    """A value of an item of such a list, or of the whole answer. `upper` writes a vocabulary's term in capitals."""

    name: str
    upper: bool = False


@dataclass(frozen=True)
class SeriesSum(Answer):
    """The sum of the figures of a series; null if they do not add up."""

    selection: Selection
