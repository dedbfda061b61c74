"""The columns of a file and the types of their values, judged by its first rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from api.ingest.converters import find_converter
from api.ingest.converters.values import ConversionError, Tables

MOST_VALUES = 1000
EXAMPLES = 3
MOST_TERMS = 20
EMPTY = ("NA", "N/A", "n/a", "na", "NULL", "null", "None", "none", "-", "--", ".", "?", "unknown", "Unknown")

# Types of columns in the order in which they are tried, each with the conversion that has to accept all values.
TYPES = (
    ("whole number", "whole"),
    ("number", "number"),
    ("number", "number:,"),
    ("time", "moment"),
    ("day", "date"),
    ("day", "date:%d.%m.%Y"),
    ("day", "date:%d/%m/%Y"),
    ("day", "date:%m/%d/%Y"),
    ("day", "date:%d-%m-%Y"),
    ("day", "date:%m-%d-%Y"),
    ("day", "date:%Y/%m/%d"),
    ("day", "date:%d %B %Y"),
    ("day", "date:%d %b %Y"),
    ("day", "date:%d-%b-%Y"),
    ("day", "date:%B %d, %Y"),
    ("day", "date:%b %d, %Y"),
    ("partial date", "precision"),
    ("point", "lat_lon"),
    ("point", "wkt"),
    ("country", "country"),
    ("amount", "amount"),
)
AMBIGUOUS = (
    {"date:%d/%m/%Y", "date:%m/%d/%Y"},
    {"date:%d-%m-%Y", "date:%m-%d-%Y"},
)
MIDNIGHT = re.compile(r".*[T ]00:00(:00([.,]0+)?)?([Zz]|\+00:?00)?")
LATITUDE = re.compile(r"(.*[_ .-])?(lat|latitude|y)", re.IGNORECASE)
LONGITUDE = re.compile(r"(.*[_ .-])?(lon|lng|long|longitude|x)", re.IGNORECASE)


@dataclass
class ColumnSample:
    """A column with its values so far."""

    name: str
    filled: int = 0
    values: dict[str, None] = field(default_factory=dict)
    repeats: bool = False
    lists: bool = False
    type: str = "text"
    conversion: str = ""
    empty: tuple[str, ...] = ()

    def add(self, value: Any) -> None:
        """Add a value of a row."""
        if isinstance(value, list):
            self.lists = True
            return
        text = str(value).strip()
        if not text:
            return
        self.filled += 1
        self.repeats = self.repeats or text in self.values
        if len(self.values) < MOST_VALUES:
            self.values[text] = None

    @property
    def examples(self) -> list[str]:
        return [value if len(value) <= 30 else value[:29] + "…" for value in list(self.values)[:EXAMPLES]]

    def settle(self) -> None:
        """Determine the type that all values have, except those that stand for nothing."""
        if self.lists or not self.values:
            self.type = "list" if self.lists else "empty"
            return
        self.empty = tuple(value for value in self.values if value in EMPTY)
        values = [value for value in self.values if value not in EMPTY] or list(self.values)
        fitting = [(type_, written) for type_, written in TYPES if _fits(written, values)]
        written = {conversion for _, conversion in fitting}
        if any(pair <= written for pair in AMBIGUOUS):
            self.type = "day, with the day or the month first"
        elif fitting:
            self.type, self.conversion = fitting[0]
            if self.conversion == "moment" and all(MIDNIGHT.fullmatch(value) for value in values):
                self.type, self.conversion = "day", "date"
        elif any(";" in value for value in values):
            self.type, self.conversion = "list", "split:;"
        elif self.repeats and len(values) <= MOST_TERMS:
            self.type = "term"
        if self.type in ("number", "whole number"):
            self._degrees(values)
        if self.type in ("text", "term", "list"):
            self.empty = ()

    def _degrees(self, values: list[str]) -> None:
        for name, pattern in (("latitude", LATITUDE), ("longitude", LONGITUDE)):
            if pattern.fullmatch(self.name) and _fits(name, values):
                self.type = self.conversion = name


def seen(rows: Iterable[dict[str, Any]]) -> tuple[list[ColumnSample], int]:
    """Return the columns of rows, with their types, and the number of rows."""
    columns: dict[str, ColumnSample] = {}
    count = 0
    for row in rows:
        count += 1
        for name, value in _leaves(row):
            columns.setdefault(name, ColumnSample(name)).add("" if value is None else value)
    for column in columns.values():
        column.settle()
    return list(columns.values()), count


def _leaves(row: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{name}.")
        else:
            yield before + name, value


def _fits(written: str, values: list[str]) -> bool:
    name, _, argument = written.partition(":")
    convert = find_converter(name, argument).make(argument, Tables())
    try:
        for value in values:
            convert(value)
    except ConversionError:
        return False
    return True
