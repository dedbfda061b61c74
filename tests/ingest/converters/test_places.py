"""Points and countries."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pycountry
import pytest
from babel import Locale

from api.ingest.converters.countries import ADDED, CODES, comparable, country, names
from api.ingest.converters.values import ConversionError
from api.model.countries import COUNTRIES

Converted = Callable[..., Any]
SPOT = {"latitude": Decimal("-1.25"), "longitude": Decimal("30.5")}


@pytest.mark.parametrize(
    ("conversion", "value"),
    [
        ("lat_lon", "-1.25, 30.5"),
        ("lat_lon", "-1.25,30.5"),
        ("lat_lon", "-1.25 30.5"),
        ("lat_lon", "(-1.25; 30.5)"),
        ("lat_lon", "1.25° S, 30.5° E"),
        ("lat_lon", "1.25S 30.5E"),
        ("lon_lat", "30.5, -1.25"),
        ("wkt", "POINT (30.5 -1.25)"),
        ("wkt", "point(30.5  -1.25)"),
        ("wkt", "POINT Z (30.5 -1.25 812)"),
        ("wkt", "SRID=4326;POINT(30.5 -1.25)"),
    ],
)
def test_a_point_in_one_text_gives_both_degrees(convert_text: Converted, conversion: str, value: str) -> None:
    assert convert_text(conversion, value) == SPOT


@pytest.mark.parametrize(
    ("conversion", "value", "expected"),
    [
        ("lat_lon", "130.5, 1.25", "is it the longitude?"),
        ("lat_lon", "30.5E 1.25S", "expected latitude"),
        ("lat_lon", "-1.25S 30.5E", "expected latitude"),
        ("lat_lon", "1.25", "expected two numbers"),
        ("lat_lon", "1,25, 30,5", "expected two numbers"),
        ("wkt", "LINESTRING (1 2, 3 4)", "expected a point in WKT"),
        ("wkt", "SRID=3857;POINT(3 4)", "WGS 84"),
    ],
)
def test_a_text_that_is_not_a_point_is_refused(
    convert_text: Converted, conversion: str, value: str, expected: str
) -> None:
    with pytest.raises(ConversionError) as exc_info:
        convert_text(conversion, value)
    assert expected in str(exc_info.value)


def test_an_empty_point_is_nothing(convert_text: Converted) -> None:
    assert convert_text("wkt", "POINT EMPTY") is None


# Some countries as the United Nations, OCHA, the World Bank, UCDP, ACLED, CLDR and ISO 3166-1 write them.
WRITTEN = {
    "CD": "CD; COD; 180; Democratic Republic of the Congo; Congo, Dem. Rep.; DR Congo (Zaire); Congo - Kinshasa; "
    "Democratic Republic of Congo; Congo, The Democratic Republic of the",
    "CG": "COG; 178; Congo; Congo, Rep.; Republic of Congo; Congo - Brazzaville; Republic of the Congo",
    "CI": "CIV; 384; Côte d'Ivoire; Côte d’Ivoire; Cote d'Ivoire; COTE D IVOIRE; Ivory Coast",
    "IR": "IRN; 364; Iran (Islamic Republic of); Iran, Islamic Rep.; Iran, Islamic Republic of; Iran",
    "KP": "PRK; 408; Democratic People's Republic of Korea; Korea, Dem. People's Rep.; North Korea",
    "KR": "KOR; 410; Republic of Korea; Korea, Rep.; South Korea",
    "MM": "MMR; 104; Myanmar; Myanmar (Burma); Burma",
    "PS": "PSE; 275; State of Palestine; West Bank and Gaza; occupied Palestinian territory; Palestine",
    "RU": "RUS; 643; Russian Federation; Russia (Soviet Union); Russia",
    "SZ": "SWZ; 748; Eswatini; eSwatini; Kingdom of eSwatini (Swaziland); Swaziland",
    "TR": "TUR; 792; Türkiye; Turkiye; TURKEY; Turkey",
    "UA": "UA; UKR; 804; Ukraine; the Ukraine",
    "US": "USA; 840; United States of America; United States; the United States",
    "VE": "VEN; 862; Venezuela (Bolivarian Republic of); Venezuela, RB; Venezuela",
    "XK": "XK; XKX; Kosovo; Kosovo (under UNSCR 1244)",
    "AF": "004; 4; Afghanistan",
    "BA": "Bosnia and Herzegovina; Bosnia & Herzegovina; Bosnia-Herzegovina",
    "VC": "St. Vincent and the Grenadines; Saint Vincent and the Grenadines; St Vincent & Grenadines; St Vincent",
    "NL": "Netherlands (Kingdom of the); Netherlands; the Netherlands",
}


@pytest.mark.parametrize(("code", "text"), [(code, name) for code, row in WRITTEN.items() for name in row.split("; ")])
def test_a_country_is_known_by_its_codes_and_the_names_of_several_agencies(code: str, text: str) -> None:
    assert country(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "ua",
        "ukr",
        "Ukrain",
        "Korea",
        "Red Sea",
        "Persian Gulf",
        "Niger River",
        "Ontario, Canada",
        "USSR",
        "000",
        "999",
        "",
    ],
)
def test_an_invalid_country_is_refused(text: str) -> None:
    with pytest.raises(ConversionError, match="expected a country"):
        country(text)


def test_a_refusal_suggests_the_code_in_capitals_or_the_nearest_name() -> None:
    with pytest.raises(ConversionError, match="did you mean UKR"):
        country("ukr")
    with pytest.raises(ConversionError, match="did you mean Ukraine"):
        country("Ukrane")


def test_names_in_other_languages_are_read_if_the_mapping_names_them(convert_text: Converted) -> None:
    assert convert_text("country:uk", "Франція") == "FR"
    assert convert_text("country:fr or en", "Germany") == "DE"
    assert convert_text("country:fr", "Allemagne") == "DE"
    assert convert_text("country:uk", "UKR") == "UA"
    with pytest.raises(ConversionError, match="expected a country"):
        convert_text("country", "Allemagne")
    with pytest.raises(ConversionError, match="no names of countries"):
        convert_text("country:xx")


def test_every_country_has_codes_and_names() -> None:
    assert set(names("en").values()) == COUNTRIES
    assert all(country(code) == code for code in COUNTRIES)
    assert set(CODES.values()) <= COUNTRIES


def added_names() -> list[tuple[str, str]]:
    """Return each name of ADDED, after the code of its country."""
    lines = [line.split(maxsplit=1) for group in ADDED.values() for line in group.strip().splitlines()]
    return [(code, name) for code, row in lines for name in row.split("; ")]


def test_each_name_that_was_added_is_in_no_library_and_of_one_country() -> None:
    known_names = {comparable(name) for name in Locale("en").territories.values()}
    for record in pycountry.countries:
        known_names |= {comparable(getattr(record, kind, "")) for kind in ("name", "common_name", "official_name")}
    added = added_names()
    assert [(code, name) for code, name in added if country(name) != code] == []
    assert len({comparable(name) for _, name in added} - known_names) == len(added)


@pytest.mark.parametrize(
    ("text", "sea"),
    [
        *((name, True) for name in ("Red Sea", "Gulf of Aden", "Indian Ocean", "Bay of Bengal", "Strait of Hormuz")),
        *((name, True) for name in ("English Channel", "Persian Gulf", "South China Sea", "International waters")),
        *((name, False) for name in ("Chelsea", "British Indian Ocean Territory", "Seychelles", "Bayelsa", "Gulfport")),
    ],
)
def test_a_sea_is_no_country(convert_text: Converted, text: str, sea: bool) -> None:
    assert convert_text("not_sea", text) == (None if sea else text)


def test_no_name_of_a_country_is_taken_for_a_sea(convert_text: Converted) -> None:
    usual_names = [name for code, name in Locale("en").territories.items() if code in COUNTRIES]
    official_names = [record.name for record in pycountry.countries]
    for name in (*usual_names, *official_names, *names("en"), *(name for _, name in added_names())):
        assert convert_text("not_sea", name) == name
