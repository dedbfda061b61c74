"""Conversions of places: degrees, points, and countries."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from api.ingest.converters.countries import ENGLISH, country, names
from api.ingest.converters.numbers import number
from api.ingest.converters.values import ConversionError, Convert, Converter, MakeConvert, Tables, ignore_argument, text
from api.ingest.formatting import format_value

CACHE_SIZE = 8192  # names come again and again
POINT = ("latitude", "longitude")
Point = dict[str, int | Decimal]
DEGREES = r"([-+]?\d{1,3}(?:\.\d+)?) ?°? ?([NSEW]?)"
PAIR = re.compile(rf"[(\[]? ?{DEGREES} ?[,; ] ?{DEGREES} ?[)\]]?", re.ASCII | re.IGNORECASE)
WKT = re.compile(
    r"(?:SRID ?= ?(\d+) ?; ?)?POINT ?(?:Z|M|ZM)? ?"
    r"(?:(EMPTY)|\( ?([-+]?\d+(?:\.\d+)?) ([-+]?\d+(?:\.\d+)?)(?: [-+.\d]+)* ?\))",
    re.ASCII | re.IGNORECASE,
)
WGS84 = "4326"
Axis = Literal["latitude", "longitude"]
# The letters that may follow degrees of each axis.
LETTERS: dict[Axis, str] = {"latitude": "NS", "longitude": "EW"}
SEA = re.compile(
    r"(?:.+ )?(?:sea|ocean|gulf|bay|straits?|channel|high seas|international waters)"
    r"|(?:the )?(?:gulf|bay|bight|straits?|sea) of .+",
    re.IGNORECASE,
)


def _parse_degrees(value: Any, limit: int, other: str) -> int | Decimal:
    """Return degrees as a number. ConversionError if they are beyond `limit`. `other` names the coordinate that they
    may be instead."""
    degrees = number(value)
    if not -limit <= degrees <= limit:
        raise ConversionError(
            f"expected degrees from -{limit} to {limit}, got {format_value(value)}; is it the {other}?"
        )
    return degrees


def _parse_latitude(value: Any) -> int | Decimal:
    """Return degrees from -90 to 90."""
    return _parse_degrees(value, 90, "longitude")


def _parse_longitude(value: Any) -> int | Decimal:
    """Return degrees from -180 to 180."""
    return _parse_degrees(value, 180, "latitude")


def _build_point(latitude: str, longitude: str) -> Point:
    return {"latitude": _parse_latitude(latitude), "longitude": _parse_longitude(longitude)}


def _pair_converter(first: Axis, second: Axis) -> MakeConvert:
    """Make a conversion of two numbers in this order, such as latitude and longitude."""

    def convert(value: Any) -> Point:
        match = PAIR.fullmatch(_on_one_line(value))
        if not match:
            raise ConversionError(f"expected two numbers such as 47.1, 37.5, got {format_value(value)}")
        first_degrees, first_letter, second_degrees, second_letter = match.groups()
        degrees = {
            first: _apply_letter(first, first_degrees, first_letter),
            second: _apply_letter(second, second_degrees, second_letter),
        }
        return _build_point(degrees["latitude"], degrees["longitude"])

    return ignore_argument(convert)


def _on_one_line(value: Any) -> str:
    return " ".join(text(value).split())


def _apply_letter(axis: Axis, degrees: str, letter: str) -> str:
    """Return degrees with the sign that their letter stands for. ConversionError if the letter is of the other axis, or
    if there is a sign already."""
    if not letter:
        return degrees
    direction = letter.upper()
    if direction not in LETTERS[axis] or degrees[0] in "+-":
        raise ConversionError(f"expected {axis}, got {format_value(degrees + letter)}")
    if direction in "SW":
        return f"-{degrees}"
    return degrees


def _parse_wkt(value: Any) -> Point | None:
    """Return a point of WKT; None if it is empty. ConversionError if it is not on WGS 84."""
    match = WKT.fullmatch(_on_one_line(value))
    if not match:
        raise ConversionError(f"expected a point in WKT such as POINT (37.5 47.1), got {format_value(value)}")
    srid, empty, longitude, latitude = match.groups()
    if srid not in (None, WGS84):
        raise ConversionError(f"expected degrees on WGS 84 (SRID {WGS84}), got SRID {srid}")
    if empty:
        return None
    return _build_point(latitude, longitude)


def _make_country(argument: str, _: Tables) -> Convert:
    languages = tuple(argument.split(" or ")) if argument else (ENGLISH,)
    for language in languages:
        names(language)
    find_country = lru_cache(maxsize=CACHE_SIZE)(country)

    def convert(value: Any) -> str:
        return find_country(text(value), languages)

    return convert


def _exclude_sea(value: Any) -> Any:
    """Return None if the text is the name of a sea, else the value."""
    return None if SEA.fullmatch(text(value)) else value


CONVERTERS: dict[str, Converter] = {
    "latitude": Converter("degrees from -90 to 90", ignore_argument(_parse_latitude)),
    "longitude": Converter("degrees from -180 to 180", ignore_argument(_parse_longitude)),
    "lat_lon": Converter(
        "a point, from two numbers in one text such as `47.1, 37.5` or `47.1° N, 37.5° E`",
        _pair_converter("latitude", "longitude"),
        fills=POINT,
    ),
    "lon_lat": Converter(
        "a point, from two numbers with the longitude first", _pair_converter("longitude", "latitude"), fills=POINT
    ),
    "wkt": Converter("a point, from WKT such as `POINT (37.5 47.1)`", ignore_argument(_parse_wkt), fills=POINT),
    "country": Converter(
        "the ISO 3166-1 code of a country, from its alpha-2, alpha-3 or numeric code or its name; "
        "names are English, or of languages that are named, as in country:uk or en",
        _make_country,
        "may",
    ),
    "not_sea": Converter(
        "the text unless it is the name of a sea, an ocean, a gulf or a strait", ignore_argument(_exclude_sea)
    ),
}
