"""gzip (RFC 1952) of a text that is sent again and again with another end: compressed once, whatever the end is.

The blocks of the text are flushed to a byte's boundary, so that others can follow; the end is a block that is stored as
it is (RFC 1951, 3.2.4). The checksum of the whole goes on from that of the text.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass

LEVEL = 4
THREAD_FROM = 256 * 1024  # a text that takes longer than a few milliseconds to compress is not done on the loop
# Deflate, no name, no time, no system: the same bytes everywhere.
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
STORED_MOST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Packed:
    """A compressed text: its blocks without the last, the checksum, and the bytes that it had."""

    blocks: bytes
    checksum: int
    size: int

    def ended(self, end: bytes = b"") -> bytes:
        """The whole as gzip, with an end of at most 65,535 bytes."""
        assert len(end) <= STORED_MOST
        length = len(end).to_bytes(2, "little")
        complement = (len(end) ^ STORED_MOST).to_bytes(2, "little")
        checksum = zlib.crc32(end, self.checksum).to_bytes(4, "little")
        size = ((self.size + len(end)) & 0xFFFFFFFF).to_bytes(4, "little")
        return b"".join((HEADER, self.blocks, b"\x01", length, complement, end, checksum, size))


async def pack(text: bytes) -> Packed:
    """The text compressed."""
    return _packed(text) if len(text) < THREAD_FROM else await asyncio.to_thread(_packed, text)


def _packed(text: bytes) -> Packed:
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    blocks = compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return Packed(blocks, zlib.crc32(text), len(text))
