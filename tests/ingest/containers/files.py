"""Small files of each kind with the same two places, and the mapping that reads them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet

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


def zip_bytes(method: int = zipfile.ZIP_DEFLATED, /, **members: str | bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(".".join(name.rsplit("__", 1)), content)
    return stream.getvalue()


def workbook(*rows: Sequence[Any], **sheets: Sequence[Sequence[Any]]) -> bytes:
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


def place_values(lines: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(line["key"], line["name"], float(line["latitude"]), float(line["longitude"])) for line in lines]


PLACES = [("1", "Fordham", 47.1, 37.5), ("2", "Bridgeton", -1.25, 0.0)]
TABLE: list[list[Any]] = [["id", "name", "lat", "lon"], [1, "Fordham", 47.1, 37.5], [2, "Bridgeton", -1.25, 0]]
