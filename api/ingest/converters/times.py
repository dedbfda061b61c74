"""Conversions of dates and times. A part that is missing, such as a year, a day or an hour, is never assumed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import floor
from typing import Any

from api.ingest.converters.numbers import number
from api.ingest.converters.patterns import ParsedTime, Pattern, after, first_of, offset, patterns, read
from api.ingest.converters.values import ConversionError, Convert, Converter, Tables, text
from api.ingest.converters.zones import in_utc, zone
from api.ingest.formatting import shown

KEPT = 8192  # dates come again and again
LATEST = "expected a date before the year 9999, got "
ISO = re.compile(
    r"([0-9]{4})(?:-W([0-9]{2})|-([0-9]{2})(?:-([0-9]{2})(?:[T ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})"
    r"(?:[.,]([0-9]{1,9}))?)?)? ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?)?"
)
BASIC = re.compile(r"[0-9]{8}T[0-9]{4}.*")  # times without separators: 20220224T053000Z
Write = Callable[[ParsedTime], str]


def iso(plain: str) -> ParsedTime | None:
    """Read a date of ISO 8601, or a month, a week or a year. 00 is a month or a day that is not known. None if the text
    is in no such form; ConversionError if there is no such date."""
    if not (found := ISO.fullmatch(plain)):
        return _basic(plain)
    year, week, month, day, hour, minute, second, fraction, zone_ = found.groups()
    try:
        if week:
            return ParsedTime(date.fromisocalendar(int(year), int(week), 1), "week")
        if month in (None, "00") or day in (None, "00"):
            if hour or (month == "00" and day not in (None, "00")):
                return None
            known = month not in (None, "00")
            return ParsedTime(date(int(year), int(month) if known else 1, 1), "month" if known else "year")
        clock = None
        if hour:
            clock = time(int(hour), int(minute or 0), int(second or 0), int((fraction or "0").ljust(6, "0")[:6]))
        return ParsedTime(date(int(year), int(month), int(day)), "day", clock, offset(zone_) if zone_ else None)
    except ValueError:
        raise ConversionError(f"there is no date {plain}") from None


def _basic(plain: str) -> ParsedTime | None:
    if not BASIC.fullmatch(plain):
        return None
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        return None
    return ParsedTime(found.date(), "day", found.time(), found.tzinfo)


def _read(plain: str, known: list[Pattern], argument: str, precisions: tuple[str, ...]) -> ParsedTime:
    """Return the date that a text gives. ConversionError if it is not a date, or is less exact than these
    precisions."""
    if known:
        if found := read(known, plain):
            return found
        raise ConversionError(f"expected a date written as {argument}, got {shown(plain)}")
    reading = iso(plain)
    if reading is None:
        hint = "; if it is written otherwise, the mapping says how, as date:%m/%d/%Y"
        raise ConversionError(f"expected a date [ISO 8601] such as 2022-02-24, got {shown(plain)}{hint}")
    if reading.precision not in precisions:
        hint = "first_day, last_day, earliest, latest and precision take it"
        raise ConversionError(f"expected a day, and {shown(plain)} is a {reading.precision}: {hint}")
    return reading


def _dated(write: Write, *precisions: str) -> Callable[[str, Tables], Convert]:
    """Make a conversion that reads a date of one of these precisions, or a day if none is given, and returns what
    `write` makes of it."""
    allowed = precisions or ("day",)

    def make(argument: str, _: Tables) -> Convert:
        known = patterns(argument) if argument else []
        if coarse := next((one.precision for one in known if one.precision not in allowed), None):
            raise ConversionError(
                f"the pattern {shown(argument)} gives a {coarse} and no day, and no day is ever assumed: "
                "first_day, last_day, earliest, latest and precision take it"
            )

        @lru_cache(maxsize=KEPT)
        def convert(plain: str) -> str:
            try:
                return write(_read(plain, known, argument, allowed))
            except OverflowError:
                raise ConversionError(LATEST + shown(plain)) from None

        return lambda value: convert(text(value))

    return make


def _begin(day: date) -> str:
    return f"{day}T00:00:00Z"


def _monday(day: date) -> date:
    return day - timedelta(day.weekday())


def _first(day: date, unit: str) -> date:
    """Return the first day of the week, month or year that a day is in."""
    if unit == "week":
        return _monday(day)
    return first_of(day.year, day.month if unit == "month" else 1)


def _begins(unit: str) -> Write:
    return lambda reading: _begin(_first(reading.day, unit))


def _ends(unit: str) -> Write:
    return lambda reading: _begin(after(_first(reading.day, unit), unit))


def _add_days(argument: str, _: Tables) -> Convert:
    if not re.fullmatch(r"[+-]?[0-9]{1,5}", argument):
        raise ConversionError("add_days takes a number of days, such as add_days:7 or add_days:-3")
    days = timedelta(int(argument))
    return _dated(lambda reading: (reading.day + days).isoformat())("", Tables())


def _time(plain: str, known: list[Pattern], argument: str) -> ParsedTime:
    """Return the time that a text gives. ConversionError if it has none, such as a day alone."""
    reading = read(known, plain) if known else iso(plain)
    if reading is None:
        form = f"written as {argument}" if known else "[RFC 3339] such as 2022-02-24T05:30:00Z"
        hint = "; %Z takes UTC, GMT and Z, and zone:NAME reads local times" if "%Z" in argument else ""
        raise ConversionError(f"expected a time {form}, got {shown(plain)}{hint}")
    if reading.clock is None:
        raise ConversionError(f"expected a time, and {shown(plain)} has none: `day` takes a day")
    return reading


def _timed(argument: str) -> list[Pattern]:
    known = patterns(argument) if argument else []
    if not all(one.has_time for one in known):
        raise ConversionError(
            f"the pattern {shown(argument)} has no time of day, and none is ever assumed: `day` takes a day"
        )
    return known


def _moment(argument: str, _: Tables) -> Convert:
    known = _timed(argument)

    def convert(value: Any) -> str:
        reading = _time(text(value), known, argument)
        assert reading.clock is not None
        return datetime.combine(reading.day, reading.clock, reading.offset or UTC).isoformat()

    return convert


def _zone(argument: str, _: Tables) -> Convert:
    name, _blank, written = argument.partition(" ")
    there, known = zone(name), _timed(written)

    def convert(value: Any) -> str:
        reading = _time(text(value), known, written)
        assert reading.clock is not None
        if reading.offset:
            return datetime.combine(reading.day, reading.clock, reading.offset).isoformat()
        try:
            return in_utc(datetime.combine(reading.day, reading.clock), there).isoformat()
        except OverflowError:
            raise ConversionError(LATEST + shown(value)) from None

    return convert


def _unix(_: str, __: Tables) -> Convert:
    def convert(value: Any) -> str:
        seconds = number(value)
        try:
            whole = floor(seconds)
            found = datetime.fromtimestamp(whole, UTC)
            return found.replace(microsecond=int((seconds - whole) * 1_000_000)).isoformat()
        except (OverflowError, ValueError, OSError):
            raise ConversionError(f"expected seconds since 1970, got {shown(value)}") from None

    return convert


PARTIAL = ("day", "week", "month", "year")
CONVERTERS: dict[str, Converter] = {
    "date": Converter(
        "a day, without the time; written as patterns of strptime joined by ` or `, or as ISO 8601",
        _dated(lambda reading: reading.day.isoformat()),
        "may",
    ),
    "day": Converter("the time at which that day begins", _dated(lambda reading: _begin(reading.day)), "may"),
    "next_day": Converter("the time at which that day ends", _dated(lambda reading: _begin(reading.span()[1])), "may"),
    "week": Converter("the time at which the week of that day begins, on Monday", _dated(_begins("week")), "may"),
    "next_week": Converter("the time at which that week ends", _dated(_ends("week")), "may"),
    "month": Converter("the time at which the month of that day begins", _dated(_begins("month")), "may"),
    "next_month": Converter("the time at which that month ends", _dated(_ends("month")), "may"),
    "year": Converter("the time at which the year of that day begins", _dated(_begins("year")), "may"),
    "next_year": Converter("the time at which that year ends", _dated(_ends("year")), "may"),
    "add_days": Converter("the day so many days later, or earlier with a minus", _add_days, "must"),
    "earliest": Converter(
        "the time at which a date begins that may be a day, a week, a month or a year",
        _dated(lambda reading: _begin(reading.day), *PARTIAL),
        "may",
    ),
    "latest": Converter(
        "the time at which such a date ends", _dated(lambda reading: _begin(reading.span()[1]), *PARTIAL), "may"
    ),
    "first_day": Converter(
        "the first day of such a date", _dated(lambda reading: reading.day.isoformat(), *PARTIAL), "may"
    ),
    "last_day": Converter(
        "the last day of such a date",
        _dated(lambda reading: (reading.span()[1] - timedelta(1)).isoformat(), *PARTIAL),
        "may",
    ),
    "precision": Converter(
        "how exact such a date is: day, week, month or year", _dated(lambda reading: reading.precision, *PARTIAL), "may"
    ),
    "moment": Converter("a time, in UTC where it has no offset; written as in `date`", _moment, "may"),
    "zone": Converter(
        "a time on the clocks of an IANA zone; its name, then patterns, as in zone:Europe/Kyiv %d.%m.%Y %H:%M",
        _zone,
        "must",
    ),
    "unix": Converter("a time, from the seconds since 1970", _unix),
}
