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
from api.ingest.input_file import BINARY, BUFFER, PARQUET, XLSX, ZIP, detect_kind, with_packings
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
SUFFIXES = (*with_packings(ENDINGS), ".zip")


def open_rows(name: str, file: BufferedReader, mapping: Mapping) -> RowFile:
    """Return the rows of a file. MalformedFile, with the kind of the file, if the mapping does not accept its
    container."""
    naming = ColumnNames(mapping).header
    kind = detect_kind(file.peek(BUFFER)[:512])
    if kind == ZIP:  # a zip archive that is not a workbook is unpacked already
        kind = XLSX
    accepts_tables = bool(TABLES & {*mapping.containers})
    if kind == XLSX and accepts_tables:
        return XlsxRows(file, mapping.sheet, mapping.header, mapping.skip_lines, naming)
    if kind == PARQUET and accepts_tables:
        return ParquetRows(file, naming)
    # Bytes that are not text may be an encoding such as utf-16-le, which may come without a byte order mark.
    may_be_encoded = kind == BINARY and not is_ascii(mapping.encoding)
    if kind and not may_be_encoded:
        raise MalformedFile(f"expected {' or '.join(mapping.containers)}, and this is {kind}")
    file, encoding = texts(file, mapping.encoding)
    head = file.peek(BUFFER)
    container = _choose_container(name, head, mapping.containers)
    if container != "csv":
        return _open_json(container, file, head, mapping)
    if JSON.match(head):
        raise MalformedFile(f"expected {' or '.join(mapping.containers)}, and this is JSON")
    return CsvRows(file, mapping.delimiter, encoding, mapping.header, mapping.skip_lines, naming)


def _choose_container(name: str, head: bytes, accepted: tuple[str, ...]) -> str:
    """Return the container by the file's name, or else the first one of the mapping. It is not CSV if the file contains
    JSON and the mapping accepts JSON, too."""
    candidates = [container for container in accepted if container not in ("xlsx", "parquet")]
    if not candidates:
        raise MalformedFile(f"expected {' or '.join(accepted)}, and this is text")
    container = _container_by_ending(name)
    if container not in candidates:
        container = candidates[0]
    if container == "csv" and JSON.match(head):
        others = [candidate for candidate in candidates if candidate != "csv"]
        if others:
            container = others[0]
    if container == "json" and "ndjson" in accepted and _has_lines(head):
        return "ndjson"
    return container


def _container_by_ending(name: str) -> str:
    """Return the container that the ending of a file's name stands for; empty if it stands for none."""
    for ending, container in ENDINGS.items():
        if name.lower().endswith(ending):
            return container
    return ""


def _has_lines(head: bytes) -> bool:
    """Return True if the first line is an object and another object follows: NDJSON, regardless of the file's name."""
    first, _, rest = head.lstrip().partition(b"\n")
    return rest.lstrip().startswith(b"{") and isinstance(_parse_or_none(first), dict)


def _open_json(container: str, file: BufferedReader, head: bytes, mapping: Mapping) -> RowFile:
    accepts_features = "geojson" in mapping.containers
    if container == "geojson":
        shape = as_row
    elif accepts_features:
        shape = row_or_feature
    else:
        shape = as_object
    if head.startswith(SEPARATOR):
        return JsonSequenceRows(file, shape)
    if container == "ndjson":
        return NdjsonRows(file, shape)
    if accepts_features and is_feature(_parse_or_none(head.partition(b"\n")[0])):
        return NdjsonRows(file, shape)
    if accepts_features and is_feature(_parse_or_none(head)):
        return JsonSequenceRows(file, shape)  # a single feature on several lines
    if container == "geojson":
        return JsonRows(file, features=True, bare=False)
    return JsonRows(file, mapping.path, accepts_features)


def _parse_or_none(text: bytes) -> Any:
    try:
        return parse(decode(text))
    except MalformedFile:
        return None
