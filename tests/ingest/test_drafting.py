"""Drafts of mappings from the columns of a file: their content, and that they load as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.errors import LoadError
from api.ingest.drafting.columns import sample_columns
from api.ingest.drafting.draft import draft
from api.ingest.faults import FileFaults
from api.ingest.mapped_file import mapped
from api.ingest.mapping import parsed

CSV = """ref,day,town,lat,lon,killed,note
1,9 May 2021,Ford,-1.25,30.5,12,A bridge was hit.
2,10 May 2021,Ford,-1.25,30.5,at least 9,"Two houses, and a school"
3,11 May 2021,Hill,-1.5,30.75,,Nothing else is known.
"""
RECORDS = [
    {"when": "2021-05-09T05:30:00Z", "what": {"kind": "strike", "name": "A strike"}, "by": [{"name": "A"}], "n": 4},
    {"when": "2021-05-10T06:00:00Z", "what": {"kind": "talks", "name": "Talks"}, "by": [], "n": None},
    {"when": None, "what": {"kind": "talks", "name": "More talks"}, "by": [{"name": "B"}], "n": 7},
]
Put = Callable[[str, Any], str]


def load_rows(path: str, mapping: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the records that a file gives through a mapping, and its faults."""
    faults = FileFaults("")
    with mapped(path, parsed("m.toml", mapping.encode()), None) as file:
        lines = [entry.line for entry in file.entries(faults)]
    try:
        faults.refuse()
    except LoadError as error:
        return lines, list(error.faults)
    return lines, []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("strikes.csv", CSV),
        ("strikes.csv", CSV.replace(",", ";")),
        ("strikes.tsv", CSV.replace('"Two houses, and a school"', "Two houses").replace(",", "\t")),
        ("strikes.csv", "\ufeff" + CSV),
    ],
    ids=["commas", "semicolons", "tabs", "mark"],
)
def test_a_first_mapping_of_a_table_loads_as_it_is(put: Put, name: str, content: str) -> None:
    path = put(name, content.encode())
    lines, faults = load_rows(path, draft(path))
    assert not faults
    event = next(line for line in lines if line["resource"] == "event")
    assert (event["key"], event["starts_at"], event["ends_at"], event["time_precision"]) == (
        "1",
        "2021-05-09T00:00:00Z",
        "2021-05-10T00:00:00Z",
        "day",
    )
    places = [(line["name"], line["latitude"], line["longitude"]) for line in lines if line["resource"] == "place"]
    assert [(name, float(latitude), float(longitude)) for name, latitude, longitude in places] == [
        ("Ford", -1.25, 30.5),
        ("Hill", -1.5, 30.75),
    ]
    figures = [line for line in lines if line["resource"] == "figure"]
    assert [(line["measure"], line["value"], line["quantifier"], line["as_of"]) for line in figures] == [
        ("killed", 12, "exact", "2021-05-09"),
        ("killed", 9, "at_least", "2021-05-10"),
    ]
    assert {line["place"] for line in figures} <= {line["key"] for line in lines if line["resource"] == "place"}


@pytest.mark.parametrize("name", ["a.json", "a.ndjson"])
def test_a_first_mapping_of_objects_loads_as_it_is(put: Put, name: str) -> None:
    content = json.dumps(RECORDS) if name == "a.json" else "\n".join(map(json.dumps, RECORDS))
    path = put(name, content.encode())
    lines, faults = load_rows(path, draft(path))
    assert not faults
    events = [line for line in lines if line["resource"] == "event"]
    assert [(line["title"], line["time_precision"]) for line in events] == [
        ("A strike", "minute"),
        ("Talks", "minute"),
        ("More talks", "unknown"),
    ]
    assert [line["value"] for line in lines if line["resource"] == "figure"] == [4, 7]


def test_a_table_in_another_encoding_is_read_in_that(put: Put) -> None:
    path = put("a.csv", "ref,town\n1,Köln\n2,Ulm\n".encode("windows-1252"))
    mapping = draft(path)
    assert 'encoding = "windows-1252"' in mapping
    assert "Köln" in mapping


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", "22"], "whole number"),
        (["1.5", "2"], "number"),
        (["1,500", "2,250.5"], "number"),
        (["2021-05-09", "2021-05-10T00:00:00Z"], "day"),
        (["2021-05-09T05:30Z"], "time"),
        (["2021-05-09 00:00:00.000"], "day"),
        (["25.12.2021"], "day"),
        (["25/12/2021", "1/2/2021"], "day"),
        (["1/2/2021", "3/4/2021"], "day, with the day or the month first"),
        (["2021-05", "2021", "2021-05-09"], "partial date"),
        (["-1.25, 30.5"], "point"),
        (["POINT (30.5 -1.25)"], "point"),
        (["UKR", "Kenya"], "country"),
        (["at least 9", "10-15"], "amount"),
        (["a; b", "c"], "list"),
        (["open", "closed", "open"], "term"),
        (["9", "NA"], "whole number"),
        (["some words", "other words"], "text"),
        ([""], "empty"),
    ],
)
def test_a_column_has_the_type_that_all_its_values_have(values: list[str], type_: str) -> None:
    (column,), count = sample_columns({"some": value} for value in values)
    assert (column.type, count) == (type_, len(values))


def test_a_row_that_is_nested_too_deeply_is_left_out_of_a_draft(put: Put) -> None:
    deep = "[" * 600 + "]" * 600
    path = put("a.ndjson", f'{{"ref": 1, "deep": {deep}}}\n{{"ref": 2, "town": "Ford"}}\n'.encode())
    assert "first 1 rows" in draft(path) and "town" in draft(path)


def test_a_column_of_partial_dates_is_the_time_of_events(put: Put) -> None:
    path = put("a.csv", b"ref,when\n1,2021-05\n2,2021\n3,2021-05-09\n")
    lines, faults = load_rows(path, draft(path))
    assert not faults
    names = ("starts_at", "ends_at", "time_precision")
    assert [tuple(line[name] for name in names) for line in lines if line["resource"] == "event"] == [
        ("2021-05-01T00:00:00Z", "2021-06-01T00:00:00Z", "month"),
        ("2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z", "year"),
        ("2021-05-09T00:00:00Z", "2021-05-10T00:00:00Z", "day"),
    ]


def test_texts_that_stand_for_nothing_are_listed(put: Put) -> None:
    path = put("a.csv", b"ref,killed\n1,NA\n2,9\n")
    mapping = draft(path)
    assert 'empty = ["NA"]' in mapping
    lines, faults = load_rows(path, mapping)
    assert (faults, [line["value"] for line in lines if line["resource"] == "figure"]) == ([], [9])


def test_names_of_columns_that_templates_cannot_hold_are_left_out_with_the_reason(put: Put) -> None:
    path = put("a.csv", b'ref,"a|b {c}","say ""x"""\n1,2,3\n2,3,4\n')
    lines, faults = load_rows(path, draft(path))
    assert not faults
    assert [line["population"] for line in lines if line["resource"] == "figure"] == ['say "x"', 'say "x"']


def test_without_a_column_of_its_own_a_row_is_known_by_its_number(put: Put) -> None:
    path = put("a.csv", b"town\nFord\nFord\n")
    lines, faults = load_rows(path, draft(path))
    assert (faults, [line["key"] for line in lines if line["resource"] == "event"]) == ([], ["1", "2"])


def test_the_command_prints_the_mapping(put: Put, tmp_path: Path) -> None:
    path = put("strikes.csv", CSV.encode())
    command = [str(Path(sys.executable).with_name("briefing")), "mapping", "new"]
    result = subprocess.run([*command, path], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (result.returncode, result.stdout) == (0, draft(path))
    empty = put("empty.csv", b"")
    for file, code, expected in ((empty, 65, "the file is empty"), (str(tmp_path / "none.csv"), 66, "No such file")):
        result = subprocess.run([*command, file], capture_output=True, text=True, cwd=Path(__file__).parents[2])
        assert (result.returncode, result.stdout) == (code, "")
        assert expected in result.stderr


@pytest.mark.parametrize(
    ("column", "measure"),
    [("best", "killed"), ("best_price", "count"), ("casualties", "killed_or_injured"), ("deaths_a", "killed")],
)
def test_the_name_of_a_column_of_numbers_says_what_is_counted(put: Put, column: str, measure: str) -> None:
    path = put("a.csv", f"id,day,{column}\n1,2024-01-01,5\n2,2024-01-02,7\n".encode())
    lines, faults = load_rows(path, draft(path))
    assert not faults
    assert {line["measure"] for line in lines if line["resource"] == "figure"} == {measure}
