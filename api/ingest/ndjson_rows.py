"""Read a series of JSON texts as rows: NDJSON, and sequences with a record separator before each text [RFC 7464]."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
    if is_feature(value):
        return as_row(value)
    return as_object(value)


@dataclass(slots=True)
class _Text:
    """A JSON text of a sequence. `data` is cut if the text is too long."""

    data: bytes = b""
    size: int = 0
    line_feeds: int = 0

    def add(self, part: bytes) -> None:
        """Add bytes to the end."""
        self.size += len(part)
        self.line_feeds += part.count(b"\n")
        room = max(0, MOST_IN_ROW + 1 - len(self.data))
        self.data += part[:room]

    @property
    def is_complete(self) -> bool:
        """True if the text is not too long."""
        return self.size <= MOST_IN_ROW


class NdjsonRows:
    """NDJSON: an object or a GeoJSON feature on each line."""

    columns: tuple[str, ...] = ()
    by_record = False
    nested = True

    def __init__(self, file: BufferedReader, shape: Shape = as_object) -> None:
        self._file = file
        self._shape = shape

    def rows(self) -> Iterator[Item]:
        for number, (data, is_complete) in enumerate(bounded_lines(self._file, MOST_IN_ROW), 1):
            if data.strip():
                yield _read_item(number, data.rstrip(b"\r\n"), is_complete, self._shape)


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
        for text in self._texts():
            if text.data.strip():
                yield _read_item(line, text.data, text.is_complete, self._shape)
            line += text.line_feeds

    def _texts(self) -> Iterator[_Text]:
        text = _Text()
        while data := self._file.read1(CHUNK):
            rest_of_text, *next_texts = data.split(SEPARATOR)
            text.add(rest_of_text)
            for part in next_texts:
                yield text
                text = _Text()
                text.add(part)
        yield text


def _read_item(line: int, data: bytes, is_complete: bool, shape: Shape) -> Item:
    try:
        if not is_complete:
            raise MalformedFile(f"expected a row of at most {MOST_IN_ROW:,} bytes")
        return Row(line, shape(parse(decode(data))))
    except MalformedFile as error:
        position = error.position
        text = data.decode("utf-8", "replace").strip()[:2000]
        return BadRow(line + max(position.line - 1, 0), position.column, error.detail, text)
