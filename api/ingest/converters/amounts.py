"""Read printed amounts ("at least 7", "10–15", "dozens") as the fields of a figure.

Each form is a row of a table. A text in any other form is refused, because a number among other words may be a date, a
share or something else than the column counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import chain, product
from typing import Any

from api.ingest.converters.values import NUMBERS, ConversionError, Convert, Converter, Tables, bounded, text
from api.ingest.formatting import format_value

CACHE_SIZE = 8192  # amounts come again and again
FIELDS = ("value", "value_low", "value_high", "quantifier", "bounds_basis", "value_text")
Fields = dict[str, Any]
ReadForm = Callable[[re.Match[str]], Fields]

SCALES = {
    10**3: ("k", "thousand", "thousands"),
    10**6: ("m", "mn", "mln", "mio", "million", "millions"),
    10**9: ("bn", "b", "bln", "billion", "billions"),
    10**12: ("tn", "trn", "trillion", "trillions"),
}
UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def _scales_by_name() -> dict[str, int]:
    scales: dict[str, int] = {}
    for scale, names in SCALES.items():
        scales.update(dict.fromkeys(names, scale))
    return scales


def _spelled_numbers() -> dict[str, int]:
    """Return the numbers from 0 to 99 by their words."""
    numbers = {word: number for number, word in enumerate(UNITS)}
    for tens, ten in enumerate(TENS, 2):
        numbers[ten] = 10 * tens
        for unit in range(1, 10):
            numbers[f"{ten}-{UNITS[unit]}"] = 10 * tens + unit
            numbers[f"{ten} {UNITS[unit]}"] = 10 * tens + unit
    return numbers


SCALE = _scales_by_name()
WORDS = _spelled_numbers()
SPELLED = "|".join(sorted(WORDS, key=len, reverse=True))
SPELLED_WITH_SCALE = re.compile(rf"({SPELLED}) ?(.*)")
DIGITS_WITH_SCALE = re.compile(r"([^a-z]*?) ?([a-z]*)")

# Words of magnitude, with the least and the most that they can mean.
MAGNITUDES = {
    "tens": (20, 99),
    "dozens": (24, 99),
    "scores": (40, 99),
    "hundreds": (200, 999),
    "thousands": (2_000, 9_999),
    "tens of thousands": (20_000, 99_999),
    "hundreds of thousands": (200_000, 999_999),
    "millions": (2_000_000, 9_999_999),
    "tens of millions": (20_000_000, 99_999_999),
    "hundreds of millions": (200_000_000, 999_999_999),
    "billions": (2_000_000_000, 9_999_999_999),
}
FEW = ("several", "a few")
AFTER_FEW = ("dozen", "hundred", "thousand", "million", "billion")
MAGNITUDES |= {f"{few} {name}": MAGNITUDES[f"{name}s"] for few, name in product(FEW, AFTER_FEW)}

# Words and signs before or after a number, by the quantifier that they express.
BEFORE = {
    "at_least": (
        ">=",
        "≥",
        "at least",
        "no fewer than",
        "no less than",
        "not fewer than",
        "not less than",
        "a minimum of",
    ),
    "more_than": (">", "more than", "over", "above", "upwards of", "in excess of"),
    "at_most": ("<=", "≤", "at most", "up to", "as many as", "no more than", "not more than", "a maximum of"),
    "less_than": ("<", "less than", "fewer than", "under", "below"),
    "approximately": (
        *("~", "≈", "about", "around", "approximately", "approx.", "approx", "roughly", "circa", "ca.", "ca", "c."),
        *("some", "nearly", "almost", "close to", "an estimated", "estimated"),
    ),
}
AFTER = {
    "at_least": ("or more", "and more", "at least", "+"),
    "at_most": ("or fewer", "or less", "at most"),
    "approximately": ("or so", "approximately"),
}


def _alternatives(words: dict[str, tuple[str, ...]]) -> str:
    """Return a regular expression for the words, longer ones first. A word that ends in a letter has to end there."""
    alternatives: list[str] = []
    for word in sorted(chain.from_iterable(words.values()), key=len, reverse=True):
        end = r"\b" if word[-1].isalpha() else ""
        alternatives.append(re.escape(word) + end)
    return "|".join(alternatives)


@dataclass(frozen=True)
class Notation:
    """A way to write numbers: the separator of thousands, and the decimal mark."""

    thousands: str = ","
    point: str = "."

    @property
    def number(self) -> str:
        """A regular expression for a number with its scale, if it has one: `3,400`, `1.2m`, `1.5 million`, `eight`."""
        digits = rf"(?:[1-9]\d{{0,2}}(?:{re.escape(self.thousands)}\d{{3}})+|\d+)(?:{re.escape(self.point)}\d+)?"
        letters = "|".join(name for name in SCALE if len(name) == 1)
        words = "|".join(name for name in SCALE if len(name) > 1)
        return rf"(?:{digits}|{SPELLED})(?:(?:{letters})\b| ?(?:{words})\b)?"

    def read(self, written: str) -> tuple[Decimal, int]:
        """Return the number as it is written, and its scale."""
        is_spelled = written[0].isalpha()
        form = SPELLED_WITH_SCALE if is_spelled else DIGITS_WITH_SCALE
        match = form.fullmatch(written)
        assert match is not None
        number, scale_name = match.groups()
        scale = SCALE.get(scale_name, 1)
        if is_spelled:
            return Decimal(WORDS[number]), scale
        return Decimal(number.replace(self.thousands, "").replace(self.point, ".")), scale


class AmountReader:
    """A reader of amounts in one notation."""

    def __init__(self, notation: Notation) -> None:
        number = notation.number
        self._notation = notation
        forms: tuple[tuple[str, ReadForm], ...] = (
            (rf"(-?)({number})", self._read_exact),
            (rf"({_alternatives(BEFORE)}) ?({number})", self._read_with_words_before),
            (rf"({number}) ?({_alternatives(AFTER)})", self._read_with_words_after),
            (rf"({number}) ?(?:-|to) ?({number})", self._read_range),
            (rf"between ({number}) and ({number})", self._read_range),
            (rf"from ({number}) to ({number})", self._read_range),
            ("|".join(MAGNITUDES), self._read_magnitude),
        )
        self._forms = tuple((re.compile(form, re.ASCII), read) for form, read in forms)

    def read(self, printed: str) -> Fields:
        """Return the fields that an amount fills. ConversionError if it is not written in one of the forms."""
        one_line = " ".join(printed.casefold().split())
        plain = re.sub(r"[‐‑‒–—−]", "-", one_line)
        for form, read in self._forms:
            match = form.fullmatch(plain)
            if match:
                fields = read(match)
                if plain != text(fields.get("value", "")):
                    fields["value_text"] = printed
                return fields
        forms = "7, at least 7, 150+, 10-15, ~20, 1.2m, 3,400 or dozens"
        raise ConversionError(f"expected an amount such as {forms}, got {format_value(printed)}")

    def _read_number(self, written: str) -> int | Decimal:
        number, scale = self._notation.read(written)
        return _simplify(number * scale)

    def _read_exact(self, match: re.Match[str]) -> Fields:
        number = self._read_number(match[2])
        if match[1]:
            number = -number
        return {"value": number, "quantifier": "exact"}

    def _read_with_words_before(self, match: re.Match[str]) -> Fields:
        return {"value": self._read_number(match[2]), "quantifier": _find_quantifier(BEFORE, match[1])}

    def _read_with_words_after(self, match: re.Match[str]) -> Fields:
        return {"value": self._read_number(match[1]), "quantifier": _find_quantifier(AFTER, match[2])}

    def _read_range(self, match: re.Match[str]) -> Fields:
        """Return the bounds. In "2-3 million" both have the scale. In "500 to 2 million" only the second may have it,
        so the text is a ConversionError."""
        low, low_scale = self._notation.read(match[1])
        high, high_scale = self._notation.read(match[2])
        if low_scale == 1 and high_scale > 1:
            if low >= high:
                raise ConversionError(
                    f"expected the lower number first and with its scale, got {format_value(match[0])}"
                )
            low_scale = high_scale
        low *= low_scale
        high *= high_scale
        if low >= high:
            raise ConversionError(f"expected the lower number first, got {format_value(match[0])}")
        return {
            "value_low": _simplify(low),
            "value_high": _simplify(high),
            "quantifier": "between",
            "bounds_basis": "stated",
        }

    def _read_magnitude(self, match: re.Match[str]) -> Fields:
        low, high = MAGNITUDES[match[0]]
        return {"value_low": low, "value_high": high, "quantifier": "magnitude", "bounds_basis": "wording"}


def _find_quantifier(words: dict[str, tuple[str, ...]], word: str) -> str:
    """Return the quantifier that a word of BEFORE or AFTER expresses."""
    for quantifier, group in words.items():
        if word in group:
            return quantifier
    raise AssertionError(f"no quantifier has the word {word}")


def _simplify(number: Decimal) -> int | Decimal:
    """Return the number, as an int if it has no fraction."""
    if number == number.to_integral_value():
        return int(bounded(number))
    return number


def _make_amount(argument: str, _: Tables) -> Convert:
    marks = " " if argument == "space" else argument
    notation = Notation(marks[:1] or ",", marks[1:] or ".")
    marks_are_known = {notation.thousands, notation.point} <= {*",.' "}
    if not marks_are_known or notation.thousands == notation.point:
        raise ConversionError(
            "amount takes the separator of thousands and the decimal mark, as in amount:., or amount:space"
        )
    read = lru_cache(maxsize=CACHE_SIZE)(AmountReader(notation).read)

    def convert(value: Any) -> Fields:
        if isinstance(value, NUMBERS) and not isinstance(value, bool):
            return {"value": bounded(value), "quantifier": "exact"}
        return read(text(value))

    return convert


CONVERTERS: dict[str, Converter] = {
    "amount": Converter(
        "an amount as it is printed, such as `at least 7`, `150+`, `10-15`, `dozens`, `~20`, `1.2m` or `3,400`; the "
        "thousands separator and the decimal mark, as in amount:.,",
        _make_amount,
        "may",
        fills=FIELDS,
    ),
}
