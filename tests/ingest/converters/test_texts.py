"""Texts, lists, numbers, and regular expressions that take linear time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from api.ingest.converters.values import ConversionError

Converted = Callable[..., Any]


@pytest.mark.parametrize(
    ("conversion", "value", "expected"),
    [
        ("element:1", ["a", "b", "c"], "a"),
        ("element:-1", ["a", "b", "c"], "c"),
        ("element:4", ["a", "b", "c"], None),
        ("element:-4", ["a", "b", "c"], None),
        ("element:1", "a", "a"),
        ("element:2", ["a", ""], None),
        ("join", ["a", None, "b"], "a, b"),
        ("join: / ", ["a", 5], "a / 5"),
        ("multiply:1000", "1.5", 1500),
        ("multiply:-0.01", 250, Decimal("-2.5")),
        ("round", "2.5", 3),
        ("round", "-2.5", -3),
        ("round:2", "2.345", Decimal("2.35")),
        ("round:2", 2, 2),
        ("upper", "ukr", "UKR"),
        ("hash", "a", "ca978112ca1bbdcafac231b39a23dc4d"),
    ],
)
def test_texts_become_lists_and_numbers(convert_text: Converted, conversion: str, value: Any, expected: Any) -> None:
    assert convert_text(conversion, value) == expected


@pytest.mark.parametrize("conversion", ["element:0", "element:x", "element:-", "multiply:x", "round:7", "round:-1"])
def test_an_invalid_argument_is_a_fault_of_the_mapping(convert_text: Converted, conversion: str) -> None:
    with pytest.raises(ConversionError, match="takes a"):
        convert_text(conversion)


PATTERNS = {
    "number": r"No\. ?(\d+)",
    "whole": r"[A-Z]{2}\d+",
    "parts": r"(?P<year>\d{4})/(?P<number>\d+)",
    "slow": "(a+)+$",
}


@pytest.mark.parametrize(
    ("conversion", "value", "expected"),
    [
        ("match:number", "Report No. 17 of May", "17"),
        ("match:whole", "case AB12, closed", "AB12"),
        ("match:parts.year", "2021/17", "2021"),
        ("match:parts.number", "2021/17", "17"),
    ],
)
def test_a_regular_expression_gives_its_group(
    convert_text: Converted, conversion: str, value: str, expected: str
) -> None:
    assert convert_text(conversion, value, patterns=PATTERNS) == expected


def test_a_text_that_does_not_match_is_refused(convert_text: Converted) -> None:
    with pytest.raises(ConversionError, match=r"\[patterns.number\]"):
        convert_text("match:number", "none", patterns=PATTERNS)


def test_a_pattern_that_python_reads_in_exponential_time_is_read_in_linear_time(convert_text: Converted) -> None:
    with pytest.raises(ConversionError):
        convert_text("match:slow", "a" * 50_000 + "b", patterns=PATTERNS)


@pytest.mark.parametrize(
    ("conversion", "patterns", "expected"),
    [
        ("match:nmber", PATTERNS, "did you mean number"),
        ("match:parts", PATTERNS, "several groups"),
        ("match:parts.yeer", PATTERNS, "did you mean year"),
        ("match:a", {"a": "("}, "expected a regular expression of RE2"),
        ("match:a", {"a": r"(a)\1"}, "expected a regular expression of RE2"),
    ],
)
def test_an_invalid_pattern_is_a_fault_of_the_mapping(
    convert_text: Converted, conversion: str, patterns: dict[str, str], expected: str
) -> None:
    with pytest.raises(ConversionError) as exc_info:
        convert_text(conversion, patterns=patterns)
    assert expected in str(exc_info.value)
