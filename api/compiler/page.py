"""Read a page by keyset: its rows, its totals, and its page information.

The rows with and without a sort key are read as two spans, each in the order of the index (`keyset.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from api.catalog import Resource
from api.compiler.condition import condition, word_query
from api.compiler.json_text import Json, array_literal, boolean, fixed, from_sql, literal, optional, quoted
from api.compiler.keyset import Span, order, spans
from api.compiler.sample import LARGEST, is_in_sample, sample_of
from api.compiler.search import is_guessed, search
from api.compiler.writer import RowSource, StatementWriter, indent, limit_clause, where_clause
from api.query import (
    EVERYTHING,
    Answer,
    Cursor,
    Edges,
    Filter,
    HasMore,
    HasNext,
    HasPrevious,
    ListQuery,
    NextCursor,
    Object,
    Quality,
    Selection,
    Total,
    measures_work,
    wanted_totals,
)
from api.query.filters import alternatives, search_of
from api.query.sort import POSITION

MAX_EXACT = 100_000
ESTIMATE_FROM = 1_000

PageInfo = Cursor | NextCursor | HasMore | HasNext | HasPrevious


@dataclass(frozen=True)
class PageScan:
    """The way in which a page is read. `key` is the sort key on the view's rows (`{}` is their alias). If
    `is_numbered`, one row more is read, and rows are numbered in reading order, so that the page can say if more
    follow. `fingerprint` and `edition` are the SQL of what its cursors contain; the edition is empty in a page of the
    present."""

    rows: ListQuery
    key: str
    is_numbered: bool
    fingerprint: str
    edition: str = ""

    def cursor(self, source: RowSource) -> str:
        """Return the SQL of a row's cursor, as api.query.cursor reads it."""
        key = f"coalesce(to_json({source.alias}.k::text)::text, 'null')"
        tie = source.column(self.rows.sort.tie)
        quote = '"' if self.rows.sort.tie_kind == "text" else ""
        text = f"'[' || {self.fingerprint} || ',' || {key} || ',{quote}' || {tie} || '{quote}"
        if self.edition:
            text += f",\"' || {self.edition} || '\""
        text += "]'"
        encoded = f"encode(convert_to({text}, 'UTF8'), 'base64')"
        return f"translate({encoded}, E'+/=\\n', '-_')"

    def next_cursor(self, source: RowSource) -> str:
        """Return the SQL of the cursor of the last row, which is null if no more follow."""
        if not self.is_numbered:
            return "null"
        size = self.rows.page.size
        number, count = f"{source.alias}.n", f"{source.alias}.found"
        return f"max({self.cursor(source)}) filter (where {number} = {size} and {count} > {size})"

    def write_info(self, source: RowSource, item: PageInfo) -> Json:
        """Return an item of the page information."""
        match item:
            case NextCursor():
                return _optional_string(self.next_cursor(source))
            case HasMore():
                return self._has_more_ahead(source)
            case HasNext() | HasPrevious():
                # A page that is read backwards has its next rows behind it.
                if isinstance(item, HasNext) == self.rows.page.backward:
                    return self._has_more_behind()
                return self._has_more_ahead(source)
            case Cursor():
                return self._edge_cursor(source, item)

    def _has_more_ahead(self, source: RowSource) -> Json:
        """Return `true` if rows follow the page in reading order."""
        return boolean(f"bool_or({source.alias}.found > {self.rows.page.size})")

    def _has_more_behind(self) -> Json:
        """Return `true` if the page begins at a cursor: the row of the cursor comes before it in reading order."""
        if self.rows.page.position is None:
            return fixed("false")
        return fixed("true")

    def _edge_cursor(self, source: RowSource, item: Cursor) -> Json:
        """Return the cursor of the first or of the last row of the page."""
        page = self.rows.page
        number = "1"
        # A page that is read backwards has its last row first.
        if item.last != page.backward:
            number = f"least({source.alias}.found, {page.size})"
        return _optional_string(f"max({self.cursor(source)}) filter (where {source.alias}.n = {number})")


def _optional_string(expression: str) -> Json:
    return optional(f"'\"' || {expression} || '\"'")


def plan_scan(writer: StatementWriter, rows: ListQuery, resource: Resource) -> PageScan:
    """Return the way in which this page is read."""
    if rows.sort.field == "relevance":
        search_filter = search_of(rows.filter)
        assert search_filter is not None
        key = f"ts_rank({{}}.search, {word_query(writer, search_filter)})"
    else:
        key = f"{{}}.{rows.sort.column}"
    is_numbered = _has_page_info(rows.selection)
    fingerprint = literal('""')
    edition = ""
    # Postgres refuses an argument that the statement does not use, because it has no type.
    if rows.fingerprint and (is_numbered or _has_cursors(rows.selection)):
        fingerprint = writer.argument(f'"{rows.fingerprint}"', "text")
        if rows.as_of is not None:
            edition = f"'e' || {writer.edition()} || '-' || {writer.store_mark()}"
    return PageScan(rows, key, is_numbered, fingerprint, edition)


def _has_page_info(selection: Selection) -> bool:
    return any(_is_page_info(item.value) for item in selection)


def _is_page_info(value: Answer) -> bool:
    if isinstance(value, Object):
        return _has_page_info(value.selection)
    return isinstance(value, PageInfo)


def _has_cursors(selection: Selection) -> bool:
    """Return True if the edges of the page have cursors."""
    for item in selection:
        if isinstance(item.value, Edges) and any(isinstance(part.value, Cursor) for part in item.value.selection):
            return True
    return False


def page_rows(writer: StatementWriter, rows: ListQuery, scan: PageScan, source: RowSource, parent_test: str) -> str:
    """Return the select that reads the page's rows, and numbers them if the scan does. `parent_test` is the
    condition that ties them to a parent row (`{}` is their alias); empty without a parent."""
    if rows.sort != POSITION:
        source.column(rows.sort.tie)
    size = rows.page.size
    if scan.is_numbered:
        size += 1
    if not parent_test and is_guessed(source.resource, rows):
        select = _search_rows(writer, rows, scan, source, size)
    else:
        span_selects = _select_spans(writer, rows, scan, source, size, parent_test)
        select = _merge(writer, rows, _flatten(span_selects), size)
    if not scan.is_numbered:
        return select
    name = writer.name()
    return (
        f"select {name}.*, row_number() over (order by {order(rows, name)}) as n, count(*) over () as found"
        f"\nfrom (\n  {indent(select)}\n) {name}"
    )


def _search_rows(writer: StatementWriter, rows: ListQuery, scan: PageScan, source: RowSource, size: int) -> str:
    """Return the select that finds the page's rows in several ways, the last of which reads the list in its order."""
    ways = search(writer, rows, scan.key, source, size)
    span_selects = _select_spans(writer, rows, scan, source, size, otherwise=ways.otherwise)
    select = _merge(writer, rows, [ways.select, *_flatten(span_selects)], size)
    return f"{ways.tables}\n{select}"


def _flatten(span_selects: list[list[str]]) -> list[str]:
    return list(chain.from_iterable(span_selects))


def _merge(writer: StatementWriter, rows: ListQuery, selects: list[str], size: int | None) -> str:
    """Merge selects, each of which is in order, into one in order."""
    if len(selects) == 1:
        return selects[0]
    name = writer.name()
    all_rows = f"select * from (\n  {indent(_union_all(selects))}\n) {name}"
    return f"{all_rows}\norder by {order(rows, name)}{limit_clause(size)}"


def _union_all(selects: list[str]) -> str:
    return "\nunion all\n".join(f"({select})" for select in selects)


def list_rows(writer: StatementWriter, rows: ListQuery, source: RowSource) -> str:
    """Return the select that reads a list to its end, or to the page's size if it has one.

    Two spans stand in reading order: Postgres reads the parts of `union all` one after another unless workers share
    them, and an export has no workers (store/stream.py). If both were sorted once more, the first row of a million
    would wait until the last was read."""
    source.column(rows.sort.tie)
    size = rows.page.size or None
    scan = plan_scan(writer, rows, source.resource)
    span_selects = _select_spans(writer, rows, scan, source, size)
    selects = [_merge(writer, rows, parts, size) for parts in span_selects]
    if len(selects) == 1:
        return selects[0]
    return _union_all(selects) + limit_clause(size)


def _select_spans(
    writer: StatementWriter,
    rows: ListQuery,
    scan: PageScan,
    source: RowSource,
    size: int | None,
    parent_test: str = "",
    otherwise: str = "",
) -> list[list[str]]:
    """Return the selects of the rows: spans in reading order, each a list of selects to merge. With `otherwise`, they
    read rows only if this condition holds."""
    alias, resource = writer.name(), source.resource
    if measures_work(writer.version, resource, rows):
        writer.looked_at.add(resource.name)
    if parent_test:
        row_test = parent_test.format(alias)
    else:
        row_test = not_withdrawn(writer, resource, alias)
    key = scan.key.format(alias)
    columns = [f"{alias}.{name}" for name in source.columns]
    columns.append(f"{key} as k")
    select = f"select {', '.join(columns)}"
    # The filter is not split for one parent, which has few rows. Neither is it after a search, which has found few rows
    # or reads on in the order of the list.
    filters: tuple[Filter, ...] = (rows.filter,)
    if not parent_test and not otherwise:
        filters = alternatives(resource, rows.filter)
    filter_tests = [_filter_test(writer, resource, alias, filter) for filter in filters]

    def read_span(span: Span, filter_test: str) -> str:
        where = where_clause(row_test, filter_test, otherwise, span.test)
        view = writer.view(resource.name)
        return f"{select}\nfrom {view} {alias}{where}\norder by {span.order}{limit_clause(size)}"

    span_selects = []
    for span in spans(writer, rows, key, alias):
        selects = [read_span(span, filter_test) for filter_test in filter_tests]
        span_selects.append(selects)
    return span_selects


def _filter_test(writer: StatementWriter, resource: Resource, alias: str, filter: Filter) -> str:
    """Return the condition of a filter; empty if every row passes."""
    if filter == EVERYTHING:
        return ""
    return condition(writer, resource, alias, filter)


def not_withdrawn(writer: StatementWriter, resource: Resource, alias: str) -> str:
    """Return the condition that the record of a child was not withdrawn, for a list of children; else an empty text.
    Note the resources with which such a list changes."""
    writer.root.reads.update(writer.version.listed_with(resource.name))
    if resource.name not in writer.version.children:
        return ""
    return f"{alias}.stands"


def _not_withdrawn_for_count(writer: StatementWriter, resource: Resource, alias: str) -> str:
    """Return the same condition for rows that are counted. Few records are withdrawn, so it is faster to leave out
    their children than to look up the record of each of 100,000 children."""
    if not not_withdrawn(writer, resource, alias) or writer.root.as_of is not None:
        return ""
    owners = writer.version.listed_with(resource.name)
    writer.looked_at.update(owners)
    name = writer.name()
    kinds = array_literal(owners)
    return (
        f"not exists (select from store.withdrawal {name}"
        f" where {name}.resource = any({kinds}) and {name}.id = {alias}.record_id)"
    )


def counts(writer: StatementWriter, rows: ListQuery, resource: Resource) -> str:
    """Return the `with` that counts the rows that pass the filter, once for a total and its quality. It is empty if the
    page has no totals."""
    exactness = wanted_totals(rows.selection)
    if not exactness:
        return ""
    writer.looked_at.add(resource.name)
    tables = []
    if True in exactness:
        tables.append(_exact_count(writer, rows, resource))
    if False in exactness:
        tables.append(_estimated_count(writer, rows, resource))
    return f"with {', '.join(tables)}\n"


def total(item: Total | Quality) -> Json:
    """Return the number of records that pass the filter, or the quality of that number."""
    if item.exact:
        table, quality_if_cut = "exact", "at_least"
    else:
        table, quality_if_cut = "estimated", "estimated"
    if isinstance(item, Total):
        return from_sql(f"(select n from {table})")
    quality = "exact"
    if item.upper:
        quality, quality_if_cut = quality.upper(), quality_if_cut.upper()
    return quoted(f"(select case when cut then {literal(quality_if_cut)} else {literal(quality)} end from {table})")


def _exact_count(writer: StatementWriter, rows: ListQuery, resource: Resource) -> str:
    count = _count_rows(filtered_rows(writer, resource, rows.filter), MAX_EXACT)
    return f"exact as (select least(n, {MAX_EXACT}) as n, n > {MAX_EXACT} as cut from ({count}) c)"


def _estimated_count(writer: StatementWriter, rows: ListQuery, resource: Resource) -> str:
    from_rows = filtered_rows(writer, resource, rows.filter)
    count = _count_rows(from_rows, ESTIMATE_FROM)
    in_sample = is_in_sample(writer.version, resource, "s", sample_of(LARGEST))
    sample = f"select {LARGEST} * count(*) {from_rows} and {in_sample}"
    is_cut = f"n > {ESTIMATE_FROM}"
    number = f"case when {is_cut} then greatest(n, ({sample})) else n end"
    return f"estimated as (select {number} as n, {is_cut} as cut from ({count}) c)"


def _count_rows(filtered_rows: str, max_count: int) -> str:
    """Return the select of the number of rows. It stops at one more than `max_count`."""
    return f"select count(*) as n from (select {filtered_rows} limit {max_count + 1}) c"


def filtered_rows(
    writer: StatementWriter, resource: Resource, filter: Filter, columns: tuple[str, ...] = ("id",)
) -> str:
    """Return the `from` and the `where` of the rows that pass a filter, under the alias `s`, for counting them. They
    have at least these columns."""
    view = writer.view(resource.name)
    row_test = _not_withdrawn_for_count(writer, resource, "s")
    tests = [condition(writer, resource, "s", part) for part in alternatives(resource, filter)]
    if row_test:
        tests = [f"{row_test} and {test}" for test in tests]
    if len(tests) == 1:
        return f"from {view} s where {tests[0]}"
    selected = ", ".join(f"s.{column}" for column in columns)
    parts = " union all ".join(f"select {selected} from {view} s where {test}" for test in tests)
    return f"from ({parts}) s where true"
