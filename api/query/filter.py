"""What a list is narrowed to: a tree of tests, in a canonical order, so that equal filters are equal values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from api.catalog import Condition, Resource


@dataclass(frozen=True)
class Test:
    """One column against a value; `operator` is a row of catalog.operators, `kind` the type of the column."""

    column: str
    operator: str
    value: Any
    kind: str = "text"


@dataclass(frozen=True)
class Search:
    """Full text, in websearch syntax; `language` picks the stemmer."""

    words: str
    language: str


@dataclass(frozen=True)
class Through:
    """Some record at the end of a link passes the filter, all of it. Where the link has a fallback, its record may pass
    instead for a record that has no such link, unless only the link's `own` records count."""

    link: str
    filter: Filter
    # Not part of the text that the fingerprint of a cursor is made of: the compiler alone sets it.
    own: bool = field(default=False, repr=False)


@dataclass(frozen=True)
class Not:
    """The filter does not hold; what is unknown counts as not holding."""

    filter: Filter


@dataclass(frozen=True)
class All:
    """Each holds; none is everything."""

    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class AnyOf:
    """At least one holds; none is nothing."""

    filters: tuple[Filter, ...] = ()


Filter = Test | Search | Through | Not | All | AnyOf

EVERYTHING = All()


def tested(condition: Condition, value: Any) -> Filter:
    """Return the test that a condition makes with a value, behind the links that lead to its column."""
    kind = condition.type
    if kind.name == "vocabulary" and condition.operator == "in":
        value = tuple(sorted({text for term in value for text in kind.of.spellings(term)}))
    made: Filter = Test(condition.column, condition.operator, value, kind.name)
    for link in reversed(condition.path):
        made = Through(link, made)
    return made


def both(*filters: Filter) -> Filter:
    """All of these, flat, in canonical order."""
    flat: list[Filter] = []
    for one in filters:
        flat += one.filters if isinstance(one, All) else (one,)
    if len(flat) == 1:
        return flat[0]
    return All(tuple(sorted(set(flat), key=repr)))


def fallback(resource: Resource, filter: Through) -> Filter | None:
    """Return the filter of the records that have no such link, but whose fallback passes; None if there is none."""
    link = resource.links[filter.link]
    if not link.fallback or filter.own:
        return None
    made = filter.filter
    for name in reversed(link.fallback.split(".")):
        made = Through(name, made)
    return both(Test(link.by, "null", True), made)


def alternatives(resource: Resource, filter: Filter) -> tuple[Filter, ...]:
    """Split a filter that looks at a link with a fallback: into one for the records that have the link, and one for the
    others. No record passes both. Indexes serve each of them, and would not serve the two joined by `or`."""
    parts = filter.filters if isinstance(filter, All) else (filter,)
    for part in merged(resource, parts):
        if isinstance(part, Through) and (instead := fallback(resource, part)):
            rest = [one for one in merged(resource, parts) if one != part]
            return both(*rest, replace(part, own=True)), both(*rest, instead)
    return (filter,)


def merged(resource: Resource, parts: tuple[Filter, ...]) -> tuple[Filter, ...]:
    """Tests through one link to one record look at the same record, so that one visit serves them all."""
    there: dict[tuple[str, bool], list[Filter]] = {}
    rest: list[Filter] = []
    for part in parts:
        if isinstance(part, Through) and resource.links[part.link].single:
            there.setdefault((part.link, part.own), []).append(part.filter)
        else:
            rest.append(part)
    return (*rest, *(Through(link, both(*filters), own) for (link, own), filters in there.items()))


def searched(filter: Filter) -> Search | None:
    """The search that must hold for the filter to hold, which relevance is measured against."""
    if isinstance(filter, Search):
        return filter
    if isinstance(filter, All):
        return next((one for one in filter.filters if isinstance(one, Search)), None)
    return None
