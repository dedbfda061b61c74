"""Read a sheet of a workbook (xlsx) as rows, by openpyxl and in the memory of one row.

The value of a cell is what a spreadsheet program shows: a number of at most 15 digits, a day or a time as ISO 8601, or
text.
"""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib.util import find_spec
from io import BufferedReader
from typing import TYPE_CHECKING, Any

from api.ingest.formatting import format_value, printable
from api.ingest.header import column_names
from api.ingest.rows import MOST_IN_ROW, BadRow, Item, Row
from api.ingest.strict_json import MalformedFile, Position

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

INSTALLED = find_spec("openpyxl") is not None
MISSING = 'a workbook is read by the extra "xlsx": pip install briefing-api[xlsx]'
MAX_OTHER_BYTES = 256 << 20  # of the parts of a workbook other than its sheets: openpyxl keeps the texts in memory
PIECE = 1 << 20
MAX_CELL_BYTES = 1 << 16  # of a cell with a formula, which has up to 8,192 letters
MAX_ROW_BYTES = 8 * MOST_IN_ROW  # of a row with its tags
SHEETS = "xl/worksheets/"  # where the sheets are in a usual workbook
BEFORE_XML = b"\xef\xbb\xbf \t\r\n"
# The patterns below find no tag of XML in UTF-16, with a byte order mark or without one.
UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")
ROW = re.compile(rb"<(?:\w+:)?row\b")
# The tag of a cell with a formula and no value. A formula that gives an empty text has none.
UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v>\s*</(?:\w+:)?v>|<(?:\w+:)?v\s*/>)?\s*</(?:\w+:)?c>"
)
EMPTY_TEXT = re.compile(rb"\bt=[\"']str[\"']")
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,
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
    """A sheet with a header, after `skip` rows, or with the columns of `header` if the sheet has none."""

    by_record = False
    nested = False

    def __init__(
        self,
        file: BufferedReader,
        name: str = "",
        header: tuple[str, ...] = (),
        skip: int = 0,
        naming: Callable[[Iterable[str]], tuple[str, ...]] = tuple,
    ) -> None:
        self._file = file
        self._name = name
        self._header = header
        self._skip = skip
        self._naming = naming
        self.columns: tuple[str, ...] = ()

    def rows(self) -> Iterator[Item]:
        if not INSTALLED:
            raise MalformedFile(f"this is a spreadsheet (xlsx); {MISSING}")
        try:
            yield from self._read_rows()
        except BROKEN as error:
            raise MalformedFile(f"expected a workbook (xlsx) that can be read: {printable(str(error))[:200]}") from None

    def _read_rows(self) -> Iterator[Item]:
        from openpyxl import load_workbook

        with zipfile.ZipFile(self._file) as archive:
            check(archive)
        self._file.seek(0)
        book = load_workbook(self._file, read_only=True, data_only=True, keep_links=False)
        try:
            cells = self._find_sheet(book).iter_rows(values_only=True)
            for line, row in enumerate(cells, 1):
                if line <= self._skip:
                    continue
                values = [_plain(value) for value in row]
                while values and values[-1] is None:
                    values.pop()
                if not self.columns and not self._header:
                    names = [_header_text(value) for value in values]
                    self.columns = self._naming(column_names(names, line))
                    continue
                if not self.columns:
                    self.columns = self._naming(self._header)
                if values:
                    yield self._item(line, values)
        finally:
            book.close()
        if not self.columns:
            raise MalformedFile("expected a header that names the columns, and the sheet is empty", Position(1))

    def _find_sheet(self, book: Workbook) -> ReadOnlyWorksheet:
        sheets = [sheet for sheet in book.worksheets if self._name in ("", sheet.title)]
        if len(sheets) != 1:
            raise MalformedFile(self._describe_sheets(book))
        sheets[0].reset_dimensions()  # the dimensions that a file states may be wrong
        return sheets[0]

    def _describe_sheets(self, book: Workbook) -> str:
        """Return the error for a workbook in which not exactly one sheet fits."""
        titles = ", ".join(format_value(sheet.title) for sheet in book.worksheets)
        if self._name:
            return f"expected a sheet {format_value(self._name)} in this workbook, and it has {titles}"
        hint = 'sheet = "NAME" in the mapping says which one'
        return f"expected one sheet in this workbook, and it has {titles}; {hint}"

    def _item(self, line: int, values: list[Any]) -> Item:
        if len(values) > len(self.columns):
            detail = f"expected {len(self.columns)} columns as in the header, got {len(values)}"
            text = ", ".join(str(value) for value in values)
            return BadRow(line, 0, detail, text[:2000])
        values += [None] * (len(self.columns) - len(values))
        return Row(line, dict(zip(self.columns, values, strict=True)))


def check(archive: zipfile.ZipFile) -> None:
    """Refuse a workbook that would fill the memory, or that has formulas without values, which would be read as empty
    cells. Any part may be a sheet: the workbook says which."""
    other_bytes = 0
    for info in archive.infolist():
        if not info.filename.startswith(SHEETS):
            other_bytes += info.file_size
    if other_bytes > MAX_OTHER_BYTES:
        limit = f"{MAX_OTHER_BYTES >> 20} MiB"
        raise MalformedFile(f"expected at most {limit} in a workbook beside its sheets; save it as CSV")
    for info in archive.infolist():
        _check_part(archive, info)


def _check_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Check a part in pieces. Rows must not be too large, because openpyxl keeps a row in memory, and each formula must
    have a value."""
    row_bytes = 0
    overlap = b""
    has_row = info.filename.startswith(SHEETS)
    with archive.open(info) as part:
        while piece := part.read(PIECE):
            if not overlap and piece.startswith(UTF_16):
                raise MalformedFile("expected the parts of a workbook in UTF-8: save it in a spreadsheet program")
            if not overlap and not piece.lstrip(BEFORE_XML).startswith(b"<"):
                return  # a picture, for example
            text = overlap + piece
            if any(EMPTY_TEXT.search(match[1]) is None for match in UNCOMPUTED.finditer(text)):
                raise MalformedFile(
                    "a cell has a formula without its value: save the workbook in a spreadsheet program"
                )
            row_starts = [match.start() for match in ROW.finditer(text)]
            if row_starts:
                row_bytes = len(text) - row_starts[-1]
                has_row = True
            elif has_row:
                row_bytes += len(piece)
            if row_bytes > MAX_ROW_BYTES:
                raise MalformedFile(f"expected rows of at most {MAX_ROW_BYTES:,} bytes")
            overlap = text[-MAX_CELL_BYTES:]


def _header_text(value: Any) -> str:
    return "" if value is None else str(value)


def _plain(value: Any) -> Any:
    """Return the value of a cell as a value of JSON."""
    if isinstance(value, float):
        return Decimal(f"{value:.15g}") if math.isfinite(value) else None
    if isinstance(value, datetime):
        is_day = value.time() == time()
        return value.date().isoformat() if is_day else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return value
