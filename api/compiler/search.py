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
from api.compiler.writer import RowSource, StatementWriter, indent, where_clause
from api.query import ListQuery, is_bounded
from api.query.filters import search_of

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
    return rows.sort.field != "relevance" and search_of(rows.filter) is not None and not is_bounded(resource, rows)


@dataclass(frozen=True)
class SearchSql:
    """All ways but the last one: a `with`, the select of the rows that they find, and the condition that the last one
    is needed."""

    tables: str
    select: str
    otherwise: str


def search(writer: StatementWriter, rows: ListQuery, key: str, source: RowSource, size: int) -> SearchSql:
    """Return the ways to find the page's rows. `key` is the sort key on the view's rows (`{}` is their alias)."""
    early, more, few = writer.name(), writer.name(), writer.name()
    is_full = f"(select count(*) from {early}) + (select count(*) from {more}) >= {size}"
    is_rare = f"(select count(*) from {few}) <= {FEW}"
    tables = [
        _materialize(early, _early(writer, rows, key, source, size)),
        _materialize(more, _more(writer, rows, key, source, size, early)),
        _materialize(few, _few(writer, rows, key, source)),
    ]
    # `case` keeps Postgres from evaluating the second test if the first is enough.
    is_sorted = f"case when {is_full} then false else {is_rare} end"
    few_sorted = _sort_few(writer, rows, few, is_sorted, size)
    page_ids, record = writer.name(), writer.name()
    ids = (
        f"select id, k from {early} where {is_full}"
        f"\nunion all select id, k from {more} where {is_full}"
        f"\nunion all\n({few_sorted})"
    )
    columns = [f"{record}.{name}" for name in source.columns]
    columns.append(f"{page_ids}.k")
    view = writer.view(source.resource.name)
    select = (
        f"select {', '.join(columns)}\nfrom (\n  {indent(ids)}\n) {page_ids}"
        f"\njoin {view} {record} on {record}.id = {page_ids}.id"
    )
    return SearchSql("with " + ",\n".join(tables), select, f"case when {is_full} then false else not {is_rare} end")


def _materialize(name: str, select: str) -> str:
    return f"{name} as materialized (\n  {indent(select)}\n)"


def _sort_few(writer: StatementWriter, rows: ListQuery, few: str, is_sorted: str, size: int) -> str:
    """Return the select that sorts the rows of `few` and takes the page's, if the condition `is_sorted` holds."""
    alias = writer.name()
    span_tests = [span.test for span in spans(writer, rows, f"{alias}.k", alias)]
    beyond_cursor = ""
    # A span without a test has all rows.
    if all(span_tests):
        beyond_cursor = f"({' or '.join(span_tests)})"
    where = where_clause(is_sorted, beyond_cursor)
    return f"select id, k from {few} {alias}{where}\norder by {order(rows, alias)}\nlimit {size}"


def _early(writer: StatementWriter, rows: ListQuery, key: str, source: RowSource, size: int) -> str:
    """Return the select of the page's rows among the first rows of the list. The other ways read a second span."""
    return _filter_first(writer, rows, key, source, f"limit {EARLY * size}", f"limit {size}")


def _more(writer: StatementWriter, rows: ListQuery, key: str, source: RowSource, size: int, early: str) -> str:
    """Return the select of the rest of the page among the next rows. It reads none if they are not expected to fill
    the page."""
    early_count = f"(select count(*) from {early})"
    is_expected = f"{early_count} >= {max(1, size // EXPECTED)} and {early_count} < {size}"
    read_limit = f"limit (select case when {is_expected} then {MORE * size} else 0 end) offset {EARLY * size}"
    limit = f"limit (select greatest(0, {size} - {early_count}))"
    return _filter_first(writer, rows, key, source, read_limit, limit)


def _filter_first(
    writer: StatementWriter, rows: ListQuery, key: str, source: RowSource, read_limit: str, limit: str
) -> str:
    """Return the select of the rows that pass, among those that `read_limit` takes in the order of the list."""
    read, passing = writer.name(), writer.name()
    first_span = spans(writer, rows, key.format(read), read)[0]
    view = writer.view(source.resource.name)
    select = (
        f"select {read}.*, {key.format(read)} as k\nfrom {view} {read}{where_clause(first_span.test)}"
        f"\norder by {first_span.order}\n{read_limit}"
    )
    passes = condition(writer, source.resource, passing, rows.filter)
    return (
        f"select {passing}.id, {passing}.k\nfrom (\n  {indent(select)}\n) {passing}\nwhere {passes}"
        f"\norder by {order(rows, passing)}\n{limit}"
    )


def _few(writer: StatementWriter, rows: ListQuery, key: str, source: RowSource) -> str:
    """Return the select of the ids and keys of all rows that pass, up to one more than FEW, which shows that they are
    not few."""
    alias = writer.name()
    passes = condition(writer, source.resource, alias, rows.filter)
    view = writer.view(source.resource.name)
    # The planner cannot read this limit. If it could, it would expect to find that many in a scan of the table.
    return f"select {alias}.id, {key.format(alias)} as k\nfrom {view} {alias}\nwhere {passes}\nlimit (select {FEW + 1})"
