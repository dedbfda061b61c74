"""Read CSV as rows. Python's reader is more lenient, and does not recover from a row that it cannot read.

A row that cannot be read is a BadRow, and reading continues at the next line, also after a quote that is never closed.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from api.ingest.formatting import format_value
from api.ingest.header import column_names
from api.ingest.rows import MOST_IN_ROW, BadRow, Item, Row
from api.ingest.strict_json import MalformedFile, Position

# A row is bounded, and so is each of its cells.
csv.field_size_limit(MOST_IN_ROW)

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
UNCLOSED = "unexpected end of data"


class _TooLarge(Exception):
    """A row has more bytes than a row may have."""


class CsvRows:
    """A CSV file. Once `rows` has begun, `columns` are those of its header, renamed by `naming`, or those that are
    `given` if there is no header. The first `skip` lines are skipped."""

    by_record = False
    nested = False

    def __init__(
        self,
        file: BinaryIO,
        delimiters: str,
        encoding: str,
        given: tuple[str, ...] = (),
        skip: int = 0,
        naming: Callable[[Iterable[str]], tuple[str, ...]] = tuple,
    ) -> None:
        self._file = file
        self._delimiters = delimiters
        self._encoding = encoding
        self._delimiter = delimiters[:1]
        self._pending_lines: deque[bytes] = deque()  # lines that are read again
        self._open_bytes = MOST_IN_ROW  # the most that a row of several lines has
        self._given_columns = given
        self._skip = skip
        self._naming = naming
        self.columns: tuple[str, ...] = ()

    @property
    def delimiter(self) -> str:
        """The delimiter of the file: of those that are allowed, the most frequent in its first line, once `rows` has
        begun."""
        return self._delimiter

    def rows(self) -> Iterator[Item]:
        """Yield the rows. MalformedFile if the header cannot be read."""
        line = 1
        while line <= self._skip and self._read_line():
            line += 1
        self.columns = self._read_header(line)
        if not self._given_columns:
            line += 1
        is_first = True
        while item := self._read_cells(line):
            cells, line_count = item
            if isinstance(cells, BadRow):
                yield cells
            elif any(cells) and not (is_first and _has_hxl_tags(cells)):
                yield self._make_row(line, cells)
            is_first = False
            line += line_count

    def _read_header(self, line: int) -> tuple[str, ...]:
        data = self._read_line()
        if line == 1:
            data = data.removeprefix(b"\xef\xbb\xbf")
        try:
            head = data.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise MalformedFile(self._describe_undecoded(data, error), Position(line, error.start + 1)) from None
        self._delimiter = max(self._delimiters, key=head.count)
        if self._given_columns:
            self._pending_lines.appendleft(data)
            return self._given_columns
        try:
            rows = list(csv.reader([head], delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            raise MalformedFile(f"expected a header of columns: {error}", Position(line)) from None
        header = rows[0] if rows else []
        columns = column_names(header, line)
        self._check_delimiter(head, columns, line)
        return self._naming(columns)

    def _check_delimiter(self, head: str, columns: list[str], line: int) -> None:
        if len(columns) != 1:
            return
        for delimiter, name in DELIMITERS.items():
            if delimiter in head:
                expected = " or ".join(DELIMITERS.get(allowed, format_value(allowed)) for allowed in self._delimiters)
                hint = f"with {name}, the mapping says delimiter = {format_value(delimiter)}"
                detail = f"expected columns separated by {expected}; if this file separates them {hint}"
                raise MalformedFile(detail, Position(line))

    def _make_row(self, line: int, cells: list[str]) -> Item:
        if len(cells) == len(self.columns):
            return Row(line, dict(zip(self.columns, cells, strict=True)))
        source = "of the mapping" if self._given_columns else "as in the header"
        detail = f"expected {len(self.columns)} columns {source}, got {len(cells)}"
        if len(cells) < len(self.columns):
            detail += "; the row is cut short, or separated otherwise"
        return BadRow(line, 0, detail, self._delimiter.join(cells))

    def _read_cells(self, start: int) -> tuple[list[str] | BadRow, int] | None:
        """Return the cells of the next row, or a BadRow, and the number of its lines. Return None at the end of the
        file. A row has several lines if a quoted cell contains line ends."""
        lines: list[bytes] = []
        try:
            cells = next(csv.reader(self._texts(lines), delimiter=self._delimiter, strict=True), None)
        except (csv.Error, UnicodeDecodeError, _TooLarge) as error:
            return self._refuse(start, lines, error)
        if cells is None:
            return None
        self._open_bytes = MOST_IN_ROW
        return cells, len(lines)

    def _texts(self, lines: list[bytes]) -> Iterator[str]:
        """Yield the texts of the next lines, as many as a row has, and append each line to `lines`. The reader asks for
        another one while a quote is open."""
        size = 0
        while data := self._read_line():
            lines.append(data)
            size += len(data)
            if size > MOST_IN_ROW or (len(lines) > 1 and size > self._open_bytes):
                raise _TooLarge
            yield data.decode(self._encoding).rstrip("\r\n") + "\n"

    def _refuse(self, start: int, lines: list[bytes], error: Exception) -> tuple[BadRow, int]:
        """Return the first line as a BadRow."""
        if len(lines) > 1 or isinstance(error, _TooLarge) or str(error) == UNCLOSED:
            return self._refuse_first_line(start, lines), 1
        readable = lines[0].decode(self._encoding, "replace").rstrip("\r\n")
        if isinstance(error, UnicodeDecodeError):
            return BadRow(start, error.start + 1, self._describe_undecoded(lines[0], error), readable), 1
        detail = f"expected cells separated by {format_value(self._delimiter)}: {error}"
        return BadRow(start, 0, detail, readable.rstrip()), 1

    def _refuse_first_line(self, start: int, lines: list[bytes]) -> BadRow:
        """Return the first line as a BadRow. The lines that were taken for a part of its row are read again."""
        self._pending_lines.extendleft(reversed(lines[1:]))
        # In a file in which each line opens a quote, all lines would be read for each of them.
        self._open_bytes //= 2
        text = lines[0].decode(self._encoding, "replace").rstrip("\r\n")[:MOST_IN_ROW]
        if len(lines[0]) > MOST_IN_ROW:
            return BadRow(start, 0, f"expected a row of at most {MOST_IN_ROW:,} bytes", text[:1000])
        return BadRow(start, text.rfind('"') + 1, "the quote that opens here is never closed", text)

    def _read_line(self) -> bytes:
        """Return the next line; empty at the end of the file. Of a line that is too long only the beginning is
        returned, and the rest of it is skipped."""
        if self._pending_lines:
            return self._pending_lines.popleft()
        data = self._file.readline(MOST_IN_ROW + 1)
        if len(data) > MOST_IN_ROW:
            rest = data
            while rest and not rest.endswith(b"\n"):
                rest = self._file.readline(1 << 16)
        return data

    def _describe_undecoded(self, data: bytes, error: UnicodeDecodeError) -> str:
        name = "UTF-8" if self._encoding == "utf-8" else self._encoding
        detail = f"expected {name}, and the byte 0x{data[error.start]:02x} is not"
        if name == "UTF-8":
            detail += '; if all of the file is Windows-1252, the mapping says encoding = "windows-1252"'
        return detail


def _has_hxl_tags(cells: list[str]) -> bool:
    """Return True if this is the row of tags that HXL [the Humanitarian Exchange Language] puts below the header."""
    return all(cell.startswith("#") for cell in cells if cell.strip())
