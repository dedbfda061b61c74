"""The filter of a list: a tree of tests in a canonical order, so that equal filters are equal values.

The order is that of `canonical_text`. Each cursor contains a hash of that text, so it never changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from api.catalog import Condition, Resource, Version


@dataclass(frozen=True)
class Test:
    """A comparison of a column with a value. `operator` is a row of catalog.operators, `kind` the type of the
    column."""

    column: str
    operator: str
    value: Any
    kind: str = "text"


@dataclass(frozen=True)
class Search:
    """A full-text search in websearch syntax. `language` selects the stemmer."""

    words: str
    language: str


@dataclass(frozen=True)
class Exists:
    """A test that some linked record passes the whole filter. If the record has no such link, and the link has a
    fallback, the record of the fallback may pass instead, unless only the link's `own` records count."""

    link: str
    filter: Filter
    # Only the compiler sets it, so it is no part of the canonical text.
    own: bool = False


@dataclass(frozen=True)
class Not:
    """A negation: the filter does not hold. A test whose result is unknown counts as not holding."""

    filter: Filter


@dataclass(frozen=True)
class AllOf:
    """A conjunction: each filter holds. Without filters, every record passes."""

    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class AnyOf:
    """A disjunction: at least one filter holds. Without filters, no record passes."""

    filters: tuple[Filter, ...] = ()


Filter = Test | Search | Exists | Not | AllOf | AnyOf

EVERYTHING = AllOf()


def canonical_text(filter: Filter) -> str:
    """Write a filter as text. The names in it are those of the first release, because cursors contain its hash."""
    match filter:
        case Test(column, operator, value, kind):
            return f"Test(column={column!r}, operator={operator!r}, value={value!r}, kind={kind!r})"
        case Search(words, language):
            return f"Search(words={words!r}, language={language!r})"
        case Exists(link, inner):
            return f"Through(link={link!r}, filter={canonical_text(inner)})"
        case Not(inner):
            return f"Not(filter={canonical_text(inner)})"
        case AllOf(filters):
            return f"All(filters={_tuple_text(filters)})"
        case AnyOf(filters):
            return f"AnyOf(filters={_tuple_text(filters)})"


def _tuple_text(filters: tuple[Filter, ...]) -> str:
    texts = [canonical_text(part) for part in filters]
    if len(texts) == 1:
        return f"({texts[0]},)"
    return f"({', '.join(texts)})"


def test_of_condition(condition: Condition, value: Any) -> Filter:
    """Return the test of a condition with a value, inside the links that lead to its column."""
    kind = condition.type
    if kind.name == "vocabulary" and condition.operator == "in":
        spellings: set[str] = set()
        for term in value:
            spellings.update(kind.of.spellings(term))
        value = tuple(sorted(spellings))
    test: Filter = Test(condition.column, condition.operator, value, kind.name)
    for link in reversed(condition.path):
        test = Exists(link, test)
    return test


def and_(*filters: Filter) -> Filter:
    """Return the conjunction of the filters, flat and in canonical order."""
    flat: list[Filter] = []
    for part in filters:
        flat += conjuncts(part)
    if len(flat) == 1:
        return flat[0]
    return AllOf(tuple(sorted(set(flat), key=canonical_text)))


def conjuncts(filter: Filter) -> tuple[Filter, ...]:
    """Return the filters that all hold if this one does: those of a conjunction, else the filter itself."""
    if isinstance(filter, AllOf):
        return filter.filters
    return (filter,)


def or_(*filters: Filter) -> Filter:
    """Return the disjunction of the filters in canonical order."""
    return AnyOf(tuple(sorted(set(filters), key=canonical_text)))


def fallback(resource: Resource, filter: Exists) -> Filter | None:
    """Return the filter for records that have no such link but whose fallback passes; None if there is no fallback."""
    link = resource.links[filter.link]
    if not link.fallback or filter.own:
        return None
    through_fallback = filter.filter
    for name in reversed(link.fallback.split(".")):
        through_fallback = Exists(name, through_fallback)
    return and_(Test(link.by, "null", True), through_fallback)


def alternatives(resource: Resource, filter: Filter) -> tuple[Filter, ...]:
    """Split a filter that looks through a link with a fallback into two: one for the records that have the link, and
    one for the others. No record passes both. Indexes serve each of them, and would not serve the two joined by
    `or`."""
    parts = merge_tests(resource, conjuncts(filter))
    for part in parts:
        if not isinstance(part, Exists):
            continue
        otherwise = fallback(resource, part)
        if otherwise is not None:
            rest = [other for other in parts if other != part]
            return and_(*rest, replace(part, own=True)), and_(*rest, otherwise)
    return (filter,)


def merge_tests(resource: Resource, parts: tuple[Filter, ...]) -> tuple[Filter, ...]:
    """Merge the tests through the same link to one record. They test the same record, so it is looked up once."""
    by_link: dict[tuple[str, bool], list[Filter]] = {}
    merged_parts: list[Filter] = []
    for part in parts:
        if isinstance(part, Exists) and resource.links[part.link].single:
            by_link.setdefault((part.link, part.own), []).append(part.filter)
        else:
            merged_parts.append(part)
    for (link, own), filters in by_link.items():
        merged_parts.append(Exists(link, and_(*filters), own))
    return tuple(merged_parts)


def search_of(filter: Filter) -> Search | None:
    """Return the search that must hold for the filter to hold; None if there is none. Relevance is measured by it."""
    if isinstance(filter, Search):
        return filter
    if isinstance(filter, AllOf):
        for part in filter.filters:
            if isinstance(part, Search):
                return part
    return None


def looks_through_links(resource: Resource, filter: Filter) -> bool:
    """Return True if a change of another record can change whether a record passes the filter. A filter of children
    does not count, because they change with their record."""
    match filter:
        case Exists():
            # Children link to other records alone.
            return not resource.links[filter.link].owned or _has_link(filter.filter)
        case Not():
            return looks_through_links(resource, filter.filter)
        case AllOf() | AnyOf():
            return any(looks_through_links(resource, part) for part in filter.filters)
        case _:
            return False


def _has_link(filter: Filter) -> bool:
    match filter:
        case Exists():
            return True
        case Not():
            return _has_link(filter.filter)
        case AllOf() | AnyOf():
            return any(_has_link(part) for part in filter.filters)
        case _:
            return False


def resources_of_list(version: Version, resource: Resource, filter: Filter) -> frozenset[str]:
    """Return the resources whose changes can change which records are in a list, or their order."""
    names = set(version.listed_with(resource.name))
    match filter:
        case Exists():
            target = version[resource.links[filter.link].target]
            names |= resources_of_list(version, target, filter.filter)
            otherwise = fallback(resource, filter)
            if otherwise is not None:
                names |= resources_of_list(version, resource, otherwise)
        case Not():
            names |= resources_of_list(version, resource, filter.filter)
        case AllOf() | AnyOf():
            for part in filter.filters:
                names |= resources_of_list(version, resource, part)
    return frozenset(names)
