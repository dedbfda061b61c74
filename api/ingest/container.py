"""Open a file of any container as rows. The container is one that the mapping accepts, chosen by the file's name and
content."""

from __future__ import annotations

import re
from io import BufferedReader
from typing import Any

from api.ingest.column_naming import ColumnNames
from api.ingest.compiled_mapping import Mapping
from api.ingest.csv_rows import CsvRows
from api.ingest.geojson import as_object, as_row, is_feature
from api.ingest.input_file import BINARY, BUFFER, PACKED, PARQUET, XLSX, ZIP, content
from api.ingest.json_rows import JsonRows
from api.ingest.ndjson_rows import SEPARATOR, JsonSequenceRows, NdjsonRows, row_or_feature
from api.ingest.parquet_rows import ParquetRows
from api.ingest.rows import RowFile
from api.ingest.strict_json import MalformedFile, decode, parse
from api.ingest.text_encoding import is_ascii, texts
from api.ingest.xlsx_rows import XlsxRows

ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".geojson": "geojson",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json-seq": "ndjson",
    ".geojsonl": "geojson",
    ".geojsons": "geojson",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
}
CONTAINERS = ("csv", "json", "ndjson", "geojson", "xlsx", "parquet")
JSON = re.compile(rb'[ \t\r\n]*(?:\xef\xbb\xbf)?[ \t\r\n]*(\x1e|\{\s*["}]|\[\s*[{\[\]"\d-])')
TABLES = {"csv", "xlsx", "parquet"}
SUFFIXES = (*ENDINGS, *(ending + packed for ending in ENDINGS for packed in PACKED), ".zip")


def open_rows(name: str, file: BufferedReader, mapping: Mapping) -> RowFile:
    """Return the rows of a file. MalformedFile, with the kind of the file, if the mapping does not accept its
    container."""
    naming = ColumnNames(mapping).header
    what = content(file.peek(BUFFER)[:512])
    if what == ZIP:  # a zip archive that is not a workbook is unpacked already
        what = XLSX
    if what == XLSX and TABLES & {*mapping.containers}:
        return XlsxRows(file, mapping.sheet, mapping.header, mapping.skip_lines, naming)
    if what == PARQUET and TABLES & {*mapping.containers}:
        return ParquetRows(file, naming)
    if what and not (
        what == BINARY and not is_ascii(mapping.encoding)
    ):  # such as utf-16-le, which may come without a byte order mark
        raise MalformedFile(f"expected {' or '.join(mapping.containers)}, and this is {what}")
    file, encoding = texts(file, mapping.encoding)
    head = file.peek(BUFFER)
    kind = _kind(name, head, mapping.containers)
    if kind != "csv":
        return _json(kind, file, head, mapping)
    if JSON.match(head):
        raise MalformedFile(f"expected {' or '.join(mapping.containers)}, and this is JSON")
    return CsvRows(file, mapping.delimiter, encoding, mapping.header, mapping.skip_lines, naming)


def _kind(name: str, head: bytes, containers: tuple[str, ...]) -> str:
    """Return the container by the file's name, or else the first one of the mapping. It is not CSV if the file contains
    JSON and the mapping accepts JSON, too."""
    ending = next((kind for end, kind in ENDINGS.items() if name.lower().endswith(end)), "")
    order = [one for one in (ending, *containers) if one in containers and one not in ("xlsx", "parquet")]
    if not order:
        raise MalformedFile(f"expected {' or '.join(containers)}, and this is text")
    kind = order[0]
    if kind == "csv" and JSON.match(head):
        kind = next((one for one in order if one != "csv"), kind)
    return "ndjson" if kind == "json" and "ndjson" in containers and _has_lines(head) else kind


def _has_lines(head: bytes) -> bool:
    """Return True if the first line is an object and another object follows: NDJSON, regardless of the file's name."""
    first, _, rest = head.lstrip().partition(b"\n")
    return rest.lstrip().startswith(b"{") and isinstance(_value(first), dict)


def _json(kind: str, file: BufferedReader, head: bytes, mapping: Mapping) -> RowFile:
    features = "geojson" in mapping.containers
    shape = as_row if kind == "geojson" else row_or_feature if features else as_object
    if head.startswith(SEPARATOR):
        return JsonSequenceRows(file, shape)
    if kind == "ndjson":
        return NdjsonRows(file, shape)
    if features and is_feature(_value(head.partition(b"\n")[0])):
        return NdjsonRows(file, shape)
    if features and is_feature(_value(head)):
        return JsonSequenceRows(file, shape)  # a single feature on several lines
    if kind == "geojson":
        return JsonRows(file, features=True, bare=False)
    return JsonRows(file, mapping.path, features)


def _value(text: bytes) -> Any:
    try:
        return parse(decode(text))
    except MalformedFile:
        return None
