"""The conversions that a mapping can name, each a row of a table: `{date_start|day}`, `{fatalities|number:,}`.

A conversion takes one value of a row, as text or as a value of JSON, and returns a value for a record, or None. A value
that it does not accept is a ConversionError, and its message says what was expected. Nothing is guessed.
"""

from __future__ import annotations

from typing import Any

from api.ingest.converters import amounts, numbers, places, texts, times
from api.ingest.converters.values import ConversionError, Converter, ignore_argument
from api.ingest.messages import suggest_closest

# Steps of a template that are not conversions: a text if there is no value, and None if a conversion fails.
OR, TRY = "or", "try"


def _return_unchanged(value: Any) -> Any:
    """Return the value. The template itself carries out the step."""
    return value


CONVERTERS: dict[str, Converter] = {
    **numbers.CONVERTERS,
    **amounts.CONVERTERS,
    **places.CONVERTERS,
    **times.CONVERTERS,
    **texts.CONVERTERS,
    OR: Converter("this text where there is nothing", ignore_argument(_return_unchanged), "must"),
    TRY: Converter(
        "nothing where one of the conversions after it fails; the report counts these",
        ignore_argument(_return_unchanged),
    ),
}


def find_converter(name: str, argument: str) -> Converter:
    """Return the conversion of this name. ConversionError if there is none, or if it does not take the argument."""
    converter = CONVERTERS.get(name)
    if converter is None:
        raise ConversionError(f"there is no conversion {name}{suggest_closest(name, CONVERTERS)}")
    if argument and not converter.argument:
        raise ConversionError(f"{name} takes nothing after a colon")
    if not argument and converter.argument == "must":
        raise ConversionError(f"{name} takes something after a colon: {converter.meaning}")
    return converter
