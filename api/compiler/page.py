"""Read a page by keyset: its rows, its totals, and its page information.

The rows with and without a sort key are read as two segments, each in the order of the index (`keyset.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from api.catalog import Resource, Version
from api.compiler.condition import condition, word_query
from api.compiler.json_text import Json, boolean, fixed, literal, optional, written
from api.compiler.keyset import Span, order, spans
from api.compiler.search import is_guessed, search
from api.compiler.writer import RowSource, StatementWriter, indent
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
    counted,
    is_counted,
)
from api.query.filters import alternatives, searched
from api.query.sort import POSITION

EXACT_MOST = 100_000
ESTIMATE_FROM = 1_000
# Ids are hashes in base32, so those whose first character is 0 are a fair sample of one in 32.
SAMPLE_OF = 32


@dataclass(frozen=True)
class PageScan:
    """The way in which a page is read. `key` is the sort key on the view's rows (`{}` is their alias). If `counted`,
    one row more is read, and rows are numbered in reading order, so that the page can say if more follow. `mark` is the
    SQL of the fingerprint in its cursors."""

    rows: ListQuery
    key: str
    counted: bool
    mark: str

    def cursor(self, source: RowSource) -> str:
        """Return the SQL of a row's cursor, as api.query.cursor reads it."""
        key = f"coalesce(to_json({source.alias}.k::text)::text, 'null')"
        tie = source.column(self.rows.sort.tie)
        quote = '"' if self.rows.sort.tie_kind == "text" else ""
        text = f"'[' || {self.mark} || ',' || {key} || ',{quote}' || {tie} || '{quote}]'"
        encoded = f"encode(convert_to({text}, 'UTF8'), 'base64')"
        return f"translate({encoded}, E'+/=\\n', '-_')"

    def next_cursor(self, source: RowSource) -> str:
        """Return the SQL of the cursor of the last row, which is null if no more follow."""
        if not self.counted:
            return "null"
        size = self.rows.page.size
        n, found = f"{source.alias}.n", f"{source.alias}.found"
        return f"max({self.cursor(source)}) filter (where {n} = {size} and {found} > {size})"

    def about(self, source: RowSource, asked: Cursor | NextCursor | HasMore | HasNext | HasPrevious) -> Json:
        """Return an item of the page information."""
        page = self.rows.page
        further = boolean(f"bool_or({source.alias}.found > {page.size})")
        behind = fixed("false" if page.position is None else "true")
        match asked:
            case NextCursor():
                return optional(f"'\"' || {self.next_cursor(source)} || '\"'")
            case HasMore():
                return further
            case HasNext():
                return behind if page.backward else further
            case HasPrevious():
                return further if page.backward else behind
            case Cursor():
                last = f"least({source.alias}.found, {page.size})"
                at = last if asked.last != page.backward else "1"
                return optional(f"'\"' || max({self.cursor(source)}) filter (where {source.alias}.n = {at}) || '\"'")


def reading(writer: StatementWriter, rows: ListQuery, resource: Resource) -> PageScan:
    """Return the way in which this page is read."""
    if rows.sort.field == "relevance":
        search = searched(rows.filter)
        assert search is not None
        key = f"ts_rank({{}}.search, {word_query(writer, search)})"
    else:
        key = f"{{}}.{rows.sort.column}"
    counted = _asks_further(rows.selection)
    # Postgres refuses an argument that the statement does not use, because it has no type.
    marked = rows.fingerprint and (counted or _asks_cursors(rows.selection))
    mark = writer.argument(f'"{rows.fingerprint}"', "text") if marked else literal('""')
    return PageScan(rows, key, counted, mark)


def _asks_further(selection: Selection) -> bool:
    return any(_is_further(entry.value) for entry in selection)


def _is_further(value: Answer) -> bool:
    if isinstance(value, Object):
        return _asks_further(value.selection)
    return isinstance(value, Cursor | NextCursor | HasMore | HasNext | HasPrevious)


def _asks_cursors(selection: Selection) -> bool:
    edges = [entry.value.selection for entry in selection if isinstance(entry.value, Edges)]
    return any(isinstance(entry.value, Cursor) for edge in edges for entry in edge)


def numbered(writer: StatementWriter, rows: ListQuery, read: PageScan, source: RowSource, joined: str) -> str:
    """Return the select that reads the page's rows. `joined` is the condition that ties them to a parent row."""
    if rows.sort != POSITION:
        source.column(rows.sort.tie)
    size = rows.page.size + (1 if read.counted else 0)
    ways = search(writer, rows, read.key, source, size) if not joined and is_guessed(source.resource, rows) else None
    spans = _segments(writer, rows, read, joined, source, size, ways.otherwise if ways else "")
    segments = [select for parts in spans for select in parts]
    inner = _together(writer, rows, [ways.found, *segments] if ways else segments, size)
    if ways:
        inner = f"{ways.tables}\n{inner}"
    if not read.counted:
        return inner
    name = writer.name()
    return (
        f"select {name}.*, row_number() over (order by {order(rows, name)}) as n, count(*) over () as found"
        f"\nfrom (\n  {indent(inner)}\n) {name}"
    )


def _limit(size: int | None) -> str:
    return f"\nlimit {size}" if size else ""


def _together(writer: StatementWriter, rows: ListQuery, selects: list[str], size: int | None) -> str:
    """Merge selects, each of which is in order, into one in order."""
    if len(selects) == 1:
        return selects[0]
    both = "\nunion all\n".join(f"({one})" for one in selects)
    name = writer.name()
    return f"select * from (\n  {indent(both)}\n) {name}\norder by {order(rows, name)}{_limit(size)}"


def everything(writer: StatementWriter, rows: ListQuery, source: RowSource) -> str:
    """Return the select that reads a list to its end, or to the page's size if it has one.

    Two segments stand in reading order: Postgres reads the parts of `union all` one after another unless workers share
    them, and an export has no workers (store/stream.py). If both were sorted once more, the first row of a million
    would wait until the last was read."""
    source.column(rows.sort.tie)
    size = rows.page.size or None
    spans = _segments(writer, rows, reading(writer, rows, source.resource), "", source, size)
    segments = [_together(writer, rows, parts, size) for parts in spans]
    if len(segments) == 1:
        return segments[0]
    return "\nunion all\n".join(f"({one})" for one in segments) + _limit(size)


def _segments(
    writer: StatementWriter,
    rows: ListQuery,
    read: PageScan,
    joined: str,
    source: RowSource,
    size: int | None,
    otherwise: str = "",
) -> list[list[str]]:
    """Return the selects of the rows: spans in reading order, each a list of parts to merge. With `otherwise`, they
    read rows only if this condition holds."""
    alias, resource = writer.name(), source.resource
    if is_counted(writer.version, resource, rows):
        writer.looked_at.add(resource.name)
    own = joined.format(alias) if joined else standing(writer, resource, alias)
    key = read.key.format(alias)
    columns = ", ".join([*(f"{alias}.{name}" for name in source.columns), f"{key} as k"])
    # The filter is not split for one parent, which has few rows. Neither is it after a search, which has found few rows
    # or reads on in the order of the list.
    filters = (rows.filter,) if joined or otherwise else alternatives(resource, rows.filter)
    tests = [_tests(writer, resource, alias, one, own, otherwise) for one in filters]

    def segment(tests: list[str], span: Span) -> str:
        where = " and ".join([*tests, span.test] if span.test else tests)
        clause = f"\nwhere {where}" if where else ""
        read = f"select {columns}\nfrom {writer.view(resource.name)} {alias}{clause}"
        return f"{read}\norder by {span.order}{_limit(size)}"

    return [[segment(one, span) for one in tests] for span in spans(writer, rows, key, alias)]


def _tests(
    writer: StatementWriter, resource: Resource, alias: str, filter: Filter, before: str, after: str
) -> list[str]:
    """Return the conditions on the rows of a segment: `before`, that of the filter, and `after`; without empty ones."""
    tested = "" if filter == EVERYTHING else condition(writer, resource, alias, filter)
    return [one for one in (before, tested, after) if one]


def standing(writer: StatementWriter, resource: Resource, alias: str) -> str:
    """Return the condition that the record of a child was not withdrawn, for a list of children; else an empty text.
    Note the resources with which such a list changes."""
    writer.reads.update(writer.version.listed_with(resource.name))
    return f"{alias}.stands" if resource.name in writer.version.children else ""


def _standing_counted(writer: StatementWriter, resource: Resource, alias: str) -> str:
    """Return the same condition for rows that are counted. Few records are withdrawn, so it is faster to leave out
    their children than to look up the record of each of 100,000 children."""
    if not standing(writer, resource, alias) or writer.edition is not None:
        return ""
    owners = writer.version.listed_with(resource.name)
    writer.looked_at.update(owners)
    name = writer.name()
    kinds = literal("{" + ",".join(owners) + "}")
    return (
        f"not exists (select from store.withdrawal {name}"
        f" where {name}.resource = any({kinds}) and {name}.id = {alias}.record_id)"
    )


def counts(writer: StatementWriter, rows: ListQuery, resource: Resource) -> str:
    """Return the `with` that counts the rows that pass the filter, once for a total and its quality. It is empty if the
    page has no totals."""
    asked = counted(rows.selection)
    if asked:
        writer.looked_at.add(resource.name)
    made = [_exact(writer, rows, resource)] if True in asked else []
    made += [_estimated(writer, rows, resource)] if False in asked else []
    return f"with {', '.join(made)}\n" if made else ""


def total(asked: Total | Quality) -> Json:
    """Return the number of records that pass the filter, or the quality of that number."""
    table = "exact" if asked.exact else "estimated"
    if isinstance(asked, Total):
        return written(f"(select n from {table})")
    word = "at_least" if asked.exact else "estimated"
    good, bad = ("EXACT", word.upper()) if asked.upper else ("exact", word)
    found = f"(select case when cut then {literal(bad)} else {literal(good)} end from {table})"
    return fixed('"') + written(found) + fixed('"')


def _exact(writer: StatementWriter, rows: ListQuery, resource: Resource) -> str:
    counted = f"select count(*) as n from (select {_left(writer, rows, resource)} limit {EXACT_MOST + 1}) c"
    return f"exact as (select least(n, {EXACT_MOST}) as n, n > {EXACT_MOST} as cut from ({counted}) c)"


def _estimated(writer: StatementWriter, rows: ListQuery, resource: Resource) -> str:
    left = _left(writer, rows, resource)
    counted = f"select count(*) as n from (select {left} limit {ESTIMATE_FROM + 1}) c"
    sample = f"select {SAMPLE_OF} * count(*) {left} and {_sampled(writer.version, resource, 's')}"
    cut = f"n > {ESTIMATE_FROM}"
    number = f"case when {cut} then greatest(n, ({sample})) else n end"
    return f"estimated as (select {number} as n, {cut} as cut from ({counted}) c)"


def _sampled(version: Version, resource: Resource, alias: str) -> str:
    """Return the condition that selects one row in SAMPLE_OF, by the id of the row or of its record."""
    if resource.prefix:
        return f"{alias}.id < {literal(resource.prefix + '_1')}"
    column = f"{alias}.{'record_id' if resource.name in version.children else 'id'}"
    prefixes = [version[name].prefix for name in version.listed_with(resource.name)]
    ranges = [f"{column} >= {literal(one + '_')} and {column} < {literal(one + '_1')}" for one in prefixes]
    return f"({' or '.join(ranges)})"


def _left(writer: StatementWriter, rows: ListQuery, resource: Resource) -> str:
    view = writer.view(resource.name)
    root = _standing_counted(writer, resource, "s")
    made = [condition(writer, resource, "s", one) for one in alternatives(resource, rows.filter)]
    made = [f"{root} and {one}" if root else one for one in made]
    if len(made) == 1:
        return f"from {view} s where {made[0]}"
    parts = " union all ".join(f"select s.id from {view} s where {one}" for one in made)
    return f"from ({parts}) s where true"
