"""What a list is narrowed to: a tree of tests, in a canonical order, so that equal filters are equal values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
    """Some record at the end of a link passes the filter, all of it."""

    link: str
    filter: Filter


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


def both(*filters: Filter) -> Filter:
    """All of these, flat, in canonical order."""
    flat: list[Filter] = []
    for one in filters:
        flat += one.filters if isinstance(one, All) else (one,)
    if len(flat) == 1:
        return flat[0]
    return All(tuple(sorted(set(flat), key=repr)))


def searched(filter: Filter) -> Search | None:
    """The search that must hold for the filter to hold, which relevance is measured against."""
    if isinstance(filter, Search):
        return filter
    if isinstance(filter, All):
        return next((one for one in filter.filters if isinstance(one, Search)), None)
    return None
