"""Read a sheet of a workbook (xlsx) as rows, by openpyxl and in the memory of one row.

The value of a cell is what a spreadsheet program shows: a number of at most 15 digits, a day or a time as ISO 8601, or
text.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from io import BufferedReader
from typing import Any

from api.ingest.formatting import printable, shown
from api.ingest.header import column_names
from api.ingest.rows import MOST_IN_ROW, BadRow, Item, Row
from api.ingest.strict_json import MalformedFile, Position

INSTALLED = find_spec("openpyxl") is not None
MISSING = 'a workbook is read by the extra "xlsx": pip install briefing-api[xlsx]'
MOST_BESIDE = 256 << 20  # bytes of the parts of a workbook other than its sheets: openpyxl keeps the texts in memory
PIECE = 1 << 20
ROW = re.compile(rb"<(?:\w+:)?row\b")
UNCOMPUTED = re.compile(rb"</(?:\w+:)?f>\s*(?:<(?:\w+:)?v>\s*</(?:\w+:)?v>|<(?:\w+:)?v\s*/>)?\s*</(?:\w+:)?c>")
BROKEN = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
    SyntaxError,
)


class XlsxRows:
    """A sheet with a header, after `skip` rows, or with the columns that are `given`."""

    by_record = False
    nested = False

    def __init__(
        self,
        file: BufferedReader,
        name: str = "",
        given: tuple[str, ...] = (),
        skip: int = 0,
        naming: Callable[[Iterable[str]], tuple[str, ...]] = tuple,
    ) -> None:
        self._file = file
        self._name = name
        self._given = given
        self._skip = skip
        self._naming = naming
        self.columns: tuple[str, ...] = ()

    def rows(self) -> Iterator[Item]:
        if not INSTALLED:
            raise MalformedFile(f"this is a spreadsheet (xlsx); {MISSING}")
        try:
            yield from self._rows()
        except BROKEN as error:
            raise MalformedFile(f"expected a workbook (xlsx) that can be read: {printable(str(error))[:200]}") from None

    def _rows(self) -> Iterator[Item]:
        with zipfile.ZipFile(self._file) as archive:
            check(archive)
        self._file.seek(0)
        book = import_module("openpyxl").load_workbook(self._file, read_only=True, data_only=True, keep_links=False)
        try:
            cells = self._sheet(book).iter_rows(values_only=True)
            for line, row in enumerate(cells, 1):
                if line <= self._skip:
                    continue
                values = [_plain(one) for one in row]
                while values and values[-1] is None:
                    values.pop()
                if not self.columns:
                    self.columns = self._naming(
                        self._given or column_names(("" if one is None else str(one) for one in values), line)
                    )
                    if not self._given:
                        continue
                if values:
                    yield self._row(line, values)
        finally:
            book.close()
        if not self.columns:
            raise MalformedFile("expected a header that names the columns, and the sheet is empty", Position(1))

    def _sheet(self, book: Any) -> Any:
        names = [one.title for one in book.worksheets]
        found = [one for one in book.worksheets if self._name in ("", one.title)]
        if len(found) != 1:
            what = f"a sheet {shown(self._name)}" if self._name else "one sheet"
            hint = "" if self._name else '; sheet = "NAME" in the mapping says which one'
            raise MalformedFile(f"expected {what} in this workbook, and it has {', '.join(map(shown, names))}{hint}")
        found[0].reset_dimensions()  # the dimensions that a file states may be wrong
        return found[0]

    def _row(self, line: int, values: list[Any]) -> Item:
        if len(values) > len(self.columns):
            detail = f"expected {len(self.columns)} columns as in the header, got {len(values)}"
            return BadRow(line, 0, detail, ", ".join(str(one) for one in values)[:2000])
        values += [None] * (len(self.columns) - len(values))
        return Row(line, dict(zip(self.columns, values, strict=True)))


def check(archive: zipfile.ZipFile) -> None:
    """Refuse a workbook that would fill the memory, or that has formulas without values, which would be read as empty
    cells."""
    beside = 0
    for info in archive.infolist():
        if not info.filename.startswith("xl/worksheets/"):
            beside += info.file_size
        elif info.filename.endswith(".xml"):
            _check_sheet(archive, info)
    if beside > MOST_BESIDE:
        raise MalformedFile(f"expected at most {MOST_BESIDE >> 20} MiB in a workbook beside its sheets; save it as CSV")


def _check_sheet(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Check a sheet in pieces. Its rows must not be too large, because openpyxl keeps a row in memory, and each formula
    must have a value."""
    held = 0
    rest = b""
    with archive.open(info) as sheet:
        while piece := sheet.read(PIECE):
            text = rest + piece
            if UNCOMPUTED.search(text):
                raise MalformedFile(
                    "a cell has a formula without its value: save the workbook in a spreadsheet program"
                )
            last = max((found.start() for found in ROW.finditer(text)), default=-1)
            held = len(text) - last if last >= 0 else held + len(piece)
            if held > 8 * MOST_IN_ROW:
                raise MalformedFile(f"expected rows of at most {8 * MOST_IN_ROW:,} bytes")
            rest = text[-256:]


def _plain(value: Any) -> Any:
    """Return the value of a cell as a value of JSON."""
    if isinstance(value, float):
        return Decimal(f"{value:.15g}") if value == value and abs(value) != float("inf") else None
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return value
