"""The columns of a file and the types of their values, judged by its first rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from api.ingest.converters import find_converter
from api.ingest.converters.values import ConversionError, Tables

MAX_VALUES = 1000
EXAMPLES = 3
MAX_EXAMPLE_LENGTH = 30
MAX_TERMS = 20
EMPTY = ("NA", "N/A", "n/a", "na", "NULL", "null", "None", "none", "-", "--", ".", "?", "unknown", "Unknown")

ColumnType = Literal[
    "text",
    "term",
    "list",
    "empty",
    "whole number",
    "number",
    "time",
    "day",
    "day, with the day or the month first",
    "partial date",
    "point",
    "latitude",
    "longitude",
    "country",
    "amount",
]

# Types of columns in the order in which they are tried, each with the conversion that has to accept all values.
TYPES: tuple[tuple[ColumnType, str], ...] = (
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
# Pairs of conversions that read the same text as different days.
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
    filled_count: int = 0
    values: dict[str, None] = field(default_factory=dict)
    has_repeats: bool = False
    has_lists: bool = False
    type: ColumnType = "text"
    conversion: str = ""
    empty: tuple[str, ...] = ()

    def add(self, value: Any) -> None:
        """Add a value of a row."""
        if isinstance(value, list):
            self.has_lists = True
            return
        text = str(value).strip()
        if not text:
            return
        self.filled_count += 1
        if text in self.values:
            self.has_repeats = True
        if len(self.values) < MAX_VALUES:
            self.values[text] = None

    @property
    def examples(self) -> list[str]:
        """The first values, cut if they are long."""
        return [_shorten(value) for value in islice(self.values, EXAMPLES)]

    def detect_type(self) -> None:
        """Determine the type that all values have, except those that stand for nothing."""
        if self.has_lists:
            self.type = "list"
            return
        if not self.values:
            self.type = "empty"
            return
        self.empty = tuple(value for value in self.values if value in EMPTY)
        values = [value for value in self.values if value not in EMPTY] or list(self.values)
        self.type, self.conversion = self._detect_conversion(values)
        if self.type in ("number", "whole number"):
            self._detect_degrees(values)
        if self.type in ("text", "term", "list"):
            self.empty = ()

    def _detect_conversion(self, values: list[str]) -> tuple[ColumnType, str]:
        """Return the type of these values, and their conversion; an empty one if none applies."""
        fitting = [(column_type, conversion) for column_type, conversion in TYPES if _fits(conversion, values)]
        conversions = {conversion for _, conversion in fitting}
        if any(pair <= conversions for pair in AMBIGUOUS):
            return "day, with the day or the month first", ""
        if fitting:
            column_type, conversion = fitting[0]
            if conversion == "moment" and all(MIDNIGHT.fullmatch(value) for value in values):
                return "day", "date"
            return column_type, conversion
        if any(";" in value for value in values):
            return "list", "split:;"
        if self.has_repeats and len(values) <= MAX_TERMS:
            return "term", ""
        return "text", ""

    def _detect_degrees(self, values: list[str]) -> None:
        """Set the type of a column of numbers whose name is that of a coordinate, if all of them are in its range."""
        if LATITUDE.fullmatch(self.name) and _fits("latitude", values):
            self.type = self.conversion = "latitude"
        if LONGITUDE.fullmatch(self.name) and _fits("longitude", values):
            self.type = self.conversion = "longitude"


def sample_columns(rows: Iterable[dict[str, Any]]) -> tuple[list[ColumnSample], int]:
    """Return the columns of rows, with their types, and the number of rows."""
    columns: dict[str, ColumnSample] = {}
    count = 0
    for row in rows:
        count += 1
        for name, value in _leaves(row):
            columns.setdefault(name, ColumnSample(name)).add("" if value is None else value)
    for column in columns.values():
        column.detect_type()
    return list(columns.values()), count


def _shorten(value: str) -> str:
    if len(value) <= MAX_EXAMPLE_LENGTH:
        return value
    return value[: MAX_EXAMPLE_LENGTH - 1] + "…"


def _leaves(row: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a row that are no objects. The names of nested ones are joined by dots."""
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _fits(conversion: str, values: list[str]) -> bool:
    """Return True if a conversion accepts all values."""
    name, _, argument = conversion.partition(":")
    convert = find_converter(name, argument).make(argument, Tables())
    try:
        for value in values:
            convert(value)
    except ConversionError:
        return False
    return True
