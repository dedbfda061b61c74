"""A response that comes in pieces, as fast as the client takes them: nothing of it is kept.

What goes wrong before the first piece is a problem document, as everywhere. What goes wrong later cuts the
connection: the last chunk is never sent, so that no client takes what it has for the whole.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable

import structlog
from starlette.types import Send

from api.errors import BriefingError
from api.http.request import HttpRequest
from api.http.respond import VARY, Headers, accepts_gzip

Take = Callable[[bytes], Awaitable[None]]
Pieces = Callable[[Take], Awaitable[None]]
Ended = Callable[[], Awaitable[None]]

GZIP = 31  # zlib's word for a window of 32 KiB with the frame of gzip
LEVEL = 1  # 3 times as fast as 4 and 1.2 times as large: Postgres should not wait for it

log = structlog.get_logger("briefing")


class Streamed:
    """A response whose `pieces` are asked for once it is sent; `ended` is called at the end, however it comes."""

    def __init__(self, pieces: Pieces, headers: Headers, ended: Ended) -> None:
        self.headers: Headers = [*headers, VARY, (b"cache-control", b"no-store")]
        self._pieces = pieces
        self._ended = ended

    async def send(self, request: HttpRequest, send: Send) -> None:
        """Send it; a HEAD request gets the header fields alone, and nothing is read for it."""
        sending = _Sending(self, request, send)
        try:
            if request.method != "HEAD":
                await self._pieces(sending.take)
            await sending.end()
        except BriefingError as error:
            if not sending.started:
                raise
            # Returning without the end makes the server cut the connection.
            log.warning("answer cut", reason=error.message, path=request.path)
        finally:
            await self._ended()


class _Sending:
    """The response on its way: started with its first piece, compressed where the client accepts that."""

    def __init__(self, response: Streamed, request: HttpRequest, send: Send) -> None:
        accepted = request.fields.get(b"accept-encoding", b"")
        self._packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP) if accepts_gzip(accepted) else None
        self._response = response
        self._send = send
        self.started = False

    async def take(self, piece: bytes) -> None:
        """One piece; returns when there is room for the next."""
        if not self.started:
            await self._start()
        if self._packer is not None:
            # Not on the loop: a piece may take milliseconds.
            piece = await asyncio.to_thread(self._packer.compress, piece)
        if piece:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        """All of it was given."""
        if not self.started:
            await self._start()
        rest = self._packer.flush() if self._packer is not None else b""
        await self._send({"type": "http.response.body", "body": rest, "more_body": False})

    async def _start(self) -> None:
        self.started = True
        coding = [(b"content-encoding", b"gzip")] if self._packer is not None else []
        headers = [*self._response.headers, *coding]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
