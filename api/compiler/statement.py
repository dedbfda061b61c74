"""Compose the whole statement: each root of the request is one lateral select. The answer's bytes are made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from api.catalog import VERSIONS
from api.compiler.counts import count_groups
from api.compiler.diff import diff, diff_lines
from api.compiler.export_lines import lines
from api.compiler.json_text import (
    NULL,
    Json,
    array_literal,
    array_of,
    fixed,
    from_sql,
    literal,
    object_of,
    optional,
    string,
)
from api.compiler.record import by_id, page
from api.compiler.revisions import revisions
from api.compiler.series import figure_series
from api.compiler.writer import StatementWriter, indent
from api.model import ENTITIES
from api.query import (
    Constant,
    CountQuery,
    DiffQuery,
    ExportQuery,
    Item,
    ListQuery,
    Object,
    Query,
    Record,
    Records,
    RevisionsQuery,
    Root,
    SeriesQuery,
    as_of,
    least_price,
    price,
    records_a_point,
)

LAST_CHANGE = "coalesce(max(edition) || '.' || max(changed_us), '0.0')"
# The mark of all resources together: its first half is the last edition of the server.
WHOLE_MARK = f"(select {LAST_CHANGE} from store.latest)"


@dataclass(frozen=True)
class Statement:
    """SQL and its arguments. It returns one row:

    body    the finished JSON as bytes
    next    the cursor of the next page, if the request is one list
    notes   for each missing record, a JSON array [key, place, reason of withdrawal]
    mark    a text that differs for any two states of the resources that the statement `reads`
    points  the cost of the request in the end (api/query/cost.py)

    The statement of an export returns one row for each record: its `line`, or its typed cells. If it is marked, a row
    before them contains its `mark` and the mark of the whole store, with a space between.

    `custom` asks for a plan that looks at the values. With a rare value, a generic plan took 220 ms and a custom plan
    0.35 ms.

    `edition` is the edition that the statement shows, None if it reads the present in any part. `editions` has that of
    each root by its key. If it is not `final`, a caller named a moment that is still to come."""

    sql: str
    arguments: tuple[Any, ...]
    custom: bool
    reads: tuple[str, ...] = ()
    edition: int | None = None
    editions: tuple[tuple[str, int | None], ...] = ()
    final: bool = True


def compile_query(query: Query) -> Statement:
    """Return the one statement that answers the query."""
    writer = StatementWriter(VERSIONS[query.version])
    sql = ROOTS[type(query.root)](writer, query)
    writer.finish()
    return Statement(
        sql,
        tuple(writer.arguments),
        writer.custom,
        tuple(sorted(writer.reads)),
        _edition(writer),
        _editions(writer, query),
        _is_final(query),
    )


def _is_final(query: Query) -> bool:
    """Return False if a caller named a moment that is still to come."""
    for item in query.entries:
        edition = as_of(item.value)
        if edition is not None and not edition.final:
            return False
    return True


def _edition(writer: StatementWriter) -> int | None:
    """Return the last edition that the roots show; None if one of them reads the present, or if none reads anything."""
    editions: list[int] = []
    for scope in writer.scopes:
        if not scope.views:
            continue
        if scope.edition is None:
            return None
        editions.append(scope.edition)
    return max(editions, default=None)


def _editions(writer: StatementWriter, query: Query) -> tuple[tuple[str, int | None], ...]:
    """Return the edition of each root of an object that reads the store, by its key."""
    if not isinstance(query.root, Object):
        return ()
    # The first scope is that of what is written before the first root.
    scopes = writer.scopes[1:]
    editions: list[tuple[str, int | None]] = []
    for item, scope in zip(query.root.selection, scopes, strict=True):
        reads_store = not isinstance(item.value, Constant)
        if reads_store:
            editions.append((item.key, scope.edition))
    return tuple(editions)


@dataclass(frozen=True)
class _Root:
    """The parts of a statement, as SQL: its columns, and the `source` that they are read from."""

    body: str
    next: str
    notes: str
    points: str
    source: str


def _write_statement(writer: StatementWriter, query: Query, root: _Root) -> str:
    looked_at = _looked_at(writer)
    points = [root.points, str(least_price(query))]
    begin = end = ""
    if looked_at:
        begin = f"with begun as materialized (select {looked_at} as looked_at)\n"
        # This condition makes Postgres read the first count before it reads anything else.
        end = "\nwhere (select looked_at from begun) is not null"
        rows = f"({looked_at} - (select looked_at from begun))"
        # Both are arguments, because they depend on the values, and the text of a statement must not.
        highest_price = writer.argument(price(query), "bigint")
        rows_a_point = writer.argument(records_a_point(query), "bigint")
        points.append(f"least({highest_price}, {rows} / {rows_a_point})")
    columns = (
        f"{root.body} as body, {root.next} as next, {root.notes} as notes, {mark(writer)} as mark"
        f", greatest({', '.join(points)})::int as points"
    )
    return f"{begin}select {columns}\nfrom {root.source}{end}"


def _looked_at(writer: StatementWriter) -> str:
    """Return the SQL that counts the rows and index entries that this connection has looked at; empty if nothing in
    the statement can cause much work."""
    names = set(writer.looked_at)
    # To find what was shown then, Postgres looks at later versions, too.
    scopes_of_editions = [scope for scope in writer.scopes if scope.as_of is not None]
    for scope in scopes_of_editions:
        names |= scope.views
    if not names:
        return ""
    stored_names = sorted(writer.version[name].stored for name in names)
    tables = [f"store.{name}" for name in stored_names]
    if scopes_of_editions:
        # Withdrawals are read from the log, which has no versions.
        tables += [f"past.{name}" for name in stored_names if name in ENTITIES]
    if writer.reads_log:
        tables.append("store.change")
    return f"store.rows_looked_at({array_literal(tables)})"


def mark(writer: StatementWriter) -> str:
    """Return the SQL of the latest change of the resources that are read, in the statement's own snapshot.
    api.store.changes computes the same mark."""
    resources = array_literal(sorted(writer.reads))
    edition = _edition(writer)
    if edition is not None:
        # What is shown of an edition changes only if it is written anew.
        last_change = f"concat('e', {writer.argument(edition, 'bigint')}, '.', coalesce(max(rewritten_us), 0))"
    else:
        last_change = LAST_CHANGE
    return f"(select {last_change} from store.latest where resource = any({resources}))"


def _absence(writer: StatementWriter, resource: str, record_id: str) -> str:
    """Return the SQL of why a record is not shown, as members of a note: the reason for which it was withdrawn, and, as
    of an edition, when the store first had it. They are null if it was not withdrawn, or never there. `record_id` is
    SQL."""
    if writer.root.as_of is None:
        return f"(select reason from store.withdrawal where resource = {literal(resource)} and id = {record_id})"
    reason = f"store.withdrawal_reason({literal(resource)}, {record_id}, {writer.edition()})"
    return f"{reason}, store.first_known({literal(resource)}, {record_id})"


def _write_export(writer: StatementWriter, query: Query) -> str:
    assert isinstance(query.root, ExportQuery)
    writer.begin_root(query.root.as_of)
    write = lines if query.root.since is None else diff_lines
    records = write(writer, query.root)
    if not query.root.marked:
        return records
    # Postgres reads the parts in this order, because exports have no parallel workers.
    return f"select {mark(writer)} || ' ' || {WHOLE_MARK} as mark\nunion all\n(\n  {indent(records)}\n)"


def _write_page(writer: StatementWriter, query: Query) -> str:
    assert isinstance(query.root, ListQuery)
    writer.begin_root(query.root.as_of)
    select = page(writer, query.root).sql
    root = _Root("convert_to(r.made, 'UTF8')", "r.next", "null::text[]", "r.points", f"(\n  {indent(select)}\n) r")
    return _write_statement(writer, query, root)


def _write_counts(writer: StatementWriter, query: Query) -> str:
    assert isinstance(query.root, CountQuery | SeriesQuery)
    writer.begin_root(query.root.as_of)
    select = _select_groups(writer, query.root)
    source = f"(\n  {indent(select)}\n) r"
    root = _Root("convert_to(r.made, 'UTF8')", "null::text", "null::text[]", "r.points", source)
    return _write_statement(writer, query, root)


def _select_groups(writer: StatementWriter, root: CountQuery | SeriesQuery) -> str:
    if isinstance(root, CountQuery):
        return count_groups(writer, root)
    return figure_series(writer, root)


def _write_diff(writer: StatementWriter, query: Query) -> str:
    assert isinstance(query.root, DiffQuery)
    writer.begin_root(query.root.as_of)
    select = diff(writer, query.root)
    root = _Root("convert_to(r.made, 'UTF8')", "r.next", "null::text[]", "r.points", f"(\n  {indent(select)}\n) r")
    return _write_statement(writer, query, root)


def _write_object(writer: StatementWriter, query: Query) -> str:
    assert isinstance(query.root, Object)
    roots = _Roots(writer)
    for item in query.root.selection:
        roots.add(item)
    return _write_statement(writer, query, roots.compose())


def _write_revisions(writer: StatementWriter, query: Query) -> str:
    assert isinstance(query.root, RevisionsQuery)
    writer.begin_root(query.root.as_of)
    select = revisions(writer, query.root)
    note = "case when r.made is null then array[json_build_array('', null, null)::text] end"
    body = "convert_to(coalesce(r.made, 'null'), 'UTF8')"
    root = _Root(body, "r.next", note, "r.points", f"(\n  {indent(select)}\n) r")
    return _write_statement(writer, query, root)


ROOTS: dict[type[Root], Callable[[StatementWriter, Query], str]] = {
    DiffQuery: _write_diff,
    ExportQuery: _write_export,
    ListQuery: _write_page,
    CountQuery: _write_counts,
    SeriesQuery: _write_counts,
    Object: _write_object,
    RevisionsQuery: _write_revisions,
}


@dataclass
class _Roots:
    """The roots of a request: each is a key of the answer, and most are a lateral select that is joined."""

    writer: StatementWriter
    pairs: list[tuple[str, Json]] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)

    def add(self, item: Item) -> None:
        """Add a root under its key."""
        self.writer.begin_root(as_of(item.value))
        self.pairs.append((item.key, self._write_root(item)))

    def compose(self) -> _Root:
        """Return the parts of the statement that answers all roots."""
        body = f"convert_to({object_of(self.pairs).sql()}, 'UTF8')"
        notes = "null::text[]"
        if self.notes:
            notes = f"nullif(array_remove(array[{', '.join(self.notes)}]::text[], null), '{{}}')"
        points = " + ".join(self.points) or "0"
        return _Root(body, "null::text", notes, points, f"(select) request{''.join(self.joins)}")

    def _write_root(self, item: Item) -> Json:
        match item.value:
            case Constant():
                return string(item.value.text)
            case ListQuery():
                return self._write_joined(page(self.writer, item.value).sql)
            case CountQuery() | SeriesQuery():
                return self._write_joined(_select_groups(self.writer, item.value))
            case RevisionsQuery():
                alias = self._join(revisions(self.writer, item.value))
                self.notes.append(
                    f"case when {alias}.made is null then json_build_array({literal(item.key)}, null, null)::text end"
                )
                self.points.append(f"{alias}.points")
                return optional(f"{alias}.made")
            case Record():
                return self._write_record(item.key, item.value, "null")
            case Records():
                return self._write_records(item.key, item.value)
            case _:
                raise TypeError(f"{type(item.value).__name__} is no entry of a request")

    def _write_joined(self, select: str) -> Json:
        """Join a select that always has one row, and return its JSON."""
        alias = self._join(select)
        self.points.append(f"{alias}.points")
        return from_sql(f"{alias}.made")

    def _write_records(self, key: str, records: Records) -> Json:
        objects = []
        for index, record in enumerate(records.records):
            place = "null" if records.single else str(index)
            if record:
                objects.append(self._write_record(key, record, place))
            else:
                objects.append(self._write_unknown(key, place))
        return objects[0] if records.single else array_of(objects)

    def _join(self, select: str) -> str:
        """Join the select of a root, and return its alias."""
        alias = self.writer.name()
        self.joins.append(f"\nleft join lateral (\n  {indent(select)}\n) {alias} on true")
        return alias

    def _write_record(self, key: str, record: Record, place: str) -> Json:
        alias = self._join(by_id(self.writer, record.resource, record.id, record.selection))
        record_id = self.writer.argument(record.id, "text")
        absence = _absence(self.writer, record.resource, record_id)
        note = f"json_build_array({literal(key)}, {place}, {absence})::text"
        self.notes.append(f"case when {alias}.made is null then {note} end")
        self.points.append(f"coalesce({alias}.points, 1)")
        return optional(f"{alias}.made")

    def _write_unknown(self, key: str, place: str) -> Json:
        """Write null for an id that no record can have."""
        self.notes.append(f"json_build_array({literal(key)}, {place}, null)::text")
        return fixed(NULL)
