"""Estimate the work of a filter: how many records Postgres may have to look at beyond those that it returns.

An index serves most requests: it holds the matching records next to each other, in the order of the list. A filter that
no index serves can make Postgres look at a whole list to find one record. `reserve` is the most that this may cost. It
is taken before the request runs. The statement counts the records that it looked at, and the rest is refunded.

    reserve(list)  = 60 x weight(filter) if no index serves the filter and the order, else 0; as of an edition at
                     least 50, for versions that were not shown then
    reserve(diff)  = as reserve(list), twice as much if the filter looks through links; at least 50
    reserve(set)   = 10 x weight(filter) for each parent; at most 60 x weight(filter) if no parent can occur twice
    reserve(total) = 40 without a filter, else 60 x weight(filter); of children 60 x (2 + weight(filter))
    reserve(counts) = 60 x weight(filter, groups) for a list of up to 200,000 records; 300 x with quality=exact, and for
                     lists of children, which are never counted from a sample
    reserve(facets) = that of counts by the same fields
    reserve(series) = that of counts by the same fields and by citations.source_id, with quality=exact
    all together   = at most 850
    weight(filter) = the time to read and test one record, relative to reading it: 1 + the sum over its tests
                     (api/query/filter_weight.py)

weight(filter, groups) also has 0.5 for each field and bucket, 1 for each link to one, 3.5 for each link to children.

If the filter names ids, Postgres looks at their records alone. Each of them costs its part of a list of 200,000, which
is nothing for most filters, or 10 x weight(filter) if the filter looks through a link to many or to children. Together
they cost no more than a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from api.catalog import VERSIONS, Resource, Version
from api.query.export_query import ExportQuery
from api.query.filter_weight import weight
from api.query.filters import EVERYTHING, AllOf, AnyOf, Exists, Filter, Not, looks_through_links
from api.query.group_query import (
    CountQuery,
    SeriesQuery,
    counts_of_facets,
    counts_of_series,
    facets_of,
    is_counted_exactly,
)
from api.query.history_query import DiffQuery
from api.query.index_use import count_ids, is_served
from api.query.list_query import Edges, ListQuery, Nodes, wanted_totals
from api.query.query import Query
from api.query.selection import Answer, LinkedRecord, LinkedRecords, Object, Record, Records, Selection
from api.query.sort import Page, Sort, read_sort
from api.query.statement_size import lists_of

# Points for looking at a whole list of 200,000 records with one plain test: 130 to 190 ms of Postgres, 3 ms a point.
WHOLE_LIST = 60
# The records of that list. A record that is named by its id costs its share of the list's points.
LIST_RECORDS = 200_000
# The most points that a request reserves: Postgres may work on it for 2.5 s (`statement_timeout`), 3 ms a point.
MOST = 850
# Points for looking at versions of records that were not shown as of an edition, in the order of the list. A page of
# the usual size costs twice as much as one of the present before it runs.
OTHER_VERSIONS = 50
# Points for looking at the records that one record links to: 20,000 records take 13 ms.
ONE_PARENT = 10
# Points for counting up to 100,000 records without a filter.
COUNT_ALL = 40
# The weight of leaving out the children of withdrawn records when children are counted.
STANDING = 2
# Lists of that size that are counted one by one, in the largest list that the service is made for.
EXACT_LISTS = 5
# The weight of grouping a record by one of its fields, and of looking up the row of a link by which it is grouped.
GROUPED = 0.5
GROUPED_LINK = {"one": 1.0, "children": 3.5}
# Records that the store looks at for a point. A plain list takes 5 to 15 rows and 5 to 9 buffers a point.
LOOKED_AT_PER_POINT = 40
# The largest weight for which a point pays for that many records, which then take 2.6 ms. With heavier filters it pays
# for fewer.
MAX_WEIGHT = 100
# The approximate number of records that a link to several leads to.
SEVERAL = 10


def reserve(query: Query) -> int:
    """Return the points for the records that Postgres may look at without returning them."""
    version = VERSIONS[query.version]
    points = sum(_root_reserve(version, entry.value) for entry in query.entries)
    return min(MOST, points)


def _root_reserve(version: Version, value: Answer) -> int:
    match value:
        case ExportQuery():
            if value.since is not None:
                return _diff_reserve(version, value.resource, value.filter)
            rows = ListQuery(value.resource, Page(1), value.sort, (), value.filter, as_of=value.as_of)
            return _scan_reserve(version, rows)
        case DiffQuery():
            return _diff_reserve(version, value.resource, value.filter)
        case ListQuery():
            return _list_reserve(version, value)
        case CountQuery():
            return _count_reserve(version, value)
        case SeriesQuery():
            return _count_reserve(version, counts_of_series(value))
        case Record():
            return _sets_reserve(version, value.selection, _Parents())
        case Records():
            return sum(_sets_reserve(version, record.selection, _Parents()) for record in value.records if record)
        case _:
            return 0


def _list_reserve(version: Version, rows: ListQuery) -> int:
    totals = len(wanted_totals(rows.selection)) * _total_reserve(version, rows)
    sets = _sets_reserve(version, rows.selection, _Parents(rows.page.size))
    points = _scan_reserve(version, rows) + totals + sets
    for facets in facets_of(rows.selection):
        points += _count_reserve(version, counts_of_facets(rows, facets))
    return points


def _scan_reserve(version: Version, rows: ListQuery) -> int:
    """Return the reserve for looking at the whole list."""
    resource = version[rows.resource]
    least = OTHER_VERSIONS if rows.as_of is not None else 0
    if is_served(resource, rows):
        return least
    return max(least, _whole_list_reserve(version, resource, rows.filter, rows.sort))


def _diff_reserve(version: Version, name: str, filter: Filter) -> int:
    """Return the reserve for looking at all changes between two states of a list and, if the filter looks through
    links, at all other records, too."""
    resource = version[name]
    sort = read_sort(resource, resource.sort)
    assert sort is not None
    if is_served(resource, ListQuery(name, Page(1), sort, (), filter)):
        return OTHER_VERSIONS
    points = _whole_list_reserve(version, resource, filter)
    if looks_through_links(resource, filter):
        points *= 2
    return max(OTHER_VERSIONS, points)


def _total_reserve(version: Version, rows: ListQuery) -> int:
    """Return the reserve for counting the list once."""
    resource = version[rows.resource]
    if rows.resource in version.children:
        return ceil(WHOLE_LIST * (STANDING + weight(version, resource, rows.filter)))
    if rows.filter == EVERYTHING:
        return COUNT_ALL
    return _whole_list_reserve(version, resource, rows.filter)


def _count_reserve(version: Version, root: CountQuery) -> int:
    """Return the reserve for counting a list in groups."""
    resource = version[root.resource]
    record_weight = weight(version, resource, root.filter) + _grouping_weight(resource, root)
    if root.resource in version.children:
        record_weight += STANDING
    lists = EXACT_LISTS if is_counted_exactly(version, root) else 1
    points = lists * WHOLE_LIST
    ids = count_ids(root.filter)
    if ids is not None:
        return int(min(points, ids * _points_per_id(version, resource, root.filter)) * record_weight)
    return ceil(points * record_weight)


def _grouping_weight(resource: Resource, root: CountQuery) -> float:
    total = GROUPED * (len(root.by) + bool(root.bucket))
    for name in root.links:
        link = resource.links[name]
        total += GROUPED_LINK[link.kind]
        if link.fallback:
            # The records on the way to the fallback are looked up, too.
            total += GROUPED_LINK["one"] * link.fallback.count(".")
    return total


def _whole_list_reserve(version: Version, resource: Resource, filter: Filter, sort: Sort | None = None) -> int:
    """Return the reserve for a whole list, or for the records that the filter names by their ids."""
    record_weight = weight(version, resource, filter, sort)
    ids = count_ids(filter)
    if ids is None:
        return ceil(WHOLE_LIST * record_weight)
    points = min(WHOLE_LIST, ids * _points_per_id(version, resource, filter))
    return int(points * record_weight)


def measures_work(version: Version, resource: Resource, rows: ListQuery) -> bool:
    """Return True if points are reserved for a page. Then the statement counts the records that Postgres looks at."""
    if is_served(resource, rows):
        return False
    return _whole_list_reserve(version, resource, rows.filter, rows.sort) > 0


def _points_per_id(version: Version, resource: Resource, filter: Filter) -> float:
    if _reaches_many(version, resource, filter):
        return ONE_PARENT
    return WHOLE_LIST / LIST_RECORDS


def _reaches_many(version: Version, resource: Resource, filter: Filter) -> bool:
    """Return True if the filter looks through a link to many, or to children."""
    match filter:
        case Exists():
            link = resource.links[filter.link]
            return link.kind in ("many", "children") or _reaches_many(version, version[link.target], filter.filter)
        case Not():
            return _reaches_many(version, resource, filter.filter)
        case AllOf() | AnyOf():
            return any(_reaches_many(version, resource, part) for part in filter.filters)
        case _:
            return False


@dataclass(frozen=True)
class _Parents:
    """The parent records of a set: their number, and whether they are distinct."""

    count: int = 1
    distinct: bool = True


def _sets_reserve(version: Version, selection: Selection, parents: _Parents) -> int:
    """Return the reserve for the filtered sets below these parents."""
    total = 0
    for entry in selection:
        match entry.value:
            case ListQuery():
                rows = entry.value
                below = _Parents(parents.count * rows.page.size, parents.distinct)
                total += _set_reserve(version, rows, parents) + _sets_reserve(version, rows.selection, below)
            case LinkedRecord():
                below = _Parents(parents.count, distinct=False)
                total += _sets_reserve(version, entry.value.selection, below)
            case LinkedRecords():
                below = _Parents(parents.count * SEVERAL, distinct=False)
                total += _sets_reserve(version, entry.value.selection, below)
            case Nodes() | Edges() | Object():
                total += _sets_reserve(version, entry.value.selection, parents)
    return total


def _set_reserve(version: Version, rows: ListQuery, parents: _Parents) -> int:
    resource = version[rows.resource]
    if is_served(resource, rows):
        return 0
    points = ONE_PARENT * parents.count
    if parents.distinct:
        # The sets of different parents have no record in common, so together they are at most the whole list.
        points = min(points, WHOLE_LIST)
    record_weight = weight(version, resource, rows.filter)
    ids = count_ids(rows.filter)
    if ids is None:
        return ceil(points * record_weight)
    points_of_ids = parents.count * ids * _points_per_id(version, resource, rows.filter)
    return int(min(points, points_of_ids) * record_weight)


def records_a_point(query: Query) -> int:
    """Return the number of looked-at records that a point of this request pays for. It pays for fewer if they are
    grouped: each group is sorted and written, too."""
    version = VERSIONS[query.version]
    grouping = 0.0
    for counts in counts_of(query.root):
        grouping = max(grouping, _grouping_weight(version[counts.resource], counts))
    heaviest = 1.0
    for rows in lists_of(query.root):
        heaviest = max(heaviest, weight(version, version[rows.resource], rows.filter, rows.sort))
    return max(1, int(LOOKED_AT_PER_POINT * min(1.0, MAX_WEIGHT / heaviest) / (1.0 + grouping)))


def counts_of(value: Answer) -> Iterator[CountQuery]:
    """Yield the counts of an answer, and those that are as much work as its facets and series."""
    match value:
        case CountQuery():
            yield value
        case SeriesQuery():
            yield counts_of_series(value)
        case ListQuery():
            for facets in facets_of(value.selection):
                yield counts_of_facets(value, facets)
        case Object():
            for entry in value.selection:
                yield from counts_of(entry.value)
