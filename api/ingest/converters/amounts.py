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
from typing import Any

from api.ingest.converters.values import NUMBERS, ConversionError, Convert, Converter, Tables, bounded, text
from api.ingest.formatting import shown

KEPT = 8192  # amounts come again and again
FIELDS = ("value", "value_low", "value_high", "quantifier", "bounds_basis", "value_text")
Fields = dict[str, Any]

SCALES = {
    10**3: ("k", "thousand", "thousands"),
    10**6: ("m", "mn", "mln", "mio", "million", "millions"),
    10**9: ("bn", "b", "bln", "billion", "billions"),
    10**12: ("tn", "trn", "trillion", "trillions"),
}
SCALE = {name: scale for scale, names in SCALES.items() for name in names}
UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
WORDS = {word: number for number, word in enumerate(UNITS)}
WORDS |= {ten: 10 * number for number, ten in enumerate(TENS, 2)}
WORDS |= {
    f"{ten}{mark}{UNITS[unit]}": 10 * number + unit
    for number, ten in enumerate(TENS, 2)
    for unit in range(1, 10)
    for mark in "- "
}
SPELLED = "|".join(sorted(WORDS, key=len, reverse=True))

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
MAGNITUDES |= {
    f"{few} {name.removesuffix('s')}": MAGNITUDES[name]
    for few in FEW
    for name in ("dozens", "hundreds", "thousands", "millions", "billions")
}

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
    known = sorted((word for group in words.values() for word in group), key=len, reverse=True)
    return "|".join(re.escape(word) + (r"\b" if word[-1].isalpha() else "") for word in known)


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
        if written[0].isalpha():
            spelled, scale = re.fullmatch(rf"({SPELLED}) ?(.*)", written).groups()  # type: ignore[union-attr]
            return Decimal(WORDS[spelled]), SCALE.get(scale, 1)
        digits, scale = re.fullmatch(r"([^a-z]*?) ?([a-z]*)", written).groups()  # type: ignore[union-attr]
        return Decimal(digits.replace(self.thousands, "").replace(self.point, ".")), SCALE.get(scale, 1)


class AmountReader:
    """A reader of amounts in one notation."""

    def __init__(self, notation: Notation) -> None:
        number = notation.number
        self._notation = notation
        self._forms: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Fields]], ...] = tuple(
            (re.compile(form, re.ASCII), make)
            for form, make in (
                (rf"(-?)({number})", self._exact),
                (rf"({_alternatives(BEFORE)}) ?({number})", self._before),
                (rf"({number}) ?({_alternatives(AFTER)})", self._after),
                (rf"({number}) ?(?:-|to) ?({number})", self._range),
                (rf"between ({number}) and ({number})", self._range),
                (rf"from ({number}) to ({number})", self._range),
                ("|".join(MAGNITUDES), self._magnitude),
            )
        )

    def read(self, printed: str) -> Fields:
        """Return the fields that an amount fills. ConversionError if it is not written in one of the forms."""
        plain = re.sub(r"[‐‑‒–—−]", "-", " ".join(printed.casefold().split()))
        for form, make in self._forms:
            if found := form.fullmatch(plain):
                fields = {name: value for name, value in make(found).items() if value is not None}
                return fields if plain == text(fields.get("value", "")) else fields | {"value_text": printed}
        raise ConversionError(
            f"expected an amount such as 7, at least 7, 150+, 10-15, ~20, 1.2m, 3,400 or dozens, got {shown(printed)}"
        )

    def _number(self, written: str) -> int | Decimal:
        number, scale = self._notation.read(written)
        return _plain(number * scale)

    def _exact(self, found: re.Match[str]) -> Fields:
        number = self._number(found[2])
        return {"value": -number if found[1] else number, "quantifier": "exact"}

    def _before(self, found: re.Match[str]) -> Fields:
        return {"value": self._number(found[2]), "quantifier": _quantifier(BEFORE, found[1])}

    def _after(self, found: re.Match[str]) -> Fields:
        return {"value": self._number(found[1]), "quantifier": _quantifier(AFTER, found[2])}

    def _range(self, found: re.Match[str]) -> Fields:
        """Return the bounds. In "2-3 million" both have the scale. In "500 to 2 million" only the second may have it,
        so the text is a ConversionError."""
        (low, low_scale), (high, high_scale) = (self._notation.read(found[part]) for part in (1, 2))
        if low_scale == 1 and high_scale > 1:
            if low >= high:
                raise ConversionError(f"expected the lower number first and with its scale, got {shown(found[0])}")
            low_scale = high_scale
        if low * low_scale >= high * high_scale:
            raise ConversionError(f"expected the lower number first, got {shown(found[0])}")
        bounds = {"value_low": _plain(low * low_scale), "value_high": _plain(high * high_scale)}
        return {**bounds, "quantifier": "between", "bounds_basis": "stated"}

    def _magnitude(self, found: re.Match[str]) -> Fields:
        low, high = MAGNITUDES[found[0]]
        return {"value_low": low, "value_high": high, "quantifier": "magnitude", "bounds_basis": "wording"}


def _quantifier(words: dict[str, tuple[str, ...]], word: str) -> str:
    return next(quantifier for quantifier, group in words.items() if word in group)


def _plain(number: Decimal) -> int | Decimal:
    return int(bounded(number)) if number == number.to_integral_value() else number


def _amount(argument: str, _: Tables) -> Convert:
    written = " " if argument == "space" else argument
    notation = Notation(written[:1] or ",", written[1:] or ".")
    if not {notation.thousands, notation.point} <= {*",.' "} or notation.thousands == notation.point:
        raise ConversionError(
            "amount takes the separator of thousands and the decimal mark, as in amount:., or amount:space"
        )
    read = lru_cache(maxsize=KEPT)(AmountReader(notation).read)

    def convert(value: Any) -> Fields:
        if isinstance(value, NUMBERS) and not isinstance(value, bool):
            return {"value": bounded(value), "quantifier": "exact"}
        return read(text(value))

    return convert


CONVERTERS: dict[str, Converter] = {
    "amount": Converter(
        "an amount as it is printed, such as `at least 7`, `150+`, `10-15`, `dozens`, `~20`, `1.2m` or `3,400`; the "
        "thousands separator and the decimal mark, as in amount:.,",
        _amount,
        "may",
        fills=FIELDS,
    ),
}
