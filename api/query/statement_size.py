"""Count what Postgres has to plan before it looks at a record: the relations, the values and the searched words of a
statement."""

from __future__ import annotations

from collections.abc import Iterator

from api.catalog import VERSIONS, Resource, Version
from api.query.export_query import ExportQuery
from api.query.filter_weight import count_words, searches_in
from api.query.filters import AllOf, AnyOf, Exists, Filter, Not, Test, fallback
from api.query.group_query import (
    CountQuery,
    SeriesQuery,
    counts_of_facets,
    counts_of_series,
    facets_of,
    is_counted_exactly,
)
from api.query.history_query import Changed, DiffQuery, FieldChanges, RevisionsQuery, StoredRecord
from api.query.list_query import Edges, ListQuery, Nodes, parts_of_nodes
from api.query.query import Query
from api.query.selection import Answer, LinkedRecord, LinkedRecords, Object, Record, Records, Selection
from api.query.sort import Page, Sort

# Relations that a statement may name for a point: planning takes 0.2 to 0.5 ms for each.
RELATIONS_PER_POINT = 5
# Values in the lists of its filters for a point: 3,800 take 4 to 10 ms to plan.
VALUES_PER_POINT = 400
# Words of its searches for a point: Postgres takes up to 0.15 ms for each to make a query of them, before it looks.
WORDS_PER_POINT = 20
# The order of rows that are counted.
UNSORTED = Sort("id", "id", "text")


def relations(query: Query) -> int:
    """Count the relations that a statement names: lists, records, links, and links that filters look through."""
    return _count_relations_in(VERSIONS[query.version], query.entries)


def _count_relations_in(version: Version, selection: Selection) -> int:
    return sum(_count_relations(version, entry.value) for entry in selection)


def _count_relations(version: Version, value: Answer) -> int:
    match value:
        case ExportQuery():
            return 1 + _count_links(version, version[value.resource], value.filter)
        case SeriesQuery():
            return _count_relations(version, counts_of_series(value))
        case CountQuery():
            resource = version[value.resource]
            links = _count_links(version, resource, value.filter)
            labels = sum(1 for dimension in value.by if dimension.label)
            # A list that may be sampled is read in one of two ways.
            ways = 1 if is_counted_exactly(version, value) else 2
            return ways * (1 + links) + len(value.links) + labels
        case ListQuery():
            total = 1 + _count_links(version, version[value.resource], value.filter)
            for facets in facets_of(value.selection):
                total += _count_relations(version, counts_of_facets(value, facets))
            return total + _count_relations_in(version, value.selection)
        case RevisionsQuery():
            # The log, its editions, and each version beside the one before.
            total = 4
            for part in parts_of_nodes(value.selection):
                if isinstance(part, Changed | StoredRecord):
                    total += 2 * (1 + _count_relations_in(version, part.selection))
            return total
        case DiffQuery():
            # The log twice, and each record with its children in both states.
            compared = 1 + _count_links(version, version[value.resource], value.filter)
            for part in parts_of_nodes(value.selection):
                if isinstance(part, FieldChanges):
                    compared += _count_relations_in(version, part.selection)
            return 2 + 2 * compared
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


def values(query: Query) -> int:
    """Count the values in the lists of the filters of a request."""
    return sum(_count_values(rows.filter) for rows in lists_of(query.root))


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


def searched_words(query: Query) -> int:
    """Count the words of the searches of a request, each time that Postgres reads them."""
    total = 0
    for rows in lists_of(query.root):
        for search in searches_in(rows.filter):
            total += count_words(search)
    return total


def lists_of(value: Answer) -> Iterator[ListQuery]:
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
                    yield from lists_of(record)
        case _:
            pass


def _lists_in(selection: Selection) -> Iterator[ListQuery]:
    for entry in selection:
        yield from lists_of(entry.value)
