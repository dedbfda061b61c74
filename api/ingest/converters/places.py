"""Conversions of places: degrees, points, and countries."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from api.ingest.converters.countries import ENGLISH, country, names
from api.ingest.converters.numbers import number
from api.ingest.converters.values import ConversionError, Convert, Converter, Tables, text
from api.ingest.formatting import shown

KEPT = 8192  # names come again and again
POINT = ("latitude", "longitude")
DEGREES = r"([-+]?\d{1,3}(?:\.\d+)?) ?°? ?([NSEW]?)"
PAIR = re.compile(rf"[(\[]? ?{DEGREES} ?[,; ] ?{DEGREES} ?[)\]]?", re.ASCII | re.IGNORECASE)
WKT = re.compile(
    r"(?:SRID ?= ?(\d+) ?; ?)?POINT ?(?:Z|M|ZM)? ?"
    r"(?:(EMPTY)|\( ?([-+]?\d+(?:\.\d+)?) ([-+]?\d+(?:\.\d+)?)(?: [-+.\d]+)* ?\))",
    re.ASCII | re.IGNORECASE,
)
WGS84 = "4326"
SEA = re.compile(
    r"(?:.+ )?(?:sea|ocean|gulf|bay|straits?|channel|high seas|international waters)"
    r"|(?:the )?(?:gulf|bay|bight|straits?|sea) of .+",
    re.IGNORECASE,
)


def degrees(value: Any, most: int, other: str) -> Any:
    """Return degrees as a number. ConversionError if they are beyond `most`. `other` names the coordinate that they may
    be instead."""
    found = number(value)
    if not -most <= found <= most:
        raise ConversionError(f"expected degrees from -{most} to {most}, got {shown(value)}; is it the {other}?")
    return found


def _point(latitude: Any, longitude: Any) -> dict[str, Any]:
    return {"latitude": degrees(latitude, 90, "longitude"), "longitude": degrees(longitude, 180, "latitude")}


def _pair(order: str) -> Callable[[str, Tables], Convert]:
    """Make a conversion of two numbers in this order, such as `NE` for latitude and longitude."""

    def convert(value: Any) -> dict[str, Any]:
        found = PAIR.fullmatch(" ".join(text(value).split()))
        if not found:
            raise ConversionError(f"expected two numbers such as 47.1, 37.5, got {shown(value)}")
        given = {}
        for axis, degrees_, letter in zip(order, found.groups()[::2], found.groups()[1::2], strict=True):
            mark = letter.upper()
            if mark and (mark not in {"N": "NS", "E": "EW"}[axis] or degrees_[0] in "+-"):
                raise ConversionError(
                    f"expected {'latitude' if axis == 'N' else 'longitude'}, got {shown(degrees_ + letter)}"
                )
            given[axis] = f"-{degrees_}" if mark and mark in "SW" else degrees_
        return _point(given["N"], given["E"])

    return lambda _, __: convert


def _wkt(_: str, __: Tables) -> Convert:
    def convert(value: Any) -> dict[str, Any] | None:
        found = WKT.fullmatch(" ".join(text(value).split()))
        if not found:
            raise ConversionError(f"expected a point in WKT such as POINT (37.5 47.1), got {shown(value)}")
        if found[1] not in (None, WGS84):
            raise ConversionError(f"expected degrees on WGS 84 (SRID {WGS84}), got SRID {found[1]}")
        return None if found[2] else _point(found[4], found[3])

    return convert


def _country(argument: str, _: Tables) -> Convert:
    languages = tuple(argument.split(" or ")) if argument else (ENGLISH,)
    for language in languages:
        names(language)
    found = lru_cache(maxsize=KEPT)(country)
    return lambda value: found(text(value), languages)


def _not_sea(_: str, __: Tables) -> Convert:
    return lambda value: None if SEA.fullmatch(text(value)) else value


CONVERTERS: dict[str, Converter] = {
    "latitude": Converter("degrees from -90 to 90", lambda _, __: lambda value: degrees(value, 90, "longitude")),
    "longitude": Converter("degrees from -180 to 180", lambda _, __: lambda value: degrees(value, 180, "latitude")),
    "lat_lon": Converter(
        "a point, from two numbers in one text such as `47.1, 37.5` or `47.1° N, 37.5° E`", _pair("NE"), fills=POINT
    ),
    "lon_lat": Converter("a point, from two numbers with the longitude first", _pair("EN"), fills=POINT),
    "wkt": Converter("a point, from WKT such as `POINT (37.5 47.1)`", _wkt, fills=POINT),
    "country": Converter(
        "the ISO 3166-1 code of a country, from its alpha-2, alpha-3 or numeric code or its name; "
        "names are English, or of languages that are named, as in country:uk or en",
        _country,
        "may",
    ),
    "not_sea": Converter("the text unless it is the name of a sea, an ocean, a gulf or a strait", _not_sea),
}
