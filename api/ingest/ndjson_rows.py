"""Read a series of JSON texts as rows: NDJSON, and sequences with a record separator before each text [RFC 7464]."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import Any

from api.ingest.geojson import as_object, as_row, is_feature
from api.ingest.input_file import bounded_lines
from api.ingest.rows import MOST_IN_ROW, BadRow, Item, Row
from api.ingest.strict_json import MalformedFile, decode, parse

SEPARATOR = b"\x1e"
CHUNK = 1 << 16
Shape = Callable[[Any], dict[str, Any]]


def row_or_feature(value: Any) -> dict[str, Any]:
    """Return the row of a feature, or an object as it is."""
    return as_row(value) if is_feature(value) else as_object(value)


class NdjsonRows:
    """NDJSON: an object or a GeoJSON feature on each line."""

    columns: tuple[str, ...] = ()
    by_record = False
    nested = True

    def __init__(self, file: BufferedReader, shape: Shape = as_object) -> None:
        self._file = file
        self._shape = shape

    def rows(self) -> Iterator[Item]:
        for number, (data, whole) in enumerate(bounded_lines(self._file, MOST_IN_ROW), 1):
            if data.strip():
                yield _item(number, data.rstrip(b"\r\n"), whole, self._shape)


class JsonSequenceRows:
    """A JSON text sequence. A text may have many lines. A broken text does not affect the next one."""

    columns: tuple[str, ...] = ()
    by_record = True
    nested = True

    def __init__(self, file: BufferedReader, shape: Shape = as_object) -> None:
        self._file = file
        self._shape = shape

    def rows(self) -> Iterator[Item]:
        line = 1
        for data, whole, lines in self._texts():
            if data.strip():
                yield _item(line, data, whole, self._shape)
            line += lines

    def _texts(self) -> Iterator[tuple[bytes, bool, int]]:
        """Yield each text, True if it is complete, and the number of its line feeds. A text that is too long is cut."""
        text, size, lines = b"", 0, 0
        while data := self._file.read1(CHUNK):
            parts = data.split(SEPARATOR)
            for at, part in enumerate(parts):
                if at:
                    yield text, size <= MOST_IN_ROW, lines
                    text, size, lines = b"", 0, 0
                size += len(part)
                lines += part.count(b"\n")
                text += part[: max(0, MOST_IN_ROW + 1 - len(text))]
        yield text, size <= MOST_IN_ROW, lines


def _item(line: int, data: bytes, whole: bool, shape: Shape) -> Item:
    try:
        if not whole:
            raise MalformedFile(f"expected a row of at most {MOST_IN_ROW:,} bytes")
        return Row(line, shape(parse(decode(data))))
    except MalformedFile as error:
        at = error.position
        text = data.decode("utf-8", "replace").strip()[:2000]
        return BadRow(line + max(at.line - 1, 0), at.column, error.detail, text)
