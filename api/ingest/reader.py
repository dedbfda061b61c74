"""Files to lines of the format: NDJSON line by line in bounded memory, a JSON document as the lines it stands for.

Both give the same: an Entry for each record, still unchecked, and a fault for whatever is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pydantic import ValidationError

from api.ingest import wording
from api.ingest.fault import Fault, Faults, named
from api.ingest.format import HEADER, LISTS
from api.ingest.quotation import shown
from api.ingest.recoding import texts
from api.ingest.source import BINARY, BUFFER, PACKED, PARQUET, STDIN, Source, content, unpacked
from api.ingest.syntax import Malformed, Position, decode, parse, positions
from api.ingest.vouched import MANIFEST
from api.model import RECORDS
from api.store.staged import Staged

MOST_IN_LINE = 1 << 20
MOST_IN_DOCUMENT = 16 << 20
ENDINGS = (".json", ".ndjson", ".jsonl")
SUFFIXES = (*ENDINGS, *(ending + packed for ending in ENDINGS for packed in PACKED))
SAID_ONCE = ("resource", "dataset", "briefing")  # by the document, and so not by its records


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as a file gives it: its number there, for `position`, and the line that it is or stands for; `staged`
    where it is checked already."""

    number: int
    line: dict[str, Any]
    staged: Staged | None = None


class Text(Protocol):
    """An open file: how many of its `size` bytes are `done`, and its records."""

    @property
    def size(self) -> int | None: ...

    @property
    def done(self) -> int: ...

    def entries(self, faults: Faults) -> Iterator[Entry]:
        """Its records. What cannot be read as one is a fault and left out."""

    def position(self, number: int, path: wording.Path) -> Position:
        """Where a part of a record stands."""

    def where(self, number: int, other: int) -> str:
        """Return the place of a record in words, for a message about the `other` one."""

    def notes(self) -> list[str]:
        """What else is to be told of it, once it is read."""


def files(paths: list[str], suffixes: tuple[str, ...] = SUFFIXES) -> list[str]:
    """The files that the paths name, a folder being those in it, in order. FileNotFoundError where there is none."""
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
def opened(path: str) -> Iterator[Text]:
    """The file, as lines or as a document."""
    with unpacked(path) as (source, file, name):
        what = content(file.peek(BUFFER)[:512])
        if what not in ("", BINARY):  # a byte that is no text is told by its line
            hint = "; rows of other data are read through a mapping, with --format" if what == PARQUET else ""
            raise Malformed(f"expected the load format, and this is {what}{hint}")
        text, _ = texts(file)
        yield Lines(source, text) if _has_lines(name, text.peek(BUFFER)) else Document(source, text)


def _has_lines(path: str, head: bytes) -> bool:
    """Seen by the name, or else by the first line: a record names its resource, a document its format."""
    first, end, _ = head.lstrip().partition(b"\n")
    if path.endswith(ENDINGS[1:]) or b'"resource"' in first:
        return True
    return not path.endswith(".json") and not end and bool(first) and b'"format"' not in first


class Lines:
    """NDJSON: one record a line."""

    def __init__(self, source: Source, file: BinaryIO) -> None:
        self._source = source
        self._file = file

    @property
    def size(self) -> int | None:
        return self._source.size

    @property
    def done(self) -> int:
        return self._source.done

    def entries(self, faults: Faults) -> Iterator[Entry]:
        for number, (data, whole) in enumerate(self._lines(), 1):
            try:
                if not whole:
                    raise Malformed(f"expected a line of at most {MOST_IN_LINE:,} bytes")
                if not data.strip():
                    continue
                line = parse(decode(data))
                if not isinstance(line, dict):
                    raise Malformed(f"expected an object on each line, got {shown(line)}")
            except Malformed as error:
                faults.add(Fault(Position(number, error.position.column), "", (), error.detail))
            else:
                yield Entry(number, line)

    def position(self, number: int, path: wording.Path) -> Position:
        return Position(number)

    def where(self, number: int, other: int) -> str:
        return f"at line {number}"

    def notes(self) -> list[str]:
        return []

    def _lines(self) -> Iterator[tuple[bytes, bool]]:
        """Each line, and whether that is all of it: of one that is too long only the beginning is kept."""
        while data := self._part():
            rest = data
            while rest and not rest.endswith(b"\n"):
                rest = self._part()
            yield data, len(data.rstrip(b"\r\n")) <= MOST_IN_LINE

    def _part(self) -> bytes:
        return self._file.readline(MOST_IN_LINE + 2)


class Document:
    """A JSON document: one briefing and what belongs to it."""

    def __init__(self, source: Source, file: BinaryIO) -> None:
        self._source = source
        self._file = file
        self._text = ""
        self._pointers: list[str] = []

    @property
    def size(self) -> int | None:
        return self._source.size

    @property
    def done(self) -> int:
        return self._source.done

    def entries(self, faults: Faults) -> Iterator[Entry]:
        try:
            document = self._read()
            HEADER.model_validate(document)
        except Malformed as error:
            faults.add(Fault(error.position, "", (), error.detail))
        except ValidationError as error:
            for path, detail in (wording.worded(one, HEADER.model_fields) for one in error.errors(include_url=False)):
                faults.add(Fault(self._find("", path), "", path, detail))
        else:
            yield from self._records(document, faults)

    def position(self, number: int, path: wording.Path) -> Position:
        return self._find(self._pointers[number], path)

    def where(self, number: int, other: int) -> str:
        return f"at line {self.position(number, ()).line}, as {self._pointers[number][1:].replace('/', ' ')}"

    def notes(self) -> list[str]:
        return []

    def _read(self) -> Any:
        data = self._file.read(MOST_IN_DOCUMENT + 1)
        if len(data) > MOST_IN_DOCUMENT:
            size = f"{MOST_IN_DOCUMENT:,} bytes"
            raise Malformed(f"expected a document of at most {size}; write one record a line (NDJSON) for more")
        self._text = decode(data)
        return parse(self._text)

    def _records(self, document: dict[str, Any], faults: Faults) -> Iterator[Entry]:
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
                    faults.add(Fault(self._find(pointer, (word,)), what, (word,), "the document says it: leave it out"))
            line = {**record, "resource": name, "dataset": document["dataset"]}
            yield Entry(number, line | {"briefing": briefing} if "briefing" in RECORDS[name].links else line)

    @cached_property
    def _positions(self) -> dict[str, Position]:
        return positions(self._text)

    def _find(self, pointer: str, path: wording.Path) -> Position:
        """What is missing stands where it should: in the nearest thing around it."""
        for end in range(len(path), -1, -1):
            parts = (str(part).replace("~", "~0").replace("/", "~1") for part in path[:end])
            if found := self._positions.get("/".join((pointer, *parts))):
                return found
        return Position()
