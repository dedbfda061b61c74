"""Parse JSON strictly, with exact numbers, and find the positions of values.

Refused here, although Python's own reader accepts most of it: duplicate names in an object, NaN and Infinity, bytes
that are not UTF-8, and nesting and numbers without bound.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from json.decoder import JSONObject  # type: ignore[attr-defined]
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from typing import Any, NoReturn
from unicodedata import normalize

import json_source_map  # type: ignore[import-untyped]

from api.ingest.nfc import object_in_nfc

NUMBERS = re.compile(r'"(?:[^"\\]|\\.)*"|(-?(?:NaN|Infinity|\d[\d.eE+-]*))')  # and texts, to skip them


@dataclass(frozen=True)
class Position:
    """A place in a text. Numbers begin at 1, and 0 is unknown. `record` counts the elements of a list in the file."""

    line: int = 0
    column: int = 0
    record: int = 0


class MalformedFile(Exception):
    """A text that is not JSON, or JSON that the format does not accept."""

    def __init__(self, detail: str, position: Position = Position()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.position = position


class _Duplicate(Exception):
    pass


def decode(data: bytes) -> str:
    """Return the text of UTF-8 bytes, without the byte order mark that some editors write."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        detail = f"expected UTF-8, and the byte 0x{data[error.start]:02x} is not ({error.reason})"
        raise MalformedFile(detail, Position(line, column)) from None


def parse(text: str) -> Any:
    """Return the value of a JSON text, with fractions as Decimal."""
    try:
        return json.loads(
            text, object_pairs_hook=_build_object, parse_float=_read_fraction, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        raise MalformedFile(f"expected JSON: {error.msg}", Position(error.lineno, error.colno)) from None
    except _Duplicate as error:
        raise MalformedFile(f"the name {error} stands twice in one object", _find_duplicate(text)) from None
    except RecursionError:
        raise MalformedFile("expected JSON that is not nested this deeply") from None
    except MalformedFile as error:
        raise MalformedFile(error.detail, _find_number(text)) from None
    except ValueError:
        # Python reads integers of up to 4,300 digits.
        raise MalformedFile("expected numbers of fewer than 4,300 digits", _find_number(text)) from None


def positions(text: str) -> dict[str, Position]:
    """Return the position of each value of a document, by JSON pointer. It takes 0.1 s a megabyte, so call it only for
    faults."""
    try:
        entries = json_source_map.calculate(text)
    except RecursionError:
        return {}
    by_pointer: dict[str, Position] = {}
    for pointer, entry in entries.items():
        start = entry.value_start
        by_pointer[pointer] = Position(start.line + 1, start.column + 1)
    return by_pointer


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = object_in_nfc(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for written, _ in pairs:
            name = normalize("NFC", written)
            if name in seen:
                raise _Duplicate(json.dumps(name))
            seen.add(name)
    return members


def _read_fraction(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise MalformedFile("expected numbers below 1e15") from None


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedFile(f"{name} is no JSON number")


def _find_number(text: str) -> Position:
    """Return the position of the first number that is not valid, or is out of bounds."""
    for match in NUMBERS.finditer(text):
        number = match[1]
        if not number:
            continue
        try:
            json.loads(number, parse_float=_read_fraction, parse_constant=_refuse_constant)
        except (MalformedFile, ValueError):
            start = match.start()
            return Position(text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
    return Position()


def _find_duplicate(text: str) -> Position:
    """Return the position of the object with the duplicate name. The text is parsed again by Python's slow reader,
    which knows the position."""
    decoder = json.JSONDecoder(object_pairs_hook=_build_object)
    inner_start = 0  # just after the brace of the innermost object with a duplicate

    def parse_object(start: tuple[str, int], *rest: Any) -> Any:
        nonlocal inner_start
        try:
            return JSONObject(start, *rest)
        except _Duplicate:
            if not inner_start:
                inner_start = start[1]
            raise

    decoder.parse_object = parse_object  # type: ignore[attr-defined]
    try:
        py_make_scanner(decoder)(text, len(text) - len(text.lstrip()))
    except (_Duplicate, RecursionError):
        line = text.count("\n", 0, inner_start) + 1
        return Position(line, inner_start - text.rfind("\n", 0, inner_start) - 1)
    return Position()
