"""Write a first mapping for a file from its columns. It works as it is, and its comments say what to change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from api.errors import LoadError
from api.ingest.compiled_mapping import Mapping
from api.ingest.container import ENDINGS, open_rows
from api.ingest.csv_rows import DELIMITERS, CsvRows
from api.ingest.drafting.columns import ColumnSample, ColumnType, sample_columns
from api.ingest.formatting import blank_unprintable
from api.ingest.input_file import open_unpacked
from api.ingest.nfc import in_nfc
from api.ingest.rows import BadRow, RowFile
from api.ingest.strict_json import MalformedFile

ROWS = 1000
UTF_8, WINDOWS = "utf-8", "windows-1252"
UNUSABLE = re.compile(r"[{}|]")
NAMES_PLACE = re.compile(r".*(place|location|town|city|village|settlement|where).*", re.IGNORECASE)
TITLE_WORDS = ("title", "headline", "name", "event", "summary", "descri", "note")
NAMES_TITLE = tuple(re.compile(f".*{word}.*", re.IGNORECASE) for word in TITLE_WORDS)
NAMES_KEY = re.compile(r"(.*[_ .-])?(id|key|code|number|no)|.*_id(_.*)?", re.IGNORECASE)
NUMERIC = ("whole number", "number", "amount")
NAMES_PART = re.compile(r".*(year|month|day|id|code|number|precision|iso|_no|timestamp).*", re.IGNORECASE)

# The measure and the unit of a column of numbers, by words in its name. Any other counts items.
MEASURES = (
    (re.compile(r".*(kill|dead|death|fatal|died).*|best", re.IGNORECASE), "killed", "persons"),
    (re.compile(r".*casualt.*", re.IGNORECASE), "killed_or_injured", "persons"),
    (re.compile(r".*(injur|wound).*", re.IGNORECASE), "injured", "persons"),
    (re.compile(r".*missing.*", re.IGNORECASE), "missing", "persons"),
    (re.compile(r".*(displac|idp).*", re.IGNORECASE), "displaced", "persons"),
    (re.compile(r".*refugee.*", re.IGNORECASE), "refugees", "persons"),
)

# Endings of the names of files whose rows are objects, which need not have all columns.
ENDINGS_OF_OBJECTS = tuple(ending for ending, container in ENDINGS.items() if container != "csv")

# Lines that stand in several records.
ONCE = "once = true"
CITATIONS = 'citations = [{ source = "publisher" }]'


def draft(path: str) -> str:
    """Return a mapping for the rows of a file, as TOML. LoadError if the file has no rows that can be read."""
    for encoding in (UTF_8, WINDOWS):
        try:
            with open_unpacked(path) as (_, file, name):
                rows = open_rows(name, file, _rows_mapping(name, encoding))
                columns, count = sample_columns(islice(_read_values(rows, encoding), ROWS))
        except UnicodeError:
            continue
        except MalformedFile as error:
            line = error.position.line or 1
            raise LoadError(f"{path} cannot be read as rows.", (f"{path}:{line}: {error.detail}",)) from None
        if count == 0:
            break
        lines = Draft(path, name, columns, count, encoding, _delimiter(rows)).lines()
        return "\n".join(lines) + "\n"
    raise LoadError(f"{path} has no rows that can be read.", hint="A mapping is written from the columns of some rows.")


def _rows_mapping(name: str, encoding: str) -> Mapping:
    """Return a mapping that reads rows and makes no records of them."""
    containers = (_find_container(name),)
    return Mapping("", "", containers, (), frozenset(), delimiter="".join(DELIMITERS), encoding=encoding)


def _find_container(name: str) -> str:
    """Return the container that the ending of a file's name stands for. A file without a known ending is taken for
    CSV."""
    for ending, container in ENDINGS.items():
        if name.lower().endswith(ending):
            return container
    return "csv"


def _read_values(rows: RowFile, encoding: str) -> Iterator[dict[str, Any]]:
    """Yield the rows that can be read. UnicodeError if one of them is not in UTF-8 and should be."""
    for item in rows.rows():
        if not isinstance(item, BadRow):
            try:
                values = in_nfc(item.values)
            except RecursionError:
                # A row that is nested too deeply is left out, as other bad rows are.
                continue
            yield values
        elif encoding == UTF_8 and "UTF-8" in item.detail:
            raise UnicodeError


def _delimiter(rows: RowFile) -> str:
    return rows.delimiter if isinstance(rows, CsvRows) else ","


class Draft:
    """The parts of a mapping that the columns of a file suggest."""

    def __init__(
        self, path: str, name: str, columns: list[ColumnSample], count: int, encoding: str, delimiter: str
    ) -> None:
        self._file = Path(path).name
        self._name = name  # of the file in it, if it is packed
        self._columns = columns
        self._count = count
        self._encoding = encoding
        self._delimiter = delimiter
        self._used: set[str] = set()

    def lines(self) -> Iterator[str]:
        """Yield the lines of the mapping."""
        # The records come first, because the lines before them depend on the columns that they use.
        records = [*self._source(), *self._place(), *self._event(), *self._figures()]
        yield from self._comment()
        yield from self._head()
        yield from self._ignored()
        if self._find_column("time"):
            yield ""
            yield "[maps.minute] # a time that is there is known to the minute"
            yield '"*" = "minute"'
        yield from records

    def _comment(self) -> Iterator[str]:
        stem = self._stem()
        yield f"# A first mapping for {self._file}, from its first {self._count:,} rows."
        yield "# Change what is marked, and try it:"
        yield f"#   briefing load --check --format ./{stem}.toml {self._file}"
        yield "#"
        yield "# column: type; rows that have it; different values; examples"
        for column in self._columns:
            name = blank_unprintable(column.name)
            filled = f"{column.filled_count:,} of {self._count:,}"
            different = f"{len(column.values):,}"
            if len(column.values) >= ROWS:
                different += " or more"
            examples = blank_unprintable(", ".join(column.examples))
            yield f"# {name}: {column.type}; {filled}; {different}; {examples}".rstrip("; ")

    def _head(self) -> Iterator[str]:
        yield ""
        yield f"dataset = {_quote(self._stem())} # change: keys and ids belong to this name, so keep it from then on"
        yield _assign("container", _find_container(self._name))
        if self._delimiter != ",":
            yield _assign("delimiter", self._delimiter)
        if self._encoding != UTF_8:
            yield f"encoding = {_quote(self._encoding)} # change if letters look wrong"
        empty_texts: list[str] = []
        for column in self._columns:
            empty_texts += column.empty
        if empty_texts:
            yield f"empty = {_quote_list(dict.fromkeys(empty_texts))}"
        optional = [column.name for column in self._columns if self._is_optional(column)]
        if optional and self._name.lower().endswith(ENDINGS_OF_OBJECTS):
            yield f"optional = {_quote_list(optional)}"

    def _is_optional(self, column: ColumnSample) -> bool:
        """Return True if the records use the column, and some rows lack it."""
        return column.name in self._used and column.filled_count < self._count

    def _ignored(self) -> Iterator[str]:
        unused = [column for column in self._columns if column.name not in self._used]
        if unused:
            yield ""
            yield "[ignore] # change: use these columns, or say why they are left out"
        for column in unused:
            name = f"{column.name}[]" if column.has_lists else column.name
            yield f"{_quote(name)} = {_quote(f'not used yet: {column.type}')}"

    def _source(self) -> Iterator[str]:
        yield from _record("source")
        yield ONCE
        yield 'key = "publisher"'
        yield f"name = {_quote(f'Publisher of {self._file}')} # change: who says what the rows say"
        yield 'kind = "other"'

    def _place(self) -> Iterator[str]:
        point = self._point_columns()
        if not point:
            return
        yield from _record("place")
        yield ONCE
        yield _assign("key", self._place_key())
        yield _assign("name", self._place_name())
        for column in point:
            yield _assign(column.type, self._use(column, column.conversion))
        country = self._find_column("country")
        if country:
            yield _assign("country", self._use(country, "country"))

    def _event(self) -> Iterator[str]:
        yield from _record("event")
        yield _assign("key", self._key()) + self._key_advice()
        yield 'kind = "other" # change: one of the kinds of events, or a [maps.kind] for a column'
        yield _assign("title", self._title())
        yield from self._time()
        yield 'status = "occurred"'
        if self._point_columns():
            yield _assign("place", self._place_key())
        tags = list(self._tags())
        if tags:
            yield f"tags = {_quote_list(tags)}"
        yield CITATIONS

    def _tags(self) -> Iterator[str]:
        for column in self._columns:
            if column.type in ("term", "list") and not column.has_lists:
                yield self._use(column, column.conversion)

    def _figures(self) -> Iterator[str]:
        for column in self._columns:
            if self._is_figure(column):
                yield from self._figure(column)

    def _is_figure(self, column: ColumnSample) -> bool:
        """Return True if the column has amounts, and nothing uses it yet."""
        if column.type not in NUMERIC or not _is_usable(column):
            return False
        return column.name not in self._used and not NAMES_PART.fullmatch(column.name)

    def _figure(self, column: ColumnSample) -> Iterator[str]:
        measure, unit = _find_measure(column.name)
        conversion = "amount:,." if column.conversion == "number:," else "amount"
        yield from _record("figure")
        yield _assign("when", self._use(column))
        yield _assign("key", f"{self._key()}, {column.name}")
        yield _assign("event", self._key())
        if self._point_columns():
            yield _assign("place", self._place_key())
        yield f"measure = {_quote(measure)} # change: what is counted"
        yield _assign("population", column.name)
        yield _assign("amount", self._use(column, conversion))
        yield _assign("unit", unit)
        day = self._find_column("day")
        if day:
            yield _assign("as_of", self._use(day, day.conversion))
        yield CITATIONS

    def _time(self) -> Iterator[str]:
        time = self._find_column("time")
        if time:
            starts_at = _quote(self._use(time, time.conversion))
            yield f"starts_at = {starts_at} # change if not in UTC: zone:Europe/Kyiv"
            yield _assign_precision(self._use(time, "map:minute"))
            return
        day = self._find_column("day")
        if day:
            argument = day.conversion.removeprefix("date")
            yield _assign("starts_at", self._use(day, f"day{argument}"))
            yield _assign("ends_at", self._use(day, f"next_day{argument}"))
            yield _assign_precision(self._use(day, f"precision{argument}"))
            return
        partial_date = self._find_column("partial date")
        if partial_date:
            yield _assign("starts_at", self._use(partial_date, "earliest"))
            yield _assign("ends_at", self._use(partial_date, "latest"))
            yield _assign_precision(self._use(partial_date, "precision"))
            return
        yield 'time_precision = "unknown" # change: no column is a date for sure'

    def _point_columns(self) -> list[ColumnSample]:
        """Return the columns of a point: its latitude and its longitude, or one for both. Empty if there are none."""
        latitude = self._find_column("latitude")
        longitude = self._find_column("longitude")
        if latitude and longitude:
            return [latitude, longitude]
        point = self._find_column("point")
        return [point] if point else []

    def _place_key(self) -> str:
        degrees = " ".join(self._use(column) for column in self._point_columns())
        name = self._find_text_column(NAMES_PLACE)
        if name is None:
            return degrees
        return f"{self._use(name, 'or:-')}, {degrees}"

    def _place_name(self) -> str:
        name = self._find_text_column(NAMES_PLACE)
        if name is None:
            return self._place_key()
        return self._use(name, "or:a place without a name")

    def _key(self) -> str:
        column = self._find_key_column()
        if column is None:
            return "{#number}"
        return self._use(column)

    def _key_advice(self) -> str:
        if self._find_key_column():
            return ""
        return " # change: no column has another value in each row; #number is the row's place"

    def _find_key_column(self) -> ColumnSample | None:
        """Return a column with another value in each row, preferably one that is named as a key."""
        unique = [column for column in self._columns if self._is_unique(column)]
        for column in unique:
            if NAMES_KEY.fullmatch(column.name):
                return column
        for column in unique:
            if column.type in ("whole number", "text", "term"):
                return column
        return None

    def _is_unique(self, column: ColumnSample) -> bool:
        return column.filled_count == self._count and not column.has_repeats and _is_usable(column)

    def _title(self) -> str:
        column = self._find_title_column()
        if column is None:
            return f"Row {self._key()}"
        return self._use(column, "words|short:200|or:no title")

    def _find_title_column(self) -> ColumnSample | None:
        for pattern in NAMES_TITLE:
            column = self._find_text_column(pattern)
            if column:
                return column
        return self._find_column("text")

    def _find_text_column(self, pattern: re.Pattern[str]) -> ColumnSample | None:
        """Return the first column of texts whose name fits the pattern."""
        for column in self._columns:
            is_text = column.type in ("text", "term")
            if is_text and pattern.fullmatch(column.name) and _is_usable(column):
                return column
        return None

    def _find_column(self, column_type: ColumnType) -> ColumnSample | None:
        """Return the first column of this type."""
        for column in self._columns:
            if column.type == column_type and _is_usable(column):
                return column
        return None

    def _use(self, column: ColumnSample, conversion: str = "") -> str:
        """Return a placeholder for the value of a column, and note that the column is used."""
        self._used.add(column.name)
        if not conversion:
            return f"{{{column.name}}}"
        return f"{{{column.name}|{conversion}}}"

    def _stem(self) -> str:
        stem = self._file.partition(".")[0].lower()
        return re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "data"


def _record(resource: str) -> Iterator[str]:
    yield ""
    yield "[[record]]"
    yield _assign("resource", resource)


def _find_measure(name: str) -> tuple[str, str]:
    """Return the measure and the unit of a column of numbers."""
    for pattern, measure, unit in MEASURES:
        if pattern.fullmatch(name):
            return measure, unit
    return "count", "items"


def _is_usable(column: ColumnSample) -> bool:
    return not UNUSABLE.search(column.name) and not column.has_lists


def _assign(name: str, text: str) -> str:
    return f"{name} = {_quote(text)}"


def _assign_precision(placeholder: str) -> str:
    return f"time_precision.first = {_quote_list([placeholder, 'unknown'])}"


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _quote_list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quote, texts))}]"
