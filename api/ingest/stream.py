"""JSON as rows: the objects of an array, the features of a GeoJSON collection, or those of the lines of NDJSON.

An array is read object by object, so that a file of any size takes the memory of one of them.
"""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any, BinaryIO

from api.ingest.nfc import as_object
from api.ingest.quotation import shown
from api.ingest.row import MOST_IN_ROW, Bad, Item, Row, sized
from api.ingest.syntax import Malformed, Position, decode, parse

CHUNK = 1 << 18
FEATURES = re.compile(r'"features"\s*:\s*\[')
START = re.compile(r"\s*\[")
BETWEEN = re.compile(r"[\s]*")
GLOBE = re.compile(r"CRS84|EPSG:+4326|EPSG::4326")


class Lines:
    """NDJSON: an object a line."""

    columns: tuple[str, ...] = ()

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = sized(file)
        self.done = 0

    def rows(self) -> Iterator[Item]:
        for number, (data, whole) in enumerate(self._lines(), 1):
            if not data.strip():
                continue
            try:
                if not whole:
                    raise Malformed(f"expected a row of at most {MOST_IN_ROW:,} bytes")
                yield Row(number, _object(parse(decode(data))))
            except Malformed as error:
                yield Bad(number, error.position.column, error.detail, data.decode("utf-8", "replace").rstrip()[:2000])

    def _lines(self) -> Iterator[tuple[bytes, bool]]:
        while data := self._file.readline(MOST_IN_ROW + 2):
            rest = data
            self.done += len(data)
            while rest and not rest.endswith(b"\n"):
                rest = self._file.readline(MOST_IN_ROW + 2)
                self.done += len(rest)
            yield data, len(data.rstrip(b"\r\n")) <= MOST_IN_ROW


class Array:
    """A JSON array of objects, or with `features` a GeoJSON collection."""

    columns: tuple[str, ...] = ()

    def __init__(self, file: BinaryIO, features: bool) -> None:
        self._file = file
        self._features = features
        self._decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_fraction, parse_constant=_constant)
        self._utf8 = getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self.size = sized(file)
        self.done = 0

    def rows(self) -> Iterator[Item]:
        head = self._head()
        while (value := self._next()) is not None:
            yield self._row(*value)
        self._tail(head)

    def _row(self, line: int, value: Any, text: str) -> Item:
        try:
            return Row(line, _feature(_object(value)) if self._features else _object(value))
        except Malformed as error:
            return Bad(line, 0, error.detail, text[:2000])

    def _head(self) -> str:
        pattern = FEATURES if self._features else START
        while not (found := pattern.search(self._text) if self._features else pattern.match(self._text)):
            if len(self._text) > MOST_IN_ROW or not self._more():
                what = "a GeoJSON FeatureCollection" if self._features else "a JSON array of objects"
                raise Malformed(f"expected {what}", Position(1))
        self._line += self._text.count("\n", 0, found.end())
        self._at = found.end()
        return self._text[: found.end()]

    def _next(self) -> tuple[int, Any, str] | None:
        """The line, the value and the text of the next element. None at the end of the array."""
        if (mark := self._mark()) == "]":
            return None
        if mark == ",":
            self._skip(self._at + 1)
            self._mark()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except Malformed as error:
                raise Malformed(error.detail, self._position()) from None
            except (json.JSONDecodeError, RecursionError, ValueError) as error:
                if len(self._text) - self._at <= MOST_IN_ROW and self._more():
                    continue
                raise self._broken(error) from None
            if end == len(self._text) and not self._ended and self._more():
                continue  # a number may go on
            text, line = self._text[self._at : end], self._line
            self._skip(end)
            if self._mark() not in (",", "]"):
                raise Malformed("expected a comma or ] after an element; the file may be cut short", self._position())
            return line, value, text

    def _mark(self) -> str:
        """The next character that is no space."""
        while True:
            end = BETWEEN.match(self._text, self._at).end()  # type: ignore[union-attr]
            self._skip(end)
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _skip(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _more(self) -> bool:
        """Read on; what was gone through is let go."""
        if self._ended:
            return False
        data = self._file.read(CHUNK)
        self.done += len(data)
        self._ended = not data
        try:
            more = self._utf8.decode(data, final=not data)
        except UnicodeDecodeError as error:
            line = self._line + self._text.count("\n", self._at) + data.count(b"\n", 0, error.start)
            raise Malformed(
                f"expected UTF-8, and the byte 0x{error.object[error.start]:02x} is not", Position(line)
            ) from None
        self._text, self._at = self._text[self._at :] + more, 0
        return bool(data)

    def _broken(self, error: Exception) -> Malformed:
        if isinstance(error, json.JSONDecodeError) and not self._ended:
            error = json.JSONDecodeError(error.msg, self._text, error.pos)
        at = error.pos if isinstance(error, json.JSONDecodeError) else self._at
        line = self._line + self._text.count("\n", self._at, at)
        column = at - self._text.rfind("\n", 0, at)
        detail = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply, or a number without end"
        cut = "; the file ends here, so it may be cut short" if self._ended and at >= len(self._text.rstrip()) else ""
        return Malformed(f"expected JSON: {detail}{cut}", Position(line, column))

    def _position(self) -> Position:
        return Position(self._line, self._at - self._text.rfind("\n", 0, self._at))

    def _tail(self, head: str) -> None:
        """What stands around the elements has to be JSON too, and longitudes and latitudes those of the globe."""
        while self._more():
            if len(self._text) - self._at > MOST_IN_ROW:
                raise Malformed("expected the end of the file after the array", self._position())
        around = parse(head.lstrip("\ufeff") + self._text[self._at :])
        if not self._features:
            return
        if not isinstance(around, dict) or around.get("type") != "FeatureCollection":
            raise Malformed("expected a GeoJSON FeatureCollection", Position(1))
        system = around.get("crs")
        if system and not GLOBE.search(json.dumps(system)):
            raise Malformed(f"expected degrees on WGS 84 [RFC 7946], and crs is {json.dumps(system)[:80]}", Position(1))


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"expected an object, got {shown(value)}")
    return value


def _feature(value: dict[str, Any]) -> dict[str, Any]:
    """The properties of a feature, with the coordinates of its point where they do not have them already."""
    properties, geometry = value.get("properties"), value.get("geometry")
    if value.get("type") != "Feature" or not isinstance(properties, dict):
        raise Malformed("expected a GeoJSON feature with properties")
    row = dict(properties)
    if "id" in value:
        row.setdefault("id", value["id"])
    if geometry is None:
        return row
    point = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    if not isinstance(point, list) or len(point) not in (2, 3):
        raise Malformed("expected the geometry to be a Point of longitude and latitude, or null")
    return {"longitude": point[0], "latitude": point[1], **row}


def _fraction(digits: str) -> Any:
    return parse(digits)


def _constant(name: str) -> Any:
    raise Malformed(f"{name} is no JSON number")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = as_object(pairs)
    if len(found) != len(pairs):
        raise Malformed("a name stands twice in this object")
    return found
