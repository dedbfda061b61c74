"""Read a JSON text of any size value by value, in the memory of one value."""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from io import BufferedReader
from typing import Any, NoReturn

from api.ingest.nfc import object_in_nfc
from api.ingest.rows import MOST_IN_ROW
from api.ingest.strict_json import MalformedFile, Position, parse

CHUNK = 1 << 18
SPACE = re.compile(r"[ \t\n\r]*")
STRUCTURE = re.compile(r'["{}\[\]]')
IN_TEXT = re.compile(r'["\\]')


class Scanner:
    """A reader of a JSON text. MalformedFile has the position at which the text is not JSON."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self._json_decoder = json.JSONDecoder(
            object_pairs_hook=_make_object, parse_float=parse, parse_constant=_refuse_constant
        )
        self._utf8_decoder = getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._line = 1
        # The characters of the current line that are not in the text any more.
        self._dropped_of_line = 0
        self._ended = False

    def mark(self) -> str:
        """Skip space and return the next character; empty at the end."""
        while True:
            end = SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]
            self._skip_to(end)
            if self._at < len(self._text) or not self._read_more():
                return self._text[self._at : self._at + 1]

    def take(self, mark: str, what: str) -> None:
        """Skip a mark that has to be next. MalformedFile if it is not."""
        next_mark = self.mark()
        if next_mark != mark:
            cut = "" if next_mark else "; the file may be cut short"
            raise MalformedFile(f"expected {what}{cut}", self.position())
        self._skip_to(self._at + 1)

    def next(self, end: str, what: str) -> None:
        """Skip the comma before another element or member; do nothing at the `end` of them."""
        if self.mark() != end:
            self.take(",", what)
            if self.mark() == end:
                raise MalformedFile(f"expected another one after the comma, got {end}", self.position())

    def value(self) -> tuple[int, Any, str]:
        """Read a value. Return its line, the value, and its text."""
        self.mark()
        while True:
            try:
                value, end = self._json_decoder.raw_decode(self._text, self._at)
            except MalformedFile as error:
                raise MalformedFile(error.detail, self.position()) from None
            except (json.JSONDecodeError, RecursionError, ValueError) as error:
                if not self._ended and len(self._text) - self._at <= MOST_IN_ROW:
                    # Reading drops the text before the value. So the position of the error is only right if it is found
                    # again in the text that is left.
                    self._read_more()
                    continue
                raise self._describe_error(error) from None
            if end == len(self._text) and not self._ended and self._read_more():
                continue  # a number may go on
            text, line = self._text[self._at : end], self._line
            self._skip_to(end)
            return line, value, text

    def skip_value(self) -> None:
        """Skip a value of any size. Only its brackets and quotation marks are checked."""
        if self.mark() not in ("{", "[", '"'):
            self.value()
            return
        depth = 0
        while True:
            mark = self._skip_past(STRUCTURE)
            if mark == '"':
                self._skip_rest_of_string()
            elif mark in "{[":
                depth += 1
            else:
                depth -= 1
            if not depth:
                return

    def position(self) -> Position:
        """Return the position of the next character."""
        return Position(self._line, self._column(self._at))

    def _column(self, at: int) -> int:
        newline = self._text.rfind("\n", 0, at)
        if newline >= 0:
            return at - newline
        return self._dropped_of_line + at + 1

    def _skip_rest_of_string(self) -> None:
        while self._skip_past(IN_TEXT) == "\\":
            if self._at == len(self._text):
                self._read_more()
            self._skip_to(self._at + 1)

    def _skip_past(self, pattern: re.Pattern[str]) -> str:
        """Skip to the end of the next match of the pattern, and return it."""
        while not (match := pattern.search(self._text, self._at)):
            self._skip_to(len(self._text))
            if not self._read_more():
                raise MalformedFile("expected more; the file ends here, so it may be cut short", self.position())
        self._skip_to(match.end())
        return match[0]

    def _skip_to(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _read_more(self) -> bool:
        """Read the next piece, and drop the text before the current position. Return False at the end of the file."""
        if self._ended:
            return False
        data = self._file.read(CHUNK)
        self._ended = not data
        try:
            text = self._utf8_decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            line = self._line + self._text.count("\n", self._at) + data.count(b"\n", 0, error.start)
            detail = f"expected UTF-8, and the byte 0x{error.object[error.start]:02x} is not"
            raise MalformedFile(detail, Position(line)) from None
        self._dropped_of_line = self._column(self._at) - 1
        self._text = self._text[self._at :] + text
        self._at = 0
        return bool(data)

    def _describe_error(self, error: Exception) -> MalformedFile:
        if isinstance(error, json.JSONDecodeError):
            at, detail = error.pos, error.msg
        else:
            at, detail = self._at, "nested too deeply, or a number without end"
        is_cut = at >= len(self._text.rstrip()) or detail.startswith("Unterminated string")
        if self._ended and is_cut:
            detail += "; the file ends here, so it may be cut short"
        line = self._line + self._text.count("\n", self._at, at)
        return MalformedFile(f"expected JSON: {detail}", Position(line, self._column(at)))


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedFile(f"{name} is no JSON number")


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = object_in_nfc(pairs)
    if len(members) != len(pairs):
        raise MalformedFile("a name stands twice in this object")
    return members
