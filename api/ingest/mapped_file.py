"""Read a file of other data through a mapping: each row gives records of the load format, which are checked already.

A row is taken as a whole or not at all. Columns that the mapping does not use are reported at the end, as is everything
else that was left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

from api.ingest.column_naming import ColumnNames
from api.ingest.columns import Columns
from api.ingest.compiled_mapping import MappedRecord, Mapping
from api.ingest.container import open_rows
from api.ingest.faults import FileFault, FileFaults, named, repeated
from api.ingest.input_file import InputFile, unpacked
from api.ingest.line_index import LineIndex, numbered, row_of
from api.ingest.messages import Path
from api.ingest.nfc import in_nfc
from api.ingest.record_file import FileRecord, RecordFile
from api.ingest.record_reader import InvalidRecord, doubtful, doubts, read
from api.ingest.rejects import RejectFile
from api.ingest.repeats import SeenRecords
from api.ingest.rows import BadRow, Row, RowFile
from api.ingest.strict_json import MalformedFile, Position
from api.ingest.template import FAILED, LEFT_OUT, Scope, ValueProblem, scoped

SHOWN_COLUMNS = 40
SHOWN_RECORDS = 10
GAVE = object()  # the key under which a row notes that it gave a record of its own


class MappedFile(RecordFile):
    """A file that is read through a mapping. With `aside`, bad rows are set aside and the others are loaded."""

    def __init__(self, source: InputFile, rows: RowFile, mapping: Mapping, aside: RejectFile | None) -> None:
        super().__init__(source)
        self._rows = rows
        self._mapping = mapping
        self._aside = aside
        self._columns = Columns(mapping)
        self._naming = ColumnNames(mapping)
        self._once: dict[tuple[str, str], int] = {}
        self._repeats = SeenRecords() if aside else None
        self._lines = LineIndex()
        self._differing: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._failed_examples: dict[str, str] = {}
        self._left_out: Counter[str] = Counter()
        self.count = self._bad = self._without = 0

    def entries(self, faults: FileFaults) -> Iterator[FileRecord]:
        try:
            for item in self._rows.rows():
                if not self.count and not self._has_all(faults):
                    return
                self.count += 1
                self._lines.append(item.line)
                yield from self._taken(item, faults)
            if not self.count or self._rows.nested:
                self._has_all(faults)
        except MalformedFile as error:
            faults.add(FileFault(error.position, "", (), error.detail))

    def _has_all(self, faults: FileFaults) -> bool:
        """Return True if the file has all columns that the mapping needs, and add a fault for each that is missing. The
        columns of a table are known before its first row."""
        if self._rows.columns and not self.count:
            self._columns.head(self._rows.columns, self._rows.nested)
        absent = list(self._columns.absent())
        for detail in absent:
            faults.add(FileFault(Position(1), "", (), detail))
        return not absent

    def position(self, number: int, path: Path) -> Position:
        row = row_of(number)
        return self._position(self._lines.line(row), row)

    def where(self, number: int, other: int) -> str:
        row = row_of(number)
        if row == row_of(other):
            return "made by the same row"
        return f"as record {row}" if self._rows.by_record else f"at line {self._lines.line(row)}"

    def notes(self) -> list[str]:
        found = [f"{self.count:,} rows read with the mapping {self._mapping.name}."]
        if self._aside:
            found.append(f"{self._bad:,} rows set aside.")
        if self._without:
            found.append(f"{self._without:,} rows gave no record.")
        found += self._columns.notes()
        found += [f"{count:,} rows leave out {what}." for what, count in self._left_out.most_common(SHOWN_RECORDS)]
        for column, count in self._failures.most_common(SHOWN_COLUMNS):
            found.append(f"`try` left out {count:,} values of {column}, such as {self._failed_examples[column]}.")
        for what, count in self._differing.most_common(SHOWN_RECORDS):
            found.append(f"{count:,} rows say something else of {what} than the first that names it, which is kept.")
        return found

    def close(self) -> None:
        """Delete the index of lines."""
        self._lines.close()

    def _position(self, line: int, row: int, column: int = 0) -> Position:
        return Position(line, column, row if self._rows.by_record else 0)

    def _taken(self, item: Row | BadRow, faults: FileFaults) -> Iterator[FileRecord]:
        at = self._position(item.line, self.count)
        if isinstance(item, BadRow):
            self._refuse([FileFault(replace(at, column=item.column), "", (), item.detail)], item.text, faults)
            return
        given = item.values if self._rows.columns else self._naming.row(item.values)
        values = in_nfc(given)
        self._columns.notice(values)
        row = scoped(values, self._mapping.empty, self.count)
        written = scoped(given, self._mapping.empty, self.count) if values != given else None
        wrong: list[FileFault] = []
        fresh: dict[tuple[str, str], int] = {}
        made = list(self._made(row, written, at, fresh, wrong))
        if not wrong:
            wrong = list(self._repeated(made, at))
        if wrong:
            self._refuse(wrong, item.values, faults)
            return
        self._once |= fresh
        self._note_failures(row)
        self._left_out.update(row[LEFT_OUT])
        self._without += GAVE not in row
        yield from made

    def _made(
        self, row: Scope, written: Scope | None, at: Position, fresh: dict[tuple[str, str], int], wrong: list[FileFault]
    ) -> Iterator[FileRecord]:
        """Yield the records of a row, without those that come `once` and that another row has given already. `fresh`
        collects the new ones of these, and `wrong` the faults. `written` is the row as it is in the file, if its texts
        are not in NFC there."""
        count = 0
        bad: set[str] = set()
        for record in self._mapping.records:
            if record.once and record.fixed and (record.resource, record.constants["key"]) in self._once:
                continue
            line: dict[str, Any] = {}
            try:
                others = _as_written(record, written) if written else iter(())
                for _, line in record.made(row):
                    if not record.fixed:
                        row[GAVE] = True
                    other = next(others, None)
                    if record.once and not self._first(record, line, fresh):
                        continue
                    line |= {"resource": record.resource, "dataset": self._mapping.dataset}
                    staged = read(line, other)
                    if staged.doubts:
                        problems = doubts(staged.doubts)
                        if self._aside:
                            raise InvalidRecord(problems)
                        told = [(path, _from(record, path, detail)) for path, detail in problems]
                        staged = replace(staged, doubts=doubtful(told))
                    yield FileRecord(numbered(self.count, count), line, staged)
                    count += 1
            except ValueProblem as error:
                if error.column not in bad:  # one bad cell is one fault, even if many records use it
                    what = named(record.resource, line.get("key"))
                    wrong.append(FileFault(at, what, (), f"column {error.column}: {error.detail}"))
                bad.add(error.column)
            except InvalidRecord as error:
                what = named(record.resource, line.get("key"))
                for path, one in error.problems:
                    columns = {column for column in record.columns.get(str(path[0]), ()) if column} if path else set()
                    if len(columns) != 1 or not columns <= bad:
                        wrong.append(FileFault(at, what, path, _from(record, path, one)))
                    bad |= columns if len(columns) == 1 else set()

    def _note_failures(self, row: Scope) -> None:
        """Count the values that `try` left out of a row that is taken."""
        for column, value in row[FAILED]:
            self._failures[column] += 1
            self._failed_examples.setdefault(column, value)

    def _first(self, record: MappedRecord, line: dict[str, Any], fresh: dict[tuple[str, str], int]) -> bool:
        """Return True if the file has not given the record before. If it has, with other content, count the record."""
        name = record.resource, str(line.get("key", ""))  # a key that is not text is refused later
        digest = hash(repr(line))
        known = self._once.get(name) or fresh.get(name)
        if known is None:
            fresh[name] = digest
            return True
        if known != digest:
            self._differing[named(*name)] += 1
        return False

    def _repeated(self, made: list[FileRecord], at: Position) -> Iterator[FileFault]:
        """Yield a fault for each record that was made before. If no rows are set aside, the store finds them instead,
        in constant memory."""
        if not self._repeats:
            return
        for line, first in self._repeats.of_row([entry.line for entry in made], self.count):
            detail = repeated(line["resource"], self.where(numbered(first, 0), numbered(self.count, 0)))
            yield FileFault(at, named(line["resource"], line["key"]), ("key",), detail)

    def _refuse(self, wrong: list[FileFault], row: Any, faults: FileFaults) -> None:
        if self._aside is None:
            for fault in wrong:
                faults.add(fault)
            return
        self._bad += 1
        reason = "; ".join(str(replace(one, position=Position())) for one in wrong)
        self._aside.put(wrong[0].position.line, self.count, reason, row)


def _as_written(record: MappedRecord, row: Scope) -> Iterator[dict[str, Any]]:
    """Yield the records of a row whose texts are not in NFC, up to the first that the mapping does not accept."""
    with suppress(ValueProblem):
        for _, line in record.made(row):
            yield line


def _from(record: MappedRecord, path: Path, detail: str) -> str:
    columns = record.columns.get(str(path[0]), ()) if path else ()
    named_ = [one for one in columns if one]
    return f"{detail} (from {', '.join(named_)})" if named_ else detail


@contextmanager
def mapped(path: str, mapping: Mapping, aside: RejectFile | None) -> Iterator[MappedFile]:
    """Open a file and read it through a mapping."""
    with unpacked(path, mapping.member) as (source, file, name):
        found = MappedFile(source, open_rows(name, file, mapping), mapping, aside)
        with closing(found):
            yield found
