"""Weigh a filter: the time to read and test one record, relative to reading it."""

from __future__ import annotations

from collections.abc import Iterator

from api.catalog import Resource, Version
from api.query import words
from api.query.filters import AllOf, AnyOf, Exists, Filter, Not, Search, Test, fallback
from api.query.sort import Sort

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


def weight(version: Version, resource: Resource, filter: Filter, sort: Sort | None = None) -> float:
    """Return the time to read and test one record, relative to reading it. With `sort` by relevance it includes ranking
    the record."""
    total = 1.0 + _filter_weight(version, resource, filter)
    if sort is not None and sort.field == "relevance":
        total += sum(RANK[0] + RANK[1] * count_words(search) for search in searches_in(filter))
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
            return MATCH[0] + MATCH[1] * count_words(filter)
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


def searches_in(filter: Filter) -> Iterator[Search]:
    match filter:
        case Search():
            yield filter
        case AllOf() | AnyOf():
            for part in filter.filters:
                yield from searches_in(part)
        case Not() | Exists():
            yield from searches_in(filter.filter)


def count_words(search: Search) -> int:
    return words.count(search.words)
