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
from api.ingest.faults import FileFault, FileFaults, named
from api.ingest.formatting import shown
from api.ingest.input_file import BINARY, BUFFER, PACKED, PARQUET, STDIN, InputFile, bounded_lines, content, unpacked
from api.ingest.load_format import HEADER, LISTS
from api.ingest.record_file import FileRecord, RecordFile
from api.ingest.snapshot_files import MANIFEST
from api.ingest.strict_json import MalformedFile, Position, decode, parse, positions
from api.ingest.text_encoding import texts
from api.model import RECORDS

MOST_IN_LINE = 1 << 20
MOST_IN_DOCUMENT = 16 << 20
ENDINGS = (".json", ".ndjson", ".jsonl")
SUFFIXES = (*ENDINGS, *(ending + packed for ending in ENDINGS for packed in PACKED))
SAID_ONCE = ("resource", "dataset", "briefing")  # in the document, and so not in its records


def files(paths: list[str], suffixes: tuple[str, ...] = SUFFIXES) -> list[str]:
    """Return the files that the paths name, in order. A folder stands for the files in it. FileNotFoundError if it has
    none."""
    found: list[str] = []
    for path in paths:
        if path != STDIN and Path(path).is_dir():
            inside = sorted(str(one) for one in Path(path).iterdir() if _is_loaded(one, suffixes))
            if not inside:
                plain = ", ".join(one for one in suffixes if not one.endswith(PACKED))
                raise FileNotFoundError(f"There is no {plain} file in {path}.")
            found += inside
        else:
            found.append(path)
    return found


def _is_loaded(path: Path, suffixes: tuple[str, ...]) -> bool:
    return path.name.lower().endswith(suffixes) and path.name != MANIFEST and path.is_file()


@contextmanager
def opened(path: str) -> Iterator[RecordFile]:
    """Open a file as lines or as a document."""
    with unpacked(path) as (source, file, name):
        what = content(file.peek(BUFFER)[:512])
        if what not in ("", BINARY):  # a byte that is not text becomes a fault with its line
            hint = "; rows of other data are read through a mapping, with --format" if what == PARQUET else ""
            raise MalformedFile(f"expected the load format, and this is {what}{hint}")
        text, _ = texts(file)
        yield NdjsonFile(source, text) if _has_lines(name, text.peek(BUFFER)) else JsonDocumentFile(source, text)


def _has_lines(path: str, head: bytes) -> bool:
    """Return True if a file is NDJSON, by its name or else by its first line: a record names its resource, a document
    its format."""
    first, end, _ = head.lstrip().partition(b"\n")
    if path.endswith(ENDINGS[1:]) or b'"resource"' in first:
        return True
    return not path.endswith(".json") and not end and bool(first) and b'"format"' not in first


class NdjsonFile(RecordFile):
    """NDJSON: one record on each line."""

    def __init__(self, source: InputFile, file: BinaryIO) -> None:
        super().__init__(source)
        self._file = file

    def entries(self, faults: FileFaults) -> Iterator[FileRecord]:
        for number, (data, whole) in enumerate(bounded_lines(self._file, MOST_IN_LINE), 1):
            try:
                if not whole:
                    raise MalformedFile(f"expected a line of at most {MOST_IN_LINE:,} bytes")
                if not data.strip():
                    continue
                line = parse(decode(data))
                if not isinstance(line, dict):
                    raise MalformedFile(f"expected an object on each line, got {shown(line)}")
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
            document = self._read()
            HEADER.model_validate(document)
        except MalformedFile as error:
            faults.add(FileFault(error.position, "", (), error.detail))
        except ValidationError as error:
            for path, detail in (messages.worded(one, HEADER.model_fields) for one in error.errors(include_url=False)):
                faults.add(FileFault(self._find("", path), "", path, detail))
        else:
            yield from self._records(document, faults)

    def position(self, number: int, path: messages.Path) -> Position:
        return self._find(self._pointers[number], path)

    def where(self, number: int, other: int) -> str:
        return f"at line {self.position(number, ()).line}, as {self._pointers[number][1:].replace('/', ' ')}"

    def _read(self) -> Any:
        data = self._file.read(MOST_IN_DOCUMENT + 1)
        if len(data) > MOST_IN_DOCUMENT:
            size = f"{MOST_IN_DOCUMENT:,} bytes"
            raise MalformedFile(f"expected a document of at most {size}; write one record a line (NDJSON) for more")
        self._text = decode(data)
        return parse(self._text)

    def _records(self, document: dict[str, Any], faults: FileFaults) -> Iterator[FileRecord]:
        briefing = document["briefing"].get("key") or document["briefing"].get("id")
        given = [("/briefing", "briefing", document["briefing"])]
        given += [
            (f"/{plural}/{place}", name, record)
            for plural, name in LISTS.items()
            for place, record in enumerate(document.get(plural, ()))
        ]
        for number, (pointer, name, record) in enumerate(given):
            self._pointers.append(pointer)
            for word in SAID_ONCE:
                if word in record:
                    what = named(name, record.get("key") or record.get("id"))
                    faults.add(
                        FileFault(self._find(pointer, (word,)), what, (word,), "the document says it: leave it out")
                    )
            line = {**record, "resource": name, "dataset": document["dataset"]}
            yield FileRecord(number, line | {"briefing": briefing} if "briefing" in RECORDS[name].links else line)

    @cached_property
    def _positions(self) -> dict[str, Position]:
        return positions(self._text)

    def _find(self, pointer: str, path: messages.Path) -> Position:
        """Return the position of a value. If it is missing, return the position of the nearest object or list around
        it."""
        for end in range(len(path), -1, -1):
            parts = (str(part).replace("~", "~0").replace("/", "~1") for part in path[:end])
            if found := self._positions.get("/".join((pointer, *parts))):
                return found
        return Position()
