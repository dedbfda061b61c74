"""Subjects in files: refusals of the load format, and mappings that fill them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from api.ingest.record_reader import InvalidRecord, read

WAR = {"scheme": "medtop", "code": "16000000", "label": "conflict, war and peace"}
EVENT = {
    "resource": "event", "dataset": "d", "key": "e", "kind": "other", "title": "E", "status": "occurred",
    "time_precision": "unknown",
}  # fmt: skip
MAPPING = """
dataset = "d"
container = "csv"

[[record]]
resource = "event"
key = "{id}"
kind = "other"
title = "{title}"
status = "occurred"
time_precision = "unknown"
subjects = [{ scheme = "medtop", code = "{topic}", label = "{name}" }]
"""


@pytest.mark.parametrize(
    ("subjects", "path"),
    [
        ([{"scheme": "medtop"}], ("subjects", 0, "code")),
        ([{"code": "16000000"}], ("subjects", 0, "scheme")),
        ([WAR | {"value": "1"}], ("subjects", 0, "value")),
        ([WAR | {"scheme": "Medtop"}], ("subjects", 0, "scheme")),
        ([WAR, WAR | {"label": ""}], ("subjects", 1, "label")),
        ([WAR | {"label": "a\u0000b"}], ("subjects", 0, "label")),
        ([WAR] * 51, ("subjects",)),
        (WAR, ("subjects",)),
    ],
)
def test_wrong_subjects_are_refused(subjects: Any, path: tuple[str | int, ...]) -> None:
    with pytest.raises(InvalidRecord) as exc_info:
        read(EVENT | {"subjects": subjects})
    assert [field for field, _ in exc_info.value.problems] == [path]


def test_a_record_without_subjects_is_the_same_as_before_there_were_any() -> None:
    assert read(EVENT).body == read(EVENT | {"subjects": []}).body
    assert "subjects" not in orjson.loads(read(EVENT).body)
    assert orjson.loads(read(EVENT | {"subjects": [WAR]}).body)["subjects"] == [WAR]


def test_a_mapping_fills_subjects(read_rows: Callable[..., Any]) -> None:
    rows = "id,title,topic,name\n1,One,16000000,war\n2,Two,11000000,\n"
    lines, faults, _, _ = read_rows(rows, using=MAPPING)
    assert faults == []
    assert [line["subjects"] for line in lines] == [
        [{"scheme": "medtop", "code": "16000000", "label": "war"}],
        [{"scheme": "medtop", "code": "11000000"}],
    ]
