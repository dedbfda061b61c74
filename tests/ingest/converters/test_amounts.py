"""Printed amounts: each form is read, and nothing else is taken for an amount."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from api.ingest.converters.amounts import AFTER, BEFORE, FIELDS, MAGNITUDES
from api.ingest.converters.values import ConversionError
from api.model.vocabularies import Quantifier

Converted = Callable[..., Any]
STATED, WORDING = {"quantifier": "between", "bounds_basis": "stated"}, {"bounds_basis": "wording"}


@pytest.mark.parametrize(
    ("text", "value", "quantifier"),
    [
        ("8", 8, "exact"),
        ("-8", -8, "exact"),
        ("4,250", 4250, "exact"),
        ("4,250,000.5", Decimal("4250000.5"), "exact"),
        ("2.5k", 2500, "exact"),
        ("2.5m", 2_500_000, "exact"),
        ("2.5 million", 2_500_000, "exact"),
        ("2.5 Million", 2_500_000, "exact"),
        ("three billion", 3_000_000_000, "exact"),
        ("eleven", 11, "exact"),
        ("forty", 40, "exact"),
        ("Twenty-five", 25, "exact"),
        ("ninety nine thousand", 99_000, "exact"),
        ("at least thirty-one", 31, "at_least"),
        ("At least 9", 9, "at_least"),
        ("no fewer than 9", 9, "at_least"),
        ("250+", 250, "at_least"),
        ("250 or more", 250, "at_least"),
        ("≥250", 250, "at_least"),
        (">= 250", 250, "at_least"),
        ("more than 9", 9, "more_than"),
        ("> 9", 9, "more_than"),
        ("over 1,000", 1000, "more_than"),
        ("up to 9", 9, "at_most"),
        ("no more than nine", 9, "at_most"),
        ("9 or fewer", 9, "at_most"),
        ("fewer than 9", 9, "less_than"),
        ("<9", 9, "less_than"),
        ("~30", 30, "approximately"),
        ("about 30", 30, "approximately"),
        ("ca. 30", 30, "approximately"),
        ("some 30", 30, "approximately"),
        ("30 or so", 30, "approximately"),
        ("about\u00a01.5 million", 1_500_000, "approximately"),
    ],
)
def test_a_number_and_the_words_that_bind_it(convert_text: Converted, text: str, value: Any, quantifier: str) -> None:
    amount = convert_text("amount", text)
    assert amount.pop("value_text", text) == text
    assert amount == {"value": value, "quantifier": quantifier}


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("thirty-forty", 30, 40),
        ("two-five", 2, 5),
        ("thirty-one to forty-two", 31, 42),
        ("20-25", 20, 25),
        ("20–25", 20, 25),
        ("20 — 25", 20, 25),
        ("20 to 25", 20, 25),
        ("between 20 and 25", 20, 25),
        ("from 20 to 25", 20, 25),
        ("2-3 million", 2_000_000, 3_000_000),
        ("1.5k-2k", 1500, 2000),
        ("900 thousand to 1.2 million", 900_000, 1_200_000),
        ("two to four", 2, 4),
    ],
)
def test_a_range_has_bounds_and_no_value(convert_text: Converted, text: str, low: int, high: int) -> None:
    expected = {"value_low": low, "value_high": high, "value_text": text} | STATED
    assert convert_text("amount", text) == expected


MAGNITUDE_BOUNDS = {
    "tens": (20, 99),
    "dozens": (24, 99),
    "scores": (40, 99),
    "hundreds": (200, 999),
    "thousands": (2_000, 9_999),
    "tens of thousands": (20_000, 99_999),
    "hundreds of thousands": (200_000, 999_999),
    "millions": (2_000_000, 9_999_999),
    "tens of millions": (20_000_000, 99_999_999),
    "hundreds of millions": (200_000_000, 999_999_999),
    "billions": (2_000_000_000, 9_999_999_999),
    "several dozen": (24, 99),
    "several hundred": (200, 999),
    "several thousand": (2_000, 9_999),
    "several million": (2_000_000, 9_999_999),
    "several billion": (2_000_000_000, 9_999_999_999),
    "a few dozen": (24, 99),
    "a few hundred": (200, 999),
    "a few thousand": (2_000, 9_999),
    "a few million": (2_000_000, 9_999_999),
    "a few billion": (2_000_000_000, 9_999_999_999),
}


def test_each_word_of_magnitude_is_listed_here() -> None:
    assert MAGNITUDES.keys() == MAGNITUDE_BOUNDS.keys()


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("Hundreds", 200, 999), *((text, *bounds) for text, bounds in MAGNITUDE_BOUNDS.items())],
)
def test_a_word_of_magnitude_has_the_bounds_of_its_wording(
    convert_text: Converted, text: str, low: int, high: int
) -> None:
    expected = {"value_low": low, "value_high": high, "quantifier": "magnitude", "value_text": text} | WORDING
    assert convert_text("amount", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "unknown",
            "few",
            "many",
            "several",
            "a lot",
            "9 killed",
            "9 people",
            "killed 9",
            "9%",
            "$9",
            "9*",
            "9 (8)",
        ),
        *("4,25", "4,2500", "0,425", "04,250", "4 250", "4.250,5", "1,234 567", "9.", ".9", "1e3", "+9", "--9", "٣"),
        *("25-20", "20-20", "20-", "-20-25", "20-25-30", "2022-02-24", "500 to 2 million", "20/25", "20,25"),
        *("about 20-25", "at least dozens", "at least about 9", "9 m", "9m+k", "at least", "+", "dozens of", "a dozen"),
        *("9\n10", "nine ten", "twenty-ten", "twenty-one-two", "one hundred"),
    ],
)
def test_anything_else_is_refused(convert_text: Converted, text: str) -> None:
    with pytest.raises(ConversionError, match="expected"):
        convert_text("amount", text)


@pytest.mark.parametrize(
    ("conversion", "text", "value"),
    [
        ("amount:.,", "4.250", 4250),
        ("amount:.,", "4.250,5", Decimal("4250.5")),
        ("amount:.,", "4,5", Decimal("4.5")),
        ("amount:space", "4 250", 4250),
        ("amount:space", "4\u202f250", 4250),
        ("amount:'", "4'250.5", Decimal("4250.5")),
    ],
)
def test_the_mapping_names_other_separators(convert_text: Converted, conversion: str, text: str, value: Any) -> None:
    assert convert_text(conversion, text)["value"] == value


@pytest.mark.parametrize("argument", ["x", ".", ",,", "1,", ".,x"])
def test_invalid_separators_are_a_fault_of_the_mapping(convert_text: Converted, argument: str) -> None:
    with pytest.raises(ConversionError, match="amount takes"):
        convert_text(f"amount:{argument}")


def test_a_number_of_json_needs_no_words(convert_text: Converted) -> None:
    assert convert_text("amount", Decimal("4.5")) == {"value": Decimal("4.5"), "quantifier": "exact"}
    with pytest.raises(ConversionError):
        convert_text("amount", True)


def test_every_word_is_read_as_its_quantifier(convert_text: Converted) -> None:
    for quantifier, words in BEFORE.items():
        assert quantifier in Quantifier.terms()
        assert {convert_text("amount", f"{word} 40")["quantifier"] for word in words} == {quantifier}
    for quantifier, words in AFTER.items():
        assert {convert_text("amount", f"40 {word}")["quantifier"] for word in words} == {quantifier}
    for word in MAGNITUDES:
        assert set(convert_text("amount", word)) <= set(FIELDS)
