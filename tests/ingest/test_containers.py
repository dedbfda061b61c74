"""Rows out of whatever people have: packed, in workbooks, in Parquet, in any JSON, in other editions' columns."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from api.errors import LoadError
from api.ingest.load import load
from api.ingest.mapping import parsed

Read = Callable[..., Any]
Put = Callable[[str, Any], str]

MAPPING = """
dataset = "places"
container = ["csv", "json", "ndjson", "geojson"]
[[record]]
resource = "place"
key = "{id}"
name = "{name}"
latitude = "{lat|latitude}"
longitude = "{lon|longitude}"
"""
CSV = "id,name,lat,lon\n1,Fordham,47.1,37.5\n2,Bridgeton,-1.25,0\n"
ROWS = [
    {"id": "1", "name": "Fordham", "lat": 47.1, "lon": 37.5},
    {"id": "2", "name": "Bridgeton", "lat": -1.25, "lon": 0},
]


def packed(method: int = zipfile.ZIP_DEFLATED, **members: str | bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(".".join(name.rsplit("__", 1)), content)
    return stream.getvalue()


def workbook(*rows: list[Any], **sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, content in sheets.items():
        sheet = book.create_sheet(name)
        for row in content:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parquet(rows: list[dict[str, Any]], **options: Any) -> bytes:
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), stream, **options)
    return stream.getvalue()


def feature(row: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": row, "geometry": None}


def told(lines: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(one["key"], one["name"], float(one["latitude"]), float(one["longitude"])) for one in lines]


PLACES = [("1", "Fordham", 47.1, 37.5), ("2", "Bridgeton", -1.25, 0.0)]
TABLE = [["id", "name", "lat", "lon"], [1, "Fordham", 47.1, 37.5], [2, "Bridgeton", -1.25, 0]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", gzip.compress(CSV.encode())),
        ("a.csv", gzip.compress(CSV.encode())),
        ("a.csv.gz", gzip.compress(CSV[:20].encode()) + gzip.compress(CSV[20:].encode())),
        ("a.csv.bz2", bz2.compress(CSV.encode())),
        ("a.zip", packed(a__csv=CSV)),
        ("a.zip", packed(zipfile.ZIP_STORED, a__json=json.dumps(ROWS))),
        ("a.json.gz", gzip.compress(json.dumps(ROWS).encode())),
        ("a.xlsx", workbook(*TABLE)),
        ("a.csv", workbook(*TABLE, ["", None, None, None])),
        ("a.parquet", parquet(ROWS)),
        ("a.parquet", parquet(ROWS, use_dictionary=False, compression="gzip")),
        ("a.csv", CSV.encode("utf-16")),
        ("a.csv", b"\xfe\xff" + CSV.encode("utf-16-be")),
        ("a.csv", CSV.encode("utf-32")),
        ("a.json", json.dumps(ROWS, indent=1).encode("utf-16")),
        ("a.csv", CSV.replace("\n", "\r").encode()),
        ("a.csv", CSV.replace("\n", "\r").rstrip("\r").encode("utf-16")),
        ("a.csv", CSV.replace("id,name,lat,lon", "ID,Name,LAT,Lon").encode()),
        ("a.json", json.dumps([{name.upper(): one for name, one in row.items()} for row in ROWS]).encode()),
        ("a.csv", json.dumps(ROWS).encode()),
        ("a.json", "\n".join(map(json.dumps, ROWS)).encode()),
        ("a.geojson", "\n".join(json.dumps(feature(row)) for row in ROWS).encode()),
        ("a.ndjson", "\n".join(json.dumps(feature(row)) for row in ROWS).encode()),
        ("a.geojson", json.dumps({"type": "FeatureCollection", "features": list(map(feature, ROWS))}).encode()),
        ("a.json", json.dumps({"type": "FeatureCollection", "features": list(map(feature, ROWS))}).encode()),
        ("a.json-seq", "".join(f"\x1e{json.dumps(row)}\n" for row in ROWS).encode()),
        ("a.json", "".join(f"\x1e{json.dumps(row, indent=2)}\n" for row in ROWS).encode()),
        ("a.geojsons", "".join(f"\x1e{json.dumps(feature(row), indent=2)}\n" for row in ROWS).encode()),
    ],
)
def test_each_container_gives_the_same_records(read_rows: Read, name: str, content: bytes) -> None:
    lines, faults, notes, _ = read_rows(content, name, MAPPING)
    assert not faults
    assert told(lines) == PLACES
    assert notes == ["2 rows read with the mapping m."]


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.csv"])
def test_a_named_member_of_an_archive_is_read(read_rows: Read, name: str) -> None:
    content = packed(**{"readme__txt": "Hello", "data/places__csv": CSV, "__MACOSX/places__csv": "x"})
    lines, faults, *_ = read_rows(content, name, 'member = "places.csv"' + MAPPING)
    assert not faults
    assert told(lines) == PLACES


def test_a_named_sheet_is_read(read_rows: Read) -> None:
    content = workbook(["Notes"], data=TABLE)
    lines, faults, *_ = read_rows(content, "a.xlsx", 'sheet = "data"' + MAPPING)
    assert not faults
    assert told(lines) == PLACES


@pytest.mark.parametrize(
    ("content", "using"),
    [
        (b"Places of 2024\n\n" + CSV.encode(), "skip_lines = 2"),
        (b"\xef\xbb\xbfPlaces of 2024\n" + CSV.encode(), "skip_lines = 1"),
        (CSV.partition("\n")[2].encode(), 'header = ["id", "name", "lat", "lon"]'),
        (b"x\n" + CSV.partition("\n")[2].encode(), 'skip_lines = 1\nheader = ["id", "name", "lat", "lon"]'),
        (workbook(["Places of 2024"], [], *TABLE), "skip_lines = 2"),
        (workbook(*TABLE[1:]), 'header = ["id", "name", "lat", "lon"]'),
        (CSV.replace("lat,lon", "Y,x_coord").encode(), '[other_names]\nlat = "y"\nlon = ["x", "X_COORD"]'),
    ],
)
def test_a_header_may_be_missing_or_late_or_otherwise(read_rows: Read, content: bytes, using: str) -> None:
    mapping = MAPPING.replace("[[record]]", f"{using}\n[[record]]", 1) if "[" in using[:1] else using + MAPPING
    lines, faults, *_ = read_rows(content, using=mapping)
    assert not faults
    assert told(lines) == PLACES


def test_a_fault_is_told_by_the_line_of_the_file_in_any_of_them(read_rows: Read) -> None:
    bad = CSV + "3,South,97,0\n"
    expected = 'place: column lat: expected degrees from -90 to 90, got "97"; is it the longitude?'.partition(": ")[2]
    for content in (bad.encode("utf-16"), bad.replace("\n", "\r").encode(), gzip.compress(bad.encode())):
        _, faults, *_ = read_rows(content, using=MAPPING)
        assert [one.partition(": ")[::2] for one in faults] == [("4", expected)]
    _, faults, *_ = read_rows(("x\n" + bad).encode(), using="skip_lines = 1" + MAPPING)
    assert faults[0].startswith("5: ")
    _, faults, *_ = read_rows(workbook(*TABLE, [3, "South", 97, 0]), "a.xlsx", MAPPING)
    assert faults[0].startswith("4: column lat")
    _, faults, *_ = read_rows(parquet([*ROWS, ROWS[0] | {"lat": 97.5}]), "a.parquet", MAPPING)
    assert faults[0].startswith("record 3, column lat") or faults[0].startswith("3: record 3: column lat")


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
    assert told(lines) == PLACES


def test_what_stands_around_the_list_may_be_larger_than_what_is_held_in_memory(read_rows: Read) -> None:
    around = {"text": '\\"]}' * 400_000, "list": [[{"a": "]"}]] * 100_000}
    content = json.dumps({"before": around, "data": ROWS, "after": around})
    lines, faults, *_ = read_rows(content, "a.json", 'records = "data"' + MAPPING)
    assert not faults
    assert told(lines) == PLACES


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
    assert any(detail in one for one in faults), faults


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("name", "content", "detail"),
    [
        ("a.csv", b"%PDF-1.7 ...", "and this is PDF"),
        ("a.xls", OLE, "and this is an old Office file, such as xls"),
        ("a.csv", b"\xfd7zXZ\x00....", "and this is xz"),
        ("a.csv", b"\x28\xb5\x2f\xfd....", "and this is zstd"),
        (
            "a.json",
            b"<!DOCTYPE html><html>",
            "and this is an HTML page; the server may have sent it",
        ),
        ("a.json", b"<?xml version='1.0'?><a/>", "and this is XML"),
        ("a.csv", b"a,b\n\x00\x01\x02", "and this is binary"),
        ("a.csv", bytes(257) + b"ustar  " + bytes(300), "and this is a tar archive"),
        ("a.tgz", gzip.compress(bytes(257) + b"ustar  " + bytes(300)), "this is a tar archive within gzip"),
        ("a.gz", gzip.compress(gzip.compress(b"a,b\n")), "this is gzip within gzip: unpack it first"),
        ("a.zip", packed(a__gz=gzip.compress(b"a,b\n")), "this is gzip within a zip archive"),
        (
            "a.zip",
            packed(a__csv=CSV, b__csv=CSV),
            'expected one file in it, and it contains "a.csv", "b.csv"; m',
        ),
        ("a.zip", packed(), "expected one file in it, and it contains nothing"),
        ("a.zip", packed(zipfile.ZIP_BZIP2, a__csv=CSV), "is packed by another method than deflate"),
        ("a.zip", packed(a__csv=CSV)[:60], "expected a zip archive that can be unpacked"),
        ("a.csv.gz", gzip.compress(CSV.encode())[:-12], "expected gzip that can be unpacked: Compressed file ended"),
        (
            "a.csv.gz",
            gzip.compress(CSV.encode())[:-8] + bytes(8),
            "expected gzip that can be unpacked: CRC check",
        ),
        ("a.csv.bz2", bz2.compress(CSV.encode())[:-9], "expected bzip2 that can be unpacked"),
        ("a.parquet", b"PAR1" + bytes(100), "expected Parquet that can be read"),
        ("a.xlsx", packed(**{"[Content_Types]__xml": "<", "xl/workbook__xml": "<"}), "expected a workbook (xlsx) that"),
        (
            "a.xlsx",
            workbook(["id"], other=[["id"]]),
            'expected one sheet in this workbook, and it has "Sheet", "o',
        ),
        ("a.xlsx", workbook(["id", "id"]), 'the column "id" stands twice in the header'),
        ("a.xlsx", workbook(), "the sheet is empty"),
        ("a.xlsx", workbook(["id", "name", "lat", "lon"], ["=1+1", "A", 1, 2]), "a formula without its value"),
        ("a.xlsx", workbook(*TABLE[:2], [2, "A", 1, 2, 3]), "expected 4 columns as in the header, got 5"),
        ("a.csv", CSV.encode("utf-16")[:-1], "expected utf-16, and a byte"),
        ("a.json-seq", b'\x1e{"id": \x1e[1]\n', "expected JSON"),
    ],
)
def test_what_is_not_understood_is_named_for_what_it_is(
    read_rows: Read, name: str, content: bytes, detail: str
) -> None:
    try:
        _, faults, *_ = read_rows(content, name, MAPPING)
    except Exception as error:
        faults = [str(error)]
    assert any(detail in one for one in faults), faults


async def test_files_of_the_load_format_are_unpacked_and_named_too(
    store: str, put: Put, briefing: dict[str, Any]
) -> None:
    path = put("a.json.gz", gzip.compress(json.dumps(briefing).encode()))
    assert (await load([path], store)).counts["event"]["created"] == 2
    lines = [{"resource": "source", "dataset": "d", "key": "k", "name": "N", "kind": "other"}]
    archive = put("b.zip", packed(a__ndjson="\n".join(map(json.dumps, lines))))
    assert (await load([archive], store)).counts["source"]["created"] == 1
    for content, detail in (
        (parquet(ROWS), "this is Parquet; rows of other data are read"),
        (b"%PDF-1", "this is PDF"),
    ):
        with pytest.raises(LoadError) as caught:
            await load([put("c.json", content)], store)
        assert detail in caught.value.faults[0]


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.csv.gz", gzip.compress), ("a.csv.bz2", bz2.compress), ("a.zip", lambda content: packed(a__csv=content))],
)
def test_a_bomb_does_not_fill_the_memory(read_rows: Read, name: str, pack: Callable[[bytes], bytes]) -> None:
    content = pack(b"id,name,lat,lon\n" + b"a" * (192 << 20))
    assert len(content) < 1 << 20
    tracemalloc.start()
    try:
        _, faults, *_ = read_rows(content, name, MAPPING)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert faults == ["2: expected a row of at most 1,048,576 bytes"]
    assert peak < 32 << 20


def test_neither_does_a_cell_or_a_text_that_stands_in_each_row(read_rows: Read) -> None:
    sheet = '<worksheet><sheetData><row><c t="inlineStr"><is><t>'
    members = {"[Content_Types]__xml": "<Types/>", "xl/workbook__xml": "<workbook/>"}
    bomb = packed(**members, **{"xl/worksheets/sheet1__xml": sheet.encode() + b"a" * (64 << 20)})
    rows = parquet([{"id": str(number), "name": "a" * (2 << 20), "lat": 1, "lon": 1} for number in range(40)])
    for name, content, detail in (
        ("a.xlsx", bomb, "expected rows of at most"),
        ("a.parquet", rows, "expected values of"),
    ):
        tracemalloc.start()
        try:
            _, faults, *_ = read_rows(content, name, MAPPING)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert any(detail in one for one in faults), faults
        assert peak < 64 << 20


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
    assert [one["name"] for one in lines] == [text, text]


def test_a_number_of_parquet_that_is_none_is_nothing_and_an_infinite_one_is_refused(read_rows: Read) -> None:
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


def test_a_name_that_the_file_has_is_kept_where_another_differs_in_case_alone(read_rows: Read) -> None:
    lines, _, notes, _ = read_rows("ID,id,name,lat,lon\n9,1,A,1,2\n", using=MAPPING)
    assert lines[0]["key"] == "1"
    assert "Columns not mapped: ID." in notes


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("skip_lines = -1", "skip_lines: expected a number of lines"),
        ("skip_lines = true", "skip_lines: expected a number"),
        ('header = ["a", "a"]', "header: expected each column once"),
        ("header = [1]", "header: expected texts"),
        ("other_names = {lat = 5}", "other_names.lat: expected names of columns"),
        ("records = 5", "records: expected text"),
        ("member = []", "member: expected text"),
    ],
)
def test_the_top_of_a_mapping_is_checked(line: str, detail: str) -> None:
    with pytest.raises(LoadError) as caught:
        parsed("m.toml", (line + MAPPING).encode())
    assert any(detail in one for one in caught.value.faults), caught.value.faults
