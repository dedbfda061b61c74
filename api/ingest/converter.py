"""The conversions that a mapping can name, each a row of a table: `{date_start|day}`, `{fatalities|number:,}`.

A conversion takes one value of a row, as text or as JSON gives it, and gives what a record can hold, or nothing. What
it cannot make sense of is Unfit, and says what it expected. Nothing is guessed: a number with separators is refused
until the mapping says which ones they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any

from api.ingest.nation import codes
from api.ingest.quotation import shown
from api.ingest.wording import closest

Convert = Callable[[Any], Any]
Maps = Mapping[str, Mapping[str, Any]]
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?", re.ASCII)
SEPARATED = re.compile(r"[-+]?\d{1,3}([,. '\u00a0\u202f]\d{3})+([.,]\d+)?", re.ASCII)
DATE = re.compile(r"(\d{4}-\d\d-\d\d)([T ]00:00(:00(\.0+)?)?Z?)?", re.ASCII)
SPACES = {"space": " \u00a0\u202f"}
MOST_IN_KEY = 160
LARGE = 10**30
NUMBERS = (int, Decimal)
KEPT = 8192  # dates and names come again and again


class Unfit(Exception):
    """A value that a conversion cannot take; the message says what was expected."""


@dataclass(frozen=True)
class Converter:
    """`argument` says whether a text after the colon `must`, `may` or, where it is empty, must not be there."""

    meaning: str
    make: Callable[[str, Maps], Convert]
    argument: str = ""


def text(value: Any) -> str:
    """A value as text: numbers as they are written, without an exponent."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, NUMBERS):
        return f"{_bounded(value):f}" if isinstance(value, Decimal) else str(_bounded(value))
    raise Unfit(f"expected text or a number, got {shown(value)}")


def _bounded(value: int | Decimal) -> int | Decimal:
    """A number that can be written down: 1e999999999 is short in JSON and a gigabyte as text."""
    if value and not -LARGE < value < LARGE:
        raise Unfit("expected a number below 1e15")
    if isinstance(value, Decimal) and value.as_tuple().exponent < -40:  # type: ignore[operator]
        raise Unfit("expected a number of at most 6 decimals")
    return value


def number(value: Any, thousands: str = "", point: str = ".") -> int | Decimal:
    """A number, exactly as it is written."""
    if isinstance(value, NUMBERS) and not isinstance(value, bool):
        return _bounded(value)
    plain = text(value)
    if thousands:
        plain = re.sub(rf"(?<=\d)[{re.escape(thousands)}](?=\d{{3}}(\D|$))", "", plain)
    if point != ".":
        plain = plain.replace(".", "x").replace(point, ".")
    if NUMBER.fullmatch(plain) and len(plain) <= 60:
        return Decimal(plain) if "." in plain else int(plain)
    hint = ""
    if found := SEPARATED.fullmatch(text(value)):
        mark = found[1][0]
        hint = f"; where {shown(mark)} separates thousands, the mapping says number:{mark}"
    raise Unfit(f"expected a number such as 1234.5, got {shown(value)}{hint}")


def key(value: str) -> str:
    """A text as keys and links by key have it: one line, and beyond 160 characters cut, with a hash of the whole."""
    if value.isprintable() and "  " not in value and len(value) <= MOST_IN_KEY:
        return value
    plain = " ".join("".join(one if one.isprintable() else " " for one in value).split())
    if len(plain) <= MOST_IN_KEY:
        return plain
    return f"{plain[: MOST_IN_KEY - 20]}… {sha256(plain.encode()).hexdigest()[:16]}"


def _number(argument: str, _: Maps) -> Convert:
    thousands, point = (SPACES[argument], ".") if argument in SPACES else (argument[:1], argument[1:] or ".")
    return lambda value: number(value, thousands, point)


def _whole(_: str, __: Maps) -> Convert:
    def convert(value: Any) -> int:
        found = number(value)
        if found != int(found):
            raise Unfit(f"expected a whole number, got {shown(value)}")
        return int(found)

    return convert


def _degrees(most: int, other: str) -> Callable[[str, Maps], Convert]:
    def convert(value: Any) -> int | Decimal:
        found = number(value)
        if not -most <= found <= most:
            raise Unfit(f"expected degrees from {-most} to {most}, got {shown(value)}; is it the {other}?")
        return found

    return lambda _, __: convert


def _read(plain: str, patterns: str) -> date:
    if not patterns:
        if not (found := DATE.fullmatch(plain)):
            hint = "; if it is written otherwise, the mapping says how, as date:%m/%d/%Y"
            raise Unfit(f"expected a date [ISO 8601] such as 2022-02-24, got {shown(plain)}{hint}")
        try:
            return date.fromisoformat(found[1])
        except ValueError:
            raise Unfit(f"there is no date {plain}") from None
    return _parsed(plain, patterns).date()


def _parsed(plain: str, patterns: str) -> datetime:
    for pattern in patterns.split(" or "):
        try:
            return datetime.strptime(plain, pattern)
        except ValueError:
            continue
    raise Unfit(f"expected a time written as {patterns}, got {shown(plain)}")


def _dated(write: Callable[[date], str]) -> Callable[[str, Maps], Convert]:
    def make(argument: str, _: Maps) -> Convert:
        @lru_cache(maxsize=KEPT)
        def convert(plain: str) -> str:
            try:
                return write(_read(plain, argument))
            except OverflowError:
                raise Unfit(f"expected a date before the year 9999, got {shown(plain)}") from None

        return lambda value: convert(text(value))

    return make


def _moment(argument: str, _: Maps) -> Convert:
    def convert(value: Any) -> str:
        plain = text(value)
        try:
            found = _parsed(plain, argument) if argument else datetime.fromisoformat(plain)
        except ValueError:
            raise Unfit(f"expected a time [RFC 3339] such as 2022-02-24T05:30:00Z, got {shown(value)}") from None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()

    return convert


def _unix(_: str, __: Maps) -> Convert:
    def convert(value: Any) -> str:
        try:
            return datetime.fromtimestamp(int(number(value)), UTC).isoformat()
        except (OverflowError, ValueError, OSError):
            raise Unfit(f"expected seconds since 1970, got {shown(value)}") from None

    return convert


def _split(argument: str, _: Maps) -> Convert:
    mark = {"line": "\n", "": ","}.get(argument, argument)
    return lambda value: value if isinstance(value, list) else [one.strip() for one in text(value).split(mark)]


def _mapped(argument: str, maps: Maps) -> Convert:
    if argument not in maps:
        raise Unfit(f"there is no [maps.{argument}]{closest(argument, maps)}")
    terms = maps[argument]
    starts = [(one[:-1], term) for one, term in terms.items() if one.endswith("*")]

    def convert(value: Any) -> Any:
        plain = text(value)
        if plain in terms:
            return terms[plain] or None
        for start, term in starts:
            if plain.startswith(start):
                return term or None
        raise Unfit(f"expected one of {', '.join(map(shown, terms))} of [maps.{argument}], got {shown(value)}")

    return convert


def _country(_: str, __: Maps) -> Convert:
    names = codes()

    def convert(value: Any) -> str:
        plain = text(value)
        if found := names.get(plain.casefold()):
            return found
        raise Unfit(f"expected the name of a country, got {shown(value)}{closest(plain.casefold(), names)}")

    return convert


def _short(argument: str, _: Maps) -> Convert:
    if not argument.isdecimal() or not 0 < int(argument) <= 20_000:
        raise Unfit("short takes a number of characters, such as short:200")
    most = int(argument)

    def convert(value: Any) -> str:
        plain = text(value)
        return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"

    return convert


def _worded(change: Callable[[str, str], Any]) -> Callable[[str, Maps], Convert]:
    return lambda argument, _: lambda value: change(text(value), argument)


CONVERTERS: dict[str, Converter] = {
    "number": Converter("a number; the thousands separator and the decimal mark, as in number:.,", _number, "may"),
    "whole": Converter("a number without a fraction", _whole),
    "latitude": Converter("degrees from -90 to 90", _degrees(90, "longitude")),
    "longitude": Converter("degrees from -180 to 180", _degrees(180, "latitude")),
    "nonzero": Converter("a number, and nothing for 0", lambda _, __: lambda value: number(value) or None),
    "date": Converter(
        "a day; written as patterns of strptime joined by ` or `, or as ISO 8601", _dated(date.isoformat), "may"
    ),
    "day": Converter("the time at which that day begins", _dated(lambda day: f"{day}T00:00:00Z"), "may"),
    "next_day": Converter(
        "the time at which that day ends", _dated(lambda day: f"{day + timedelta(1)}T00:00:00Z"), "may"
    ),
    "moment": Converter("a time, in UTC where it has no offset; written as in `date`", _moment, "may"),
    "unix": Converter("a time, from the seconds since 1970", _unix),
    "split": Converter("a list: the parts between the mark, a comma or `line` for a new line", _split, "may"),
    "map": Converter(
        "what [maps.NAME] has for it; `start*` is whatever begins so, and an empty term is nothing", _mapped, "must"
    ),
    "country": Converter("the ISO 3166-1 code of a country's English name", _country),
    "short": Converter("the text, cut to so many characters", _short, "must"),
    "lower": Converter("the text in lower case", _worded(lambda value, _: value.lower())),
    "words": Converter("the text on one line, with single spaces", _worded(lambda value, _: " ".join(value.split()))),
    "trim": Converter("the text without these characters at its ends", _worded(str.strip), "must"),
    "only": Converter("the text if it is this one, else nothing", _worded(lambda a, b: a if a == b else None), "must"),
    "except": Converter("the text unless it is this one", _worded(lambda a, b: a if a != b else None), "must"),
    "or": Converter("this text where there is nothing", lambda argument, _: lambda value: value, "must"),
}


def converter(name: str, argument: str, maps: Maps) -> Convert:
    """The conversion of this name. Unfit where there is none, or where it does not take the argument."""
    if not (found := CONVERTERS.get(name)):
        raise Unfit(f"there is no conversion {name}{closest(name, CONVERTERS)}")
    if argument and not found.argument:
        raise Unfit(f"{name} takes nothing after a colon")
    if not argument and found.argument == "must":
        raise Unfit(f"{name} takes something after a colon: {found.meaning}")
    return found.make(argument, maps)
