"""The order of a list as its keyset: the sort key `k` of each row and its id, and the position at which a page begins.
"Id" stands for the column that breaks ties (`Sort.tie`).

Indexes contain a sort in descending order with nulls last. An ascending sort reads them backwards, which returns the
rows with a key in ascending order with `nulls first`. So the rows without a key are a span of their own, and one index
serves both directions. Page 10,000 costs as much as page 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.compiler.writer import CASTS, StatementWriter
from api.query import ListQuery


@dataclass(frozen=True)
class Span:
    """Some of the rows from the cursor on, read in this order: those that pass the test, or all if it is empty."""

    test: str
    order: str


def order(rows: ListQuery, alias: str, *, shown: bool = False) -> str:
    """Return the order of reading or, with `shown`, that of the answer. They differ if a page is read backwards."""
    descending = rows.sort.descending != (rows.page.backward and not shown)
    first = rows.page.backward and not shown
    way = "desc" if descending else "asc"
    if rows.sort.unique:
        return f"{alias}.k {way}"
    return f"{alias}.k {way} nulls {'first' if first else 'last'}, {alias}.{rows.sort.tie} {way}"


def spans(writer: StatementWriter, rows: ListQuery, key: str, alias: str) -> list[Span]:
    """Return the spans from the cursor on, in reading order. `key` is the sort key on the rows of `alias`."""
    descending = rows.sort.descending != rows.page.backward
    way = "desc" if descending else "asc"
    if rows.sort.unique:
        sorting, tests = f"{key} {way}", [_alone(writer, rows, key, descending)]
    else:
        nulls = "" if rows.sort.in_key else " nulls last" if descending else " nulls first"
        sorting = f"{key} {way}{nulls}, {alias}.{rows.sort.tie} {way}"
        tests = _tests(writer, rows, key, alias, descending)
    return [Span(test, sorting) for test in tests]


def _alone(writer: StatementWriter, rows: ListQuery, key: str, descending: bool) -> str:
    position = rows.page.position
    return "" if position is None else f"{key} {_sign(descending)} {_tie(writer, rows)}"


def _tests(writer: StatementWriter, rows: ListQuery, key: str, alias: str, descending: bool) -> list[str]:
    position, backward = rows.page.position, rows.page.backward
    if not rows.sort.nullable:
        return ["" if position is None else _beyond(writer, rows, key, alias, descending)]
    keyed, bare = f"{key} is not null", f"{key} is null"
    if position is None:
        if descending and not backward:
            return [""]
        return [bare, keyed] if backward else [keyed, bare]
    if position[0] is None:
        rest = f"{bare} and {alias}.{rows.sort.tie} {_sign(descending)} {_tie(writer, rows)}"
        return [rest, keyed] if backward else [rest]
    rest = _beyond(writer, rows, key, alias, descending)
    return [rest] if backward else [rest, bare]


def _beyond(writer: StatementWriter, rows: ListQuery, key: str, alias: str, descending: bool) -> str:
    assert rows.page.position is not None
    at = writer.argument(rows.page.position[0], CASTS[rows.sort.kind])
    return f"({key}, {alias}.{rows.sort.tie}) {_sign(descending)} ({at}, {_tie(writer, rows)})"


def _tie(writer: StatementWriter, rows: ListQuery) -> str:
    assert rows.page.position is not None
    return writer.argument(rows.page.position[1], CASTS[rows.sort.tie_kind])


def _sign(descending: bool) -> str:
    return "<" if descending else ">"
