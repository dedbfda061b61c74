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

from babel import Locale, UnknownLocaleError

from api.ingest.converters.values import ConversionError
from api.ingest.formatting import shown

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
TEXTS = {"z": r"Z|[+-][0-9][0-9](?::?[0-9][0-9])?", "Z": r"UTC|GMT|Z", "p": r"[AP]\.?\s?M\.?"}
NAMES = {"B": "months", "b": "months", "A": "days", "a": "days"}
KNOWN = (*DIGITS, *TEXTS, *NAMES)
LANGUAGE = re.compile(r"(.*) in ([a-z]{2,3}(?:[-_][A-Za-z]{2,8})*)")
ENGLISH = "en"
APOSTROPHES = "['’ʼ]"

# Precisions of a date, with the directives that a pattern must have for each, the finest first.
PRECISIONS = (
    ("day", ({"m", "d"}, {"j"}, {"V", "u"})),
    ("week", ({"V"},)),
    ("month", ({"m"},)),
    ("year", (set[str](),)),
)


@dataclass(frozen=True)
class ParsedTime:
    """A date, and the time of day and the offset if they were given."""

    day: date
    precision: str = "day"
    clock: time | None = None
    offset: tzinfo | None = None

    def span(self) -> tuple[date, date]:
        """Return the first day, and the day after the last one. OverflowError beyond the year 9999."""
        return self.day, after(self.day, self.precision)


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
        found = self.regex.fullmatch(plain)
        return _reading(self, found.groupdict()) if found else None


def after(day: date, precision: str) -> date:
    """Return the first day after the day, week, month or year that begins with this day."""
    if precision == "year":
        return first_of(day.year + 1, 1)
    if precision == "month":
        return first_of(day.year + day.month // 12, day.month % 12 + 1)
    return day + timedelta(7 if precision == "week" else 1)


def first_of(year: int, month: int) -> date:
    """Return the first day of a month. OverflowError beyond the year 9999."""
    if year > 9999:
        raise OverflowError("date value out of range")
    return date(year, month, 1)


def patterns(argument: str) -> list[Pattern]:
    """Return the patterns that are joined by ` or `. ConversionError if a part is missing that would have to be
    assumed."""
    return [_pattern(written) for written in argument.split(" or ")]


def read(known: Iterable[Pattern], plain: str) -> ParsedTime | None:
    """Read a text by the first pattern that fits; None if there is none. ConversionError if there is no such time."""
    for pattern in known:
        try:
            if found := pattern.read(plain):
                return found
        except ValueError as error:
            raise ConversionError(f"there is no such time as {shown(plain)}: {error}") from None
    return None


def _pattern(written: str) -> Pattern:
    found = LANGUAGE.fullmatch(written)
    plain, language = (found[1], found[2]) if found else (written, ENGLISH)
    pieces, given = list[str](), list[str]()
    for piece in re.findall(r"%.?|\s+|[^%\s]+", plain):
        if piece.isspace():
            pieces.append(r"\s+")
        elif not piece.startswith("%") or piece == "%%":
            pieces.append(re.escape(piece[-1:] if piece == "%%" else piece))
        else:
            given.append(piece[1:])
            pieces.append(_group(piece[1:], language, written))
    has = {"m" if one in ("B", "b") else "u" if one in ("A", "a") else one for one in given}
    _check(written, given, has)
    return Pattern(
        re.compile("".join(pieces), re.IGNORECASE),
        names(language, "months") if has & {"m"} else {},
        names(language, "days") if has & {"u"} else {},
        next(name for name, ways in PRECISIONS if any(way <= has for way in ways)),
        bool(has & {"H", "I"}),
        bool(has & {"z", "Z"}),
    )


def _group(directive: str, language: str, written: str) -> str:
    if directive in NAMES:
        known = sorted(names(language, NAMES[directive]), key=len, reverse=True)
        return f"(?P<{directive}>{'|'.join(re.escape(name).replace(chr(39), APOSTROPHES) for name in known)})\\.?"
    if directive in DIGITS or directive in TEXTS:
        return f"(?P<{directive}>{DIGITS.get(directive) or TEXTS[directive]})"
    why = ": it depends on the machine's locale" if directive in ("c", "x", "X") else ""
    raise ConversionError(
        f"the pattern {shown(written)} has %{directive}, which is not read{why}; write it with {_list(KNOWN)}"
    )


def _check(written: str, given: list[str], has: set[str]) -> None:
    """Check a pattern. ConversionError if a part would have to be assumed, or is given twice."""
    missing = ""
    if not has & {"Y", "y", "G"}:
        missing = "no year, and no year is ever assumed: give it with %Y, or join the column that has it"
    elif "d" in has and "m" not in has:
        missing = "a day without a month"
    elif ("V" in has) is not ("G" in has):
        missing = "half of a week of ISO 8601, which is %G-W%V"
    elif has & {"u", "H", "I"} and not ({"m", "d"} <= has or has & {"j", "V"}):
        missing = "a day of the week or a time without a date"
    elif ("I" in has) is not ("p" in has):
        missing = "an hour of 12 without %p, or %p without %I"
    elif ("M" in has and not has & {"H", "I"}) or ("S" in has and "M" not in has) or ("f" in has and "S" not in has):
        missing = "a part of a time without the larger part before it"
    elif len(has) < len(given) or {"Y", "y"} <= has or {"Y", "G"} <= has or {"H", "I"} <= has or {"z", "Z"} <= has:
        missing = "the same part twice"
    if missing:
        raise ConversionError(f"the pattern {shown(written)} has {missing}")


def _list(directives: Iterable[str]) -> str:
    return ", ".join(f"%{one}" for one in directives)


def _reading(pattern: Pattern, parts: dict[str, str]) -> ParsedTime:
    day = _day(pattern, parts)
    weekday = int(parts["u"]) if "u" in parts else _named(pattern.days, parts, "A", "a")
    if weekday and day.isoweekday() != weekday:
        raise ValueError("the day of the week is another one")
    clock = None
    if pattern.has_time:
        hour = int(parts["H"]) if "H" in parts else _hour(int(parts["I"]), parts["p"])
        fraction = int(parts.get("f", "0").ljust(6, "0"))
        clock = time(hour, int(parts.get("M", 0)), int(parts.get("S", 0)), fraction)
    return ParsedTime(
        day, pattern.precision, clock, offset(parts["z"]) if "z" in parts else UTC if "Z" in parts else None
    )


def _day(pattern: Pattern, parts: dict[str, str]) -> date:
    if "G" in parts:
        weekday = int(parts["u"]) if "u" in parts else _named(pattern.days, parts, "A", "a") or 1
        return date.fromisocalendar(int(parts["G"]), int(parts["V"]), weekday)
    year = int(parts["Y"]) if "Y" in parts else _century(int(parts["y"]))
    if "j" in parts:
        found = date(year, 1, 1) + timedelta(int(parts["j"]) - 1)
        if found.year != year or parts["j"].strip("0") == "":
            raise ValueError(f"the year {year} has no day {parts['j']}")
        return found
    month = int(parts["m"]) if "m" in parts else _named(pattern.months, parts, "B", "b") or 1
    return date(year, month, int(parts.get("d", 1)))


def _century(year: int) -> int:
    """Return the year of two digits by the rule of POSIX: 69 to 99 are years of the last century."""
    return year + (1900 if year >= 69 else 2000)


def _hour(hour: int, half: str) -> int:
    if not 1 <= hour <= 12:
        raise ValueError("hours of %I go from 1 to 12")
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _named(known: dict[str, int], parts: dict[str, str], *directives: str) -> int | None:
    for directive in directives:
        if directive in parts:
            if found := known.get(_plain(parts[directive])):
                return found
            raise ValueError(f"{parts[directive]} is no name")
    return None


def offset(written: str) -> tzinfo:
    """Return the offset from UTC of a text such as `Z`, `+02`, `+0200` or `+02:00`."""
    if written in "Zz":
        return UTC
    digits = written[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 23 or int(digits[2:]) > 59:
        raise ValueError("an offset is below 24 hours")
    found = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-found if written[0] == "-" else found)


@cache
def names(language: str, kind: str) -> dict[str, int]:
    """Return the names of `months` or `days` in a language, in lower case, with their numbers from 1.

    Both are taken in full and abbreviated, by themselves ("березень") and within a date ("6 березня"). A name that two
    of them share is left out. ConversionError if CLDR does not know the language.
    """
    found: dict[str, set[int]] = {}
    for name in (language, "en-GB") if language == ENGLISH else (language,):
        try:
            locale = Locale.parse(name, sep="_" if "_" in name else "-")
        except (UnknownLocaleError, ValueError):
            raise ConversionError(
                f"there are no names of {kind} in {shown(language)}; give a language [BCP 47] such as uk"
            ) from None
        for number, written in _written(locale, kind):
            found.setdefault(_plain(written), set()).add(number)
    return {name: numbers.pop() for name, numbers in found.items() if len(numbers) == 1}


def _written(locale: Locale, kind: str) -> Iterator[tuple[int, str]]:
    tables = locale.months if kind == "months" else locale.days
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in tables[context][width].items():
                yield number + (kind == "days"), name  # CLDR's days begin with Monday as 0 here


def _plain(name: str) -> str:
    return re.sub(APOSTROPHES, "'", normalize("NFC", name).casefold()).rstrip(".")


def as_datetime(reading: ParsedTime, zone: tzinfo) -> datetime:
    """Return the time that was read, in `zone` if it has no offset of its own."""
    return datetime.combine(reading.day, reading.clock or time(), reading.offset or zone)
