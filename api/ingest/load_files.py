"""Read files of the load format: NDJSON line by line in bounded memory, a JSON document as a whole.

Both give a FileRecord for each record, still unchecked, and a fault for anything that is not a record.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from api.ingest import messages
from api.ingest.faults import FileFault, FileFaults, name_record
from api.ingest.formatting import format_value
from api.ingest.input_file import (
    BINARY,
    BUFFER,
    PACKED,
    PARQUET,
    STDIN,
    InputFile,
    bounded_lines,
    detect_kind,
    open_unpacked,
    with_packings,
)
from api.ingest.load_format import HEADER, LISTS
from api.ingest.record_file import FileRecord, RecordFile
from api.ingest.snapshot_files import MANIFEST
from api.ingest.strict_json import MalformedFile, Position, decode, parse, positions
from api.ingest.text_encoding import texts
from api.model import RECORDS

MAX_LINE_BYTES = 1 << 20
MAX_DOCUMENT_BYTES = 16 << 20
ENDINGS = (".json", ".ndjson", ".jsonl")
SUFFIXES = with_packings(ENDINGS)
STATED_BY_DOCUMENT = ("resource", "dataset", "briefing")  # and so not by its records


def files(paths: list[str], suffixes: tuple[str, ...] = SUFFIXES) -> list[str]:
    """Return the files that the paths name, in order. A folder stands for the files in it. FileNotFoundError if it has
    none."""
    names: list[str] = []
    for path in paths:
        if path == STDIN or not Path(path).is_dir():
            names.append(path)
            continue
        members = sorted(str(member) for member in Path(path).iterdir() if _is_loaded(member, suffixes))
        if not members:
            endings = ", ".join(suffix for suffix in suffixes if not suffix.endswith(PACKED))
            raise FileNotFoundError(f"There is no {endings} file in {path}.")
        names += members
    return names


def _is_loaded(path: Path, suffixes: tuple[str, ...]) -> bool:
    return path.name.lower().endswith(suffixes) and path.name != MANIFEST and path.is_file()


@contextmanager
def open_file(path: str) -> Iterator[RecordFile]:
    """Open a file as lines or as a document."""
    with open_unpacked(path) as (source, file, name):
        kind = detect_kind(file.peek(BUFFER)[:512])
        if kind not in ("", BINARY):  # a byte that is not text becomes a fault with its line
            hint = "; rows of other data are read through a mapping, with --format" if kind == PARQUET else ""
            raise MalformedFile(f"expected the load format, and this is {kind}{hint}")
        text, _ = texts(file)
        if _has_lines(name, text.peek(BUFFER)):
            yield NdjsonFile(source, text)
        else:
            yield JsonDocumentFile(source, text)


def _has_lines(path: str, head: bytes) -> bool:
    """Return True if a file is NDJSON, by its name or else by its first line: a record names its resource, a document
    its format."""
    first, line_end, _ = head.lstrip().partition(b"\n")
    if path.endswith((".ndjson", ".jsonl")) or b'"resource"' in first:
        return True
    if path.endswith(".json"):
        return False
    is_only_line = bool(first) and not line_end
    return is_only_line and b'"format"' not in first


class NdjsonFile(RecordFile):
    """NDJSON: one record on each line."""

    def __init__(self, source: InputFile, file: BinaryIO) -> None:
        super().__init__(source)
        self._file = file

    def entries(self, faults: FileFaults) -> Iterator[FileRecord]:
        try:
            yield from self._entries(faults)
        except MalformedFile as error:
            # The file is packed or in UTF-16, and breaks off.
            faults.add(FileFault(error.position, "", (), error.detail))

    def _entries(self, faults: FileFaults) -> Iterator[FileRecord]:
        for number, (data, is_complete) in enumerate(bounded_lines(self._file, MAX_LINE_BYTES), 1):
            try:
                if not is_complete:
                    raise MalformedFile(f"expected a line of at most {MAX_LINE_BYTES:,} bytes")
                if not data.strip():
                    continue
                line = parse(decode(data))
                if not isinstance(line, dict):
                    raise MalformedFile(f"expected an object on each line, got {format_value(line)}")
            except MalformedFile as error:
                faults.add(FileFault(Position(number, error.position.column), "", (), error.detail))
            else:
                yield FileRecord(number, line)

    def position(self, number: int, path: messages.Path) -> Position:
        return Position(number)

    def where(self, number: int, other: int) -> str:
        return f"at line {number}"


class JsonDocumentFile(RecordFile):
    """A JSON document: one briefing and what belongs to it."""

    def __init__(self, source: InputFile, file: BinaryIO) -> None:
        super().__init__(source)
        self._file = file
        self._text = ""
        self._pointers: list[str] = []

    def entries(self, faults: FileFaults) -> Iterator[FileRecord]:
        try:
            document = self._read_document()
            HEADER.model_validate(document)
        except MalformedFile as error:
            faults.add(FileFault(error.position, "", (), error.detail))
        except ValidationError as invalid:
            for field_error in invalid.errors(include_url=False):
                path, detail = messages.worded(field_error, HEADER.model_fields)
                faults.add(FileFault(self._find_position("", path), "", path, detail))
        else:
            yield from self._read_records(document, faults)

    def position(self, number: int, path: messages.Path) -> Position:
        return self._find_position(self._pointers[number], path)

    def where(self, number: int, other: int) -> str:
        return f"at line {self.position(number, ()).line}, as {self._pointers[number][1:].replace('/', ' ')}"

    def _read_document(self) -> Any:
        data = self._file.read(MAX_DOCUMENT_BYTES + 1)
        if len(data) > MAX_DOCUMENT_BYTES:
            size = f"{MAX_DOCUMENT_BYTES:,} bytes"
            raise MalformedFile(f"expected a document of at most {size}; write one record a line (NDJSON) for more")
        self._text = decode(data)
        return parse(self._text)

    def _read_records(self, document: dict[str, Any], faults: FileFaults) -> Iterator[FileRecord]:
        briefing_key = document["briefing"].get("key") or document["briefing"].get("id")
        for number, (pointer, resource, record) in enumerate(_records_with_pointers(document)):
            self._pointers.append(pointer)
            for field in STATED_BY_DOCUMENT:
                if field in record:
                    name = name_record(resource, record.get("key") or record.get("id"))
                    position = self._find_position(pointer, (field,))
                    faults.add(FileFault(position, name, (field,), "the document already gives it: leave it out"))
            line = {**record, "resource": resource, "dataset": document["dataset"]}
            if "briefing" in RECORDS[resource].links:
                line["briefing"] = briefing_key
            yield FileRecord(number, line)

    @cached_property
    def _positions(self) -> dict[str, Position]:
        return positions(self._text)

    def _find_position(self, pointer: str, path: messages.Path) -> Position:
        """Return the position of a value. If it is missing, return the position of the nearest object or list around
        it."""
        pointers = [pointer]
        for part in path:
            escaped = str(part).replace("~", "~0").replace("/", "~1")
            pointers.append(f"{pointers[-1]}/{escaped}")
        for candidate in reversed(pointers):
            if candidate in self._positions:
                return self._positions[candidate]
        return Position()


def _records_with_pointers(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the JSON pointer, the resource and the content of each record in a document."""
    yield "/briefing", "briefing", document["briefing"]
    for plural, resource in LISTS.items():
        for index, record in enumerate(document.get(plural, ())):
            yield f"/{plural}/{index}", resource, record
