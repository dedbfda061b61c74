"""Read CSV as rows. Python's reader is more lenient, and does not recover from a row that it cannot read.

A row that cannot be read is a BadRow, and reading continues at the next line, also after a quote that is never closed.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from api.ingest.formatting import shown
from api.ingest.header import column_names
from api.ingest.rows import MOST_IN_ROW, BadRow, Item, Row
from api.ingest.strict_json import MalformedFile, Position

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
UNCLOSED = "unexpected end of data"


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
        self._kept: deque[bytes] = deque()
        self._given = given
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
        while line <= self._skip and self._line():
            line += 1
        self.columns = self._header(line)
        line += not self._given
        second = True
        while item := self._next(line):
            cells, taken = item
            if isinstance(cells, BadRow):
                yield cells
            elif any(cells) and not (second and _tags(cells)):
                yield self._row(line, cells)
            second = False
            line += taken

    def _header(self, line: int) -> tuple[str, ...]:
        data = self._line()
        data = data.removeprefix(b"\xef\xbb\xbf") if line == 1 else data
        try:
            head = data.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise MalformedFile(self._undecoded(data, error), Position(line, error.start + 1)) from None
        self._delimiter = max(self._delimiters, key=head.count)
        if self._given:
            self._kept.appendleft(data)
            return self._given
        try:
            (columns,) = list(csv.reader([head], delimiter=self._delimiter, strict=True)) or [[]]
        except csv.Error as error:
            raise MalformedFile(f"expected a header of columns: {error}", Position(line)) from None
        columns = column_names(columns, line)
        self._check_delimiter(head, columns, line)
        return self._naming(columns)

    def _check_delimiter(self, head: str, columns: list[str], line: int) -> None:
        if len(columns) == 1 and (other := next((one for one in DELIMITERS if one in head), None)):
            wanted = " or ".join(DELIMITERS.get(one, shown(one)) for one in self._delimiters)
            hint = f"with {DELIMITERS[other]}, the mapping says delimiter = {shown(other)}"
            detail = f"expected columns separated by {wanted}; if this file separates them {hint}"
            raise MalformedFile(detail, Position(line))

    def _row(self, line: int, cells: list[str]) -> Item:
        if len(cells) == len(self.columns):
            return Row(line, dict(zip(self.columns, cells, strict=True)))
        less = "; the row is cut short, or separated otherwise" if len(cells) < len(self.columns) else ""
        where = "of the mapping" if self._given else "as in the header"
        detail = f"expected {len(self.columns)} columns {where}, got {len(cells)}{less}"
        return BadRow(line, 0, detail, self._delimiter.join(cells))

    def _next(self, start: int) -> tuple[list[str] | BadRow, int] | None:
        """Return the cells of the next row, or why it is Bad, and the number of its lines; None at the end of the file.
        A row has several lines if a quoted cell contains line ends."""
        lines: list[bytes] = []
        texts: list[str] = []
        held = quotes = 0
        while data := self._line():
            lines.append(data)
            held += len(data)
            if held > MOST_IN_ROW:
                break
            try:
                text = data.decode(self._encoding)
            except UnicodeDecodeError as error:
                if len(lines) > 1:
                    break
                detail = self._undecoded(data, error)
                return BadRow(start, error.start + 1, detail, data.decode(self._encoding, "replace").rstrip("\r\n")), 1
            texts.append(text.rstrip("\r\n") + "\n")
            quotes += text.count('"')
            if quotes % 2 and len(lines) > 1:
                continue
            try:
                rows = list(csv.reader(texts, delimiter=self._delimiter, strict=True))
            except csv.Error as error:
                if str(error) == UNCLOSED:
                    continue
                if len(lines) > 1:
                    break
                return BadRow(
                    start, 0, f"expected cells separated by {shown(self._delimiter)}: {error}", text.rstrip()
                ), 1
            if len(rows) == 1:
                return rows[0], len(lines)
            break
        if not lines:
            return None
        return self._unclosed(start, lines), 1

    def _unclosed(self, start: int, lines: list[bytes]) -> BadRow:
        """Return the first line as Bad. The lines that were taken for a part of its row are read again."""
        self._kept.extendleft(reversed(lines[1:]))
        text = lines[0].decode(self._encoding, "replace").rstrip("\r\n")[:MOST_IN_ROW]
        if len(lines[0]) > MOST_IN_ROW:
            return BadRow(start, 0, f"expected a row of at most {MOST_IN_ROW:,} bytes", text[:1000])
        return BadRow(start, text.rfind('"') + 1, "the quote that opens here is never closed", text)

    def _line(self) -> bytes:
        if self._kept:
            return self._kept.popleft()
        data = self._file.readline(MOST_IN_ROW + 1)
        while data and not data.endswith(b"\n") and len(data) > MOST_IN_ROW and (more := self._file.readline(1 << 16)):
            if more.endswith(b"\n"):
                break
        return data

    def _undecoded(self, data: bytes, error: UnicodeDecodeError) -> str:
        name = "UTF-8" if self._encoding == "utf-8" else self._encoding
        hint = '; if all of the file is Windows-1252, the mapping says encoding = "windows-1252"'
        return f"expected {name}, and the byte 0x{data[error.start]:02x} is not{hint if name == 'UTF-8' else ''}"


def _tags(cells: list[str]) -> bool:
    """Return True if this is the row of tags that HXL [the Humanitarian Exchange Language] puts below the header."""
    return all(one.startswith("#") for one in cells if one.strip())
