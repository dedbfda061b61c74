"""Write values in plain English: amounts with the words that bind them, times as exactly as they are known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from babel import Locale

from api.rest.json_ld import exact_number

ENGLISH = Locale("en")  # reads its data when it is first asked
# Words before the number, by quantifier. Bounds and magnitudes have a form of their own.
BINDING = {
    "exact": "",
    "at_least": "at least ",
    "more_than": "more than ",
    "at_most": "at most ",
    "less_than": "fewer than ",
    "approximately": "about ",
}
# Units that the population says already, and how others are written behind a number.
PLAIN_UNITS = ("persons", "items")
UNITS = {"h": ("hour", "hours"), "d": ("day", "days"), "min": ("minute", "minutes"), "%": ("%", "%")}
MEASURES = {
    "killed": "killed",
    "injured": "injured",
    "killed_or_injured": "killed or injured",
    "missing": "missing",
    "captured": "taken prisoner",
    "displaced": "displaced",
    "refugees": "who left their country",
    "equipment_lost": "lost",
    "munitions_used": "used",
    "people_at_risk": "at risk",
}
PRECISION = {
    "exact": "at this place",
    "near": "within about 25 km of this place",
    "admin2": "somewhere in this district",
    "admin1": "somewhere in this region",
    "country": "somewhere in this country",
    "region": "somewhere in this wider region",
    "unknown": "how exactly is not known",
}
# Whether sources disagree, and what that means.
DISPUTES = {
    "undisputed": ("Not disputed", "No source contradicts it."),
    "disputed": ("Disputed", "A source denies, disputes or retracts it."),
    "blame_disputed": ("Blame disputed", "No source contradicts it, but sources blame different parties."),
}
# How exactly a time is known. The meanings of the vocabulary say how programs read it.
TIME_PRECISION = {
    "minute": "Known to the minute.",
    "hour": "Known to the hour.",
    "day": "Known to the day.",
    "week": "Known to the week.",
    "month": "Known to the month.",
    "year": "Known to the year.",
    "unknown": "Not known more exactly.",
}
QUOTE_TYPES = {"direct": "word for word", "partial": "partly word for word", "indirect": "paraphrase"}
# Licences that say nothing. Others are shown by their identifiers.
NO_LICENCE = {None: "no licence is stated", "NOASSERTION": "no licence is known"}
# Longest texts of tables and titles, in letters.
LINE = 140
# Characters that change the direction of the text around them. A title is no HTML, so nothing can isolate them there.
DIRECTIONS = dict.fromkeys(map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


def humanize(term: str) -> str:
    """Return a term of a vocabulary as words: `air_strike` as "air strike"."""
    return term.replace("_", " ")


def sentence(text: str) -> str:
    """Return the text with an upper-case first letter."""
    return text[:1].upper() + text[1:]


def cut(text: str, letters: int = LINE) -> str:
    """Return the text, or its first words if it has more than so many letters."""
    if len(text) <= letters:
        return text
    head = text[:letters]
    words = head.rpartition(" ")[0]
    return f"{words or head} …"


def plain_title(text: str) -> str:
    """Return a text for the title of a page: a line, without characters that turn the direction of what follows."""
    return cut(plain_line(text))


def plain_line(text: str) -> str:
    """Return a text as a line, without characters that turn the direction of what follows."""
    return " ".join(text.translate(DIRECTIONS).split())


def write_licence(licence: str | None) -> str:
    """Return a licence in words: "CC-BY-4.0", "no licence is known"."""
    return NO_LICENCE.get(licence) or str(licence)


def name_licence(licence: str | None) -> str:
    """Return a licence as what it is: "licence CC-BY-4.0", "no licence is known"."""
    return NO_LICENCE.get(licence) or f"licence {licence}"


def country_name(code: str) -> str:
    """Return the name of a country by its code, or the code."""
    return str(ENGLISH.territories.get(code, code))


def write_number(number: object) -> str:
    """Return a number with commas between thousands: 1,500,000; 2.5."""
    return format(Decimal(str(number)).normalize(), ",f")


def write_amount(amount: dict[str, Any]) -> str:
    """Return an amount with the words that bind it: "at least 364", "between 300 and 400 kg", "hundreds"."""
    value, low, high = exact_number(amount, "value"), exact_number(amount, "low"), exact_number(amount, "high")
    quantifier = amount["quantifier"]
    if quantifier == "magnitude" or (value is None and quantifier != "between"):
        return amount.get("text") or _write_bounds(low, high) or "an unknown number"
    if quantifier == "between" and (low is not None or high is not None):
        return _with_unit(_write_bounds(low, high), amount["unit"], plural=True)
    if value is None:
        return amount.get("text") or "an unknown number"
    number = _with_unit(write_number(value), amount["unit"], plural=Decimal(str(value)) != 1)
    return BINDING.get(quantifier, "") + number


def write_bounds(amount: dict[str, Any]) -> str:
    """Return the bounds of an amount whose own words do not contain them; empty if there are none."""
    if amount["quantifier"] == "between":
        return ""
    return _write_bounds(exact_number(amount, "low"), exact_number(amount, "high"))


def write_figure(figure: dict[str, Any]) -> str:
    """Return what a figure counts, in words: "at least 364 civilians killed"."""
    quantity = write_amount(figure["amount"])
    population = figure.get("population")
    unit = figure["amount"]["unit"]
    measure = MEASURES.get(figure["measure"], "")
    if figure["amount"]["quantifier"] == "magnitude" and quantity.endswith("s"):
        # Dozens of civilians, tens of thousands of people.
        quantity += " of"
    if unit not in PLAIN_UNITS:
        quantity = quantity.removesuffix(" of")
        return f"{quantity}: {population or humanize(figure['measure'])}"
    if not population:
        counted = "people" if unit == "persons" else humanize(figure["measure"])
        return f"{quantity} {counted} {measure}".rstrip()
    # A population that says it itself is not told twice: "people who have left Ukraine".
    if measure.partition(" ")[0] in ("who", "at", "lost", "used", "") or measure in population:
        return f"{quantity} {population}"
    return f"{quantity} {population} {measure}"


def write_day(day: date) -> str:
    """Return a day: 6 March 2022."""
    return f"{day.day} {day:%B} {day.year}"


def read_moment(text: str) -> datetime:
    """Return a moment in UTC from an answer. A date is the moment at which it begins."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def write_moment(text: str, precision: str = "minute") -> str:
    """Return a moment in UTC, as exactly as it is known."""
    moment = read_moment(text)
    match precision:
        case "minute":
            return f"{write_day(moment)}, {moment:%H:%M} UTC"
        case "hour":
            return f"{write_day(moment)}, about {moment:%H}:00 UTC"
        case "week":
            return f"the week of {write_day(moment)}"
        case "month":
            return f"{moment:%B} {moment.year}"
        case "year":
            return str(moment.year)
    return write_day(moment)


def write_time(time: dict[str, Any]) -> str:
    """Return the time of an event: a day, a span, or that it is not known."""
    starts_at, ends_at, precision = time["starts_at"], time["ends_at"], time["precision"]
    if starts_at is None:
        return f"until {_write_end(ends_at, precision)}" if ends_at else "time not known"
    start = write_moment(starts_at, precision)
    if ends_at is None:
        return f"from {start}" if precision == "unknown" else start
    if precision == "week":
        last = read_moment(ends_at) - timedelta(microseconds=1)
        last_week = last - timedelta(days=last.weekday())
        if last_week.date() <= read_moment(starts_at).date():
            return start
        return f"{start} to {write_moment(last_week.isoformat(), precision)}"
    end = _write_end(ends_at, precision)
    if end == start:
        return start
    span = f"{start} to {end}"
    return f"between {start} and {end}" if precision == "unknown" else span


def _write_end(ends_at: str, precision: str) -> str:
    """Return the end of a span. It is exclusive in answers: a day ends at midnight of the next one."""
    moment = read_moment(ends_at)
    if precision not in ("minute", "hour"):
        moment -= timedelta(microseconds=1)
    return write_moment(moment.isoformat(), precision)


def _write_bounds(low: object, high: object) -> str:
    if low is not None and high is not None:
        return f"between {write_number(low)} and {write_number(high)}"
    if low is not None:
        return f"at least {write_number(low)}"
    if high is not None:
        return f"at most {write_number(high)}"
    return ""


def _with_unit(number: str, unit: str, *, plural: bool) -> str:
    if unit in PLAIN_UNITS:
        return number
    singular_form, plural_form = UNITS.get(unit, (unit, unit))
    written = plural_form if plural else singular_form
    return f"{number}%" if unit == "%" else f"{number} {written}"


@cache
def list_title(plural: str) -> str:
    """Return the name of a list as a title."""
    return sentence(humanize(plural))
