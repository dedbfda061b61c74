"""Read values as callers write them, strictly: one reader for each type, shared by REST and GraphQL.

A reader takes a text and returns the value, or raises a ValueError that says what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any
from unicodedata import normalize

from api.catalog import Resource
from api.errors import UnknownName
from api.model import Type
from api.model.countries import COUNTRIES
from api.query.globe import Box, check_box, check_near
from api.query.words import terms as terms_of

# The date, the time, the fraction of the second and the offset. Programs also print offsets as `+0000`, ` +00:00` and
# ` UTC`.
TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:(?<=:\d\d:\d\d)\.(\d{1,18}))?(Z| ?UTC| ?[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
INTEGER = re.compile(r"\d{1,15}", re.ASCII)
IDENTIFIER = re.compile(r"[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)
BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "1": True,
    "false": False,
    "False": False,
    "FALSE": False,
    "0": False,
}
MAX_TEXT = 500
# Names that one error lists: the longest vocabulary has 17.
MAX_NAMES = 30
FIRST_YEAR = 1000
LATEST = datetime.max.replace(tzinfo=UTC)


def read_value(kind: Type, text: str, format: str = "") -> Any:
    """Read a text as a value of the type, in the format of its field. ValueError says what was expected."""
    if format in FORMATS:
        return FORMATS[format](text)
    if kind.name == "text" and kind.of is not None:
        return read_id(text, kind.of)
    if kind.name == "vocabulary":
        return read_term(text, kind.of.terms())
    return READERS[kind.name](text)


def read_text(text: str) -> str:
    """Return a text in normalization form C, as texts are stored (Unicode Standard Annex 15). ValueError if Postgres
    cannot hold it, or if it is empty or too long."""
    if not text:
        raise ValueError("Expected text that is not empty.")
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("Expected text without NUL and without lone surrogates.")
    if len(text) > MAX_TEXT:
        raise ValueError(f"Expected at most {MAX_TEXT} characters.")
    return normalize("NFC", text)


def read_words(text: str) -> str:
    """Read a search: text with at least one word (api/query/words.py)."""
    if not terms_of(read_text(text)):
        raise ValueError("Expected at least one word: letters or digits.")
    return text


def read_term(text: str, terms: Collection[str]) -> str:
    """Read a term of a vocabulary."""
    if text not in terms:
        raise UnknownName(f"{text[:50]!r} is not one of {listed(terms)}.", text, terms)
    return text


def listed(names: Collection[str]) -> str:
    """Return the names separated by commas. Of a long list, name only the first ones and count the others."""
    text = ", ".join(list(names)[:MAX_NAMES])
    left_out = len(names) - MAX_NAMES
    if left_out > 0:
        return f"{text} and {left_out} more"
    return text


def read_id(text: str, resource: Resource) -> str:
    """Read a public id of the resource."""
    if not IDENTIFIER.fullmatch(text) or not text.startswith(f"{resource.prefix}_"):
        form = f"{resource.prefix}_ and 26 characters of Crockford base32"
        raise ValueError(f"Expected an id of {resource.plural}: {form}.")
    return text


def read_any_id(text: str) -> str:
    """Read a public id of any resource."""
    if not IDENTIFIER.fullmatch(text):
        raise ValueError("Expected an id: three letters, _ and 26 characters of Crockford base32.")
    return text


def read_integer(text: str) -> int:
    """Read a whole number from 0, of at most 15 digits."""
    if not INTEGER.fullmatch(text):
        raise ValueError("Expected a whole number as 120, of at most 15 digits.")
    return int(text)


def read_timestamp(text: str) -> datetime:
    """Read a time in RFC 3339 with an offset, or a date, which stands for its midnight in UTC.

    A fraction of a microsecond is rounded up. Stored times have whole microseconds, so `gte` and `lt` stay exact."""
    match = TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError("Expected a time as 2022-03-06T12:00:00Z (RFC 3339, with its offset), or a date.")
    day, clock, fraction, offset = match.groups()
    if clock and not offset:
        raise ValueError("Expected a time with its offset: add Z for UTC, or one as +02:00.")
    microseconds = ceil(Decimal(f"0.{fraction or 0}").scaleb(6))
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}{_format_offset(offset)}").astimezone(UTC)
        # The last microsecond of the year 9999 has none after it.
        moment += min(timedelta(microseconds=microseconds), LATEST - moment)
    except (ValueError, OverflowError):
        raise ValueError("Expected a time that exists, in the years 1000 to 9999.") from None
    _check_year(moment.year)
    return moment


def _format_offset(text: str | None) -> str:
    """Return an offset in the form of RFC 3339. UTC if there is none."""
    offset = (text or "Z").strip().upper()
    if offset in ("Z", "UTC"):
        return "+00:00"
    return f"{offset[:3]}:{offset[-2:]}"


def read_date(text: str) -> date:
    """Read a date in ISO 8601, such as 2022-03-06."""
    if not DATE.fullmatch(text):
        raise ValueError("Expected a date as 2022-03-06.")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("Expected a date that exists.") from None
    _check_year(day.year)
    return day


def read_number(text: str) -> Decimal:
    """Read a decimal number of at most 15 digits and 6 decimals."""
    if not NUMBER.fullmatch(text):
        raise ValueError("Expected a number as 364 or 1.5: at most 15 digits and 6 decimals.")
    # Equal numbers are equal values: 1.50 as 1.5, 1E+2 as 100, -0 as 0.
    return Decimal(text).normalize() + 0


def read_boolean(text: str) -> bool:
    """Read `true` or `false`, also as programs print them: `True`, `TRUE`, `1`."""
    if text not in BOOLEANS:
        raise ValueError("Expected true or false.")
    return BOOLEANS[text]


def read_box(text: str) -> Box:
    """Read a box: west,south,east,north in degrees."""
    parts = text.split(",")
    if len(parts) != 4 or not all(map(_is_float, parts)):
        raise ValueError("Expected four numbers: west,south,east,north in degrees.")
    west, south, east, north = map(float, parts)
    return check_box(west, south, east, north)


def read_near(text: str) -> tuple[float, float, float]:
    """Read a circle: latitude,longitude,kilometres."""
    parts = text.split(",")
    if len(parts) != 3 or not all(map(_is_float, parts)):
        raise ValueError("Expected three numbers: latitude,longitude,kilometres.")
    latitude, longitude, kilometres = map(float, parts)
    return check_near(latitude, longitude, kilometres)


def read_identifier(text: str) -> tuple[str, str]:
    """Read scheme:value."""
    scheme, colon, value = read_text(text).partition(":")
    if not (scheme and colon and value):
        raise ValueError("Expected scheme:value, as wikidata:Q131258.")
    return scheme, value


def read_language(text: str) -> str:
    """Read a BCP 47 language tag, such as en or pt-BR."""
    if not LANGUAGE.fullmatch(text):
        raise ValueError("Expected a language as en or uk (BCP 47).")
    return text


def read_country(text: str) -> str:
    """Read an assigned ISO 3166-1 alpha-2 code."""
    if text not in COUNTRIES:
        raise ValueError(f"Expected a country as UA (ISO 3166-1 alpha-2, in capitals), not {text[:50]!r}.")
    return text


def _check_year(year: int) -> None:
    if year < FIRST_YEAR:
        raise ValueError(f"Expected a year from {FIRST_YEAR} to 9999.")


def _is_float(part: str) -> bool:
    """Return True for a number as programs print a double."""
    return re.fullmatch(r"-?\d{1,5}(\.\d{1,20})?(e-\d{1,2})?", part, re.ASCII) is not None


FORMATS: dict[str, Callable[[str], Any]] = {"country": read_country, "language": read_language, "id": read_any_id}
READERS: dict[str, Callable[[str], Any]] = {
    "text": read_text,
    "timestamp": read_timestamp,
    "date": read_date,
    "number": read_number,
    "integer": read_integer,
    "boolean": read_boolean,
}
