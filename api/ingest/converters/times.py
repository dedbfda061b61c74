"""Conversions of dates and times. A part that is missing, such as a year, a day or an hour, is never assumed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import floor
from typing import Any

from api.ingest.converters.numbers import number
from api.ingest.converters.patterns import (
    ParsedTime,
    Pattern,
    first_of_month,
    next_period,
    parse_offset,
    parse_patterns,
    read_by_patterns,
)
from api.ingest.converters.values import ConversionError, Convert, Converter, MakeConvert, Tables, ignore_argument, text
from api.ingest.converters.zones import in_utc, zone
from api.ingest.formatting import format_value

CACHE_SIZE = 8192  # dates come again and again
TOO_LATE = "expected a date before the year 9999, got "
ISO = re.compile(
    r"([0-9]{4})(?:-W([0-9]{2})|-([0-9]{2})(?:-([0-9]{2})(?:[T ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})"
    r"(?:[.,]([0-9]{1,9}))?)?)? ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?)?"
)
BASIC = re.compile(r"[0-9]{8}T[0-9]{4}.*")  # times without separators: 20220224T053000Z
UNKNOWN = (None, "00")  # a month or a day that is missing, or is written as unknown

DAY_ONLY = ("day",)
PARTIAL = ("day", "week", "month", "year")

Write = Callable[[ParsedTime], str]


def read_iso(plain: str) -> ParsedTime | None:
    """Read a date of ISO 8601, or a month, a week or a year. 00 is a month or a day that is not known. None if the text
    is in no such form; ConversionError if there is no such date."""
    match = ISO.fullmatch(plain)
    if not match:
        return _read_basic(plain)
    try:
        return _parse_iso(match)
    except ValueError:
        raise ConversionError(f"there is no date {plain}") from None


def _parse_iso(match: re.Match[str]) -> ParsedTime | None:
    """Return the date of a match of ISO. ValueError if there is no such date."""
    year, week, month, day, hour, minute, second, fraction, zone_ = match.groups()
    if week:
        return ParsedTime(date.fromisocalendar(int(year), int(week), 1), "week")
    if day in UNKNOWN:
        if hour:
            return None
        if month in UNKNOWN:
            return ParsedTime(date(int(year), 1, 1), "year")
        return ParsedTime(date(int(year), int(month), 1), "month")
    if month in UNKNOWN:
        return None
    clock = None
    offset = None
    if hour:
        microsecond = int((fraction or "0").ljust(6, "0")[:6])
        clock = time(int(hour), int(minute or 0), int(second or 0), microsecond)
    if zone_:
        offset = parse_offset(zone_)
    return ParsedTime(date(int(year), int(month), int(day)), "day", clock, offset)


def _read_basic(plain: str) -> ParsedTime | None:
    if not BASIC.fullmatch(plain):
        return None
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        return None
    return ParsedTime(moment.date(), "day", moment.time(), moment.tzinfo)


def _read_date(plain: str, patterns: list[Pattern], argument: str, precisions: tuple[str, ...]) -> ParsedTime:
    """Return the date that a text contains. ConversionError if it is not a date, or is less exact than these
    precisions."""
    if patterns:
        reading = read_by_patterns(patterns, plain)
        if reading is None:
            raise ConversionError(f"expected a date written as {argument}, got {format_value(plain)}")
        return reading
    reading = read_iso(plain)
    if reading is None:
        hint = "; if it is written otherwise, the mapping says how, as date:%m/%d/%Y"
        raise ConversionError(f"expected a date [ISO 8601] such as 2022-02-24, got {format_value(plain)}{hint}")
    if reading.precision not in precisions:
        hint = "first_day, last_day, earliest, latest and precision take it"
        raise ConversionError(f"expected a day, and {format_value(plain)} is a {reading.precision}: {hint}")
    return reading


def _parse_optional_patterns(argument: str) -> list[Pattern]:
    if not argument:
        return []
    return parse_patterns(argument)


def _date_converter(write: Write, precisions: tuple[str, ...] = DAY_ONLY) -> MakeConvert:
    """Make a conversion that reads a date of one of these precisions, and returns the text that `write` makes of it."""

    def make(argument: str, _: Tables) -> Convert:
        patterns = _parse_optional_patterns(argument)
        for pattern in patterns:
            if pattern.precision not in precisions:
                raise ConversionError(
                    f"the pattern {format_value(argument)} gives a {pattern.precision} and no day, "
                    "and no day is ever assumed: first_day, last_day, earliest, latest and precision take it"
                )

        @lru_cache(maxsize=CACHE_SIZE)
        def convert_text(plain: str) -> str:
            try:
                return write(_read_date(plain, patterns, argument, precisions))
            except OverflowError:
                raise ConversionError(TOO_LATE + format_value(plain)) from None

        def convert(value: Any) -> str:
            return convert_text(text(value))

        return convert

    return make


def _midnight(day: date) -> str:
    return f"{day}T00:00:00Z"


def _first_day_of(day: date, unit: str) -> date:
    """Return the first day of the week, month or year that a day is in."""
    if unit == "week":
        return day - timedelta(day.weekday())
    if unit == "month":
        return first_of_month(day.year, day.month)
    return first_of_month(day.year, 1)


def _start_of(day: date, unit: str) -> str:
    return _midnight(_first_day_of(day, unit))


def _end_of(day: date, unit: str) -> str:
    return _midnight(next_period(_first_day_of(day, unit), unit))


def _write_first_day(reading: ParsedTime) -> str:
    """Return the first day of a date, which is the day itself if that is known."""
    return reading.day.isoformat()


def _write_last_day(reading: ParsedTime) -> str:
    """Return the last day of a date."""
    _, next_day = reading.span()
    return (next_day - timedelta(1)).isoformat()


def _write_start(reading: ParsedTime) -> str:
    """Return the time at which a date begins."""
    return _midnight(reading.day)


def _write_end(reading: ParsedTime) -> str:
    """Return the time at which a date ends."""
    _, next_day = reading.span()
    return _midnight(next_day)


def _write_precision(reading: ParsedTime) -> str:
    """Return how exact a date is."""
    return reading.precision


def _write_week_start(reading: ParsedTime) -> str:
    """Return the time at which the week of a day begins."""
    return _start_of(reading.day, "week")


def _write_week_end(reading: ParsedTime) -> str:
    """Return the time at which the week of a day ends."""
    return _end_of(reading.day, "week")


def _write_month_start(reading: ParsedTime) -> str:
    """Return the time at which the month of a day begins."""
    return _start_of(reading.day, "month")


def _write_month_end(reading: ParsedTime) -> str:
    """Return the time at which the month of a day ends."""
    return _end_of(reading.day, "month")


def _write_year_start(reading: ParsedTime) -> str:
    """Return the time at which the year of a day begins."""
    return _start_of(reading.day, "year")


def _write_year_end(reading: ParsedTime) -> str:
    """Return the time at which the year of a day ends."""
    return _end_of(reading.day, "year")


def _make_add_days(argument: str, tables: Tables) -> Convert:
    if not re.fullmatch(r"[+-]?[0-9]{1,5}", argument):
        raise ConversionError("add_days takes a number of days, such as add_days:7 or add_days:-3")
    days = timedelta(int(argument))

    def write_shifted(reading: ParsedTime) -> str:
        return (reading.day + days).isoformat()

    return _date_converter(write_shifted)("", tables)


def _read_time(plain: str, patterns: list[Pattern], argument: str) -> tuple[ParsedTime, time]:
    """Return the date that a text contains, and its time of day. ConversionError if it has none, such as a day
    alone."""
    if patterns:
        form = f"written as {argument}"
        reading = read_by_patterns(patterns, plain)
    else:
        form = "[RFC 3339] such as 2022-02-24T05:30:00Z"
        reading = read_iso(plain)
    if reading is None:
        hint = ""
        if "%Z" in argument:
            hint = "; %Z takes UTC, GMT and Z, and zone:NAME reads local times"
        raise ConversionError(f"expected a time {form}, got {format_value(plain)}{hint}")
    if reading.clock is None:
        raise ConversionError(f"expected a time, and {format_value(plain)} has none: `day` takes a day")
    return reading, reading.clock


def _parse_time_patterns(argument: str) -> list[Pattern]:
    """Return the patterns of an argument. ConversionError if one of them has no time of day."""
    patterns = _parse_optional_patterns(argument)
    for pattern in patterns:
        if not pattern.has_time:
            raise ConversionError(
                f"the pattern {format_value(argument)} has no time of day, and none is ever assumed: `day` takes a day"
            )
    return patterns


def _make_moment(argument: str, _: Tables) -> Convert:
    patterns = _parse_time_patterns(argument)

    def convert(value: Any) -> str:
        reading, clock = _read_time(text(value), patterns, argument)
        return datetime.combine(reading.day, clock, reading.offset or UTC).isoformat()

    return convert


def _make_zone(argument: str, _: Tables) -> Convert:
    name, _blank, pattern_text = argument.partition(" ")
    local_zone = zone(name)
    patterns = _parse_time_patterns(pattern_text)

    def convert(value: Any) -> str:
        reading, clock = _read_time(text(value), patterns, pattern_text)
        if reading.offset:
            return datetime.combine(reading.day, clock, reading.offset).isoformat()
        try:
            return in_utc(datetime.combine(reading.day, clock), local_zone).isoformat()
        except OverflowError:
            raise ConversionError(TOO_LATE + format_value(value)) from None

    return convert


def _read_unix(value: Any) -> str:
    """Return the time that is so many seconds after the beginning of 1970."""
    seconds = number(value)
    try:
        whole_seconds = floor(seconds)
        moment = datetime.fromtimestamp(whole_seconds, UTC)
        microsecond = int((seconds - whole_seconds) * 1_000_000)
        return moment.replace(microsecond=microsecond).isoformat()
    except (OverflowError, ValueError, OSError):
        raise ConversionError(f"expected seconds since 1970, got {format_value(value)}") from None


CONVERTERS: dict[str, Converter] = {
    "date": Converter(
        "a day, without the time; written as patterns of strptime joined by ` or `, or as ISO 8601",
        _date_converter(_write_first_day),
        "may",
    ),
    "day": Converter("the time at which that day begins", _date_converter(_write_start), "may"),
    "next_day": Converter("the time at which that day ends", _date_converter(_write_end), "may"),
    "week": Converter(
        "the time at which the week of that day begins, on Monday", _date_converter(_write_week_start), "may"
    ),
    "next_week": Converter("the time at which that week ends", _date_converter(_write_week_end), "may"),
    "month": Converter("the time at which the month of that day begins", _date_converter(_write_month_start), "may"),
    "next_month": Converter("the time at which that month ends", _date_converter(_write_month_end), "may"),
    "year": Converter("the time at which the year of that day begins", _date_converter(_write_year_start), "may"),
    "next_year": Converter("the time at which that year ends", _date_converter(_write_year_end), "may"),
    "add_days": Converter("the day so many days later, or earlier with a minus", _make_add_days, "must"),
    "earliest": Converter(
        "the time at which a date begins that may be a day, a week, a month or a year",
        _date_converter(_write_start, PARTIAL),
        "may",
    ),
    "latest": Converter("the time at which such a date ends", _date_converter(_write_end, PARTIAL), "may"),
    "first_day": Converter("the first day of such a date", _date_converter(_write_first_day, PARTIAL), "may"),
    "last_day": Converter("the last day of such a date", _date_converter(_write_last_day, PARTIAL), "may"),
    "precision": Converter(
        "how exact such a date is: day, week, month or year", _date_converter(_write_precision, PARTIAL), "may"
    ),
    "moment": Converter("a time, in UTC where it has no offset; written as in `date`", _make_moment, "may"),
    "zone": Converter(
        "a time on the clocks of an IANA zone; its name, then patterns, as in zone:Europe/Kyiv %d.%m.%Y %H:%M",
        _make_zone,
        "must",
    ),
    "unix": Converter("a time, from the seconds since 1970", ignore_argument(_read_unix)),
}
