"""Open files as streams of bytes: count the progress, recognise the content by its first bytes, and unpack it.

Nothing is unpacked as a whole, because a file of a few kilobytes may contain gigabytes.
"""

from __future__ import annotations

import bz2
import gzip
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO, RawIOBase
from pathlib import PurePosixPath
from stat import S_ISREG
from typing import BinaryIO, Protocol

from api.ingest.formatting import format_value, printable
from api.ingest.strict_json import MalformedFile, Position

STDIN = "-"
BUFFER = 1 << 20
BINARY = "binary"
PACKED = (".gz", ".bz2", ".zip")
GZIP, BZIP2, ZIP, PARQUET, XLSX = "gzip", "bzip2", "a zip archive", "Parquet", "a spreadsheet (xlsx)"
SIGNATURES = (
    (b"\x1f\x8b", GZIP),
    (b"BZh", BZIP2),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"PAR1", PARQUET),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"%PDF-", "PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file, such as xls"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"ARROW1", "Arrow"),
    (b"Obj\x01", "Avro"),
    (b"ORC", "ORC"),
    (b"\x89HDF", "HDF5"),
    (b"\x00\x00\x27\x0a", "a shapefile"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"<?xml", "XML"),
)
# Signatures that a text may begin with, too.
WORDS = (b"BZh", b"PAR1", b"ARROW1", b"ORC")
PAGES = (b"<!doctype html", b"<html")
ELEMENT = re.compile(rb"<[A-Za-z][\w.:-]*(?:\s[^>]*)?/?>|<[A-Za-z][\w.:-]*\s+[\w.:-]+\s*=")
# The kinds of archives by the names of their members, with advice.
ARCHIVES = (
    (re.compile(r"word/document\.xml"), "a Word document (docx): save its table as CSV"),
    (re.compile(r"ppt/presentation\.xml"), "a presentation (pptx): save its table as CSV"),
    (re.compile(r".*\.shp", re.IGNORECASE), "a shapefile: save it as GeoJSON"),
)
OPEN_DOCUMENT = b"application/vnd.oasis.opendocument"
TAR, TAR_AT = b"ustar", 257
TAR_ARCHIVE = "a tar archive"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
BROKEN = (EOFError, OSError, zlib.error, zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError)
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1  # the bit in the flags of a member


class InputFile(FileIO):
    """An open file. `done` bytes of its `size` were read. The size of a pipe is None."""

    def __init__(self, path: str) -> None:
        file = os.dup(sys.stdin.fileno()) if path == STDIN else path
        super().__init__(file)
        self.done = 0
        status = os.fstat(self.fileno())
        self.size = status.st_size if S_ISREG(status.st_mode) else None

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        """Read bytes and count them."""
        count = super().readinto(buffer)
        self.done += count or 0
        return count


class _PackedFile(Protocol):
    """A reader that unpacks the bytes of a file."""

    def read(self, size: int, /) -> bytes: ...


class _Unpacked(RawIOBase):
    """The bytes of a packed file. MalformedFile if they cannot be unpacked."""

    def __init__(self, packed: _PackedFile, kind: str) -> None:
        self._packed = packed
        self._kind = kind

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._packed.read(len(buffer))
        except BROKEN as error:
            raise MalformedFile(f"expected {self._kind} that can be unpacked: {printable(str(error))}") from None
        buffer[: len(data)] = data
        return len(data)


def _is_text(head: bytes) -> bool:
    """Return True if no byte is a control character other than white space."""
    return not CONTROL.search(head)


def detect_kind(head: bytes) -> str:
    """Return the kind of a file by its first bytes; empty if they are text or not known."""
    for signature, kind in SIGNATURES:
        # The header of a table may begin with ORCID.
        if head.startswith(signature) and not (signature in WORDS and _is_text(head)):
            return kind
    if head[TAR_AT : TAR_AT + len(TAR)] == TAR:
        return TAR_ARCHIVE
    if head.lstrip().lower().startswith(PAGES):
        return "an HTML page; the server may have sent it in place of the data"
    if ELEMENT.match(head.lstrip()):
        return "XML"
    if b"\x00" in head[:1024] and not head.startswith(UTF_16_MARKS):
        return BINARY
    return ""


@contextmanager
def open_unpacked(path: str, member: str = "") -> Iterator[tuple[InputFile, BufferedReader, str]]:
    """Open a file, and unpack it if it is packed. Yield the source, which counts the progress, the stream of bytes, and
    the name without the ending of the packing. Of a zip archive, the only member is read, or the one that is named."""
    with InputFile(path) as source:
        file: BufferedReader = BufferedReader(source, BUFFER)
        kind = detect_kind(file.peek(BUFFER)[:512])
        if kind == GZIP:
            yield source, _unpack(gzip.GzipFile(fileobj=file), kind), _without_packing(path)
        elif kind == BZIP2:
            yield source, _unpack(bz2.BZ2File(file), kind), _without_packing(path)
        elif kind == ZIP and not _is_workbook(file, member):
            with _open_archive(file) as archive:
                info = _find_member(archive, member)
                try:
                    packed = archive.open(info)
                except BROKEN as error:
                    raise MalformedFile(f"expected {kind} that can be unpacked: {printable(str(error))}") from None
                yield source, _unpack(packed, kind), info.filename
        else:
            yield source, file, path


def with_packings(endings: Collection[str]) -> tuple[str, ...]:
    """Return the endings of files, alone and followed by the ending of each packing: .csv, .csv.gz and so on."""
    packed: list[str] = []
    for ending in endings:
        packed += [ending + packing for packing in PACKED]
    return (*endings, *packed)


def bounded_lines(file: BinaryIO, limit: int) -> Iterator[tuple[bytes, bool]]:
    """Yield each line, and True if it is complete. Of a line with more bytes than the limit, yield the beginning
    only."""
    while data := file.readline(limit + 2):
        rest = data
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(limit + 2)
        yield data, len(data.rstrip(b"\r\n")) <= limit


def _without_packing(path: str) -> str:
    """Return a name without the ending of the packing, if it has one."""
    if not path.lower().endswith(PACKED):
        return path
    return path[: path.rindex(".")]


def _unpack(packed: _PackedFile, kind: str) -> BufferedReader:
    """Return the bytes of a packed file. MalformedFile if they are packed, too."""
    file: BufferedReader = BufferedReader(_Unpacked(packed, kind), BUFFER)
    inner_kind = detect_kind(file.peek(512)[:512])
    if inner_kind in (GZIP, BZIP2, ZIP, TAR_ARCHIVE):
        raise MalformedFile(f"this is {inner_kind} within {kind}: unpack it first")
    return file


@contextmanager
def _open_archive(file: BufferedReader) -> Iterator[zipfile.ZipFile]:
    if not file.seekable():
        raise MalformedFile("this is a zip archive, which cannot be read from a pipe: name the file")
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN as error:
        raise MalformedFile(f"expected {ZIP} that can be unpacked: {printable(str(error))}") from None
    with archive:
        yield archive


def _is_workbook(file: BufferedReader, member: str) -> bool:
    """Return True if an archive is a workbook. MalformedFile if it is a document of another kind, such as ods, docx or
    a shapefile."""
    if not file.seekable():
        return False
    with _open_archive(file) as archive:
        names = archive.namelist()
        if "mimetype" in names and _read_head(archive, "mimetype").startswith(OPEN_DOCUMENT):
            raise MalformedFile("this is an OpenDocument file, such as ods: save it as xlsx or CSV")
    file.seek(0)
    for pattern, kind in ARCHIVES:
        if not member and any(pattern.fullmatch(name) for name in names):
            raise MalformedFile(f"this is {kind}")
    return "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names)


def _read_head(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the first bytes of a member; none if it cannot be read. The rest may be huge."""
    try:
        with archive.open(name) as member:
            return member.read(64)
    except BROKEN:
        return b""


def _find_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Return the member of an archive that has this name, with or without its folder. Without a name, return the only
    member."""
    members = [info for info in archive.infolist() if _is_data(info)]
    matches = [info for info in members if name in ("", info.filename, PurePosixPath(info.filename).name)]
    if len(matches) != 1:
        names = ", ".join(format_value(info.filename) for info in members[:10]) or "nothing"
        if name:
            expected, hint = f"one {format_value(name)}", ""
        else:
            expected, hint = "one file", '; member = "NAME" in the mapping says which one'
        detail = f"this is a zip archive; expected {expected} in it, and it contains {names}{hint}"
        raise MalformedFile(detail, Position())
    match = matches[0]
    if match.flag_bits & ENCRYPTED:
        raise MalformedFile(f"{format_value(match.filename)} is encrypted: unpack it first")
    if match.compress_type not in METHODS:
        # Other methods are unpacked in pieces of unbounded size.
        raise MalformedFile(f"{format_value(match.filename)} is packed by another method than deflate: unpack it first")
    return match


def _is_data(info: zipfile.ZipInfo) -> bool:
    """Return False for a folder, a hidden file, and a file that macOS adds to an archive."""
    if info.is_dir() or info.filename.startswith("__MACOSX/"):
        return False
    return not PurePosixPath(info.filename).name.startswith(".")
