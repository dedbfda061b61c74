"""Find the rows of a page of search results, without knowing how many records match.

Postgres has statistics of the most frequent words only. For a word in ten of a million records it read the whole list
in its order, for eleven seconds. For a word in every tenth record it read all matches through the index of words and
sorted them. So one statement contains four ways to find the rows, and takes the first that works:

early  the first rows in the order of the list fill the page, because the words are common
more   further rows fill it; they are read if enough of the first ones matched to expect that
few    all matching rows are read through the index of words and sorted, because the words are rare
else   the rest of the list is read in its order, because rows match often enough
"""

from __future__ import annotations

from dataclasses import dataclass

from api.catalog import Resource
from api.compiler.condition import condition
from api.compiler.keyset import order, spans
from api.compiler.writer import RowSource, StatementWriter, indent
from api.query import ListQuery, is_bounded
from api.query.filters import searched

# Rows looked at in the order of the list for each row of the page: enough if one in eight matches. Each search is
# charged for them.
EARLY = 8
# Further rows for each row of the page, if a third of the page was found among the first ones, so that the words can be
# expected to fill it. Without them, a word in every tenth of a million records was read through the index, in 60 ms.
MORE = 32
EXPECTED = 3
# Rows that are read through the index of words, in 5 ms.
FEW = 2_500


def is_guessed(resource: Resource, rows: ListQuery) -> bool:
    """Return True if the number of matching rows is unknown, so that the statement tries the ways in turn."""
    return rows.sort.field != "relevance" and searched(rows.filter) is not None and not is_bounded(resource, rows)


@dataclass(frozen=True)
class SearchSql:
    """All ways but the last one: a `with`, the select of the rows that they find, and the condition that the last one
    is needed."""

    tables: str
    found: str
    otherwise: str


def search(writer: StatementWriter, rows: ListQuery, key: str, source: RowSource, size: int) -> SearchSql:
    """Return the ways to find the page's rows. `key` is the sort key on the view's rows (`{}` is their alias)."""
    early, more, few = writer.name(), writer.name(), writer.name()
    full = f"(select count(*) from {early}) + (select count(*) from {more}) >= {size}"
    rare = f"(select count(*) from {few}) <= {FEW}"
    parts = {
        early: _early(writer, rows, key, source, size),
        more: _more(writer, rows, key, source, size, early),
        few: _few(writer, rows, key, source),
    }
    tables = "with " + ",\n".join(f"{name} as materialized (\n  {indent(part)}\n)" for name, part in parts.items())
    met = writer.name()
    beyond = [one.test for one in spans(writer, rows, f"{met}.k", met)]
    # `case` keeps Postgres from evaluating the second test if the first is enough.
    tests = [f"case when {full} then false else {rare} end", *([f"({' or '.join(beyond)})"] if all(beyond) else [])]
    picked, shown = writer.name(), writer.name()
    pick = (
        f"select id, k from {early} where {full}\nunion all select id, k from {more} where {full}\nunion all"
        f"\n(select id, k from {few} {met}\nwhere {' and '.join(tests)}\norder by {order(rows, met)}\nlimit {size})"
    )
    columns = ", ".join([*(f"{shown}.{name}" for name in source.columns), f"{picked}.k"])
    view = writer.view(source.resource.name)
    found = f"select {columns}\nfrom (\n  {indent(pick)}\n) {picked}\njoin {view} {shown} on {shown}.id = {picked}.id"
    return SearchSql(tables, found, f"case when {full} then false else not {rare} end")


def _early(writer: StatementWriter, rows: ListQuery, key: str, source: RowSource, size: int) -> str:
    """Return the select of the page's rows among the first rows of the list. The other ways read a second span."""
    return _among(writer, rows, key, source, f"limit {EARLY * size}", f"limit {size}")


def _more(writer: StatementWriter, rows: ListQuery, key: str, source: RowSource, size: int, early: str) -> str:
    """Return the select of the rest of the page among the next rows. It reads none if they are not expected to fill
    the page."""
    found = f"(select count(*) from {early})"
    expected = f"{found} >= {max(1, size // EXPECTED)} and {found} < {size}"
    limit = f"limit (select case when {expected} then {MORE * size} else 0 end) offset {EARLY * size}"
    return _among(writer, rows, key, source, limit, f"limit (select greatest(0, {size} - {found}))")


def _among(writer: StatementWriter, rows: ListQuery, key: str, source: RowSource, looked_at: str, limit: str) -> str:
    """Return the select of the rows that pass, among a number of rows in the order of the list."""
    looked, alias = writer.name(), writer.name()
    first = spans(writer, rows, key.format(looked), looked)[0]
    where = f"\nwhere {first.test}" if first.test else ""
    view = writer.view(source.resource.name)
    read = (
        f"select {looked}.*, {key.format(looked)} as k\nfrom {view} {looked}{where}"
        f"\norder by {first.order}\n{looked_at}"
    )
    passed = condition(writer, source.resource, alias, rows.filter)
    return (
        f"select {alias}.id, {alias}.k\nfrom (\n  {indent(read)}\n) {alias}\nwhere {passed}"
        f"\norder by {order(rows, alias)}\n{limit}"
    )


def _few(writer: StatementWriter, rows: ListQuery, key: str, source: RowSource) -> str:
    """Return the select of the ids and keys of all rows that pass, up to one more than FEW, which shows that they are
    not few."""
    # The planner cannot read this limit. If it could, it would expect to find that many in a scan of the table.
    alias = writer.name()
    passed = condition(writer, source.resource, alias, rows.filter)
    view = writer.view(source.resource.name)
    return f"select {alias}.id, {key.format(alias)} as k\nfrom {view} {alias}\nwhere {passed}\nlimit (select {FEW + 1})"
