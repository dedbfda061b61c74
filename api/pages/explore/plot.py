"""Places of marks in a picture, as shares of its width and height. An SVG whose marks stand at percentages fits any
width: letters and points keep their sizes, and no script and no style of its own is needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import ceil, floor

MAX_NUMBER_TICKS = 5
MAX_DAY_TICKS = 4
# Steps between the numbers of an axis, times a power of ten.
STEPS = (1, 2, 5, 10)
# From which number on an axis has short numbers, and their units.
SHORT = ((10**9, 10**9, "bn"), (10**6, 10**6, "M"), (10**4, 10**3, "k"))


@dataclass(frozen=True)
class Tick:
    """A mark of an axis: its place, its text, and how the text stands to it."""

    at: str
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class NumberAxis:
    """An upright axis from the least number to the highest, with its marks."""

    least: float
    highest: float
    ticks: tuple[Tick, ...]

    def place(self, number: float) -> str:
        """Return how far below the top a number stands."""
        return percent((self.highest - number) / (self.highest - self.least))


def percent(share: float) -> str:
    """Return a share as a percentage: 0.125 as `12.5%`."""
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"


def number_axis(least: float, highest: float) -> NumberAxis:
    """Return an axis that begins at zero, unless a number is below, and has round numbers as its marks."""
    least = min(least, 0)
    span = max(highest - least, 1)
    power = 10 ** (len(str(int(span / MAX_NUMBER_TICKS))) - 1)
    step = next(step * power for step in STEPS if span / (step * power) <= MAX_NUMBER_TICKS)
    first = floor(least / step)
    last = max(ceil(highest / step), first + 1)
    low, high = first * step, last * step
    numbers = [number * step for number in range(first, last + 1)]
    ticks = tuple(Tick(percent((high - number) / (high - low)), short_number(number)) for number in numbers)
    return NumberAxis(low, high, ticks)


def short_number(number: float) -> str:
    """Return a number as an axis has it: 800; 4,500; 20k; 1.5M."""
    for least, unit, name in SHORT:
        if abs(number) >= least:
            return f"{Decimal(str(number)) / unit:.1f}".rstrip("0").rstrip(".") + name
    return f"{number:,}"


def day_ticks(days: list[tuple[float, date]], bucket: str) -> tuple[Tick, ...]:
    """Return marks for some of these days, each with its place as a share."""
    count = min(MAX_DAY_TICKS, len(days))
    if not count:
        return ()
    chosen = [days[round(number * (len(days) - 1) / max(count - 1, 1))] for number in range(count)]
    return tuple(Tick(percent(share), short_day(day, bucket), text_anchor(share)) for share, day in chosen)


def text_anchor(share: float, room: float = 0.1) -> str:
    """Return the point of a label that is at its mark, so that no label leaves the picture. `room` is the share of the
    width that half of the label takes."""
    if share < room:
        return "start"
    return "end" if share > 1 - room else "middle"


def short_day(day: date, bucket: str) -> str:
    """Return a day as an axis has it, or the month or the year that begins on it."""
    if bucket == "year":
        return str(day.year)
    if bucket == "month":
        return f"{day:%b} {day.year}"
    return f"{day.day} {day:%b} {day.year}"
