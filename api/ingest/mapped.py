"""Somebody's file, read through a mapping: each row gives its records, as lines of the load format, already checked.

A row is taken whole or not at all. What it says that the mapping does not look at is told at the end, as is whatever
else was left out.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, FileIO
from typing import Any, BinaryIO

from api.ingest.aside import Aside
from api.ingest.fault import Fault, Faults, named
from api.ingest.nfc import in_nfc
from api.ingest.plan import Made, Mapping
from api.ingest.quotation import shown
from api.ingest.reader import STDIN, Entry
from api.ingest.record import Invalid, read
from api.ingest.row import Bad, Row, Rows
from api.ingest.stream import Array, Lines
from api.ingest.syntax import Malformed, Position
from api.ingest.table import Table
from api.ingest.template import FAILED, Problem, Scope, scoped
from api.ingest.wording import Path, closest

KINDS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".json": "json", ".geojson": "geojson"}
KINDS |= {".ndjson": "ndjson", ".jsonl": "ndjson"}
SHOWN_COLUMNS = 40
SHOWN_RECORDS = 10


class Mapped:
    """An open file that a mapping reads. With `aside`, bad rows go there and the rest is taken."""

    def __init__(self, rows: Rows, mapping: Mapping, aside: Aside | None) -> None:
        self._rows = rows
        self._mapping = mapping
        self._aside = aside
        self._seen: dict[str, None] = {}
        self._there: set[str] = set()
        self._once: dict[tuple[str, str], int] = {}
        self._keys: dict[int, int] = {}
        self._differing: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._failed_examples: dict[str, str] = {}
        self.count = self._bad = 0

    @property
    def size(self) -> int | None:
        return self._rows.size

    @property
    def done(self) -> int:
        return self._rows.done

    def entries(self, faults: Faults) -> Iterator[Entry]:
        try:
            for item in self._rows.rows():
                if not self.count:
                    self._absent(faults, self._rows.columns)
                    if faults.count:
                        return
                self.count += 1
                yield from self._taken(item, faults)
            self._absent(faults, self._columns())
        except Malformed as error:
            faults.add(Fault(error.position, "", (), error.detail))

    def position(self, number: int, path: Path) -> Position:
        """Records are numbered by the line of their row."""
        return Position(number)

    def notes(self) -> list[str]:
        """What whoever loads has to know: how many rows there were, and what of them is not in the store."""
        found = [f"{self.count:,} rows read with the mapping {self._mapping.name}."]
        if self._aside:
            found.append(f"{self._bad:,} rows set aside.")
        left = [one for one in self._columns() if not self._known(one)]
        if left:
            more = f" and {len(left) - SHOWN_COLUMNS} more" if len(left) > SHOWN_COLUMNS else ""
            found.append(f"Columns not mapped: {', '.join(left[:SHOWN_COLUMNS])}{more}.")
        ignored = [f"{one} ({why})" for one, why in self._mapping.ignored.items() if one in self._columns()]
        if ignored:
            found.append(f"Columns left out by the mapping: {', '.join(ignored)}.")
        for column, count in self._failures.most_common(SHOWN_COLUMNS):
            found.append(f"`try` left out {count:,} values of {column}, such as {self._failed_examples[column]}.")
        for what, count in self._differing.most_common(SHOWN_RECORDS):
            found.append(f"{count:,} rows say something else of {what} than the first that names it, which is kept.")
        return found

    def _columns(self) -> tuple[str, ...]:
        return self._rows.columns or tuple(self._seen)

    def _known(self, column: str) -> bool:
        """Whether the mapping looks at it, or at all that it is a part of."""
        used = self._mapping.used
        parts = column.replace("[]", ".[]").split(".")
        wholes = {".".join(parts[:end]).replace(".[]", "[]") for end in range(1, len(parts) + 1)}
        return bool(wholes & used) or bool(wholes & self._mapping.ignored.keys())

    def _absent(self, faults: Faults, columns: tuple[str, ...]) -> None:
        """A column that the mapping names and the file has not. Rows of JSON bring their own, so it is known late."""
        if not columns:
            return
        there = {*columns, *self._there}
        for column in sorted(self._mapping.used - self._mapping.optional - {""}):
            if column not in there and re.split(r"\[]|\.", column)[0] not in there:
                detail = f"expected a column {shown(column)}, which the mapping names{closest(column, columns)}"
                faults.add(Fault(Position(1), "", (), detail))

    def _taken(self, item: Row | Bad, faults: Faults) -> Iterator[Entry]:
        if isinstance(item, Bad):
            self._refuse(item.line, [Fault(Position(item.line, item.column), "", (), item.detail)], item.text, faults)
            return
        values = in_nfc(item.values)
        self._notice(values)
        row = scoped(values, self._mapping.empty, self.count)
        written = scoped(item.values, self._mapping.empty, self.count) if values != item.values else None
        wrong: list[Fault] = []
        fresh: dict[tuple[str, str], int] = {}
        made = list(self._made(row, written, item.line, fresh, wrong))
        if not wrong and self._aside:
            self._repeats(made, item.line, wrong)
        if wrong:
            self._refuse(item.line, wrong, item.values, faults)
            return
        self._once |= fresh
        self._note_failures(row)
        for _, entry in made:
            yield entry

    def _made(
        self, row: Scope, written: Scope | None, at: int, fresh: dict[tuple[str, str], int], wrong: list[Fault]
    ) -> Iterator[tuple[Made, Entry]]:
        """The records of a row, without those that other rows have given already; `fresh` are the new ones of those.
        `written` is the row as it stands in the file, if its texts are not in NFC there."""
        bad: set[str] = set()
        for record in self._mapping.records:
            if record.once and record.fixed and (record.resource, record.constants["key"]) in self._once:
                continue
            line: dict[str, Any] = {}
            try:
                others = _as_written(record, written) if written else iter(())
                for _, line in record.made(row):
                    other = next(others, None)
                    if record.once and not self._first(record, line, fresh):
                        continue
                    line |= {"resource": record.resource, "dataset": self._mapping.dataset}
                    yield record, Entry(at, line, read(line, other))
            except Problem as error:
                if error.column not in bad:  # one bad cell is one fault, however many records look at it
                    what = named(record.resource, line.get("key"))
                    wrong.append(Fault(Position(at), what, (), f"column {error.column}: {error.detail}"))
                bad.add(error.column)
            except Invalid as error:
                what = named(record.resource, line.get("key"))
                for path, one in error.problems:
                    columns = {column for column in record.columns.get(str(path[0]), ()) if column} if path else set()
                    if len(columns) != 1 or not columns <= bad:
                        wrong.append(Fault(Position(at), what, path, _from(record, path, one)))
                    bad |= columns if len(columns) == 1 else set()

    def _note_failures(self, row: Scope) -> None:
        """Count the values that `try` left out of a row that is taken."""
        for column, value in row[FAILED]:
            self._failures[column] += 1
            self._failed_examples.setdefault(column, value)

    def _first(self, record: Made, line: dict[str, Any], fresh: dict[tuple[str, str], int]) -> bool:
        """Whether the record has not been before. Where it has, and was otherwise, that is counted."""
        name = record.resource, str(line.get("key", ""))  # one that is no text is refused when the record is read
        digest = hash(repr(line))
        known = self._once.get(name) or fresh.get(name)
        if known is None:
            fresh[name] = digest
            return True
        if known != digest:
            self._differing[named(*name)] += 1
        return False

    def _repeats(self, made: list[tuple[Made, Entry]], at: int, wrong: list[Fault]) -> None:
        """Looked at here only where the rest is to be taken, by the first record of a row; else the store finds it."""
        own = next((entry.line for record, entry in made if not record.once), None)
        if own is None:
            return
        first = self._keys.setdefault(hash((own["resource"], own["key"])), at)
        if first != at:
            detail = f"this {own['resource']} stands in the file already, at line {first}"
            wrong.append(Fault(Position(at), named(own["resource"], own["key"]), ("key",), detail))

    def _refuse(self, line: int, wrong: list[Fault], row: Any, faults: Faults) -> None:
        if self._aside is None:
            for fault in wrong:
                faults.add(fault)
            return
        self._bad += 1
        self._aside.put(line, "; ".join(str(Fault(Position(), one.record, one.path, one.detail)) for one in wrong), row)

    def _notice(self, values: dict[str, Any]) -> None:
        """Which columns there are: a header says it once, objects each for themselves."""
        if self._rows.columns:
            return
        self._there |= values.keys()
        self._seen |= dict.fromkeys(_leaves(values))


def _as_written(record: Made, row: Scope) -> Iterator[dict[str, Any]]:
    """The records that a row gives whose texts are not in NFC, as far as the mapping takes them."""
    with suppress(Problem):
        for _, line in record.made(row):
            yield line


def _leaves(value: dict[str, Any], before: str = "") -> Iterator[str]:
    """The names of what a row holds, those within objects after a dot, those of the elements of a list after []."""
    for name, one in value.items():
        if isinstance(one, dict):
            yield from _leaves(one, f"{before}{name}.")
        elif isinstance(one, list):
            objects = [part for part in one if isinstance(part, dict)]
            for part in objects:
                yield from _leaves(part, f"{before}{name}[].")
            if len(objects) < len(one):
                yield f"{before}{name}[]"
        else:
            yield before + name


def _from(record: Made, path: Path, detail: str) -> str:
    columns = record.columns.get(str(path[0]), ()) if path else ()
    named_ = [one for one in columns if one]
    return f"{detail} (from {', '.join(named_)})" if named_ else detail


@contextmanager
def mapped(path: str, mapping: Mapping, aside: Aside | None) -> Iterator[Mapped]:
    """The file as the mapping reads it."""
    with FileIO(os.dup(sys.stdin.fileno()) if path == STDIN else path) as raw:
        file = BufferedReader(raw, 1 << 20)
        yield Mapped(open_rows(path, file, mapping), mapping, aside)


def open_rows(path: str, file: BinaryIO, mapping: Mapping) -> Rows:
    """Return the rows of an open file, in the container that its name or the mapping says."""
    suffix = next((kind for end, kind in KINDS.items() if path.lower().endswith(end)), "")
    kind = suffix if suffix in mapping.containers else mapping.containers[0]
    if kind == "csv":
        return Table(file, mapping.delimiter, mapping.encoding)
    return Lines(file) if kind == "ndjson" else Array(file, kind == "geojson")
