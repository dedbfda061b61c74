"""Numbers as tables write them. What could be two numbers is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from api.ingest.converters.values import ConversionError
from tests.ingest.converters.conftest import Converted


@pytest.mark.parametrize(
    ("conversion", "text", "value"),
    [
        ("number", "1234.50", Decimal("1234.50")),
        ("number:,", "1,234", 1234),
        ("number:,", "-12,345,678.5", Decimal("-12345678.5")),
        ("number:,", "1234", 1234),
        ("number:.,", "1.234,5", Decimal("1234.5")),
        ("number:.,", "0,123", Decimal("0.123")),
        ("round:1", "2.25", Decimal("2.3")),
    ],
)
def test_a_number_is_read(convert_text: Converted, conversion: str, text: str, value: Any) -> None:
    assert convert_text(conversion, text) == value


@pytest.mark.parametrize(
    ("conversion", "text"),
    [
        # In the other notation these are fractions.
        ("number:,", "0,123"),
        ("number:,", "1234,567"),
        ("number:,", "0.123,456"),
        ("number:,", "12,34"),
        ("number:.,", "0.123"),
        ("round", "9" * 40),
    ],
)
def test_a_number_that_could_be_another_one_is_refused(convert_text: Converted, conversion: str, text: str) -> None:
    with pytest.raises(ConversionError):
        convert_text(conversion, text)
