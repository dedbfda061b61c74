"""Files of each kind, packed or not, give the same records."""

from __future__ import annotations

import bz2
import gzip
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from api.errors import LoadError
from api.ingest.mapping import parsed
from tests.ingest.containers.files import (
    CSV,
    MAPPING,
    PLACES,
    ROWS,
    TABLE,
    feature,
    parquet,
    place_values,
    workbook,
    zip_bytes,
)

Read = Callable[..., Any]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", gzip.compress(CSV.encode())),
        ("a.csv", gzip.compress(CSV.encode())),
        ("a.csv.gz", gzip.compress(CSV[:20].encode()) + gzip.compress(CSV[20:].encode())),
        ("a.csv.bz2", bz2.compress(CSV.encode())),
        ("a.zip", zip_bytes(a__csv=CSV)),
        ("a.zip", zip_bytes(zipfile.ZIP_STORED, a__json=json.dumps(ROWS))),
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
        ("a.json", json.dumps([{name.upper(): value for name, value in row.items()} for row in ROWS]).encode()),
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
    assert place_values(lines) == PLACES
    assert notes == ["2 rows read with the mapping m."]


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.csv"])
def test_a_named_member_of_an_archive_is_read(read_rows: Read, name: str) -> None:
    content = zip_bytes(**{"readme__txt": "Hello", "data/places__csv": CSV, "__MACOSX/places__csv": "x"})
    lines, faults, *_ = read_rows(content, name, 'member = "places.csv"' + MAPPING)
    assert not faults
    assert place_values(lines) == PLACES


def test_a_named_sheet_is_read(read_rows: Read) -> None:
    content = workbook(["Notes"], data=TABLE)
    lines, faults, *_ = read_rows(content, "a.xlsx", 'sheet = "data"' + MAPPING)
    assert not faults
    assert place_values(lines) == PLACES


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
    assert place_values(lines) == PLACES


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_wide_characters_without_a_mark_are_read_if_the_mapping_says_so(read_rows: Read, encoding: str) -> None:
    lines, faults, *_ = read_rows(CSV.encode(encoding), using=f'encoding = "{encoding}"' + MAPPING)
    assert (place_values(lines), faults) == (PLACES, [])


def test_a_fault_names_its_line_in_every_container(read_rows: Read) -> None:
    bad = CSV + "3,South,97,0\n"
    expected = 'place: column lat: expected degrees from -90 to 90, got "97"; is it the longitude?'.partition(": ")[2]
    for content in (bad.encode("utf-16"), bad.replace("\n", "\r").encode(), gzip.compress(bad.encode())):
        _, faults, *_ = read_rows(content, using=MAPPING)
        assert [fault.partition(": ")[::2] for fault in faults] == [("4", expected)]
    _, faults, *_ = read_rows(("x\n" + bad).encode(), using="skip_lines = 1" + MAPPING)
    assert faults[0].startswith("5: ")
    _, faults, *_ = read_rows(workbook(*TABLE, [3, "South", 97, 0]), "a.xlsx", MAPPING)
    assert faults[0].startswith("4: column lat")
    _, faults, *_ = read_rows(parquet([*ROWS, ROWS[0] | {"lat": 97.5}]), "a.parquet", MAPPING)
    assert faults[0].startswith("record 3, column lat") or faults[0].startswith("3: record 3: column lat")


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
    with pytest.raises(LoadError) as exc_info:
        parsed("m.toml", (line + MAPPING).encode())
    assert any(detail in fault for fault in exc_info.value.faults), exc_info.value.faults
