"""Compose the whole statement: each root of the request is one lateral select. The answer's bytes are made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from api.catalog import VERSIONS
from api.compiler.export_lines import lines
from api.compiler.json_text import NULL, Json, array_of, fixed, literal, object_of, optional, string, written
from api.compiler.record import by_id, page
from api.compiler.writer import StatementWriter, indent
from api.model import ENTITIES
from api.query import (
    Constant,
    ExportQuery,
    Item,
    ListQuery,
    Object,
    Query,
    Record,
    Records,
    Root,
    least,
    price,
    records_a_point,
)


@dataclass(frozen=True)
class Statement:
    """SQL and its arguments. It returns one row:

    body    the finished JSON as bytes
    next    the cursor of the next page, if the request is one list
    notes   for each missing record, a JSON array [key, place, reason of withdrawal]
    mark    a text that differs for any two states of the resources that the statement `reads`
    points  the cost of the request in the end (api/query/cost.py)

    The statement of an export returns one row for each record: its `line`, or its typed cells. If it is marked, its
    `mark` is a row before them.

    `custom` asks for a plan that looks at the values. With a rare value, a generic plan took 220 ms and a custom plan
    0.35 ms."""

    sql: str
    arguments: tuple[Any, ...]
    custom: bool
    reads: tuple[str, ...] = ()


def compile_query(query: Query) -> Statement:
    """Return the one statement that answers the query."""
    # An edition needs a custom plan, because the number of rows as of an edition depends on it.
    writer = StatementWriter(VERSIONS[query.version], query.edition, custom=query.edition is not None)
    sql = ROOTS[type(query.root)](writer, query)
    return Statement(sql, tuple(writer.arguments), writer.custom, tuple(sorted(writer.reads)))


@dataclass(frozen=True)
class _Root:
    """The parts of a statement, as SQL: its columns, and the `source` that they are read from."""

    body: str
    next: str
    notes: str
    points: str
    source: str


def _statement(writer: StatementWriter, query: Query, root: _Root) -> str:
    looked_at = _looked_at(writer)
    points = [root.points, str(least(query))]
    begin = end = ""
    if looked_at:
        begin = f"with begun as materialized (select {looked_at} as looked_at)\n"
        # This condition makes Postgres read the first count before it reads anything else.
        end = "\nwhere (select looked_at from begun) is not null"
        rows = f"({looked_at} - (select looked_at from begun))"
        # Both are arguments, because they depend on the values, and the text of a statement must not.
        most, each = writer.argument(price(query), "bigint"), writer.argument(records_a_point(query), "bigint")
        points.append(f"least({most}, {rows} / {each})")
    columns = (
        f"{root.body} as body, {root.next} as next, {root.notes} as notes, {mark(writer)}"
        f", greatest({', '.join(points)})::int as points"
    )
    return f"{begin}select {columns}\nfrom {root.source}{end}"


def _looked_at(writer: StatementWriter) -> str:
    """Return the SQL that counts the rows and index entries that this connection has looked at; empty if no filter of
    the statement can cause much work."""
    if not writer.looked_at:
        return ""
    stored = sorted(writer.version[name].stored for name in writer.looked_at)
    tables = [f"store.{name}" for name in stored]
    if writer.edition is not None:
        # Withdrawals are read from the log, which has no versions.
        tables += [f"past.{name}" for name in stored if name in ENTITIES]
    return f"store.rows_looked_at({literal('{' + ','.join(tables) + '}')})"


def mark(writer: StatementWriter) -> str:
    """Return the column with the latest change of the resources that are read, in the statement's own snapshot.
    api.store.changes computes the same mark."""
    if writer.edition is not None:
        return f"{writer.argument(writer.edition, 'bigint')} || '.0' as mark"
    names = literal("{" + ",".join(sorted(writer.reads)) + "}")
    made = "coalesce(max(seq) || '.' || max(changed_us), '0.0')"
    return f"(select {made} from store.latest where resource = any({names})) as mark"


def _reason(writer: StatementWriter, resource: str, identifier: str) -> str:
    """Return the SQL of the reason for which a record was withdrawn, null if it was not."""
    if writer.edition is not None:
        at = writer.argument(writer.edition, "bigint")
        return f"store.withdrawal_reason({literal(resource)}, {identifier}, {at})"
    return f"(select reason from store.withdrawal where resource = {literal(resource)} and id = {identifier})"


def _export(writer: StatementWriter, query: Query) -> str:
    assert isinstance(query.root, ExportQuery)
    records = lines(writer, query.root)
    if not query.root.marked:
        return records
    # Postgres reads the parts in this order, because exports have no parallel workers.
    return f"select {mark(writer)}\nunion all\n(\n  {indent(records)}\n)"


def _page(writer: StatementWriter, query: Query) -> str:
    assert isinstance(query.root, ListQuery)
    made = page(writer, query.root).sql
    root = _Root("convert_to(r.made, 'UTF8')", "r.next", "null::text[]", "r.points", f"(\n  {indent(made)}\n) r")
    return _statement(writer, query, root)


def _answer(writer: StatementWriter, query: Query) -> str:
    assert isinstance(query.root, Object)
    return _statement(writer, query, _object(writer, query.root))


ROOTS: dict[type[Root], Callable[[StatementWriter, Query], str]] = {
    ExportQuery: _export,
    ListQuery: _page,
    Object: _answer,
}


def _object(writer: StatementWriter, root: Object) -> _Root:
    roots = _Roots(writer)
    for entry in root.selection:
        roots.add(entry)
    notes = ", ".join(roots.notes)
    noted = f"nullif(array_remove(array[{notes}]::text[], null), '{{}}')" if notes else "null::text[]"
    joins = "".join(f"\nleft join lateral (\n  {indent(made)}\n) {alias} on true" for alias, made in roots.joins)
    body = f"convert_to({object_of(roots.pairs).sql()}, 'UTF8')"
    return _Root(body, "null::text", noted, " + ".join(roots.points) or "0", f"(select) request{joins}")


@dataclass
class _Roots:
    writer: StatementWriter
    pairs: list[tuple[str, Json]] = field(default_factory=list)
    joins: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)

    def add(self, entry: Item) -> None:
        self.pairs.append((entry.key, self._made(entry)))

    def _made(self, entry: Item) -> Json:
        match entry.value:
            case Constant():
                return string(entry.value.text)
            case ListQuery():
                alias = self._join(page(self.writer, entry.value).sql)
                self.points.append(f"{alias}.points")
                return written(f"{alias}.made")
            case Record():
                return self._record(entry.key, entry.value, "null")
            case Records():
                return self._records(entry.key, entry.value)
            case _:
                raise TypeError(f"{type(entry.value).__name__} is no entry of a request")

    def _records(self, key: str, asked: Records) -> Json:
        places = ["null"] if asked.single else [str(place) for place in range(len(asked.records))]
        made = [
            self._record(key, one, place) if one else self._unknown(key, place)
            for one, place in zip(asked.records, places, strict=True)
        ]
        return made[0] if asked.single else array_of(made)

    def _join(self, made: str) -> str:
        alias = self.writer.name()
        self.joins.append((alias, made))
        return alias

    def _record(self, key: str, asked: Record, place: str) -> Json:
        alias = self._join(by_id(self.writer, asked.resource, asked.id, asked.selection))
        identifier = self.writer.argument(asked.id, "text")
        reason = _reason(self.writer, asked.resource, identifier)
        self.notes.append(
            f"case when {alias}.made is null then json_build_array({literal(key)}, {place}, {reason})::text end"
        )
        self.points.append(f"coalesce({alias}.points, 1)")
        return optional(f"{alias}.made")

    def _unknown(self, key: str, place: str) -> Json:
        self.notes.append(f"json_build_array({literal(key)}, {place}, null)::text")
        return fixed(NULL)
