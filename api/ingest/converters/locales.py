"""Locales of CLDR, by their BCP 47 names."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError

from api.ingest.converters.values import ConversionError
from api.ingest.formatting import format_value


def find_locale(language: str, kind: str) -> Locale:
    """Return the locale of a language. ConversionError, with the kind of names that are missing, if CLDR does not know
    the language."""
    separator = "-"
    if "_" in language:
        separator = "_"
    try:
        return Locale.parse(language, sep=separator)
    except (UnknownLocaleError, ValueError):
        raise ConversionError(
            f"there are no names of {kind} in {format_value(language)}; give a language [BCP 47] such as uk"
        ) from None
