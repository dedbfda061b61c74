"""Compress with gzip (RFC 1952) a text that is sent many times, each time with another end. It is compressed once.

The blocks of the text are flushed to a byte boundary, so that others can follow. The end is a block that is stored
uncompressed (RFC 1951, 3.2.4). The checksum of the whole continues that of the text.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass

LEVEL = 4
# From this size, a text takes more than a few milliseconds to compress, so a thread does it instead of the loop.
THREAD_FROM = 256 * 1024
# Deflate, without a file name, a time or an operating system, so that the bytes are the same everywhere.
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
MAX_STORED = 0xFFFF


@dataclass(frozen=True, slots=True)
class GzipPrefix:
    """A compressed text: its blocks without the last one, its checksum, and its size in bytes before compression."""

    blocks: bytes
    checksum: int
    size: int

    def with_end(self, end: bytes = b"") -> bytes:
        """Return the whole as gzip, with an end of at most 65,535 bytes."""
        assert len(end) <= MAX_STORED
        length = len(end).to_bytes(2, "little")
        complement = (len(end) ^ MAX_STORED).to_bytes(2, "little")
        checksum = zlib.crc32(end, self.checksum).to_bytes(4, "little")
        size = ((self.size + len(end)) & 0xFFFFFFFF).to_bytes(4, "little")
        return b"".join((HEADER, self.blocks, b"\x01", length, complement, end, checksum, size))


async def pack(text: bytes) -> GzipPrefix:
    """Return the compressed text."""
    if len(text) < THREAD_FROM:
        return _compress(text)
    return await asyncio.to_thread(_compress, text)


def _compress(text: bytes) -> GzipPrefix:
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    blocks = compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return GzipPrefix(blocks, zlib.crc32(text), len(text))
