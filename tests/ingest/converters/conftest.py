"""Conversions as a mapping writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from api.ingest.converters import find_converter
from api.ingest.converters.values import Tables

Converted = Callable[..., Any]


@pytest.fixture
def convert_text() -> Converted:
    """`convert_text("date:%d.%m.%Y", value)` returns the converted value. ConversionError if the conversion does not
    take it."""

    def convert(conversion: str, value: Any = None, **tables: Any) -> Any:
        name, _, argument = conversion.partition(":")
        return find_converter(name, argument).make(argument, Tables(**tables))(value)

    return convert
