"""Conversions of numbers. A number with separators is refused until the mapping names them."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from api.ingest.converters.values import NUMBERS, ConversionError, Convert, Converter, Tables, bounded, text
from api.ingest.formatting import shown

NUMBER = re.compile(r"[-+]?\d+(\.\d+)?", re.ASCII)
SEPARATED = re.compile(r"[-+]?\d{1,3}([,. '\u00a0\u202f]\d{3})+([.,]\d+)?", re.ASCII)
SPACES = {"space": " \u00a0\u202f"}


def number(value: Any, thousands: str = "", point: str = ".") -> int | Decimal:
    """Return a number, exactly as it is written."""
    if isinstance(value, NUMBERS) and not isinstance(value, bool):
        return bounded(value)
    plain = text(value)
    if thousands:
        plain = re.sub(rf"(?<=\d)[{re.escape(thousands)}](?=\d{{3}}(\D|$))", "", plain)
    if point != ".":
        plain = plain.replace(".", "x").replace(point, ".")
    if NUMBER.fullmatch(plain) and len(plain) <= 60:
        return Decimal(plain) if "." in plain else int(plain)
    hint = ""
    if found := SEPARATED.fullmatch(text(value)):
        mark = found[1][0]
        hint = f"; where {shown(mark)} separates thousands, the mapping says number:{mark}"
    raise ConversionError(f"expected a number such as 1234.5, got {shown(value)}{hint}")


def _number(argument: str, _: Tables) -> Convert:
    thousands, point = (SPACES[argument], ".") if argument in SPACES else (argument[:1], argument[1:] or ".")
    return lambda value: number(value, thousands, point)


def _whole(_: str, __: Tables) -> Convert:
    def convert(value: Any) -> int:
        found = number(value)
        if found != int(found):
            raise ConversionError(f"expected a whole number, got {shown(value)}")
        return int(found)

    return convert


def _multiply(argument: str, _: Tables) -> Convert:
    if not NUMBER.fullmatch(argument):
        raise ConversionError("multiply takes a number, such as multiply:1000 or multiply:0.01")
    factor = Decimal(argument)
    return lambda value: bounded(factor * number(value))


def _round(argument: str, _: Tables) -> Convert:
    if argument and not (argument.isdecimal() and int(argument) <= 6):
        raise ConversionError("round takes a number of decimals from 0 to 6, such as round:2")
    places = Decimal(1).scaleb(-int(argument or "0"))

    def convert(value: Any) -> int | Decimal:
        found = Decimal(number(value)).quantize(places, ROUND_HALF_UP)
        return int(found) if found == found.to_integral_value() else found

    return convert


CONVERTERS: dict[str, Converter] = {
    "number": Converter("a number; the thousands separator and the decimal mark, as in number:.,", _number, "may"),
    "whole": Converter("a number without a fraction", _whole),
    "nonzero": Converter("a number, and nothing for 0", lambda _, __: lambda value: number(value) or None),
    "multiply": Converter("the number times this one", _multiply, "must"),
    "round": Converter("the number with so many decimals, none by default; a half goes away from 0", _round, "may"),
}
