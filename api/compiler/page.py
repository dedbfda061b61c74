"""Reading a page by keyset: where it begins, in what order, how many rows, and what can be told about it.

The key of a row is its sort key and its id. Indexes hold a sort descending with nulls last; ascending reads them
backwards, which puts the rows with a key in ascending order with `nulls first`. So the rows without a key are read
apart, as a second segment, and one index serves both directions; page 10,000 costs what page 1 does.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.catalog import Resource
from api.compiler.condition import condition, word_query
from api.compiler.json import Json, boolean, fixed, literal, optional, written
from api.compiler.writer import CASTS, Source, Writer, indent
from api.query import (
    All,
    Answer,
    Cursor,
    Edges,
    HasMore,
    HasNext,
    HasPrevious,
    NextCursor,
    Object,
    Quality,
    Rows,
    Selection,
    Total,
    counted,
)
from api.query.filter import searched

EXACT_MOST = 100_000
ESTIMATE_FROM = 1_000
# Ids are hashes in base32, so those whose first character is 0 are a fair sample of one in 32.
SAMPLE_OF = 32
# Rows that a search reads through the index of words; where it finds more, it goes through the list in its order.
FEW = 2_500


@dataclass(frozen=True)
class Reading:
    """How a page is read. `key` is the sort key on the view's rows (`{}` is their alias); `counted` tells that one
    row more is read, and rows are numbered in reading order, so that the page can tell whether more follow."""

    rows: Rows
    key: str
    counted: bool
    mark: str

    def cursor(self, source: Source) -> str:
        """The cursor of a row, as api.query.cursor reads it."""
        key = f"coalesce(to_json({source.alias}.k::text)::text, 'null')"
        text = f"'[' || {self.mark} || ',' || {key} || ',\"' || {source.column('id')} || '\"]'"
        encoded = f"encode(convert_to({text}, 'UTF8'), 'base64')"
        return f"translate({encoded}, E'+/=\\n', '-_')"

    def next_cursor(self, source: Source) -> str:
        """The cursor of the last row, where more follow it."""
        if not self.counted:
            return "null"
        size = self.rows.page.size
        n, found = f"{source.alias}.n", f"{source.alias}.found"
        return f"max({self.cursor(source)}) filter (where {n} = {size} and {found} > {size})"

    def about(self, source: Source, asked: Cursor | NextCursor | HasMore | HasNext | HasPrevious) -> Json:
        """What a page tells of itself."""
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


def reading(writer: Writer, rows: Rows, resource: Resource) -> Reading:
    """How this page is read."""
    if rows.sort.field == "relevance":
        search = searched(rows.filter)
        assert search is not None
        key = f"ts_rank({{}}.search, {word_query(writer, search)})"
    else:
        key = f"{{}}.{rows.sort.column}"
    counted = _asks_further(rows.selection)
    # An argument that is never used has no type, and Postgres refuses it.
    marked = rows.fingerprint and (counted or _asks_cursors(rows.selection))
    mark = writer.argument(f'"{rows.fingerprint}"', "text") if marked else literal('""')
    return Reading(rows, key, counted, mark)


def _asks_further(selection: Selection) -> bool:
    return any(_is_further(entry.value) for entry in selection)


def _is_further(value: Answer) -> bool:
    if isinstance(value, Object):
        return _asks_further(value.selection)
    return isinstance(value, Cursor | NextCursor | HasMore | HasNext | HasPrevious)


def _asks_cursors(selection: Selection) -> bool:
    edges = [entry.value.selection for entry in selection if isinstance(entry.value, Edges)]
    return any(isinstance(entry.value, Cursor) for edge in edges for entry in edge)


def order(rows: Rows, alias: str, *, shown: bool = False) -> str:
    """The order of reading, or with `shown` that of the answer: they differ on a page that is read backwards."""
    descending = rows.sort.descending != (rows.page.backward and not shown)
    first = rows.page.backward and not shown
    way = "desc" if descending else "asc"
    if rows.sort.column in ("id", "position"):
        return f"{alias}.k {way}"
    return f"{alias}.k {way} nulls {'first' if first else 'last'}, {alias}.id {way}"


def numbered(writer: Writer, rows: Rows, read: Reading, source: Source, joined: str) -> str:
    """The select that reads the page's rows; `joined` ties them to a parent row."""
    if rows.sort.column not in ("position",):
        source.column("id")
    resource = source.resource
    size = rows.page.size + (1 if read.counted else 0)
    few = _few(writer, rows, read, source) if not joined and _is_guessed(rows) else None
    segments = _segments(writer, rows, read, resource, joined, source, size, few)
    inner = segments[0]
    if len(segments) > 1:
        both = "\nunion all\n".join(f"({one})" for one in segments)
        name = writer.name()
        inner = f"select * from (\n  {indent(both)}\n) {name}\norder by {order(rows, name)}\nlimit {size}"
    if few:
        inner = f"with {few.sql}\n{inner}"
    if not read.counted:
        return inner
    name = writer.name()
    return (
        f"select {name}.*, row_number() over (order by {order(rows, name)}) as n, count(*) over () as found"
        f"\nfrom (\n  {indent(inner)}\n) {name}"
    )


def everything(writer: Writer, rows: Rows, source: Source) -> str:
    """The select that reads a list to its end, or to the page's size where it has one.

    Where there are two segments they stand in reading order: Postgres reads the parts of `union all` one after
    another unless workers share them, and an export has none (store/stream.py). Sorting both once more would hold
    back the first row of a million until the last was read."""
    source.column("id")
    size = rows.page.size or None
    segments = _segments(writer, rows, reading(writer, rows, source.resource), source.resource, "", source, size)
    if len(segments) == 1:
        return segments[0]
    limit = f"\nlimit {size}" if size else ""
    return "\nunion all\n".join(f"({one})" for one in segments) + limit


@dataclass(frozen=True)
class Few:
    """The ids and keys of the rows that pass a search, as long as they are few: a `with`, and its name."""

    sql: str
    name: str

    @property
    def all(self) -> str:
        """Whether these are all."""
        return f"(select count(*) from {self.name}) <= {FEW}"


def _is_guessed(rows: Rows) -> bool:
    """Whether nobody can tell beforehand how many rows pass. A search does so: of words that are not among the most
    frequent there are no statistics, and a word in ten of a million records was looked for in the order of the list, in
    all of them, for eleven seconds."""
    return rows.sort.field != "relevance" and searched(rows.filter) is not None


def _few(writer: Writer, rows: Rows, read: Reading, source: Source) -> Few:
    """Through the index of words some thousand rows are found at once and sorted; more are met soon in the order of the
    list. So the worst is a word between the two, some 100 ms among a million records."""
    name, alias = writer.name(), writer.name()
    columns = f"{alias}.id, {read.key.format(alias)} as k"
    passed = condition(writer, source.resource, alias, rows.filter)
    found = f"select {columns}\nfrom {writer.view(source.resource.name)} {alias}\nwhere {passed}\nlimit {FEW + 1}"
    return Few(f"{name} as materialized (\n  {indent(found)}\n)", name)


def _segments(
    writer: Writer,
    rows: Rows,
    read: Reading,
    resource: Resource,
    joined: str,
    source: Source,
    size: int | None,
    few: Few | None = None,
) -> list[str]:
    alias = writer.name()
    key = read.key.format(alias)
    forward = rows.sort.descending != rows.page.backward
    way = "desc" if forward else "asc"
    tie = "" if rows.sort.column in ("id", "position") else f", {alias}.id {way}"
    columns = ", ".join([*(f"{alias}.{name}" for name in source.columns), f"{key} as k"])
    limit = f"\nlimit {size}" if size else ""
    tests = [joined.format(alias)] if joined else []
    if rows.filter != All():
        tests.append(condition(writer, resource, alias, rows.filter))
    if few:
        tests.append(f"not {few.all}")

    def segment(test: str, nulls: str) -> str:
        where = " and ".join([*tests, test] if test else tests)
        clause = f"\nwhere {where}" if where else ""
        return (
            f"select {columns}\nfrom {writer.view(resource.name)} {alias}{clause}"
            f"\norder by {key} {way}{nulls}{tie}{limit}"
        )

    segments = [segment(*one) for one in _spans(writer, rows, key, alias, forward)]
    return [_picked(writer, rows, source, few, forward, limit), *segments] if few else segments


def _picked(writer: Writer, rows: Rows, source: Source, few: Few, forward: bool, limit: str) -> str:
    """The select of the page's rows among the few: those beyond the cursor, in order, and then whole."""
    there, picked, shown = writer.name(), writer.name(), writer.name()
    spans = [test for test, _ in _spans(writer, rows, f"{there}.k", there, forward)]
    met = f" and ({' or '.join(spans)})" if all(spans) else ""
    pick = f"select id, k from {few.name} {there}\nwhere {few.all}{met}\norder by {order(rows, there)}{limit}"
    columns = ", ".join([*(f"{shown}.{name}" for name in source.columns), f"{picked}.k"])
    view = writer.view(source.resource.name)
    return f"select {columns}\nfrom (\n  {indent(pick)}\n) {picked}\njoin {view} {shown} on {shown}.id = {picked}.id"


def _spans(writer: Writer, rows: Rows, key: str, alias: str, forward: bool) -> list[tuple[str, str]]:
    """The condition and the place of nulls of each segment, in reading order."""
    sort, position = rows.sort, rows.page.position
    sign = "<" if forward else ">"
    if sort.column in ("id", "position"):
        return [("" if position is None else f"{key} {sign} {writer.argument(position[1], 'text')}", "")]
    nulls = " nulls last" if forward else " nulls first"
    if not sort.nullable:
        if position is None:
            return [("", nulls)]
        return [(_beyond(writer, rows, key, alias, sign), nulls)]
    keyed = (f"{key} is not null", nulls)
    bare = (f"{key} is null", nulls)
    if position is None:
        if not rows.page.backward and forward:
            return [("", nulls)]
        return [bare, keyed] if rows.page.backward else [keyed, bare]
    if position[0] is None:
        rest = (f"{key} is null and {alias}.id {sign} {writer.argument(position[1], 'text')}", nulls)
        return [rest, keyed] if rows.page.backward else [rest]
    rest = (_beyond(writer, rows, key, alias, sign), nulls)
    return [rest] if rows.page.backward else [rest, bare]


def _beyond(writer: Writer, rows: Rows, key: str, alias: str, sign: str) -> str:
    assert rows.page.position is not None
    at = writer.argument(rows.page.position[0], CASTS[rows.sort.kind])
    identifier = writer.argument(rows.page.position[1], "text")
    return f"({key}, {alias}.id) {sign} ({at}, {identifier})"


def counts(writer: Writer, rows: Rows, resource: Resource) -> str:
    """The `with` that counts what the filter leaves, once for a total and its quality; empty where none is asked."""
    asked = counted(rows.selection)
    made = [_exact(writer, rows, resource)] if True in asked else []
    made += [_estimated(writer, rows, resource)] if False in asked else []
    return f"with {', '.join(made)}\n" if made else ""


def total(asked: Total | Quality) -> Json:
    """How many records the filter leaves, or how good that number is."""
    table = "exact" if asked.exact else "estimated"
    if isinstance(asked, Total):
        return written(f"(select n from {table})")
    word = "at_least" if asked.exact else "estimated"
    good, bad = ("EXACT", word.upper()) if asked.upper else ("exact", word)
    found = f"(select case when cut then {literal(bad)} else {literal(good)} end from {table})"
    return fixed('"') + written(found) + fixed('"')


def _exact(writer: Writer, rows: Rows, resource: Resource) -> str:
    counted = f"select count(*) as n from (select {_left(writer, rows, resource)} limit {EXACT_MOST + 1}) c"
    return f"exact as (select least(n, {EXACT_MOST}) as n, n > {EXACT_MOST} as cut from ({counted}) c)"


def _estimated(writer: Writer, rows: Rows, resource: Resource) -> str:
    left = _left(writer, rows, resource)
    counted = f"select count(*) as n from (select {left} limit {ESTIMATE_FROM + 1}) c"
    sample = f"select {SAMPLE_OF} * count(*) {left} and s.id < {literal(resource.prefix + '_1')}"
    cut = f"n > {ESTIMATE_FROM}"
    number = f"case when {cut} then greatest(n, ({sample})) else n end"
    return f"estimated as (select {number} as n, {cut} as cut from ({counted}) c)"


def _left(writer: Writer, rows: Rows, resource: Resource) -> str:
    return f"from {writer.view(resource.name)} s where {condition(writer, resource, 's', rows.filter)}"
