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


def order(rows: ListQuery, alias: str, *, in_answer: bool = False) -> str:
    """Return the order of reading or, with `in_answer`, that of the answer. They differ if a page is read backwards."""
    is_reversed = rows.page.backward and not in_answer
    direction = _direction(rows.sort.descending != is_reversed)
    if rows.sort.unique:
        return f"{alias}.k {direction}"
    nulls = "nulls first" if is_reversed else "nulls last"
    return f"{alias}.k {direction} {nulls}, {alias}.{rows.sort.tie} {direction}"


def spans(writer: StatementWriter, rows: ListQuery, key: str, alias: str) -> list[Span]:
    """Return the spans from the cursor on, in reading order. `key` is the sort key on the rows of `alias`."""
    descending = rows.sort.descending != rows.page.backward
    direction = _direction(descending)
    if rows.sort.unique:
        test = _test_unique(writer, rows, key, descending)
        return [Span(test, f"{key} {direction}")]
    tie = f"{alias}.{rows.sort.tie}"
    nulls = _nulls_clause(rows, descending)
    tests = _tests(writer, rows, key, tie, descending)
    return [Span(test, f"{key} {direction}{nulls}, {tie} {direction}") for test in tests]


def _nulls_clause(rows: ListQuery, descending: bool) -> str:
    if rows.sort.in_key:
        return ""
    return " nulls last" if descending else " nulls first"


def _test_unique(writer: StatementWriter, rows: ListQuery, key: str, descending: bool) -> str:
    """Return the test of the rows beyond the cursor, if the sort key alone gives the order."""
    if rows.page.position is None:
        return ""
    return f"{key} {_comparison(descending)} {_tie_argument(writer, rows)}"


def _tests(writer: StatementWriter, rows: ListQuery, key: str, tie: str, descending: bool) -> list[str]:
    """Return the tests of the spans, if the column `tie` breaks ties."""
    position, backward = rows.page.position, rows.page.backward
    if not rows.sort.nullable:
        if position is None:
            return [""]
        return [_test_beyond(writer, rows, key, tie, descending)]
    with_key, without_key = f"{key} is not null", f"{key} is null"
    if position is None:
        if backward:
            return [without_key, with_key]
        if descending:
            return [""]
        return [with_key, without_key]
    if position[0] is None:
        rest = f"{without_key} and {tie} {_comparison(descending)} {_tie_argument(writer, rows)}"
        return [rest, with_key] if backward else [rest]
    rest = _test_beyond(writer, rows, key, tie, descending)
    return [rest] if backward else [rest, without_key]


def _test_beyond(writer: StatementWriter, rows: ListQuery, key: str, tie: str, descending: bool) -> str:
    """Return the test of the rows beyond a cursor that has a key. Rows without a key do not pass it."""
    assert rows.page.position is not None
    key_argument = writer.argument(rows.page.position[0], CASTS[rows.sort.kind])
    return f"({key}, {tie}) {_comparison(descending)} ({key_argument}, {_tie_argument(writer, rows)})"


def _tie_argument(writer: StatementWriter, rows: ListQuery) -> str:
    assert rows.page.position is not None
    return writer.argument(rows.page.position[1], CASTS[rows.sort.tie_kind])


def _direction(descending: bool) -> str:
    return "desc" if descending else "asc"


def _comparison(descending: bool) -> str:
    return "<" if descending else ">"
