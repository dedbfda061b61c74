"""Conversions of numbers. A number with separators is refused until the mapping names them."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from api.ingest.converters.values import (
    NUMBERS,
    ConversionError,
    Convert,
    Converter,
    Tables,
    bounded,
    ignore_argument,
    text,
)
from api.ingest.formatting import format_value

MAX_DIGITS = 60
# Greater numbers have more digits than a decimal can be rounded to.
MAX_ROUNDED = Decimal("1e20")
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?", re.ASCII)
SEPARATED = re.compile(r"[-+]?\d{1,3}([,. '\u00a0\u202f]\d{3})+([.,]\d+)?", re.ASCII)
ANY_SPACE = " \u00a0\u202f"


@cache
def _grouped(thousands: str, point: str) -> re.Pattern[str]:
    """Return the pattern of numbers whose thousands are separated by one of these marks, the same throughout."""
    return re.compile(
        rf"[-+]?[1-9]\d{{0,2}}(?:([{re.escape(thousands)}])\d{{3}}(?:\1\d{{3}})*)({re.escape(point)}\d+)?", re.ASCII
    )


def number(value: Any, thousands: str = "", point: str = ".") -> int | Decimal:
    """Return a number, exactly as it is written."""
    if isinstance(value, NUMBERS) and not isinstance(value, bool):
        return bounded(value)
    plain = text(value)
    # Other groups are no thousands: "0,123" is a fraction in another notation.
    if thousands and _grouped(thousands, point).fullmatch(plain):
        plain = re.sub(f"[{re.escape(thousands)}]", "", plain)
    if point != ".":
        plain = plain.replace(".", "x").replace(point, ".")
    if NUMBER.fullmatch(plain) and len(plain) <= MAX_DIGITS:
        return Decimal(plain) if "." in plain else int(plain)
    hint = ""
    separated = SEPARATED.fullmatch(text(value))
    if separated:
        mark = separated[1][0]
        hint = f"; where {format_value(mark)} separates thousands, the mapping says number:{mark}"
    raise ConversionError(f"expected a number such as 1234.5, got {format_value(value)}{hint}")


def _make_number(argument: str, _: Tables) -> Convert:
    if argument == "space":
        thousands, point = ANY_SPACE, "."
    else:
        thousands, point = argument[:1], argument[1:] or "."

    def convert(value: Any) -> int | Decimal:
        return number(value, thousands, point)

    return convert


def _read_whole(value: Any) -> int:
    """Return a number without a fraction. ConversionError if it has one."""
    exact = number(value)
    if exact != int(exact):
        raise ConversionError(f"expected a whole number, got {format_value(value)}")
    return int(exact)


def _read_nonzero(value: Any) -> int | Decimal | None:
    """Return a number, and None for 0."""
    return number(value) or None


def _make_multiply(argument: str, _: Tables) -> Convert:
    if not NUMBER.fullmatch(argument):
        raise ConversionError("multiply takes a number, such as multiply:1000 or multiply:0.01")
    factor = Decimal(argument)

    def convert(value: Any) -> int | Decimal:
        return bounded(factor * number(value))

    return convert


def _make_round(argument: str, _: Tables) -> Convert:
    decimals = argument or "0"
    if not decimals.isdecimal() or int(decimals) > 6:
        raise ConversionError("round takes a number of decimals from 0 to 6, such as round:2")
    smallest_step = Decimal(1).scaleb(-int(decimals))

    def convert(value: Any) -> int | Decimal:
        exact = Decimal(number(value))
        if abs(exact) >= MAX_ROUNDED:
            raise ConversionError(f"expected a number below {MAX_ROUNDED:.0e}, got {format_value(value)}")
        rounded = exact.quantize(smallest_step, ROUND_HALF_UP)
        return int(rounded) if rounded == rounded.to_integral_value() else rounded

    return convert


CONVERTERS: dict[str, Converter] = {
    "number": Converter("a number; the thousands separator and the decimal mark, as in number:.,", _make_number, "may"),
    "whole": Converter("a number without a fraction", ignore_argument(_read_whole)),
    "nonzero": Converter("a number, and nothing for 0", ignore_argument(_read_nonzero)),
    "multiply": Converter("the number times this one", _make_multiply, "must"),
    "round": Converter(
        "the number with so many decimals, none by default; a half goes away from 0", _make_round, "may"
    ),
}
