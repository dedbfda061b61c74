"""Estimate the work of a filter: how many records Postgres may have to look at beyond those that it returns.

An index serves most requests: it holds the matching records next to each other, in the order of the list. A filter that
no index serves can make Postgres look at a whole list to find one record. `reserve` is the most that this may cost. It
is taken before the request runs. The statement counts the records that it looked at, and the rest is refunded.

    reserve(list)  = 60 x weight(filter) if no index serves the filter and the order, else 0
    reserve(set)   = 10 x weight(filter) for each parent; at most 60 x weight(filter) if no parent can occur twice
    reserve(total) = 40 without a filter, else 60 x weight(filter); of children 60 x (2 + weight(filter))
    all together   = at most 850
    weight(filter) = the time to read and test one record, relative to reading it: 1 + the sum over its tests

If the filter names ids, Postgres looks at their records alone. Each of them costs its part of a list of 200,000, which
is nothing for most filters, or 10 x weight(filter) if the filter looks through a link to many or to children. Together
they cost no more than a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from api.catalog import VERSIONS, Resource, Version
from api.query import words
from api.query.filters import EVERYTHING, AllOf, AnyOf, Exists, Filter, Not, Search, Test, fallback
from api.query.selection import (
    Answer,
    Edges,
    ExportQuery,
    LinkedRecord,
    LinkedRecords,
    ListQuery,
    Nodes,
    Object,
    Query,
    Record,
    Records,
    Selection,
    counted,
)
from api.query.sort import Page, Sort, read_sort

# Points for looking at a whole list of 200,000 records with one plain test: 130 to 190 ms of Postgres, 3 ms a point.
WHOLE_LIST = 60
# The records of that list. A record that is named by its id costs its share of the list's points.
LIST_RECORDS = 200_000
# The most points that a request reserves: Postgres may work on it for 2.5 s (`statement_timeout`), 3 ms a point.
MOST = 850
# Points for looking at the records that one record links to: 20,000 records take 13 ms.
ONE_PARENT = 10
# Points for counting up to 100,000 records without a filter.
COUNT_ALL = 40
# The weight of leaving out the children of withdrawn records when children are counted.
STANDING = 2
# Records that the store looks at for a point. A plain list takes 5 to 15 rows and 5 to 9 buffers a point.
LOOKED_AT_PER_POINT = 40
# The largest weight for which a point pays for that many records, which then take 2.6 ms. With heavier filters it pays
# for fewer.
WEIGHT_MOST = 100
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


def is_served(resource: Resource, rows: ListQuery) -> bool:
    """Return True if an index contains the matching rows next to each other, in the order of the list.

    Then the work depends only on the size of the page, and one generic plan is best for all values. Planning takes as
    long as reading: 300 µs for a page alone, 1 ms for a page with three links. For other filters the best plan depends
    on the values: for one through a link a generic plan took 551 ms, and a custom plan 1 ms."""
    if rows.filter == EVERYTHING:
        return True
    if rows.link:
        return False
    tests = rows.filter.filters if isinstance(rows.filter, AllOf) else (rows.filter,)
    equal = [test for test in tests if _is_equality(test)]
    ranges = [test for test in tests if _is_range(test, rows.sort.column)]
    if len(equal) + len(ranges) < len(tests):
        return False
    return not equal or (len(equal) == 1 and _is_own_order(resource, rows.sort))


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
    return is_served(resource, rows) or _ids(rows.filter) is not None


def is_counted(version: Version, resource: Resource, rows: ListQuery) -> bool:
    """Return True if points are reserved for a page. Then the statement counts the records that Postgres looks at."""
    return not is_served(resource, rows) and _whole(version, resource, rows.filter, rows.sort) > 0


def _ids(filter: Filter) -> int | None:
    """Return the number of ids that the filter names, or None if it names none."""
    tests = filter.filters if isinstance(filter, AllOf) else (filter,)
    named = [test for test in tests if isinstance(test, Test) and (test.column, test.operator) == ("id", "in")]
    return min((len(test.value) for test in named), default=None)


def weight(version: Version, resource: Resource, filter: Filter, sort: Sort | None = None) -> float:
    """Return the time to read and test one record, relative to reading it. With `sort` by relevance it includes ranking
    the record."""
    total = 1.0 + _tests(version, resource, filter)
    if sort is not None and sort.field == "relevance":
        total += sum(RANK[0] + RANK[1] * _words(search) for search in _searches(filter))
    return total


def _tests(version: Version, resource: Resource, filter: Filter, *, linked: bool = False, again: bool = False) -> float:
    match filter:
        case Test():
            constant, each = TESTS.get(filter.operator, PLAIN_TEST)
            values = (
                len(filter.value) if isinstance(filter.value, tuple) and filter.operator not in ("bbox", "near") else 0
            )
            return constant + values * max(each, LINKED_VALUE if linked else 0.0)
        case Search():
            return MATCH[0] + MATCH[1] * _words(filter)
        case Not():
            return _tests(version, resource, filter.filter, linked=linked, again=again)
        case AllOf() | AnyOf():
            return sum(_tests(version, resource, one, linked=linked, again=again) for one in filter.filters)
        case Exists():
            link = resource.links[filter.link]
            records = LINKED_AGAIN if again and link.kind == "many" else LINKED[link.kind]
            below = _tests(version, version[link.target], filter.filter, linked=True, again=again or link.single)
            own = LOOK_UP + records * (1.0 + below)
            # A record is looked up through the link or through its fallback, never through both.
            instead = fallback(resource, filter)
            return max(own, _tests(version, resource, instead, linked=linked, again=again)) if instead else own


def _searches(filter: Filter) -> Iterator[Search]:
    match filter:
        case Search():
            yield filter
        case AllOf() | AnyOf():
            for one in filter.filters:
                yield from _searches(one)
        case Not() | Exists():
            yield from _searches(filter.filter)


def _words(search: Search) -> int:
    return words.count(search.words)


def reserve(query: Query) -> int:
    """Return the points for the records that Postgres may look at without returning them."""
    return min(MOST, _reserve(query))


def _reserve(query: Query) -> int:
    version = VERSIONS[query.version]
    return sum(_root(version, entry.value) for entry in query.root.entries)


def _root(version: Version, value: Answer) -> int:
    match value:
        case ExportQuery():
            return _look(version, ListQuery(value.resource, Page(1), value.sort, (), value.filter))
        case ListQuery():
            return _list(version, value)
        case Record():
            return _sets(version, value.selection, _Parents())
        case Records():
            return sum(_sets(version, record.selection, _Parents()) for record in value.records if record)
        case _:
            return 0


def _list(version: Version, rows: ListQuery) -> int:
    counts = len(counted(rows.selection)) * _count(version, rows)
    return _look(version, rows) + counts + _sets(version, rows.selection, _Parents(rows.page.size))


def _look(version: Version, rows: ListQuery) -> int:
    """Return the reserve for looking at the whole list."""
    resource = version[rows.resource]
    return 0 if is_served(resource, rows) else _whole(version, resource, rows.filter, rows.sort)


def _count(version: Version, rows: ListQuery) -> int:
    if rows.resource in version.children:
        return ceil(WHOLE_LIST * (STANDING + weight(version, version[rows.resource], rows.filter)))
    return COUNT_ALL if rows.filter == EVERYTHING else _whole(version, version[rows.resource], rows.filter)


def _whole(version: Version, resource: Resource, filter: Filter, sort: Sort | None = None) -> int:
    """Return the reserve for a whole list, or for the records that the filter names by their ids."""
    heavy = weight(version, resource, filter, sort)
    if (ids := _ids(filter)) is None:
        return ceil(WHOLE_LIST * heavy)
    return int(min(WHOLE_LIST, ids * _each_named(version, resource, filter)) * heavy)


def _each_named(version: Version, resource: Resource, filter: Filter) -> float:
    return ONE_PARENT if _reaches_many(version, resource, filter) else WHOLE_LIST / LIST_RECORDS


def _reaches_many(version: Version, resource: Resource, filter: Filter) -> bool:
    """Return True if the filter looks through a link to many, or to children."""
    match filter:
        case Exists():
            link = resource.links[filter.link]
            return link.kind in ("many", "children") or _reaches_many(version, version[link.target], filter.filter)
        case Not():
            return _reaches_many(version, resource, filter.filter)
        case AllOf() | AnyOf():
            return any(_reaches_many(version, resource, one) for one in filter.filters)
        case _:
            return False


@dataclass(frozen=True)
class _Parents:
    """The parent records of a set: their number, and whether they are distinct."""

    count: int = 1
    distinct: bool = True


def _sets(version: Version, selection: Selection, parents: _Parents) -> int:
    """Return the reserve for the filtered sets below these parents."""
    total = 0
    for entry in selection:
        match entry.value:
            case ListQuery():
                rows = entry.value
                below = _Parents(parents.count * rows.page.size, parents.distinct)
                total += _set(version, rows, parents) + _sets(version, rows.selection, below)
            case LinkedRecord():
                total += _sets(version, entry.value.selection, _Parents(parents.count, distinct=False))
            case LinkedRecords():
                below = _Parents(parents.count * SEVERAL, distinct=False)
                total += _sets(version, entry.value.selection, below)
            case Nodes() | Edges() | Object():
                total += _sets(version, entry.value.selection, parents)
    return total


def _set(version: Version, rows: ListQuery, parents: _Parents) -> int:
    resource = version[rows.resource]
    if is_served(resource, rows):
        return 0
    points = ONE_PARENT * parents.count
    # The sets of different parents have no record in common, so together they are at most the whole list.
    points = min(points, WHOLE_LIST) if parents.distinct else points
    heavy = weight(version, resource, rows.filter)
    if (ids := _ids(rows.filter)) is None:
        return ceil(points * heavy)
    return int(min(points, parents.count * ids * _each_named(version, resource, rows.filter)) * heavy)


def records_a_point(query: Query) -> int:
    """Return the number of looked-at records that a point of this request pays for."""
    version = VERSIONS[query.version]
    heaviest = max(
        (weight(version, version[rows.resource], rows.filter, rows.sort) for rows in _lists(query.root)), default=1.0
    )
    return max(1, int(LOOKED_AT_PER_POINT * min(1.0, WEIGHT_MOST / heaviest)))


def _lists(value: Answer) -> Iterator[ListQuery]:
    """Yield the lists and sets of an answer."""
    match value:
        case ListQuery():
            yield value
            yield from _below(value.selection)
        case Record() | LinkedRecord() | LinkedRecords() | Nodes() | Edges() | Object():
            yield from _below(value.selection)
        case Records():
            for record in value.records:
                yield from _lists(record) if record else ()
        case _:
            pass


def _below(selection: Selection) -> Iterator[ListQuery]:
    for entry in selection:
        yield from _lists(entry.value)


def values(query: Query) -> int:
    """Count the values in the lists of the filters of a request."""
    return sum(_values(rows.filter) for rows in _lists(query.root))


def searched_words(query: Query) -> int:
    """Count the words of the searches of a request, each time that Postgres reads them."""
    return sum(_words(search) for rows in _lists(query.root) for search in _searches(rows.filter))


def _values(filter: Filter) -> int:
    match filter:
        case Test():
            return len(filter.value) if isinstance(filter.value, tuple) else 1
        case Not() | Exists():
            return _values(filter.filter)
        case AllOf() | AnyOf():
            return sum(map(_values, filter.filters))
        case _:
            return 1


def relations(query: Query) -> int:
    """Count the relations that a statement names: lists, records, links, and links that filters look through."""
    version = VERSIONS[query.version]
    return sum(_relations(version, entry.value) for entry in query.root.entries)


def _relations(version: Version, value: Answer) -> int:
    match value:
        case ExportQuery():
            return 1 + _links(version, version[value.resource], value.filter)
        case ListQuery():
            below = sum(_relations(version, entry.value) for entry in value.selection)
            return 1 + _links(version, version[value.resource], value.filter) + below
        case Record() | LinkedRecord() | LinkedRecords():
            return 1 + sum(_relations(version, entry.value) for entry in value.selection)
        case Records():
            return sum(_relations(version, record) for record in value.records if record)
        case Nodes() | Edges() | Object():
            return sum(_relations(version, entry.value) for entry in value.selection)
        case _:
            return 0


def _links(version: Version, resource: Resource, filter: Filter) -> int:
    match filter:
        case Exists():
            target = version[resource.links[filter.link].target]
            instead = fallback(resource, filter)
            other = _links(version, resource, instead) if instead else 0
            return 1 + _links(version, target, filter.filter) + other
        case Not():
            return _links(version, resource, filter.filter)
        case AllOf() | AnyOf():
            return sum(_links(version, resource, one) for one in filter.filters)
        case _:
            return 0
