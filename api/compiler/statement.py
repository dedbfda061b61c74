"""The whole statement: each root of the request is one lateral select, and the answer's bytes are made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from api.catalog import VERSIONS
from api.compiler.json import NULL, Json, array_of, fixed, literal, object_of, optional, string, written
from api.compiler.lines import lines
from api.compiler.record import by_id, page
from api.compiler.writer import Writer, indent
from api.query import Constant, Entry, Lines, Object, Query, Record, Records, Rows


@dataclass(frozen=True)
class Statement:
    """SQL and its arguments. It returns one row: `body`, the finished JSON as bytes; `next`, the cursor of the next
    page of a lone list; `notes`, for each record that is missing a JSON array [key, place, reason of withdrawal];
    `mark`, which differs for any two states of the resources that it `reads`; `points`, its price by the rows that
    there were.

    That of an export returns a row a record: its `line`, or its typed cells.

    `custom` asks for a plan that looks at the values: with a rare one a generic plan took 220 ms, its own 0.35."""

    sql: str
    arguments: tuple[Any, ...]
    custom: bool
    reads: tuple[str, ...] = ()


def compile(query: Query) -> Statement:
    """The one statement that answers the query."""
    writer = Writer(VERSIONS[query.version])
    if isinstance(query.root, Rows):
        made, _ = page(writer, query.root)
        told = f"null::text[] as notes, {mark(writer)}, greatest(r.points, 1)::int as points"
        columns = f"convert_to(r.made, 'UTF8') as body, r.next, {told}"
        sql = f"select {columns}\nfrom (\n  {indent(made)}\n) r"
    elif isinstance(query.root, Lines):
        sql = lines(writer, query.root)
    else:
        sql = _object(writer, query.root)
    return Statement(sql, tuple(writer.arguments), writer.custom, tuple(sorted(writer.reads)))


def mark(writer: Writer) -> str:
    """The latest change of what is read, as api.store.changes tells it too; in the statement's own snapshot."""
    names = literal("{" + ",".join(sorted(writer.reads)) + "}")
    made = "coalesce(max(seq) || '.' || max(changed_us), '0.0')"
    return f"(select {made} from store.latest where resource = any({names})) as mark"


def _object(writer: Writer, root: Object) -> str:
    roots = _Roots(writer)
    for entry in root.selection:
        roots.add(entry)
    notes = ", ".join(roots.notes)
    noted = f"nullif(array_remove(array[{notes}]::text[], null), '{{}}')" if notes else "null::text[]"
    joins = "".join(f"\nleft join lateral (\n  {indent(made)}\n) {alias} on true" for alias, made in roots.joins)
    body = f"convert_to({object_of(roots.pairs).sql()}, 'UTF8')"
    points = f"greatest({' + '.join(roots.points) or '0'}, 1)::int as points"
    told = f"null::text as next, {noted} as notes, {mark(writer)}, {points}"
    return f"select {body} as body, {told}\nfrom (select) request{joins}"


@dataclass
class _Roots:
    writer: Writer
    pairs: list[tuple[str, Json]] = field(default_factory=list)
    joins: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        self.pairs.append((entry.key, self._made(entry)))

    def _made(self, entry: Entry) -> Json:
        match entry.value:
            case Constant():
                return string(entry.value.text)
            case Rows():
                made, _ = page(self.writer, entry.value)
                alias = self._join(made)
                self.points.append(f"{alias}.points")
                return written(f"{alias}.made")
            case Record():
                return self._record(entry.key, entry.value, "null")
            case Records():
                return self._records(entry.key, entry.value)
            case _:
                raise TypeError(f"{type(entry.value).__name__} is no root")

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
        reason = (
            f"(select reason from store.withdrawal where resource = {literal(asked.resource)} and id = {identifier})"
        )
        self.notes.append(
            f"case when {alias}.made is null then json_build_array({literal(key)}, {place}, {reason})::text end"
        )
        self.points.append(f"coalesce({alias}.points, 1)")
        return optional(f"{alias}.made")

    def _unknown(self, key: str, place: str) -> Json:
        self.notes.append(f"json_build_array({literal(key)}, {place}, null)::text")
        return fixed(NULL)
