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
from babel import Locale, UnknownLocaleError

from api.ingest.converters.values import ConversionError
from api.ingest.formatting import shown
from api.ingest.messages import closest
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
    if found := _codes().get(written) or (written.isdecimal() and _codes().get(written.zfill(3))):
        return found
    plain = comparable(written)
    for language in languages:
        if found := names(language).get(plain):
            return found
    guess = f"; did you mean {written.upper()}?" if written.upper() in _codes() else closest(written, _offered())
    detail = "expected a country by its name or its code [ISO 3166-1] in capitals, such as UA, UKR or 804"
    raise ConversionError(f"{detail}, got {shown(written)}{guess}")


def comparable(name: str) -> str:
    """Return a name for comparison: without accents, punctuation, spaces, letter case and "the"."""
    letters = "".join(char for char in normalize("NFKD", name.casefold()) if not combining(char))
    plain = re.sub(r"[^\w]+", " ", re.sub(r"['’ʼ.]", "", letters.replace("&", " and ")))
    return "".join(ABBREVIATED.get(word, word) for word in plain.split() if word != "the")


@cache
def names(language: str) -> dict[str, str]:
    """Return the codes of countries by their names in a language. The names of other agencies belong to English.
    ConversionError if CLDR does not know the language."""
    try:
        locale = Locale.parse(language, sep="_" if "_" in language else "-")
    except (UnknownLocaleError, ValueError):
        raise ConversionError(
            f"there are no names of countries in {shown(language)}; give a language [BCP 47] such as uk"
        ) from None
    found: dict[str, set[str]] = {}
    own = {comparable(name): code for code, name in locale.territories.items() if code in COUNTRIES}
    for code, name in _english() if language == ENGLISH else ():
        found.setdefault(comparable(name), set()).add(code)
    # A name that two countries have is the name of neither.
    return {name: codes.pop() for name, codes in found.items() if len(codes) == 1} | own


def _english() -> Iterator[tuple[str, str]]:
    for one in pycountry.countries:
        for kind in ("name", "common_name", "official_name"):
            if name := getattr(one, kind, None):
                yield one.alpha_2, name
    for lines in ADDED.values():
        for line in lines.strip().splitlines():
            code, _, written = line.strip().partition(" ")
            yield from ((code, name) for name in written.split("; "))


@cache
def _offered() -> list[str]:
    """Return the names that messages suggest."""
    return [getattr(one, "common_name", one.name) for one in pycountry.countries]


@cache
def _codes() -> dict[str, str]:
    known = {one.alpha_2: one for one in pycountry.countries}
    return {
        **{code: code for code in COUNTRIES},
        **{one.alpha_3: code for code, one in known.items()},
        **{one.numeric: code for code, one in known.items()},
        **CODES,
    }
