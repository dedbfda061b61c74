"""Content of files besides records, and the messages about it: by line, never by traceback."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from api.ingest.faults import FileFaults
from api.ingest.load_files import files, open_file

Refusal = Callable[..., Awaitable[list[str]]]

GOOD = b'{"resource": "source", "dataset": "d", "key": "k", "name": "N", "kind": "ngo"}\n'

LINES: list[tuple[str, bytes, str]] = [
    ("syntax", b'{"resource" "source"}\n', "2:13: expected JSON: "),
    ("no object", b"[1]\n", "2: expected an object on each line, got a list"),
    ("duplicate name", b'{"key": "a", "key": "b"}\n', '2:1: the name "key" stands twice in one object'),
    ("NaN", b'{"value": NaN}\n', "2:11: NaN is no JSON number"),
    ("Infinity", b'{"value": -Infinity}\n', "2:11: -Infinity is no JSON number"),
    ("deep", b"[" * 100_000 + b"]" * 100_000 + b"\n", "2: expected JSON that is not nested this deeply"),
    ("long integer", b'{"value": ' + b"9" * 5_000 + b"}\n", "2:11: expected numbers of fewer than 4,300 digits"),
    ("huge exponent", b'{"value": 1e99999999999999999999}\n', "2:11: expected numbers below 1e15"),
    ("not UTF-8", b'{"key": "\xe9"}\n', "2:10: expected UTF-8, and the byte 0xe9 is not"),
    ("UTF-16", "{}".encode("utf-16") + b"\n", "2:1: expected UTF-8, and the byte 0xff is not"),
    ("long line", b'{"key": "' + b"x" * (3 << 20) + b'"}\n', "2: expected a line of at most 1,048,576 bytes"),
    ("half a line", b'{"key": "', "2:9: expected JSON: Unterminated string"),
    ("unknown resource", b'{"resource": "evnt"}\n', "2: resource: expected one of event, figure"),
    ("no resource", b'{"key": "k"}\n', '2: record "k", resource: expected one of event, figure'),
    ("resource of a wrong type", b'{"resource": ["event"]}\n', "a list is none"),
]


@pytest.mark.parametrize(("content", "expected"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
async def test_a_bad_line_is_reported_with_its_number(refusal: Refusal, content: bytes, expected: str) -> None:
    faults = await refusal(GOOD + content)
    assert len(faults) == 1
    assert expected in faults[0]


DOCUMENTS: list[tuple[str, str, str]] = [
    ("syntax", '{\n "format": briefing\n}', "2:12: expected JSON: Expecting value"),
    ("empty", "", "1:1: expected JSON: Expecting value"),
    ("a list", "[]", "1:1: expected an object, got a list"),
    ("NaN", '{\n "NaN": "NaN \\" NaN",\n "a": NaN}', "3:7: NaN is no JSON number"),
    ("duplicate name", '{\n "a": {\n  "b": 1, "b": 2}}', '2:7: the name "b" stands twice in one object'),
    ("deep", "[" * 100_000 + "]" * 100_000, "expected JSON that is not nested this deeply"),
    (
        "unknown list",
        '{"format": "briefing/1", "dataset": "d", "briefing": {},\n"event": []}',
        "2:10: event: unknown field",
    ),
    (
        "another format",
        '{"format": "briefing/2", "dataset": "d", "briefing": {}}',
        "1:12: format: expected one of briefing/1",
    ),
    ("no briefing", '{"format": "briefing/1", "dataset": "d"}', "1:1: briefing: expected, but it is missing"),
    (
        "no records",
        '{"format": "briefing/1", "dataset": "d", "briefing": {}, "events": [5]}',
        "events[0]: expected an object",
    ),
]


@pytest.mark.parametrize(("content", "expected"), [row[1:] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS])
async def test_a_bad_document_is_reported_with_line_and_column(refusal: Refusal, content: str, expected: str) -> None:
    faults = await refusal(content.encode(), "some.json")
    assert expected in faults[0]


async def test_a_fault_in_a_document_names_line_record_and_field(refusal: Refusal, briefing: dict[str, Any]) -> None:
    briefing["events"][1]["citations"][0]["stance"] = "dennies"
    lines = json.dumps(briefing, indent=1).split("\n")
    line = next(number for number, text in enumerate(lines, 1) if "dennies" in text)
    (fault,) = await refusal(briefing, "some.json")
    assert fault.startswith(f'{line}:16: event "talks", citations[0].stance: expected one of asserts')
    assert fault.endswith('"dennies" is none; did you mean denies?')


async def test_records_do_not_repeat_what_their_document_states(refusal: Refusal, briefing: dict[str, Any]) -> None:
    briefing["events"][0]["briefing"] = "another"
    (fault,) = await refusal(briefing, "some.json")
    assert fault.endswith('event "shelling", briefing: the document already gives it: leave it out')


async def test_a_document_that_is_too_large_is_refused(refusal: Refusal) -> None:
    (fault,) = await refusal(b" " * (17 << 20), "some.json")
    assert "expected a document of at most 16,777,216 bytes; write one record a line (NDJSON) for more" in fault


async def test_several_faults_are_reported_at_once_and_the_rest_counted(refusal: Refusal) -> None:
    faults = await refusal([{"resource": "source", "dataset": "d", "key": f"k{at}", "kind": "x"} for at in range(120)])
    assert len(faults) == 51
    assert faults[0].startswith('1: source "k0", kind: ')
    assert faults[50].endswith("and 70 more")


async def test_a_message_holds_no_character_that_acts_on_a_terminal(refusal: Refusal) -> None:
    (fault,) = await refusal(
        [{"resource": "source", "dataset": "d", "key": "\x1b[2J\u202e", "kind": "ngo", "name": "N"}]
    )
    assert fault.isprintable()
    assert "\\u202e" in fault


async def test_blank_lines_windows_lines_and_a_byte_order_mark_are_no_faults(refusal: Refusal) -> None:
    assert await refusal(b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n") + b"\r\n\n" + GOOD.rstrip()) == []


async def test_a_line_of_exactly_the_most_bytes_is_read(refusal: Refusal) -> None:
    assert await refusal(GOOD.rstrip().ljust(1 << 20) + b"\n" + GOOD.rstrip().ljust(1 << 20)) == []


@pytest.mark.parametrize("name", ["a.json", "a.ndjson", "a.jsonl", "a.txt"])
async def test_lines_are_recognised_under_any_file_name(refusal: Refusal, name: str) -> None:
    assert await refusal(GOOD, name) == []


async def test_a_document_is_recognised_under_any_file_name(refusal: Refusal, briefing: dict[str, Any]) -> None:
    assert await refusal(briefing, "a.txt") == []
    assert await refusal(json.dumps(briefing).encode(), "a.txt") == []


def test_a_folder_is_its_load_files_in_order(tmp_path: Path) -> None:
    for name in ("b.json", "a.ndjson", "c.jsonl", "README.md"):
        (tmp_path / name).touch()
    assert [Path(file).name for file in files([str(tmp_path)])] == ["a.ndjson", "b.json", "c.jsonl"]


def test_a_folder_without_load_files_is_no_input(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    with pytest.raises(FileNotFoundError, match=r"no \.json, \.ndjson, \.jsonl file"):
        files([str(tmp_path)])


async def test_a_line_of_a_gigabyte_is_passed_over_in_little_memory(tmp_path: Path, refusal: Refusal) -> None:
    """Make the file sparse, so that it takes no room on disk."""
    path = tmp_path / "huge.ndjson"
    with path.open("wb") as file:
        file.write(GOOD)
        file.truncate(1 << 30)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    faults = FileFaults("")
    with open_file(str(path)) as text:
        assert len(list(text.entries(faults))) == 1
    assert faults.count == 1
    assert time.monotonic() - start < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB
