"""Rows of other files through a mapping: their records, and the messages about faults of files and mappings."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from api.errors import LoadError
from api.ingest.mapping import mapping, parsed, shipped

MAPPING = """
dataset = "strikes"
container = ["csv", "json", "ndjson", "geojson"]
[maps.kind]
shell = "shelling"
"drone*" = "air_strike"
[[record]]
resource = "source"
once = true
key = "{by}"
name = "{by}"
kind = "government"
[[record]]
resource = "place"
once = true
key = "{town}"
name = "{town}"
latitude = "{lat|latitude}"
longitude = "{lon|longitude}"
[[record]]
resource = "event"
key = "{id}"
title = "Strike on {town}"
kind = "{what|map:kind}"
starts_at = "{on|day}"
ends_at = "{on|next_day}"
time_precision = "day"
status = "occurred"
place = "{town}"
citations = [{ source = "{by}" }]
[[record]]
resource = "figure"
when = "{dead}"
key = "{id}, dead"
event = "{id}"
measure = "killed"
unit = "persons"
value = "{dead}"
citations = [{ source = "{by}" }]
"""
HEAD = "id,on,what,town,lat,lon,dead,by\n"
ROWS = "1,2022-02-24,shell,Town,47.1,37.5,3,Ministry\n2,2022-02-25,drone raid,Town,47.1,37.5,,Ministry\n"


@pytest.fixture
def through(read_rows: Callable[..., Any]) -> Callable[..., Any]:
    """`read_rows`, by default with the mapping above."""
    return partial(read_rows, using=MAPPING)


Through = Callable[..., Any]


def test_a_row_gives_its_records_and_what_recurs_comes_once(through: Through) -> None:
    lines, faults, notes, _ = through(HEAD + ROWS)
    assert not faults
    assert [(line["resource"], line["key"]) for line in lines] == [
        ("source", "Ministry"),
        ("place", "Town"),
        ("event", "1"),
        ("figure", "1, dead"),
        ("event", "2"),
    ]
    assert lines[2] == {
        "resource": "event",
        "dataset": "strikes",
        "key": "1",
        "title": "Strike on Town",
        "kind": "shelling",
        "starts_at": "2022-02-24T00:00:00Z",
        "ends_at": "2022-02-25T00:00:00Z",
        "time_precision": "day",
        "status": "occurred",
        "place": "Town",
        "citations": [{"source": "Ministry"}],
    }
    assert lines[4]["kind"] == "air_strike"
    assert notes == ["2 rows read with the mapping m."]


def rows_of(text: str) -> list[dict[str, Any]]:
    head, *rows = [line.split(",") for line in text.splitlines()]
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "\ufeff" + HEAD + ROWS),
        ("a.csv", (HEAD + ROWS).replace("\n", "\r\n")),
        ("a.csv", HEAD + "#meta+id,#date,#x,#loc,#geo+lat,#geo+lon,#affected,\n" + ROWS),
        ("a.csv", HEAD + ROWS.rstrip("\n")),
        ("a.json", json.dumps(rows_of(HEAD + ROWS))),
        ("a.json", json.dumps(rows_of(HEAD + ROWS), indent=4)),
        ("a.ndjson", "\n".join(map(json.dumps, rows_of(HEAD + ROWS)))),
        (
            "a.geojson",
            json.dumps(
                {
                    "type": "FeatureCollection",
                    "features": [
                        {
                            "type": "Feature",
                            "properties": {**row, "dead": int(row["dead"]) if row["dead"] else None},
                            "geometry": {"type": "Point", "coordinates": [37.5, 47.1]},
                        }
                        for row in rows_of(HEAD + ROWS)
                    ],
                }
            ),
        ),
    ],
    ids=["bom", "crlf", "hxl", "no end of line", "array", "array in lines", "ndjson", "geojson"],
)
def test_each_container_gives_the_same(through: Through, name: str, content: str) -> None:
    expected, *_ = through(HEAD + ROWS)
    lines, faults, *_ = through(content, name)
    assert not faults
    assert lines == expected


BAD = [
    ("1,02/24/2022,shell,T,47,37,1,M", "column on: expected a date [ISO 8601] such as 2022-02-24"),
    ("1,2022-02-30,shell,T,47,37,1,M", "column on: there is no date 2022-02-30"),
    ('1,2022-02-24,shell,T,47,37,"1,234",M', 'where "," separates thousands, the mapping says number:,'),
    ("1,2022-02-24,shell,T,137.5,47,1,M", 'column lat: expected degrees from -90 to 90, got "137.5"; is it the longi'),
    ("1,2022-02-24,bomb,T,47,37,1,M", 'column what: expected one of "shell", "drone*" of [maps.kind], got "bomb"'),
    ("1,2022-02-24,shell,T,47,37,1", "expected 8 columns as in the header, got 7; the row is cut short"),
    ("1,2022-02-24,shell,T,47,37,1,M,x", "expected 8 columns as in the header, got 9"),
    ('1,2022-02-24,shell,"T,47,37,1,M', "the quote that opens here is never closed"),
    ('1,2022-02-24,shell,"T"x,47,37,1,M', "expected cells separated by"),
    (",2022-02-24,shell,T,47,37,1,M", "event, title"),
    ("1,2022-02-24,shell,T,47,37,few,M", 'column dead: expected a number such as 1234.5, got "few"'),
]


@pytest.mark.parametrize(("row", "expected"), [case for case in BAD if not case[0].startswith(",")])
def test_a_bad_row_is_refused_by_line_and_column(through: Through, row: str, expected: str) -> None:
    _, faults, *_ = through(HEAD + ROWS + row + "\n")
    assert faults[0].startswith("4:")
    assert expected in faults[0]


@pytest.mark.parametrize("row", [row for row, _ in BAD])
def test_a_bad_row_can_be_set_aside_and_the_rest_is_loaded(through: Through, row: str) -> None:
    last = "9,2022-02-26,shell,Town,47.1,37.5,3,Ministry\n"
    lines, faults, notes, put = through(HEAD + ROWS + row + "\n" + last, skip=True)
    assert not faults
    assert [line["key"] for line in lines if line["resource"] == "event"] == ["1", "2", "9"]
    assert [(entry["line"], bool(entry["reason"]), bool(entry["row"])) for entry in put] == [(4, True, True)]
    assert "1 rows set aside." in notes


def test_a_row_in_another_encoding_is_set_aside_alone(through: Through) -> None:
    bad = "3,2022-02-24,shell,Köln,47,37,1,M\n".encode("latin-1")
    _, faults, *_ = through((HEAD + ROWS).encode() + bad)
    assert faults == [
        "4:21: expected UTF-8, and the byte 0xf6 is not; if all of the file is Windows-1252, "
        'the mapping says encoding = "windows-1252"'
    ]
    lines, _, _, put = through(HEAD.encode() + bad + ROWS.encode(), skip=True)
    assert len(lines) == 5
    assert put[0]["line"] == 2
    lines, faults, *_ = through(HEAD.encode() + bad, using='encoding = "windows-1252"\n' + MAPPING)
    assert not faults
    assert lines[1]["name"] == "Köln"


def test_a_duplicate_key_is_set_aside_with_its_first_place(through: Through) -> None:
    _, _, _, put = through(HEAD + ROWS + ROWS.splitlines()[0] + "\n", skip=True)
    assert put[0]["reason"].startswith('event "1", key: this event stands in the file already, at line 2')


def test_quoted_cells_may_have_line_ends_and_quotes(through: Through) -> None:
    row = '1,2022-02-24,shell,"The ""old""\r\nTown",47.1,37.5,3,Ministry\r\n'
    lines, faults, *_ = through(HEAD + row + "2,2022-02-24,shell,T,95,37,1,M\n")
    assert lines[1]["name"] == 'The "old"\nTown'
    assert faults[0].startswith("4: ")


def test_another_delimiter_is_reported(through: Through) -> None:
    _, faults, *_ = through((HEAD + ROWS).replace(",", ";"))
    assert faults == [
        "1: expected columns separated by a comma; if this file separates them with a semicolon, "
        'the mapping says delimiter = ";"'
    ]
    _, faults, *_ = through((HEAD + ROWS).replace(",", ";"), using='delimiter = ",;"\n' + MAPPING)
    assert not faults


def test_a_missing_column_is_reported_with_the_nearest_name(through: Through) -> None:
    _, faults, *_ = through(HEAD.replace("town", "towns") + ROWS)
    assert faults == ['1: expected a column "town", which the mapping names; did you mean towns?']
    _, faults, *_ = through(json.dumps([{"id": "1"}]), "a.json")
    assert any('expected a column "town"' in fault for fault in faults)


def test_an_unmapped_column_is_reported(through: Through) -> None:
    _, _, notes, _ = through(HEAD.replace("by\n", "by,mood,extra\n") + ROWS.replace("Ministry", "Ministry,x,y"))
    assert notes[1] == "Columns not mapped: mood, extra."


def test_two_rows_that_disagree_about_one_record_are_reported(through: Through) -> None:
    lines, _, notes, _ = through(HEAD + ROWS.replace("47.1", "47.2", 1))
    assert sum(line["resource"] == "place" for line in lines) == 1
    assert notes[1] == '1 rows say something else of place "Town" than the first that names it, which is kept.'


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", '[{"id": "1"},\n{"id"', "2:6: expected JSON: Expecting ':' delimiter; the file ends here"),
        ("a.json", '{"id": "1"}', "1: expected a JSON array of objects"),
        ("a.json", "[1]", "1: record 1: expected an object, got 1"),
        ("a.json", '[{"id": NaN}]', "1:2: NaN is no JSON number"),
        ("a.json", '[{"id": 1, "id": 2}]', "1:2: a name stands twice in this object"),
        ("a.json", '[{"id": 1e999999999}]', "expected a number below 1e15"),
        ("a.json", '[{"on": {}, "id": []}]', "column on: expected text or a number, got an object"),
        ("a.json", '[{"town": ["T"]}]', "key: expected text, got a list (from town)"),
        ("a.csv", HEAD + "1,2022-02-24,shell,T,1,2," + "9" * 5000 + ",M\n", "column dead: expected a number"),
        ("a.geojson", '{"type": "Other", "features": []}', "1: expected a GeoJSON FeatureCollection"),
        (
            "a.geojson",
            '{"type": "FeatureCollection", "crs": {"properties": {"name": "EPSG:3857"}}, "features": []}',
            "expected degrees on WGS 84",
        ),
        (
            "a.geojson",
            '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": 5}]}',
            "expected the geometry to be one of GeoJSON",
        ),
        ("a.csv", "", "1: expected a header that names the columns, and the file is empty"),
        ("a.csv", "id,id\n", '1: the column "id" stands twice in the header'),
        ("a.ndjson", "{\n", "1:2: expected JSON"),
    ],
)
def test_a_malformed_file_is_refused(through: Through, name: str, content: str, expected: str) -> None:
    _, faults, *_ = through(content, name)
    assert any(expected in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("{on|day}", "{on|dya}", "m.toml:25: record[3].starts_at: there is no conversion dya; did you mean day?"),
        ("{on|day}", "{on|split:", "record[3].starts_at: expected each { to have its }"),
        ("map:kind", "map:knd", "record[3].kind: there is no [maps.knd]; did you mean kind?"),
        ("[{ source", "[{ sauce", "record[3].citations[1].sauce: unknown field; did you mean"),
        ('title = "', 'titel = "', "m.toml:23: record[3].titel: unknown field; did you mean title?"),
        ('"shelling"', '"shellin"', '"shellin" is none; did you mean shelling?'),
        ('unit = "persons"\n', "", "record[4].unit: expected, for each figure has it"),
        ('"killed"', '"kiled"', "m.toml:36: record[4].measure: expected one of killed, injured"),
        ('"event"', '"evnt"', "record[3].resource: expected one of"),
        ('"strikes"', "5", "m.toml:2: dataset: expected text, got 5"),
        ("dataset", "datset", "datset: expected one of title, dataset"),
        ('"csv"', '"xml"', 'container: expected one of csv, json, ndjson, geojson, xlsx, parquet, got "xml"'),
        ("[[record]]", "[[record", "expected TOML"),
        ('"shelling"', "5", "maps: expected tables such as [maps.kind]"),
        ("dataset", 'delimiter = ""\ndataset', "delimiter: expected a character such as , or ;"),
        (
            "[maps.kind]",
            '[briefing]\ntitel = "T"\n[maps.kind]',
            "m.toml:5: briefing.titel: unknown field; did you mean",
        ),
        (
            "[maps.kind]",
            '[briefing]\ntitle = "T"\n[maps.kind]',
            "briefing.language: expected, for each briefing has it",
        ),
        ("dataset", "empty = [5]\ndataset", "empty: expected texts, got a list"),
        ("dataset", 'encoding = "rot13"\ndataset', "encoding: expected an encoding such as utf-8"),
    ],
)
def test_an_invalid_mapping_is_refused_with_the_line(before: str, after: str, expected: str) -> None:
    with pytest.raises(LoadError) as exc_info:
        parsed("m.toml", MAPPING.replace(before, after, 1).encode())
    assert any(expected in fault for fault in exc_info.value.faults), exc_info.value.faults


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(LoadError, match=r"There is no format \"ucdp\"; did you mean ucdp-ged"):
        mapping("ucdp")
    assert shipped() == ["acled", "ucdp-ged"]
    assert all(mapping(name).records for name in shipped())
