"""Compute the price of a request in points from its Query alone: about one point for each record that it may return.

    price(request)  = the larger of its minimum and the sum over its roots, + its reserve
    minimum         = the largest of 1, the relations of its statement / 5, the values of its filters / 400, and the
                      searched words / 20 (api/query/statement_size.py)
    price(list)     = price(filter) + price(totals) + size x price(record)
    price(record)   = 1 + the sum over its links
    price(one)      = price(record) of the linked record
    price(many)     = price(list) of the linked records
    price(several)  = 10 x price(record) of the linked records
    price(revisions) = size x (2 + price(record), if the record is shown)
    price(diff)     = price(filter) + size
    price(children) = size x (price(child) - 1): the children themselves come with their record
    price(filter)   = 5 for each search, 10 for each link that it looks through, 20 for the order by relevance
    price(totals)   = 10 for an exact one, 50 if the filter looks through links, 60 as of an edition; 5 for an estimated
                      one
    price(counts)   = price(filter) + 1 for each 50 buckets that are filled
    price(series)   = price(filter)
    price(facets)   = that of counts by the same fields, beside the price of their list

    reserve         = for records that Postgres may have to look at without returning them (api/query/work.py)

    price(export)   = 50 x states x (1 + the sum over the links that it includes) + its reserve. A diff reads each
                      record in 2 states, any other export in 1. An export may have any length, so its price does not
                      depend on the number of records. Other limits bound that: the plan's records of an export, the
                      number of exports that run at the same time (`export_connections`) and the time of each
                      (`export_timeout`). Links that are always shown add nothing. All children of a record are
                      exported, and count as many as a list shows

In the end a request costs the same sum for the rows that were found, without the reserve; or, if that is more, a point
for 40 records that Postgres looked at, up to the price. Text beyond 4 KiB a record costs a point for each further
4 KiB, even above the price. The statement returns these points beside its answer, and the rest is refunded. Caching
never changes a price, and the same Query costs the same through REST and GraphQL.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.catalog import VERSIONS, Link, Resource, Version
from api.query.export_query import ExportQuery, JsonShape
from api.query.filters import AllOf, AnyOf, Exists, Filter, Not, Search
from api.query.group_query import CountQuery, SeriesQuery, counts_of_facets, facets_of
from api.query.history_query import DiffQuery, RevisionsQuery, StoredRecord
from api.query.list_query import Edges, ListQuery, Nodes, wanted_totals
from api.query.query import Query
from api.query.selection import LinkedRecord, LinkedRecords, Object, Record, Records, Selection
from api.query.statement_size import (
    RELATIONS_PER_POINT,
    VALUES_PER_POINT,
    WORDS_PER_POINT,
    relations,
    searched_words,
    values,
)
from api.query.work import SEVERAL, reserve

SEARCH = 5
LINK = 10
RELEVANCE = 20
EXPORT = 50
EXACT_TOTAL = 10
EXACT_THROUGH_LINKS = 50
EXACT_AS_OF = 60
# A revision is compared with the one before.
REVISION = 2
ESTIMATED_TOTAL = 5
# Buckets that are filled with zeros for a point: their text is as long as that of a record.
BUCKETS_PER_POINT = 50


@dataclass(frozen=True)
class CostliestList:
    """The costliest list at the root of a request: its key, the points of each record, and those of all the rest."""

    key: str
    each: int
    rest: int

    def page(self, max_points: int) -> int:
        """Return the size of the largest page with which the request costs at most `max_points`; below 1 if none
        does."""
        return (max_points - self.rest) // max(1, self.each)


def price(query: Query) -> int:
    """Return the points that a request takes before it runs: for all rows that it may return, and its reserve."""
    if isinstance(query.root, ExportQuery):
        states = 1 if query.root.since is None else 2
        return EXPORT * states * (1 + _included_points(query.version, query.root)) + reserve(query)
    points = _linked_points(VERSIONS[query.version], query.entries)
    return max(least_price(query), points) + reserve(query)


def least_price(query: Query) -> int:
    """Return the points that a request costs at least: planning its statement is work, even if it finds nothing."""
    return max(
        1,
        relations(query) // RELATIONS_PER_POINT,
        values(query) // VALUES_PER_POINT,
        searched_words(query) // WORDS_PER_POINT,
    )


def largest_page_size(query: Query) -> int:
    """Return the size of the largest page at the root of a request; 0 if it has no list."""
    sizes: list[int] = []
    for entry in query.entries:
        match entry.value:
            case ListQuery() | DiffQuery():
                sizes.append(entry.value.page.size)
            case RevisionsQuery():
                sizes.append(entry.value.size)
    return max(sizes, default=0)


def costliest_list(query: Query, points: int) -> CostliestList | None:
    """Return the costliest list of a request that costs `points`; None if it has no list."""
    version = VERSIONS[query.version]
    costs = []
    for key, rows in _root_lists(query):
        points_per_row = _row_points(version, rows)
        costs.append((rows.page.size * points_per_row, points_per_row, key))
    if not costs:
        return None
    cost, points_per_row, key = max(costs)
    return CostliestList(key, points_per_row, points - cost)


def _root_lists(query: Query) -> list[tuple[str, ListQuery]]:
    """Return the lists at the root of a request, each with its key."""
    return [(entry.key, entry.value) for entry in query.entries if isinstance(entry.value, ListQuery)]


def _revision_points(version: Version, root: RevisionsQuery) -> int:
    """Return the points of a page of revisions."""
    points = REVISION
    for entry in root.selection:
        if isinstance(entry.value, Nodes):
            for item in entry.value.selection:
                if isinstance(item.value, StoredRecord):
                    points += item.value.points
    return root.size * points


def base_of(version: Version, selection: Selection) -> int:
    """Return the points of a record and of its links to one, which are the same in every row."""
    return 1 + _fixed_points(version, selection)


def unit_of(version: Version, rows: ListQuery) -> int:
    """Return the points of each row of a page, without the pages below it."""
    points = sum(_fixed_points(version, selection) for selection in _record_selections(rows))
    # Children within a record are paid for with it.
    if rows.link and rows.resource in version.children:
        return points
    return 1 + points


def _row_points(version: Version, rows: ListQuery) -> int:
    """Return the points of each row of a page, with as many rows below it as there may be."""
    linked_points = sum(_linked_points(version, selection) for selection in _record_selections(rows))
    return unit_of(version, rows) + linked_points


def extra_of(rows: ListQuery) -> int:
    """Return the points of a page that are not for its rows: those of its filter, its order and its totals."""
    _, links = _count_searches_and_links(rows.filter)
    points = filter_points(rows.filter)
    for exact in wanted_totals(rows.selection):
        if not exact:
            points += ESTIMATED_TOTAL
        elif rows.as_of is not None:
            points += EXACT_AS_OF
        elif links:
            points += EXACT_THROUGH_LINKS
        else:
            points += EXACT_TOTAL
    if rows.sort.field == "relevance":
        points += RELEVANCE
    for facets in facets_of(rows.selection):
        points += points_of_counts(counts_of_facets(rows, facets))
    return points


def points_of_counts(root: CountQuery) -> int:
    """Return the points of counts that are not for what Postgres looks at: those of the filter, and of the buckets that
    are filled."""
    groups = root.top if root.by else 1
    return filter_points(root.filter) + len(root.fill) * groups // BUCKETS_PER_POINT


def filter_points(filter: Filter) -> int:
    """Return the points of the searches of a filter, and of the links that it looks through."""
    searches, links = _count_searches_and_links(filter)
    return SEARCH * searches + LINK * links


def _record_selections(rows: ListQuery) -> list[Selection]:
    # If a request has both the nodes and the edges of a page, each record is still read once.
    return [entry.value.selection for entry in rows.selection if isinstance(entry.value, Nodes | Edges)]


def _fixed_points(version: Version, selection: Selection) -> int:
    """Return the points of the links to one in a selection."""
    total = 0
    for entry in selection:
        match entry.value:
            case LinkedRecord():
                total += base_of(version, entry.value.selection)
            case Object():
                total += _fixed_points(version, entry.value.selection)
    return total


def _linked_points(version: Version, selection: Selection) -> int:
    """Return the most points of the linked records of a selection whose number only the store knows."""
    total = 0
    for entry in selection:
        match entry.value:
            case CountQuery():
                total += points_of_counts(entry.value)
            case SeriesQuery():
                total += filter_points(entry.value.filter)
            case ListQuery():
                total += extra_of(entry.value) + entry.value.page.size * _row_points(version, entry.value)
            case LinkedRecords():
                total += SEVERAL * record_points(version, entry.value.selection)
            case RevisionsQuery():
                total += _revision_points(version, entry.value)
            case DiffQuery():
                total += extra_of(entry.value.rows) + entry.value.page.size
            case Record():
                total += record_points(version, entry.value.selection)
            case Records():
                for record in entry.value.records:
                    if record:
                        total += record_points(version, record.selection)
            case LinkedRecord() | Object():
                total += _linked_points(version, entry.value.selection)
    return total


def _included_points(version_name: str, export: ExportQuery) -> int:
    """Return the points of the links that an export includes, for one record."""
    if not isinstance(export.shape, JsonShape):
        return 0
    version = VERSIONS[version_name]
    return _optional_points(version, version[export.resource], export.shape.selection)


def _optional_points(version: Version, resource: Resource, selection: Selection) -> int:
    """Return the most points of the links of a selection that are only shown because the request names them."""
    total = 0
    for entry in selection:
        match entry.value:
            case Object():
                total += _optional_points(version, resource, entry.value.selection)
            case LinkedRecord() | ListQuery() | LinkedRecords():
                link = resource.links[entry.value.link]
                if link.embedded or link.owned:
                    total += _points_below(version, link, entry.value)
                else:
                    total += record_points(version, (entry,)) - 1
    return total


def _points_below(version: Version, link: Link, value: LinkedRecord | LinkedRecords | ListQuery) -> int:
    """Return the most points of the included links of records that are always shown."""
    target = version[link.target]
    if isinstance(value, ListQuery):
        each = sum(_optional_points(version, target, selection) for selection in _record_selections(value))
        return (value.page.size or link.default) * each
    return _optional_points(version, target, value.selection)


def record_points(version: Version, selection: Selection) -> int:
    """Return the most points of a record with what it links to."""
    return base_of(version, selection) + _linked_points(version, selection)


def _count_searches_and_links(filter: Filter) -> tuple[int, int]:
    """Return the number of searches in a filter, and of links that it looks through."""
    match filter:
        case Search():
            return 1, 0
        case AllOf() | AnyOf():
            searches, links = 0, 0
            for part in filter.filters:
                searches_in_part, links_in_part = _count_searches_and_links(part)
                searches += searches_in_part
                links += links_in_part
            return searches, links
        case Not():
            return _count_searches_and_links(filter.filter)
        case Exists():
            searches, links = _count_searches_and_links(filter.filter)
            return searches, links + 1
        case _:
            return 0, 0
