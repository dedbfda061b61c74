"""The whole statement: each root of the request is one lateral select, and the answer's bytes are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.catalog import VERSIONS
from api.compiler.lines import lines
from api.compiler.record import by_id, page
from api.compiler.writer import Writer, indent, json_object, literal
from api.query import Constant, Entry, Lines, Object, Query, Record, Records, Rows


@dataclass(frozen=True)
class Statement:
    """SQL and its arguments. It returns one row: `body`, the finished JSON as bytes; `next`, the cursor of the next
    page of a lone list; `notes`, for each record that is missing a JSON array [key, place, reason of withdrawal];
    `mark`, which differs for any two states of the resources that it `reads`.

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
        made = page(writer, query.root)
        columns = f"convert_to(r.made::text, 'UTF8') as body, r.next, null::text[] as notes, {_mark(writer)}"
        sql = f"select {columns}\nfrom (\n  {indent(made)}\n) r"
    elif isinstance(query.root, Lines):
        sql = lines(writer, query.root)
    else:
        sql = _object(writer, query.root)
    return Statement(sql, tuple(writer.arguments), writer.custom, tuple(sorted(writer.reads)))


def _mark(writer: Writer) -> str:
    """The latest change of what is read, as api.store.changes tells it too; in the statement's own snapshot."""
    names = literal("{" + ",".join(sorted(writer.reads)) + "}")
    made = "coalesce(max(seq), 0) || '.' || coalesce((extract(epoch from max(changed_at)) * 1000000)::bigint, 0)"
    return f"(select {made} from store.latest where resource = any({names})) as mark"


def _object(writer: Writer, root: Object) -> str:
    roots = _Roots(writer, [], [], [])
    for entry in root.selection:
        roots.add(entry)
    notes = ", ".join(roots.notes)
    noted = f"nullif(array_remove(array[{notes}]::text[], null), '{{}}')" if notes else "null::text[]"
    joins = "".join(f"\nleft join lateral (\n  {indent(made)}\n) {alias} on true" for alias, made in roots.joins)
    body = f"convert_to({json_object(roots.pairs)}::text, 'UTF8')"
    return f"select {body} as body, null::text as next, {noted} as notes, {_mark(writer)}\nfrom (select) request{joins}"


@dataclass
class _Roots:
    writer: Writer
    pairs: list[tuple[str, str]]
    joins: list[tuple[str, str]]
    notes: list[str]

    def add(self, entry: Entry) -> None:
        match entry.value:
            case Constant():
                self.pairs.append((entry.key, literal(entry.value.text)))
            case Rows():
                self.pairs.append((entry.key, f"{self._join(page(self.writer, entry.value))}.made"))
            case Record():
                self.pairs.append((entry.key, self._record(entry.key, entry.value, "null")))
            case Records():
                self.pairs.append((entry.key, self._records(entry.key, entry.value)))
            case _:
                raise TypeError(f"{type(entry.value).__name__} is no root")

    def _records(self, key: str, value: Records) -> str:
        places = ["null"] if value.single else [str(place) for place in range(len(value.records))]
        made = [
            self._record(key, one, place) if one else self._unknown(key, place)
            for one, place in zip(value.records, places, strict=True)
        ]
        if value.single:
            return made[0]
        return f"json_array({', '.join(made)} null on null returning json)" if made else "'[]'::json"

    def _join(self, made: str) -> str:
        alias = self.writer.name()
        self.joins.append((alias, made))
        return alias

    def _record(self, key: str, value: Record, place: str) -> str:
        alias = self._join(by_id(self.writer, value.resource, value.id, value.selection))
        identifier = self.writer.argument(value.id, "text")
        reason = (
            f"(select reason from store.withdrawal where resource = {literal(value.resource)} and id = {identifier})"
        )
        self.notes.append(
            f"case when {alias}.made is null then json_build_array({literal(key)}, {place}, {reason})::text end"
        )
        return f"{alias}.made"

    def _unknown(self, key: str, place: str) -> str:
        self.notes.append(f"json_build_array({literal(key)}, {place}, null)::text")
        return "null::json"
