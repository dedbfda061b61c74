"""Lists of objects anywhere in a JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.ingest.containers.files import MAPPING, PLACES, ROWS, place_values

Read = Callable[..., Any]


@pytest.mark.parametrize(
    ("document", "using"),
    [
        ({"status": 200, "data": ROWS, "count": 2}, 'records = "data"'),
        ({"meta": {"flows": [1, [2]]}, "data": {"note": 'a "]" }', "flows": ROWS, "z": {}}}, 'records = "data.flows"'),
        (ROWS, 'records = "data.flows"'),
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_records_says_where_the_list_is(read_rows: Read, document: Any, using: str, indent: int | None) -> None:
    lines, faults, *_ = read_rows(json.dumps(document, indent=indent), "a.json", using + MAPPING)
    assert not faults
    assert place_values(lines) == PLACES


def test_content_around_the_list_may_exceed_the_memory_bound(read_rows: Read) -> None:
    around = {"text": '\\"]}' * 400_000, "list": [[{"a": "]"}]] * 100_000}
    content = json.dumps({"before": around, "data": ROWS, "after": around})
    lines, faults, *_ = read_rows(content, "a.json", 'records = "data"' + MAPPING)
    assert not faults
    assert place_values(lines) == PLACES


@pytest.mark.parametrize(
    ("content", "using", "detail"),
    [
        (
            '{"data": [], "meta": {"rows": []}}',
            "",
            'in this document, as records = "data" or records =',
        ),
        ('{"a": 1, "b": {}}', "", 'expected a JSON array of objects; this is an object with "a", "b"'),
        (
            '{"data": []}',
            'records = "rows"',
            "expected a list at rows, which the mapping names with records; the",
        ),
        ('{"data": {}}', 'records = "data"', "expected a list at data"),
        ('{"data": [{"id": 1}], "data": []}', 'records = "data"', 'the name "data" stands twice'),
        ('{"data": [{"id": 1}]', 'records = "data"', "expected a comma or } after a member; the file may be cut short"),
        (
            '{"data": [{"id": 1}',
            'records = "data"',
            "expected a comma or ] after an element; the file may be",
        ),
        ('{"data": [{"id": 1}] "x"', 'records = "data"', "expected a comma or } after a member"),
        ('{"x": [1, {"y": "', 'records = "data"', "the file ends here"),
        ('{"data": [{"id": 1},]}', 'records = "data"', "expected another one after the comma, got ]"),
        ('{"data": [{"id": 1}],}', 'records = "data"', "expected another one after the comma, got }"),
        ('{"data": [{"id": 1}]} {}', 'records = "data"', "expected the end of the file"),
        ("[{}] 5", "", "expected the end of the file"),
    ],
)
def test_a_document_without_the_list_or_with_half_of_it_is_refused(
    read_rows: Read, content: str, using: str, detail: str
) -> None:
    _, faults, *_ = read_rows(content, "a.json", using + MAPPING.replace(', "geojson"', ""))
    assert any(detail in fault for fault in faults), faults
