"""The conversions that a mapping can name, each a row of a table: `{date_start|day}`, `{fatalities|number:,}`.

A conversion takes one value of a row, as text or as a value of JSON, and returns a value for a record, or None. A value
that it does not accept is a ConversionError, and its message says what was expected. Nothing is guessed.
"""

from __future__ import annotations

from api.ingest.converters import amounts, numbers, places, texts, times
from api.ingest.converters.values import ConversionError, Convert, Converter, Tables
from api.ingest.messages import closest

# Steps of a template that are not conversions: a text if there is no value, and None if a conversion fails.
OR, TRY = "or", "try"


def _step(argument: str, _: Tables) -> Convert:
    return lambda value: value


CONVERTERS: dict[str, Converter] = {
    **numbers.CONVERTERS,
    **amounts.CONVERTERS,
    **places.CONVERTERS,
    **times.CONVERTERS,
    **texts.CONVERTERS,
    OR: Converter("this text where there is nothing", _step, "must"),
    TRY: Converter("nothing where one of the conversions after it fails; the report counts these", _step),
}


def find_converter(name: str, argument: str) -> Converter:
    """Return the conversion of this name. ConversionError if there is none, or if it does not take the argument."""
    if not (found := CONVERTERS.get(name)):
        raise ConversionError(f"there is no conversion {name}{closest(name, CONVERTERS)}")
    if argument and not found.argument:
        raise ConversionError(f"{name} takes nothing after a colon")
    if not argument and found.argument == "must":
        raise ConversionError(f"{name} takes something after a colon: {found.meaning}")
    return found
