"""The position of an error in a JSON text is the same however much of the text is read at once."""

from __future__ import annotations

import io

import pytest

from api.ingest import json_scanner
from api.ingest.json_scanner import Scanner
from api.ingest.strict_json import MalformedFile

CUT = "; the file ends here, so it may be cut short"


def read_all(text: str) -> None:
    """Read the elements of a list."""
    scanner = Scanner(io.BufferedReader(io.BytesIO(text.encode())))
    scanner.take("[", "a list")
    while scanner.mark() != "]":
        scanner.value()
        scanner.next("]", "a comma")


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize(
    ("text", "line", "column", "detail"),
    [
        ('[{"a":1},\n{"a":2},\n{"a" 3},\n{"b":1}]', 3, 6, "expected JSON: Expecting ':' delimiter"),
        ('[{"a":1},{"a":2},{"a" 3},{"b":1}]', 1, 23, "expected JSON: Expecting ':' delimiter"),
        ('[{"a":1},\n{"a":"x', 2, 6, f"expected JSON: Unterminated string starting at{CUT}"),
        ('[{"a":1},\n{"a":1,"a":2}]', 2, 1, "a name stands twice in this object"),
        ("[1,2,\n3 4]", 2, 3, "expected a comma"),
    ],
)
def test_an_error_has_its_line_and_column(
    monkeypatch: pytest.MonkeyPatch, chunk: int, text: str, line: int, column: int, detail: str
) -> None:
    monkeypatch.setattr(json_scanner, "CHUNK", chunk)
    with pytest.raises(MalformedFile) as exc_info:
        read_all(text)
    assert (exc_info.value.position.line, exc_info.value.position.column) == (line, column)
    assert exc_info.value.detail == detail
