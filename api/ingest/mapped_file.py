"""Read a file of other data through a mapping: each row gives records of the load format, which are checked already.

A row is taken as a whole or not at all. Columns that the mapping does not use are reported at the end, as is everything
else that was left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from api.ingest.column_naming import ColumnNames
from api.ingest.columns import Columns
from api.ingest.compiled_mapping import MappedRecord, Mapping
from api.ingest.container import open_rows
from api.ingest.faults import FileFault, FileFaults, describe_repeat, name_record
from api.ingest.input_file import InputFile, open_unpacked
from api.ingest.line_index import LineIndex, make_number, row_of
from api.ingest.messages import Path
from api.ingest.nfc import in_nfc
from api.ingest.record_file import FileRecord, RecordFile
from api.ingest.record_reader import InvalidRecord, doubtful, doubts, read
from api.ingest.rejects import RejectFile
from api.ingest.repeats import SeenRecords
from api.ingest.rows import BadRow, Row, RowFile
from api.ingest.strict_json import MalformedFile, Position
from api.ingest.template import FAILED, LEFT_OUT, Scope, ValueProblem, make_scope
from api.store.staged import Staged

SHOWN_COLUMNS = 40
SHOWN_RECORDS = 10
RecordName = tuple[str, str]  # its resource and its key


@dataclass(slots=True)
class _RowResult:
    """The records that a row gives, and its faults. `once` contains the records of the mapping's `once` that are new,
    with a digest of their content. `bad_columns` are those that have a fault already. A row is `empty` if it gives no
    record but those that are the same for all rows."""

    records: list[FileRecord] = field(default_factory=list)
    faults: list[FileFault] = field(default_factory=list)
    once: dict[RecordName, int] = field(default_factory=dict)
    bad_columns: set[str] = field(default_factory=set)
    empty: bool = True


class MappedFile(RecordFile):
    """A file that is read through a mapping. With `aside`, bad rows are set aside and the others are loaded."""

    def __init__(self, source: InputFile, rows: RowFile, mapping: Mapping, aside: RejectFile | None) -> None:
        super().__init__(source)
        self._rows = rows
        self._mapping = mapping
        self._rejects = aside
        self._columns = Columns(mapping)
        self._naming = ColumnNames(mapping)
        self._once: dict[RecordName, int] = {}
        self._seen = SeenRecords() if aside else None
        self._lines = LineIndex()
        self._differing: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._failed_examples: dict[str, str] = {}
        self._left_out: Counter[str] = Counter()
        self.count = 0
        self._bad_rows = 0
        self._empty_rows = 0

    def entries(self, faults: FileFaults) -> Iterator[FileRecord]:
        try:
            for item in self._rows.rows():
                if not self.count and not self._check_columns(faults):
                    return
                self.count += 1
                self._lines.append(item.line)
                yield from self._read_row(item, faults)
            if not self.count or self._rows.nested:
                self._check_columns(faults)
        except MalformedFile as error:
            faults.add(FileFault(error.position, "", (), error.detail))

    def _check_columns(self, faults: FileFaults) -> bool:
        """Return True if the file has all columns that the mapping needs, and add a fault for each that is missing. The
        columns of a table are known before its first row."""
        if self._rows.columns and not self.count:
            self._columns.head(self._rows.columns, self._rows.nested)
        details = list(self._columns.absent())
        for detail in details:
            faults.add(FileFault(Position(1), "", (), detail))
        return not details

    def position(self, number: int, path: Path) -> Position:
        row = row_of(number)
        return self._position(self._lines.line(row), row)

    def where(self, number: int, other: int) -> str:
        row = row_of(number)
        if row == row_of(other):
            return "made by the same row"
        if self._rows.by_record:
            return f"as record {row}"
        return f"at line {self._lines.line(row)}"

    def notes(self) -> list[str]:
        notes = [f"{self.count:,} rows read with the mapping {self._mapping.name}."]
        if self._rejects:
            notes.append(f"{self._bad_rows:,} rows set aside.")
        if self._empty_rows:
            notes.append(f"{self._empty_rows:,} rows gave no record.")
        notes += self._columns.notes()
        for part, count in self._left_out.most_common(SHOWN_RECORDS):
            notes.append(f"{count:,} rows leave out {part}.")
        for column, count in self._failures.most_common(SHOWN_COLUMNS):
            notes.append(f"`try` left out {count:,} values of {column}, such as {self._failed_examples[column]}.")
        for record, count in self._differing.most_common(SHOWN_RECORDS):
            notes.append(f"{count:,} rows say something else of {record} than the first that names it, which is kept.")
        return notes

    def close(self) -> None:
        """Delete the index of lines."""
        self._lines.close()

    def _position(self, line: int, row: int) -> Position:
        return Position(line, record=row if self._rows.by_record else 0)

    def _read_row(self, item: Row | BadRow, faults: FileFaults) -> list[FileRecord]:
        """Return the records of a row; none if the row has faults."""
        position = self._position(item.line, self.count)
        if isinstance(item, BadRow):
            fault = FileFault(replace(position, column=item.column), "", (), item.detail)
            self._reject([fault], item.text, faults)
            return []
        values = item.values if self._rows.columns else self._naming.row(item.values)
        try:
            composed = in_nfc(values)
        except RecursionError:
            fault = FileFault(position, "", (), "expected values that are not nested this deeply")
            self._reject([fault], "", faults)
            return []
        self._columns.notice(composed)
        row = make_scope(composed, self._mapping.empty, self.count)
        written = None
        if composed != values:
            written = make_scope(values, self._mapping.empty, self.count)
        result = self._make_records(row, written, position)
        row_faults = result.faults or self._find_repeats(result.records, position)
        if row_faults:
            self._reject(row_faults, item.values, faults)
            return []
        self._once |= result.once
        self._note_failures(row)
        self._left_out.update(row[LEFT_OUT])
        if result.empty:
            self._empty_rows += 1
        return result.records

    def _make_records(self, row: Scope, written: Scope | None, position: Position) -> _RowResult:
        """Return the records of a row, without those that come `once` and that another row has given already. `written`
        is the row as it is in the file, if its texts are not in NFC there."""
        result = _RowResult()
        for record in self._mapping.records:
            if record.once and record.fixed and (record.resource, record.constants["key"]) in self._once:
                continue
            self._make_record(record, row, written, position, result)
        return result

    def _make_record(
        self, record: MappedRecord, row: Scope, written: Scope | None, position: Position, result: _RowResult
    ) -> None:
        """Add to the result the records that a record of the mapping makes of a row, or its faults."""
        line: dict[str, Any] = {}
        try:
            written_lines = _written_lines(record, written)
            for _, line in record.made(row):
                if not record.fixed:
                    result.empty = False
                written_line = next(written_lines, None)
                if record.once and not self._is_first(record, line, result.once):
                    continue
                line |= {"resource": record.resource, "dataset": self._mapping.dataset}
                staged = self._stage(record, line, written_line)
                number = make_number(self.count, len(result.records))
                result.records.append(FileRecord(number, line, staged))
        except ValueProblem as error:
            if error.column not in result.bad_columns:  # one bad cell is one fault, even if many records use it
                name = name_record(record.resource, error.key)
                result.faults.append(FileFault(position, name, (), f"column {error.column}: {error.detail}"))
            result.bad_columns.add(error.column)
        except InvalidRecord as error:
            name = name_record(record.resource, line.get("key"))
            for path, detail in error.problems:
                columns = set(_source_columns(record, path))
                has_one_column = len(columns) == 1
                if not has_one_column or not columns <= result.bad_columns:
                    result.faults.append(FileFault(position, name, path, _with_columns(record, path, detail)))
                if has_one_column:
                    result.bad_columns |= columns

    def _stage(self, record: MappedRecord, line: dict[str, Any], written_line: dict[str, Any] | None) -> Staged:
        """Return a record for the store. InvalidRecord if it has faults, or if it has doubts and bad rows are set
        aside."""
        staged = read(line, written_line)
        if not staged.doubts:
            return staged
        problems = doubts(staged.doubts)
        if self._rejects:
            raise InvalidRecord(problems)
        described = [(path, _with_columns(record, path, detail)) for path, detail in problems]
        return replace(staged, doubts=doubtful(described))

    def _note_failures(self, row: Scope) -> None:
        """Count the values that `try` left out of a row that is taken."""
        for column, value in row[FAILED]:
            self._failures[column] += 1
            self._failed_examples.setdefault(column, value)

    def _is_first(self, record: MappedRecord, line: dict[str, Any], once: dict[RecordName, int]) -> bool:
        """Return True if the file has not given the record before, and add it to `once`. If it has, with other content,
        count the record."""
        name = (record.resource, str(line.get("key", "")))  # a key that is not text is refused later
        digest = hash(repr(line))
        first_digest = self._once.get(name, once.get(name))
        if first_digest is None:
            once[name] = digest
            return True
        if first_digest != digest:
            self._differing[name_record(*name)] += 1
        return False

    def _find_repeats(self, records: list[FileRecord], position: Position) -> list[FileFault]:
        """Return a fault for each record that was made before. If no rows are set aside, the store finds them instead,
        in constant memory."""
        if self._seen is None:
            return []
        faults: list[FileFault] = []
        lines = [record.line for record in records]
        for line, first_row in self._seen.find_repeats(lines, self.count):
            where = self.where(make_number(first_row, 0), make_number(self.count, 0))
            name = name_record(line["resource"], line["key"])
            faults.append(FileFault(position, name, ("key",), describe_repeat(line["resource"], where)))
        return faults

    def _reject(self, row_faults: list[FileFault], row: dict[str, Any] | str, faults: FileFaults) -> None:
        """Set a row aside. If no rows are set aside, the whole file is refused for the faults of the row."""
        if self._rejects is None:
            for fault in row_faults:
                faults.add(fault)
            return
        self._bad_rows += 1
        reasons = [str(replace(fault, position=Position())) for fault in row_faults]
        self._rejects.put(row_faults[0].position.line, self.count, "; ".join(reasons), row)


def _written_lines(record: MappedRecord, written: Scope | None) -> Iterator[dict[str, Any]]:
    """Yield the records of a row whose texts are not in NFC, up to the first that the mapping does not accept."""
    if not written:
        return
    with suppress(ValueProblem):
        for _, line in record.made(written):
            yield line


def _source_columns(record: MappedRecord, path: Path) -> list[str]:
    """Return the columns that the field at the beginning of the path is made from."""
    if not path:
        return []
    return [column for column in record.columns.get(str(path[0]), ()) if column]


def _with_columns(record: MappedRecord, path: Path, detail: str) -> str:
    columns = _source_columns(record, path)
    return f"{detail} (from {', '.join(columns)})" if columns else detail


@contextmanager
def mapped(path: str, mapping: Mapping, aside: RejectFile | None) -> Iterator[MappedFile]:
    """Open a file and read it through a mapping."""
    with open_unpacked(path, mapping.member) as (source, stream, name):
        file = MappedFile(source, open_rows(name, stream, mapping), mapping, aside)
        with closing(file):
            yield file
