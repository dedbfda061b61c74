"""Recode text files as UTF-8 with line feeds, if their lines cannot be found by the byte of the line feed."""

from __future__ import annotations

from codecs import getincrementaldecoder
from io import BufferedReader, RawIOBase

from api.ingest.input_file import BUFFER
from api.ingest.strict_json import MalformedFile, Position

CHUNK = 1 << 18
BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def texts(file: BufferedReader, encoding: str = "utf-8") -> tuple[BufferedReader, str]:
    """Return a stream whose lines end with a line feed, and its encoding. UTF-16 and UTF-32 become UTF-8. They are
    recognised by their byte order mark or by the name of the encoding. If all lines end with a carriage return, it
    becomes a line feed."""
    head = file.peek(BUFFER)
    for mark, marked_encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            encoding = marked_encoding
            break
    is_wide = not is_ascii(encoding)
    if is_wide:
        characters = head[: len(head) // 4 * 4].decode(encoding, "ignore")
        head = characters.encode("utf-8", "ignore")
    ends_with_returns = b"\r" in head and b"\n" not in head
    if not is_wide and not ends_with_returns:
        return file, encoding
    return BufferedReader(_Recoded(file, encoding, ends_with_returns), BUFFER), "utf-8"


def is_ascii(encoding: str) -> bool:
    """Return True if the encoding contains ASCII unchanged, so that lines can be found before they are decoded."""
    return "a,\n".encode(encoding) == b"a,\n"


class _Recoded(RawIOBase):
    """A stream of UTF-8, made from bytes in another encoding."""

    def __init__(self, file: BufferedReader, encoding: str, ends_with_returns: bool) -> None:
        self._file = file
        self._encoding = encoding
        self._decoder = getincrementaldecoder(encoding)()
        self._ends_with_returns = ends_with_returns
        self._ready = b""
        self._lines = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data: bytes | None = None
        while not self._ready and data != b"":
            data = self._file.read1(CHUNK)
            self._ready = self._decode(data).encode()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _decode(self, data: bytes) -> str:
        try:
            text = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            detail = f"expected {self._encoding}, and a byte 0x{error.object[error.start]:02x} is not"
            raise MalformedFile(detail, Position(self._lines + 1)) from None
        if self._ends_with_returns:
            text = text.replace("\r", "\n")
        self._lines += text.count("\n")
        return text
