"""Write a first mapping for a file from its columns. It works as it is, and its comments say what to change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from api.errors import LoadError
from api.ingest.compiled_mapping import Mapping
from api.ingest.container import ENDINGS, open_rows
from api.ingest.csv_rows import DELIMITERS
from api.ingest.drafting.columns import ColumnSample, seen
from api.ingest.input_file import unpacked
from api.ingest.nfc import in_nfc
from api.ingest.rows import BadRow, RowFile
from api.ingest.strict_json import MalformedFile

ROWS = 1000
UTF_8, WINDOWS = "utf-8", "windows-1252"
UNUSABLE = re.compile(r"[{}|]")
NAMES_PLACE = re.compile(r".*(place|location|town|city|village|settlement|where).*", re.IGNORECASE)
NAMES_TITLE = tuple(
    re.compile(f".*{word}.*", re.IGNORECASE)
    for word in ("title", "headline", "name", "event", "summary", "descri", "note")
)
NAMES_KEY = re.compile(r"(.*[_ .-])?(id|key|code|number|no)|.*_id(_.*)?", re.IGNORECASE)
NUMERIC = ("whole number", "number", "amount")
NAMES_PART = re.compile(r".*(year|month|day|id|code|number|precision|iso|_no|timestamp).*", re.IGNORECASE)

# The measure and the unit of a column of numbers, by words in its name.
MEASURES = (
    (re.compile(r".*(kill|dead|death|fatal|died).*|best", re.IGNORECASE), "killed", "persons"),
    (re.compile(r".*casualt.*", re.IGNORECASE), "killed_or_injured", "persons"),
    (re.compile(r".*(injur|wound).*", re.IGNORECASE), "injured", "persons"),
    (re.compile(r".*missing.*", re.IGNORECASE), "missing", "persons"),
    (re.compile(r".*(displac|idp).*", re.IGNORECASE), "displaced", "persons"),
    (re.compile(r".*refugee.*", re.IGNORECASE), "refugees", "persons"),
    (re.compile(r".*", re.IGNORECASE), "count", "items"),
)


def draft(path: str) -> str:
    """Return a mapping for the rows of a file, as TOML. LoadError if the file has no rows that can be read."""
    for encoding in (UTF_8, WINDOWS):
        try:
            with unpacked(path) as (_, file, name):
                rows = open_rows(name, file, _reading(name, encoding))
                columns, count = seen(islice(_values(rows, encoding), ROWS))
        except UnicodeError:
            continue
        except MalformedFile as error:
            where = f"{path}:{error.position.line or 1}"
            raise LoadError(f"{path} cannot be read as rows.", (f"{where}: {error.detail}",)) from None
        if count:
            return "\n".join(Draft(path, name, columns, count, encoding, _delimiter(rows)).lines()) + "\n"
        break
    raise LoadError(f"{path} has no rows that can be read.", hint="A mapping is written from the columns of some rows.")


def _reading(path: str, encoding: str) -> Mapping:
    """Return a mapping that reads rows and makes no records of them. A file without a known ending is taken for CSV."""
    kind = next((kind for end, kind in ENDINGS.items() if path.lower().endswith(end)), "csv")
    return Mapping("", "", (kind,), (), frozenset(), delimiter="".join(DELIMITERS), encoding=encoding)


def _values(rows: RowFile, encoding: str) -> Iterator[dict[str, Any]]:
    for item in rows.rows():
        if not isinstance(item, BadRow):
            yield in_nfc(item.values)
        elif encoding == UTF_8 and "UTF-8" in item.detail:
            raise UnicodeError


def _delimiter(rows: RowFile) -> str:
    return getattr(rows, "delimiter", ",")


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
        records = [line for part in (self._source(), self._place(), self._event(), self._figures()) for line in part]
        yield from self._comment()
        yield from self._head()
        yield from self._ignored()
        if self._first("time"):
            yield from ("", "[maps.minute] # a time that is there is known to the minute", '"*" = "minute"')
        yield from records

    def _comment(self) -> Iterator[str]:
        stem = self._stem()
        yield f"# A first mapping for {self._file}, from its first {self._count:,} rows."
        yield "# Change what is marked, and try it:"
        yield f"#   briefing load --check --format ./{stem}.toml {self._file}"
        yield "#"
        yield "# column: type; rows that have it; different values; examples"
        for one in self._columns:
            different = f"{len(one.values):,}" + ("" if len(one.values) < ROWS else " or more")
            examples = _comment(", ".join(one.examples))
            filled = f"{one.filled:,} of {self._count:,}"
            yield f"# {_comment(one.name)}: {one.type}; {filled}; {different}; {examples}".rstrip("; ")

    def _head(self) -> Iterator[str]:
        yield ""
        yield f"dataset = {_quoted(self._stem())} # change: keys and ids belong to this name, so keep it from then on"
        yield f"container = {_quoted(_reading(self._name, self._encoding).containers[0])}"
        if self._delimiter != ",":
            yield f"delimiter = {_quoted(self._delimiter)}"
        if self._encoding != UTF_8:
            yield f"encoding = {_quoted(self._encoding)} # change if letters look wrong"
        if empty := dict.fromkeys(value for one in self._columns for value in one.empty):
            yield f"empty = {_list(empty)}"
        lacking = [one.name for one in self._columns if one.name in self._used and one.filled < self._count]
        if lacking and self._name.lower().endswith(tuple(end for end, kind in ENDINGS.items() if kind != "csv")):
            yield f"optional = {_list(lacking)}"

    def _ignored(self) -> Iterator[str]:
        left = [one for one in self._columns if one.name not in self._used]
        if left:
            yield ""
            yield "[ignore] # change: use these columns, or say why they are left out"
        for one in left:
            yield f"{_quoted(one.name + ('[]' if one.lists else ''))} = {_quoted('not used yet: ' + one.type)}"

    def _source(self) -> Iterator[str]:
        yield from _record("source", once="true")
        yield 'key = "publisher"'
        yield f"name = {_quoted('Publisher of ' + self._file)} # change: who says what the rows say"
        yield 'kind = "other"'

    def _place(self) -> Iterator[str]:
        if not (point := self._point()):
            return
        yield from _record("place", once="true")
        yield f"key = {_quoted(self._place_key())}"
        yield f"name = {_quoted(self._place_name())}"
        yield from point
        if country := self._first("country"):
            yield f"country = {_quoted(self._hole(country, 'country'))}"

    def _event(self) -> Iterator[str]:
        yield from _record("event")
        yield f"key = {_quoted(self._key())}" + self._key_advice()
        yield 'kind = "other" # change: one of the kinds of events, or a [maps.kind] for a column'
        yield f"title = {_quoted(self._title())}"
        yield from self._time()
        yield 'status = "occurred"'
        if self._point():
            yield f"place = {_quoted(self._place_key())}"
        tags = [
            self._hole(one, one.conversion) for one in self._columns if one.type in ("term", "list") and not one.lists
        ]
        if tags:
            yield f"tags = {_list(tags)}"
        yield 'citations = [{ source = "publisher" }]'

    def _figures(self) -> Iterator[str]:
        day = self._first("day")
        for one in self._columns:
            if one.type not in NUMERIC or one.name in self._used or NAMES_PART.fullmatch(one.name) or not _usable(one):
                continue
            measure, unit = next((name, unit) for words, name, unit in MEASURES if words.fullmatch(one.name))
            reading = "amount:,." if one.conversion == "number:," else "amount"
            yield from _record("figure")
            yield f"when = {_quoted(self._hole(one, ''))}"
            yield f"key = {_quoted(f'{self._key()}, {one.name}')}"
            yield f"event = {_quoted(self._key())}"
            if self._point():
                yield f"place = {_quoted(self._place_key())}"
            yield f"measure = {_quoted(measure)} # change: what is counted"
            yield f"population = {_quoted(one.name)}"
            yield f"amount = {_quoted(self._hole(one, reading))}"
            yield f"unit = {_quoted(unit)}"
            if day:
                yield f"as_of = {_quoted(self._hole(day, day.conversion))}"
            yield 'citations = [{ source = "publisher" }]'

    def _time(self) -> Iterator[str]:
        day, partial, time = (self._first(type_) for type_ in ("day", "partial date", "time"))
        if time:
            yield f"starts_at = {_quoted(self._hole(time, time.conversion))} # change if not in UTC: zone:Europe/Kyiv"
            yield f"time_precision.first = {_list([self._hole(time, 'map:minute'), 'unknown'])}"
        elif day:
            pattern = day.conversion.removeprefix("date")
            yield f"starts_at = {_quoted(self._hole(day, 'day' + pattern))}"
            yield f"ends_at = {_quoted(self._hole(day, 'next_day' + pattern))}"
            yield f"time_precision.first = {_list([self._hole(day, 'precision' + pattern), 'unknown'])}"
        elif partial:
            yield f"starts_at = {_quoted(self._hole(partial, 'earliest'))}"
            yield f"ends_at = {_quoted(self._hole(partial, 'latest'))}"
            yield f"time_precision.first = {_list([self._hole(partial, 'precision'), 'unknown'])}"
        else:
            yield 'time_precision = "unknown" # change: no column is a date for sure'

    def _point(self) -> list[str]:
        latitude, longitude, point = (self._first(type_) for type_ in ("latitude", "longitude", "point"))
        if latitude and longitude:
            return [
                f"latitude = {_quoted(self._hole(latitude, 'latitude'))}",
                f"longitude = {_quoted(self._hole(longitude, 'longitude'))}",
            ]
        return [f"point = {_quoted(self._hole(point, point.conversion))}"] if point else []

    def _place_key(self) -> str:
        found = [self._first(type_) for type_ in ("latitude", "longitude")]
        columns = found if all(found) else [self._first("point")]
        name = self._named(NAMES_PLACE)
        holes = " ".join(self._hole(one, "") for one in columns if one)
        return f"{self._hole(name, 'or:-')}, {holes}" if name else holes

    def _place_name(self) -> str:
        name = self._named(NAMES_PLACE)
        return self._hole(name, "or:a place without a name") if name else self._place_key()

    def _key(self) -> str:
        found = self._unique()
        return self._hole(found, "") if found else "{#number}"

    def _key_advice(self) -> str:
        return (
            "" if self._unique() else " # change: no column has another value in each row; #number is the row's place"
        )

    def _unique(self) -> ColumnSample | None:
        able = [one for one in self._columns if one.filled == self._count and not one.repeats and _usable(one)]
        named = [one for one in able if NAMES_KEY.fullmatch(one.name)]
        plain = [one for one in able if one.type in ("whole number", "text", "term")]
        return next(iter(named or plain), None)

    def _title(self) -> str:
        found = next(filter(None, map(self._named, NAMES_TITLE)), None) or self._first("text")
        return self._hole(found, "words|short:200|or:no title") if found else f"Row {self._key()}"

    def _named(self, pattern: re.Pattern[str]) -> ColumnSample | None:
        texts = (one for one in self._columns if one.type in ("text", "term") and pattern.fullmatch(one.name))
        return next((one for one in texts if _usable(one)), None)

    def _first(self, type_: str) -> ColumnSample | None:
        return next((one for one in self._columns if one.type == type_ and _usable(one)), None)

    def _hole(self, column: ColumnSample, conversion: str) -> str:
        self._used.add(column.name)
        return f"{{{column.name}|{conversion}}}" if conversion else f"{{{column.name}}}"

    def _stem(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", Path(self._file).name.partition(".")[0].lower()).strip("-") or "data"


def _record(resource: str, **steering: str) -> Iterator[str]:
    yield ""
    yield "[[record]]"
    yield f"resource = {_quoted(resource)}"
    yield from (f"{name} = {value}" for name, value in steering.items())


def _usable(column: ColumnSample) -> bool:
    return not UNUSABLE.search(column.name) and not column.lists


def _comment(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(texts: Any) -> str:
    return f"[{', '.join(_quoted(text) for text in texts)}]"
