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
from api.catalog.dimensions import SOURCE
from api.query import words
from api.query.export_query import ExportQuery
from api.query.filters import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Exists,
    Filter,
    Not,
    Search,
    Test,
    conjuncts,
    fallback,
    looks_through_links,
)
from api.query.group_query import CountQuery, SeriesQuery, counts_of_facets, facets_of
from api.query.history_query import Changed, DiffQuery, FieldChanges, RevisionsQuery, StoredRecord
from api.query.list_query import Edges, ListQuery, Nodes, counted
from api.query.query import Query
from api.query.selection import Answer, LinkedRecord, LinkedRecords, Object, Record, Records, Selection
from api.query.sort import Page, Sort, read_sort

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
# Relations that a statement may name for a point: planning takes 0.2 to 0.5 ms for each.
RELATIONS_PER_POINT = 5
# Values in the lists of its filters for a point: 3,800 take 4 to 10 ms to plan.
VALUES_PER_POINT = 400
# Words of its searches for a point: Postgres takes up to 0.15 ms for each to make a query of them, before it looks.
WORDS_PER_POINT = 20

# The weight of a test: a constant, and a part for each value of its list. Measured on 200,000 events in units of
# 0.65 µs, the time to read a record. An identifier is compared with each identifier of the record, a tag with each tag.
PLAIN_TEST = (0.1, 0.0)
TESTS = {
    "has": (0.2, 0.035),
    "identifier": (0.5, 0.18),
    "subject": (0.5, 0.18),
    "bbox": (0.3, 0.0),
    "near": (1.5, 0.0),
}
# The least weight of each value of a list that is compared below a link, because each value is an index scan.
LINKED_VALUE = 0.05
# Full text: a constant and a part for each word, to match and to rank.
MATCH = (1.0, 0.25)
RANK = (0.3, 0.45)
# The weight of looking up linked records, and the approximate number of linked records to test.
LOOK_UP = 7.0
LINKED = {"one": 1, "several": 3, "children": 3, "many": 3}
# The number for a link to many below a link to one: the records of the same few parents are tested again and again.
LINKED_AGAIN = 20
# The approximate number of records that a link to several leads to.
SEVERAL = 10

RANGES = ("gte", "lt", "after")
# The order of rows that are counted.
UNSORTED = Sort("id", "id", "text")


def is_served(resource: Resource, rows: ListQuery) -> bool:
    """Return True if an index contains the matching rows next to each other, in the order of the list.

    Then the work depends only on the size of the page, and one generic plan is best for all values. Planning takes as
    long as reading: 300 µs for a page alone, 1 ms for a page with three links. For other filters the best plan depends
    on the values: for one through a link a generic plan took 551 ms, and a custom plan 1 ms."""
    if rows.filter == EVERYTHING:
        return True
    if rows.link:
        return False
    equalities = 0
    for test in conjuncts(rows.filter):
        if _is_equality(test):
            equalities += 1
        elif not _is_range(test, rows.sort.column):
            return False
    if equalities == 0:
        return True
    return equalities == 1 and _is_own_order(resource, rows.sort)


def _is_equality(filter: Filter) -> bool:
    return isinstance(filter, Test) and filter.operator == "in" and len(filter.value) == 1


def _is_range(filter: Filter, column: str) -> bool:
    return isinstance(filter, Test) and filter.operator in RANGES and filter.column == column


def _is_own_order(resource: Resource, sort: Sort) -> bool:
    # The indexes of filters continue in the default order of the list.
    default = read_sort(resource, resource.sort)
    return default is not None and default.column == sort.column


def is_bounded(resource: Resource, rows: ListQuery) -> bool:
    """Return True if the records that may match are few or in the order of the list: an index serves the filter, or it
    names ids."""
    return is_served(resource, rows) or _count_ids(rows.filter) is not None


def is_counted(version: Version, resource: Resource, rows: ListQuery) -> bool:
    """Return True if points are reserved for a page. Then the statement counts the records that Postgres looks at."""
    if is_served(resource, rows):
        return False
    return _whole_list_reserve(version, resource, rows.filter, rows.sort) > 0


def _count_ids(filter: Filter) -> int | None:
    """Return the number of ids that the filter names, or None if it names none."""
    tests = [part for part in conjuncts(filter) if isinstance(part, Test)]
    counts = [len(test.value) for test in tests if test.column == "id" and test.operator == "in"]
    return min(counts, default=None)


def weight(version: Version, resource: Resource, filter: Filter, sort: Sort | None = None) -> float:
    """Return the time to read and test one record, relative to reading it. With `sort` by relevance it includes ranking
    the record."""
    total = 1.0 + _filter_weight(version, resource, filter)
    if sort is not None and sort.field == "relevance":
        total += sum(RANK[0] + RANK[1] * _count_words(search) for search in _searches(filter))
    return total


def _filter_weight(
    version: Version, resource: Resource, filter: Filter, *, linked: bool = False, again: bool = False
) -> float:
    """Return the weight of the tests in a filter. Below a link they are `linked`. Below a link to one, the same records
    are tested `again` and again."""
    match filter:
        case Test():
            return _test_weight(filter, linked=linked)
        case Search():
            return MATCH[0] + MATCH[1] * _count_words(filter)
        case Not():
            return _filter_weight(version, resource, filter.filter, linked=linked, again=again)
        case AllOf() | AnyOf():
            return sum(_filter_weight(version, resource, part, linked=linked, again=again) for part in filter.filters)
        case Exists():
            link_weight = _link_weight(version, resource, filter, again=again)
            otherwise = fallback(resource, filter)
            if otherwise is None:
                return link_weight
            # A record is looked up through the link or through its fallback, never through both.
            return max(link_weight, _filter_weight(version, resource, otherwise, linked=linked, again=again))


def _test_weight(test: Test, *, linked: bool) -> float:
    constant, per_value = TESTS.get(test.operator, PLAIN_TEST)
    # The tuple of a box or a circle is a single value.
    if not isinstance(test.value, tuple) or test.operator in ("bbox", "near"):
        return constant
    if linked:
        per_value = max(per_value, LINKED_VALUE)
    return constant + len(test.value) * per_value


def _link_weight(version: Version, resource: Resource, filter: Exists, *, again: bool) -> float:
    """Return the weight of looking up the records of a link and testing them."""
    link = resource.links[filter.link]
    records = LINKED[link.kind]
    if again and link.kind == "many":
        records = LINKED_AGAIN
    tests = _filter_weight(version, version[link.target], filter.filter, linked=True, again=again or link.single)
    return LOOK_UP + records * (1.0 + tests)


def _searches(filter: Filter) -> Iterator[Search]:
    match filter:
        case Search():
            yield filter
        case AllOf() | AnyOf():
            for part in filter.filters:
                yield from _searches(part)
        case Not() | Exists():
            yield from _searches(filter.filter)


def _count_words(search: Search) -> int:
    return words.count(search.words)


def reserve(query: Query) -> int:
    """Return the points for the records that Postgres may look at without returning them."""
    version = VERSIONS[query.version]
    points = sum(_root_reserve(version, entry.value) for entry in query.root.entries)
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
            return _count_reserve(version, _as_counts(value))
        case Record():
            return _sets_reserve(version, value.selection, _Parents())
        case Records():
            return sum(_sets_reserve(version, record.selection, _Parents()) for record in value.records if record)
        case _:
            return 0


def _list_reserve(version: Version, rows: ListQuery) -> int:
    totals = len(counted(rows.selection)) * _total_reserve(version, rows)
    sets = _sets_reserve(version, rows.selection, _Parents(rows.page.size))
    facets = sum(_count_reserve(version, counts_of_facets(rows, each)) for each in facets_of(rows.selection))
    return _scan_reserve(version, rows) + totals + sets + facets


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
    ids = _count_ids(root.filter)
    if ids is not None:
        return int(min(points, ids * _points_per_id(version, resource, root.filter)) * record_weight)
    return ceil(points * record_weight)


def _as_counts(root: SeriesQuery) -> CountQuery:
    """Return the counts that are as much work as series: exact ones by the same values and by sources of citations."""
    by = (*root.by, SOURCE)
    return CountQuery(root.resource, by, (), root.filter, root.bucket, exact=True)


def is_counted_exactly(version: Version, root: CountQuery) -> bool:
    """Return True if each record is counted, however many there are. Children are: a sample would have all children of
    one record in 32, which says little of the others."""
    return root.exact or root.resource in version.children


def _grouping_weight(resource: Resource, root: CountQuery) -> float:
    total = GROUPED * (len(root.by) + bool(root.bucket))
    for name in {dimension.link for dimension in root.by if dimension.link}:
        link = resource.links[name]
        total += GROUPED_LINK[link.kind]
        if link.fallback:
            # The records on the way to the fallback are looked up, too.
            total += GROUPED_LINK["one"] * link.fallback.count(".")
    return total


def _whole_list_reserve(version: Version, resource: Resource, filter: Filter, sort: Sort | None = None) -> int:
    """Return the reserve for a whole list, or for the records that the filter names by their ids."""
    record_weight = weight(version, resource, filter, sort)
    ids = _count_ids(filter)
    if ids is None:
        return ceil(WHOLE_LIST * record_weight)
    points = min(WHOLE_LIST, ids * _points_per_id(version, resource, filter))
    return int(points * record_weight)


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
    ids = _count_ids(rows.filter)
    if ids is None:
        return ceil(points * record_weight)
    points_of_ids = parents.count * ids * _points_per_id(version, resource, rows.filter)
    return int(min(points, points_of_ids) * record_weight)


def records_a_point(query: Query) -> int:
    """Return the number of looked-at records that a point of this request pays for. It pays for fewer if they are
    grouped: each group is sorted and written, too."""
    version = VERSIONS[query.version]
    groups = [_grouping_weight(version[counts.resource], counts) for counts in _counts(query.root)]
    weights = [weight(version, version[rows.resource], rows.filter, rows.sort) for rows in _lists(query.root)]
    heaviest = max(weights, default=1.0)
    return max(1, int(LOOKED_AT_PER_POINT * min(1.0, MAX_WEIGHT / heaviest) / (1.0 + max(groups, default=0.0))))


def _counts(value: Answer) -> Iterator[CountQuery]:
    """Yield the counts of an answer, and those that are as much work as its facets and series."""
    match value:
        case CountQuery():
            yield value
        case SeriesQuery():
            yield _as_counts(value)
        case ListQuery():
            yield from (counts_of_facets(value, facets) for facets in facets_of(value.selection))
        case Object():
            for entry in value.selection:
                yield from _counts(entry.value)


def _lists(value: Answer) -> Iterator[ListQuery]:
    """Yield the lists and sets of an answer."""
    match value:
        case ListQuery():
            yield value
            yield from _lists_in(value.selection)
        case CountQuery() | SeriesQuery():
            yield ListQuery(value.resource, Page(1), UNSORTED, (), value.filter)
        case DiffQuery():
            yield value.rows
        case Record() | LinkedRecord() | LinkedRecords() | Nodes() | Edges() | Object():
            yield from _lists_in(value.selection)
        case Records():
            for record in value.records:
                if record is not None:
                    yield from _lists(record)
        case _:
            pass


def _lists_in(selection: Selection) -> Iterator[ListQuery]:
    for entry in selection:
        yield from _lists(entry.value)


def values(query: Query) -> int:
    """Count the values in the lists of the filters of a request."""
    return sum(_count_values(rows.filter) for rows in _lists(query.root))


def searched_words(query: Query) -> int:
    """Count the words of the searches of a request, each time that Postgres reads them."""
    total = 0
    for rows in _lists(query.root):
        for search in _searches(rows.filter):
            total += _count_words(search)
    return total


def _count_values(filter: Filter) -> int:
    match filter:
        case Test(value=tuple() as values):
            return len(values)
        case Not() | Exists():
            return _count_values(filter.filter)
        case AllOf() | AnyOf():
            return sum(map(_count_values, filter.filters))
        case _:
            return 1


def relations(query: Query) -> int:
    """Count the relations that a statement names: lists, records, links, and links that filters look through."""
    return _count_relations_in(VERSIONS[query.version], query.root.entries)


def _count_relations_in(version: Version, selection: Selection) -> int:
    return sum(_count_relations(version, entry.value) for entry in selection)


def _count_relations(version: Version, value: Answer) -> int:
    match value:
        case ExportQuery():
            return 1 + _count_links(version, version[value.resource], value.filter)
        case SeriesQuery():
            return _count_relations(version, _as_counts(value))
        case CountQuery():
            resource = version[value.resource]
            links = _count_links(version, resource, value.filter)
            grouped = {dimension.link for dimension in value.by if dimension.link}
            labels = sum(1 for dimension in value.by if dimension.label)
            # A list that may be sampled is read in one of two ways.
            ways = 1 if is_counted_exactly(version, value) else 2
            return ways * (1 + links) + len(grouped) + labels
        case ListQuery():
            links = _count_links(version, version[value.resource], value.filter)
            facets = [counts_of_facets(value, each) for each in facets_of(value.selection)]
            counts = sum(_count_relations(version, counts) for counts in facets)
            return 1 + links + counts + _count_relations_in(version, value.selection)
        case RevisionsQuery():
            # The log, its editions, and each version beside the one before.
            nodes = [entry.value for entry in value.selection if isinstance(entry.value, Nodes)]
            parts = [part.value for node in nodes for part in node.selection]
            shown = [part.selection for part in parts if isinstance(part, Changed | StoredRecord)]
            return 4 + sum(2 * (1 + _count_relations_in(version, selection)) for selection in shown)
        case DiffQuery():
            # The log twice, and each record with its children in both states.
            nodes = [entry.value for entry in value.selection if isinstance(entry.value, Nodes)]
            parts = [part.value for node in nodes for part in node.selection]
            compared = [part.selection for part in parts if isinstance(part, FieldChanges)]
            links = _count_links(version, version[value.resource], value.filter)
            return 2 + 2 * (1 + links + sum(_count_relations_in(version, selection) for selection in compared))
        case Record() | LinkedRecord() | LinkedRecords():
            return 1 + _count_relations_in(version, value.selection)
        case Records():
            return sum(_count_relations(version, record) for record in value.records if record)
        case Nodes() | Edges() | Object():
            return _count_relations_in(version, value.selection)
        case _:
            return 0


def _count_links(version: Version, resource: Resource, filter: Filter) -> int:
    """Count the links that a filter looks through, with those of its fallbacks."""
    match filter:
        case Exists():
            target = version[resource.links[filter.link].target]
            links = 1 + _count_links(version, target, filter.filter)
            otherwise = fallback(resource, filter)
            if otherwise is not None:
                links += _count_links(version, resource, otherwise)
            return links
        case Not():
            return _count_links(version, resource, filter.filter)
        case AllOf() | AnyOf():
            return sum(_count_links(version, resource, part) for part in filter.filters)
        case _:
            return 0
