"""Values of workbooks and of Parquet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from tests.ingest.containers.files import parquet, workbook

Read = Callable[..., Any]

VALUES = """
dataset = "values"
container = ["xlsx", "parquet"]
[[record]]
resource = "source"
key = "{id}"
name = "{value}"
kind = "other"
"""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (12, "12"),
        (True, "true"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 13, 30), "2024-02-29T13:30:00"),
        ("text", "text"),
    ],
)
def test_cells_of_a_workbook_are_what_a_spreadsheet_shows(read_rows: Read, value: Any, text: str) -> None:
    lines, faults, *_ = read_rows(workbook(["id", "value"], ["1", value]), "a.xlsx", VALUES)
    assert not faults
    assert lines[0]["name"] == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (12, "12"),
        (Decimal("12.500"), "12.500"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 13, 30, tzinfo=UTC), "2024-02-29T13:30:00+00:00"),
        (b"text", "text"),
        (pyarrow.scalar(1709213400000000001, pyarrow.timestamp("ns")), "2024-02-29T13:30:00"),
    ],
)
def test_values_of_parquet_are_as_in_json(read_rows: Read, value: Any, text: str) -> None:
    lines, faults, *_ = read_rows(
        parquet([{"id": "1", "value": value}, {"id": "2", "value": value}]), "a.parquet", VALUES
    )
    assert not faults
    assert [line["name"] for line in lines] == [text, text]


def test_nan_in_parquet_is_empty_and_infinity_is_refused(read_rows: Read) -> None:
    using = VALUES.replace('name = "{value}"', 'name = "{value|or:none}"')
    lines, faults, *_ = read_rows(parquet([{"id": "1", "value": float("nan")}]), "a.parquet", using)
    assert (lines[0]["name"], faults) == ("none", [])
    for value in (float("inf"), float("-inf")):
        _, faults, *_ = read_rows(parquet([{"id": "1", "value": value}]), "a.parquet", using)
        assert "column value: expected a number below 1e15" in faults[0]


def test_lists_and_objects_of_parquet_are_gone_through(read_rows: Read) -> None:
    using = VALUES.replace("{value}", "{who.name}, {codes[1]}")
    rows = [{"id": 1, "who": {"name": "A"}, "codes": ["x", "y"]}]
    lines, faults, *_ = read_rows(parquet(rows), "a.parquet", using)
    assert not faults
    assert lines[0]["name"] == "A, y"
