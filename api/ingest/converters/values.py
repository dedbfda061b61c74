"""The values that conversions take and give: texts, numbers, and the error for a value that does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal

from api.ingest.formatting import blank_unprintable, format_value

Convert = Callable[[Any], Any]
ArgumentRule = Literal["", "may", "must"]
NUMBERS = (int, Decimal)
LARGE = 10**30
MAX_KEY_LENGTH = 160


class ConversionError(Exception):
    """A value that a conversion does not accept. The message says what was expected."""


@dataclass(frozen=True)
class Tables:
    """The tables of a mapping that conversions use: `[maps.NAME]` and `[patterns]`."""

    maps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)


MakeConvert = Callable[[str, Tables], Convert]


@dataclass(frozen=True)
class Converter:
    """A conversion.

    `argument` is `must` if a text after the colon is required, `may` if it is optional, and empty if none is accepted.
    A conversion `of_lists` takes a list as a whole. Any other takes each element. A conversion that `fills` several
    fields returns an object of them.
    """

    meaning: str
    make: MakeConvert
    argument: ArgumentRule = ""
    of_lists: bool = False
    fills: tuple[str, ...] = ()


def ignore_argument(convert: Convert) -> MakeConvert:
    """Return a `make` for a conversion that depends on no argument and no table."""

    def make(_: str, __: Tables) -> Convert:
        return convert

    return make


def text(value: Any) -> str:
    """Return a value as text: numbers as they are written, without an exponent."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{bounded(value):f}"
    if isinstance(value, int):
        return str(bounded(value))
    raise ConversionError(f"expected text or a number, got {format_value(value)}")


def bounded(value: int | Decimal) -> int | Decimal:
    """Return the number. ConversionError if it is too large or too exact to be written out: 1e999999999 is short in
    JSON and a gigabyte as text."""
    if value and not -LARGE < value < LARGE:
        raise ConversionError("expected a number below 1e15")
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        # An exponent that is no int belongs to an infinite number or NaN.
        if isinstance(exponent, int) and exponent < -40:
            raise ConversionError("expected a number of at most 6 decimals")
    return value


def key(value: str) -> str:
    """Return a text in the form of keys: one line, and cut with a hash of the whole beyond 160 characters."""
    if value.isprintable() and "  " not in value and len(value) <= MAX_KEY_LENGTH:
        return value
    plain = " ".join(blank_unprintable(value).split())
    if len(plain) <= MAX_KEY_LENGTH:
        return plain
    return f"{plain[: MAX_KEY_LENGTH - 20]}… {digest(plain)[:16]}"


def digest(value: str) -> str:
    """Return the SHA-256 of a text in hexadecimal digits. Half a surrogate pair is refused later, as a value."""
    return sha256(value.encode(errors="surrogatepass")).hexdigest()
