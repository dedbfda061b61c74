"""Codes and names of countries: ISO 3166-1 from pycountry, names of CLDR from babel, and names that both of them lack.

Names are compared without accents, punctuation, spaces, letter case and "the". country-converter is not used. It knows
more names than both, but through regular expressions that also take "Persian Gulf" for Iran and "Niger River" for
Niger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from unicodedata import combining, normalize

import pycountry

from api.ingest.converters.locales import find_locale
from api.ingest.converters.values import ConversionError
from api.ingest.formatting import format_value
from api.ingest.messages import suggest_closest
from api.model.countries import COUNTRIES

ENGLISH = "en"
ABBREVIATED = {"st": "saint", "rep": "republic", "dem": "democratic"}

# Kosovo has no code in ISO 3166-1. XK and XKX are assigned by their users: the EU, the World Bank and CLDR.
CODES = {"XKX": "XK"}

# Names that neither library has, by their origin. Each line is a country.
ADDED = {
    "UCDP, after Gleditsch and Ward: the state of today with the one that it was before": """
        BA Bosnia-Herzegovina
        BF Burkina Faso (Upper Volta)
        BY Belarus (Byelorussia)
        CD DR Congo (Zaire); Congo, Democratic Republic of (Zaire)
        IR Iran (Persia)
        IT Italy/Sardinia
        KH Cambodia (Kampuchea)
        LK Sri Lanka (Ceylon)
        MG Madagascar (Malagasy)
        RO Rumania
        RS Serbia (Yugoslavia)
        RU Russia (Soviet Union)
        SR Surinam
        SZ Kingdom of eSwatini (Swaziland); eSwatini (Swaziland)
        TR Turkey (Ottoman Empire)
        TZ Tanzania (Tanganyika)
        VN Vietnam (North Vietnam); Vietnam, Democratic Republic of
        YE Yemen (North Yemen); Yemen (Arab Republic of Yemen)
        ZW Zimbabwe (Rhodesia)
    """,
    "ACLED": """
        CD Democratic Republic of Congo
        GG Bailiwick of Guernsey
        JE Bailiwick of Jersey
        SH Saint Helena
    """,
    "World Bank": """
        CD Congo, Dem. Rep.
        CG Congo, Rep.
        EG Egypt, Arab Rep.
        FM Micronesia, Fed. Sts.
        IR Iran, Islamic Rep.
        KP Korea, Dem. People's Rep.; Korea, Dem. Rep.
        KR Korea, Rep.
        LA Lao PDR
        PR Puerto Rico (US)
        PS West Bank and Gaza
        SO Somalia, Fed. Rep.
        TW Taiwan, China
        VE Venezuela, RB
        YE Yemen, Rep.
    """,
    "United Nations and OCHA": """
        HK China, Hong Kong Special Administrative Region; China, Hong Kong SAR; Hong Kong, China
        KR Republic of Korea
        LY Libyan Arab Jamahiriya
        MK The former Yugoslav Republic of Macedonia
        MO China, Macao Special Administrative Region; China, Macao SAR; Macao, China
        NL Netherlands (Kingdom of the)
        PS oPt; Occupied Palestinian Territory; occupied Palestinian territory, including east Jerusalem
        SJ Svalbard and Jan Mayen Islands
        TW China, Taiwan Province of
        VA Holy See; Vatican
        WF Wallis and Futuna Islands
        XK Kosovo (under UNSCR 1244); Kosovo (UNSCR 1244)
    """,
    "Tables of codes of several agencies, which write territories in brackets": """
        AS Samoa (American)
        BQ Caribbean NL
        GB Britain (UK)
        KP Korea (North)
        KR Korea (South)
        MF St Martin (French)
        MM Burma (Myanmar)
        SX St Maarten (Dutch)
        TC Turks & Caicos Is
        TF French S. Terr.; French S. Territory
        UM US minor outlying islands
        VC St Vincent
        VG Virgin Islands (UK)
        VI United States Virgin Islands
        WS Samoa (western)
    """,
    "Common names, earlier names and abbreviations": """
        AE UAE
        CD DR Congo; DRC; Dem. Rep. Congo; Zaire
        CI Ivory Coast
        FO Faeroe Islands
        GB UK; Great Britain; Britain
        KP DPRK
        KR ROK
        LK Ceylon
        MK Macedonia; FYR Macedonia; Macedonia, FYR; FYROM
        MM Burma
        MO Macau
        PS Palestine; Palestinian Territory; Gaza and the West Bank
        SZ Swaziland
        TL East Timor
        TR Turkey
        US USA; U.S.
    """,
}


def country(written: str, languages: tuple[str, ...] = (ENGLISH,)) -> str:
    """Return the code [ISO 3166-1 alpha-2] of a country that is written as a code in capitals, a number or a name."""
    code = _find_code(written)
    if code:
        return code
    plain = comparable(written)
    for language in languages:
        code = names(language).get(plain)
        if code:
            return code
    if written.upper() in _codes():
        guess = f"; did you mean {written.upper()}?"
    else:
        guess = suggest_closest(written, _names_to_suggest())
    detail = "expected a country by its name or its code [ISO 3166-1] in capitals, such as UA, UKR or 804"
    raise ConversionError(f"{detail}, got {format_value(written)}{guess}")


def _find_code(written: str) -> str | None:
    """Return the code of a country that is written as a code in capitals or a number, also without leading zeros."""
    code = _codes().get(written)
    if code is None and written.isdecimal():
        code = _codes().get(written.zfill(3))
    return code


def comparable(name: str) -> str:
    """Return a name for comparison: without accents, punctuation, spaces, letter case and "the"."""
    letters = "".join(char for char in normalize("NFKD", name.casefold()) if not combining(char))
    without_marks = re.sub(r"['’ʼ.]", "", letters.replace("&", " and "))
    plain = re.sub(r"[^\w]+", " ", without_marks)
    return "".join(ABBREVIATED.get(word, word) for word in plain.split() if word != "the")


@cache
def names(language: str) -> dict[str, str]:
    """Return the codes of countries by their names in a language. The names of other agencies belong to English.
    ConversionError if CLDR does not know the language."""
    locale = find_locale(language, "countries")
    names_of_cldr = {comparable(name): code for code, name in locale.territories.items() if code in COUNTRIES}
    if language != ENGLISH:
        return names_of_cldr
    codes_by_name: dict[str, set[str]] = {}
    for code, name in _english_names():
        codes_by_name.setdefault(comparable(name), set()).add(code)
    # A name that two countries have is the name of neither.
    names_of_one = {name: codes.pop() for name, codes in codes_by_name.items() if len(codes) == 1}
    return names_of_one | names_of_cldr


def _english_names() -> Iterator[tuple[str, str]]:
    """Yield each name of a country that CLDR may lack, after the country's code."""
    for entry in pycountry.countries:
        for kind in ("name", "common_name", "official_name"):
            name = getattr(entry, kind, None)
            if name:
                yield entry.alpha_2, name
    for lines in ADDED.values():
        for line in lines.strip().splitlines():
            code, _, names_of_line = line.strip().partition(" ")
            for name in names_of_line.split("; "):
                yield code, name


@cache
def _names_to_suggest() -> list[str]:
    """Return the names that messages suggest."""
    return [getattr(entry, "common_name", entry.name) for entry in pycountry.countries]


@cache
def _codes() -> dict[str, str]:
    """Return the alpha-2 codes of countries by all of their codes."""
    codes = {code: code for code in COUNTRIES}
    for entry in pycountry.countries:
        codes[entry.alpha_3] = entry.alpha_2
        codes[entry.numeric] = entry.alpha_2
    return codes | CODES
