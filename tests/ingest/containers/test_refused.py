"""Files that the loader cannot read as any container, and files that would fill the memory."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from api.errors import LoadError
from api.ingest.load import load
from tests.ingest.containers.files import CSV, MAPPING, ROWS, TABLE, parquet, workbook, zip_bytes

Read = Callable[..., Any]
Put = Callable[[str, Any], str]

OPEN_DOCUMENT = "application/vnd.oasis.opendocument.spreadsheet"
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
        ("a.kml", b'<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>', "and this is XML"),
        (
            "a.ods",
            zip_bytes(mimetype=OPEN_DOCUMENT, content__xml="<x/>"),
            "this is an OpenDocument file, such as ods: save it",
        ),
        (
            "a.docx",
            zip_bytes(**{"[Content_Types]__xml": "<x/>", "word/document__xml": "<x/>"}),
            "this is a Word document",
        ),
        ("a.pptx", zip_bytes(**{"ppt/presentation__xml": "<x/>"}), "this is a presentation (pptx)"),
        ("a.zip", zip_bytes(roads__shp="x", roads__dbf="x", roads__prj="x"), "this is a shapefile: save it as GeoJSON"),
        ("a.csv", b"a,b\n\x00\x01\x02", "and this is binary"),
        ("a.csv", bytes(257) + b"ustar  " + bytes(300), "and this is a tar archive"),
        ("a.tgz", gzip.compress(bytes(257) + b"ustar  " + bytes(300)), "this is a tar archive within gzip"),
        ("a.gz", gzip.compress(gzip.compress(b"a,b\n")), "this is gzip within gzip: unpack it first"),
        ("a.zip", zip_bytes(a__gz=gzip.compress(b"a,b\n")), "this is gzip within a zip archive"),
        (
            "a.zip",
            zip_bytes(a__csv=CSV, b__csv=CSV),
            'expected one file in it, and it contains "a.csv", "b.csv"; m',
        ),
        ("a.zip", zip_bytes(), "expected one file in it, and it contains nothing"),
        ("a.zip", zip_bytes(zipfile.ZIP_BZIP2, a__csv=CSV), "is packed by another method than deflate"),
        ("a.zip", zip_bytes(a__csv=CSV)[:60], "expected a zip archive that can be unpacked"),
        ("a.csv.gz", gzip.compress(CSV.encode())[:-12], "expected gzip that can be unpacked: Compressed file ended"),
        (
            "a.csv.gz",
            gzip.compress(CSV.encode())[:-8] + bytes(8),
            "expected gzip that can be unpacked: CRC check",
        ),
        ("a.csv.bz2", bz2.compress(CSV.encode())[:-9], "expected bzip2 that can be unpacked"),
        ("a.parquet", b"PAR1" + bytes(100), "expected Parquet that can be read"),
        (
            "a.xlsx",
            zip_bytes(**{"[Content_Types]__xml": "<", "xl/workbook__xml": "<"}),
            "expected a workbook (xlsx) that",
        ),
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
def test_an_unsupported_file_is_named_by_its_type(read_rows: Read, name: str, content: bytes, detail: str) -> None:
    try:
        _, faults, *_ = read_rows(content, name, MAPPING)
    except Exception as error:
        faults = [str(error)]
    assert any(detail in fault for fault in faults), faults


def test_a_member_that_is_named_is_read_beside_a_shapefile(read_rows: Read) -> None:
    archive = zip_bytes(places__shp="x", places__csv=CSV)
    lines, faults, *_ = read_rows(archive, "a.zip", 'member = "places.csv"' + MAPPING)
    assert (len(lines), faults) == (2, [])


def test_a_parquet_file_with_a_name_for_two_columns_is_refused(read_rows: Read) -> None:
    stream = io.BytesIO()
    columns = [pyarrow.array(["1"]), pyarrow.array(["A"]), pyarrow.array(["B"])]
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays(columns, names=["id", "name", "name"]), stream)
    _, faults, *_ = read_rows(stream.getvalue(), "a.parquet", MAPPING)
    assert 'the column "name" stands twice in the header' in faults[0]


async def test_files_of_the_load_format_are_unpacked_and_named_too(
    store: str, put: Put, briefing: dict[str, Any]
) -> None:
    path = put("a.json.gz", gzip.compress(json.dumps(briefing).encode()))
    assert (await load([path], store)).counts["event"]["created"] == 2
    lines = [{"resource": "source", "dataset": "d", "key": "k", "name": "N", "kind": "other"}]
    archive = put("b.zip", zip_bytes(a__ndjson="\n".join(map(json.dumps, lines))))
    assert (await load([archive], store)).counts["source"]["created"] == 1
    for content, detail in (
        (parquet(ROWS), "this is Parquet; rows of other data are read"),
        (b"%PDF-1", "this is PDF"),
    ):
        with pytest.raises(LoadError) as exc_info:
            await load([put("c.json", content)], store)
        assert detail in exc_info.value.faults[0]


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.csv.gz", gzip.compress), ("a.csv.bz2", bz2.compress), ("a.zip", lambda content: zip_bytes(a__csv=content))],
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


def test_a_huge_cell_or_repeated_text_does_not_fill_the_memory(read_rows: Read) -> None:
    sheet = '<worksheet><sheetData><row><c t="inlineStr"><is><t>'
    members = {"[Content_Types]__xml": "<Types/>", "xl/workbook__xml": "<workbook/>"}
    bomb = zip_bytes(**members, **{"xl/worksheets/sheet1__xml": sheet.encode() + b"a" * (64 << 20)})
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
        assert any(detail in fault for fault in faults), faults
        assert peak < 64 << 20
