"""Read patterns of dates and times in the notation of strptime, with the same result on each machine.

strptime itself takes names of months from the machine's locale and names of zones from its clock. It fills in 1900,
January and the first day if a pattern has none. Here a pattern without a year is an error. Names come from CLDR.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from unicodedata import normalize

from babel import Locale

from api.ingest.converters.locales import find_locale
from api.ingest.converters.values import ConversionError
from api.ingest.formatting import format_value

DIGITS = {
    "Y": r"[0-9]{4}",
    "y": r"[0-9]{2}",
    "G": r"[0-9]{4}",
    "V": r"[0-9]{1,2}",
    "m": r"[0-9]{1,2}",
    "d": r"[0-9]{1,2}",
    "j": r"[0-9]{1,3}",
    "u": r"[1-7]",
    "H": r"[0-9]{1,2}",
    "I": r"[0-9]{1,2}",
    "M": r"[0-9]{1,2}",
    "S": r"[0-9]{1,2}",
    "f": r"[0-9]{1,6}",
}
# Beside another number without a mark between them, a number has all its digits: 1022022 could be two dates.
ALL_DIGITS = {"j": r"[0-9]{3}"} | dict.fromkeys("VmdHIMS", r"[0-9]{2}")
TEXTS = {"z": r"Z|[+-][0-9][0-9](?::?[0-9][0-9])?", "Z": r"UTC|GMT|Z", "p": r"[AP]\.?\s?M\.?"}
NAMES = {"B": "months", "b": "months", "A": "days", "a": "days"}
DIRECTIVES = (*DIGITS, *TEXTS, *NAMES)
LANGUAGE = re.compile(r"(.*) in ([a-z]{2,3}(?:[-_][A-Za-z]{2,8})*)")
ENGLISH = "en"
APOSTROPHES = "['’ʼ]"

# Directives of names, by the directive of the number that they stand for.
NUMBER_OF_NAME = {"B": "m", "b": "m", "A": "u", "a": "u"}
# Directives that the machine's locale decides about.
OF_LOCALE = ("c", "x", "X")

# Precisions of a date that are finer than a year, with the directives that a pattern must have for each, the finest
# first.
PRECISIONS = (
    ("day", ({"m", "d"}, {"j"}, {"V", "u"})),
    ("week", ({"V"},)),
    ("month", ({"m"},)),
)
# Pairs of directives that give the same part of a time.
SAME_PART = ({"Y", "y"}, {"Y", "G"}, {"H", "I"}, {"z", "Z"})


@dataclass(frozen=True)
class ParsedTime:
    """A date, and the time of day and the offset if they were given."""

    day: date
    precision: str = "day"
    clock: time | None = None
    offset: tzinfo | None = None

    def span(self) -> tuple[date, date]:
        """Return the first day, and the day after the last one. OverflowError beyond the year 9999."""
        return self.day, next_period(self.day, self.precision)


@dataclass(frozen=True)
class Pattern:
    """A pattern that was read: its regular expression, the names in it, and the precision of its dates."""

    regex: re.Pattern[str]
    months: dict[str, int]
    days: dict[str, int]
    precision: str
    has_time: bool
    has_offset: bool

    def read(self, plain: str) -> ParsedTime | None:
        """Return the date or time of a text; None if it is not written in this way. ValueError if there is no such
        time."""
        match = self.regex.fullmatch(plain)
        if match is None:
            return None
        return _build_time(self, match.groupdict())


def next_period(day: date, precision: str) -> date:
    """Return the first day after the day, week, month or year that begins with this day."""
    if precision == "year":
        return first_of_month(day.year + 1, 1)
    if precision == "month":
        return first_of_month(day.year + day.month // 12, day.month % 12 + 1)
    if precision == "week":
        return day + timedelta(7)
    return day + timedelta(1)


def first_of_month(year: int, month: int) -> date:
    """Return the first day of a month. OverflowError beyond the year 9999."""
    if year > 9999:
        raise OverflowError("date value out of range")
    return date(year, month, 1)


def parse_patterns(argument: str) -> list[Pattern]:
    """Return the patterns that are joined by ` or `. ConversionError if a part is missing that would have to be
    assumed."""
    return [_parse_pattern(pattern_text) for pattern_text in argument.split(" or ")]


def read_by_patterns(patterns: Iterable[Pattern], plain: str) -> ParsedTime | None:
    """Read a text by the first pattern that fits; None if there is none. ConversionError if there is no such time."""
    for pattern in patterns:
        try:
            reading = pattern.read(plain)
        except ValueError as error:
            raise ConversionError(f"there is no such time as {format_value(plain)}: {error}") from None
        if reading is not None:
            return reading
    return None


def _parse_pattern(pattern_text: str) -> Pattern:
    plain = pattern_text
    language = ENGLISH
    language_match = LANGUAGE.fullmatch(pattern_text)
    if language_match:
        plain, language = language_match.groups()
    pieces: list[str] = []
    directives: list[str] = []
    written = re.findall(r"%.?|\s+|[^%\s]+", plain)
    for place, piece in enumerate(written):
        if piece.isspace():
            pieces.append(r"\s+")
        elif piece == "%%":
            pieces.append("%")
        elif piece.startswith("%"):
            directive = piece[1:]
            directives.append(directive)
            neighbours = written[max(place - 1, 0) : place + 2]
            is_beside_number = sum(map(_is_number, neighbours)) > 1
            pieces.append(_directive_regex(directive, language, pattern_text, is_beside_number))
        else:
            pieces.append(re.escape(piece))
    parts = {NUMBER_OF_NAME.get(directive, directive) for directive in directives}
    problem = _find_problem(directives, parts)
    if problem:
        raise ConversionError(f"the pattern {format_value(pattern_text)} has {problem}")
    months: dict[str, int] = {}
    if "m" in parts:
        months = names(language, "months")
    days: dict[str, int] = {}
    if "u" in parts:
        days = names(language, "days")
    return Pattern(
        re.compile("".join(pieces), re.IGNORECASE),
        months,
        days,
        precision=_find_precision(parts),
        has_time=bool(parts & {"H", "I"}),
        has_offset=bool(parts & {"z", "Z"}),
    )


def _is_number(piece: str) -> bool:
    """Return True if a piece of a pattern is the directive of a number."""
    return piece[:1] == "%" and piece[1:] in DIGITS


def _directive_regex(directive: str, language: str, pattern_text: str, is_beside_number: bool) -> str:
    """Return a regular expression for a directive. ConversionError if it is not one of those that are read."""
    if directive in NAMES:
        longest_first = sorted(names(language, NAMES[directive]), key=len, reverse=True)
        alternatives = "|".join(re.escape(name).replace("'", APOSTROPHES) for name in longest_first)
        return rf"(?P<{directive}>{alternatives})\.?"
    if directive in DIGITS:
        digits = ALL_DIGITS.get(directive) if is_beside_number else None
        return f"(?P<{directive}>{digits or DIGITS[directive]})"
    if directive in TEXTS:
        return f"(?P<{directive}>{TEXTS[directive]})"
    reason = ""
    if directive in OF_LOCALE:
        reason = ": it depends on the machine's locale"
    known = ", ".join(f"%{name}" for name in DIRECTIVES)
    raise ConversionError(
        f"the pattern {format_value(pattern_text)} has %{directive}, which is not read{reason}; write it with {known}"
    )


def _find_problem(directives: list[str], parts: set[str]) -> str:
    """Return what is wrong with a pattern: a part that would have to be assumed, or that is given twice. Empty if there
    is nothing wrong. `parts` are the directives, with those of numbers for those of names."""
    has_hour = bool(parts & {"H", "I"})
    has_day = {"m", "d"} <= parts or bool(parts & {"j", "V"})
    if not parts & {"Y", "y", "G"}:
        return "no year, and no year is ever assumed: give it with %Y, or join the column that has it"
    if "d" in parts and "m" not in parts:
        return "a day without a month"
    if ("V" in parts) != ("G" in parts):
        return "half of a week of ISO 8601, which is %G-W%V"
    if ("u" in parts or has_hour) and not has_day:
        return "a day of the week or a time without a date"
    if ("I" in parts) != ("p" in parts):
        return "an hour of 12 without %p, or %p without %I"
    minute_alone = "M" in parts and not has_hour
    second_alone = "S" in parts and "M" not in parts
    fraction_alone = "f" in parts and "S" not in parts
    if minute_alone or second_alone or fraction_alone:
        return "a part of a time without the larger part before it"
    if len(parts) < len(directives) or any(pair <= parts for pair in SAME_PART):
        return "the same part twice"
    return ""


def _find_precision(parts: set[str]) -> str:
    """Return the finest precision that the parts of a pattern allow."""
    for precision, alternatives in PRECISIONS:
        if any(required <= parts for required in alternatives):
            return precision
    return "year"


def _build_time(pattern: Pattern, parts: dict[str, str]) -> ParsedTime:
    """Return the time that the matched parts give. ValueError if there is no such time."""
    day = _build_day(pattern, parts)
    weekday = _parse_weekday(pattern, parts)
    if weekday and day.isoweekday() != weekday:
        raise ValueError("the day of the week is another one")
    clock = None
    if pattern.has_time:
        microsecond = int(parts.get("f", "0").ljust(6, "0"))
        clock = time(_parse_hour(parts), int(parts.get("M", 0)), int(parts.get("S", 0)), microsecond)
    offset: tzinfo | None = None
    if "z" in parts:
        offset = parse_offset(parts["z"])
    elif "Z" in parts:
        offset = UTC
    return ParsedTime(day, pattern.precision, clock, offset)


def _build_day(pattern: Pattern, parts: dict[str, str]) -> date:
    """Return the day, or the first day of the week, month or year. ValueError if there is no such day."""
    if "G" in parts:
        weekday = _parse_weekday(pattern, parts) or 1
        return date.fromisocalendar(int(parts["G"]), int(parts["V"]), weekday)
    year = _parse_year(parts)
    if "j" in parts:
        day = date(year, 1, 1) + timedelta(int(parts["j"]) - 1)
        if day.year != year or parts["j"].strip("0") == "":
            raise ValueError(f"the year {year} has no day {parts['j']}")
        return day
    return date(year, _parse_month(pattern, parts), int(parts.get("d", 1)))


def _parse_weekday(pattern: Pattern, parts: dict[str, str]) -> int | None:
    """Return the day of the week, from 1 for Monday to 7; None if it is not given."""
    if "u" in parts:
        return int(parts["u"])
    return _find_number(pattern.days, parts, ("A", "a"))


def _parse_month(pattern: Pattern, parts: dict[str, str]) -> int:
    """Return the month, or the first one if it is not given."""
    if "m" in parts:
        return int(parts["m"])
    return _find_number(pattern.months, parts, ("B", "b")) or 1


def _parse_year(parts: dict[str, str]) -> int:
    """Return the year. Two digits are read by the rule of POSIX: 69 to 99 are years of the last century."""
    if "Y" in parts:
        return int(parts["Y"])
    year = int(parts["y"])
    if year >= 69:
        return 1900 + year
    return 2000 + year


def _parse_hour(parts: dict[str, str]) -> int:
    """Return the hour of 24. ValueError if it was given with AM or PM and is not from 1 to 12."""
    if "H" in parts:
        return int(parts["H"])
    hour = int(parts["I"])
    if not 1 <= hour <= 12:
        raise ValueError("hours of %I go from 1 to 12")
    if parts["p"][0] in "pP":
        return hour % 12 + 12
    return hour % 12


def _find_number(numbers: dict[str, int], parts: dict[str, str], directives: tuple[str, ...]) -> int | None:
    """Return the number of the name that one of the directives gives; None if there is no name."""
    for directive in directives:
        if directive not in parts:
            continue
        number = numbers.get(_normalize_name(parts[directive]))
        if not number:
            raise ValueError(f"{parts[directive]} is no name")
        return number
    return None


def parse_offset(written: str) -> tzinfo:
    """Return the offset from UTC of a text such as `Z`, `+02`, `+0200` or `+02:00`."""
    if written in "Zz":
        return UTC
    digits = written[1:].replace(":", "").ljust(4, "0")
    hours = int(digits[:2])
    minutes = int(digits[2:])
    if hours > 23 or minutes > 59:
        raise ValueError("an offset is below 24 hours")
    offset = timedelta(hours=hours, minutes=minutes)
    if written[0] == "-":
        return timezone(-offset)
    return timezone(offset)


@cache
def names(language: str, kind: str) -> dict[str, int]:
    """Return the names of `months` or `days` in a language, in lower case, with their numbers from 1.

    Both are taken in full and abbreviated, by themselves ("березень") and within a date ("6 березня"). A name that two
    of them share is left out. ConversionError if CLDR does not know the language.
    """
    locale_names = [language]
    if language == ENGLISH:
        locale_names.append("en-GB")
    numbers_by_name: dict[str, set[int]] = {}
    for locale_name in locale_names:
        locale = find_locale(locale_name, kind)
        for number, name in _names_of_locale(locale, kind):
            numbers_by_name.setdefault(_normalize_name(name), set()).add(number)
    return {name: numbers.pop() for name, numbers in numbers_by_name.items() if len(numbers) == 1}


def _names_of_locale(locale: Locale, kind: str) -> Iterator[tuple[int, str]]:
    if kind == "months":
        tables = locale.months
        shift = 0
    else:
        tables = locale.days
        shift = 1  # CLDR's days begin with Monday as 0 here
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in tables[context][width].items():
                yield number + shift, name


def _normalize_name(name: str) -> str:
    return re.sub(APOSTROPHES, "'", normalize("NFC", name).casefold()).rstrip(".")


def as_datetime(reading: ParsedTime, zone: tzinfo) -> datetime:
    """Return the time that was read, in `zone` if it has no offset of its own."""
    return datetime.combine(reading.day, reading.clock or time(), reading.offset or zone)
