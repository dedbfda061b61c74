"""Send a response in pieces, as fast as the client takes them, without keeping any of it.

An error before the first piece is answered with a problem document, as everywhere. A later error cuts the connection:
the last chunk is never sent, so that no client takes what it got for the whole.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable

import structlog
from starlette.types import Send

from api.errors import BriefingError
from api.http.request import HttpRequest
from api.http.responses import VARY, Headers, accepts_gzip

Take = Callable[[bytes], Awaitable[None]]
Pieces = Callable[[Take], Awaitable[None]]
OnEnd = Callable[[], Awaitable[None]]

GZIP = 31  # `wbits` of zlib: a window of 32 KiB, in the frame of gzip
LEVEL = 1  # 3 times as fast as 4, and 1.2 times as large. Postgres should not wait for the compression.

log = structlog.get_logger("briefing")


class StreamedResponse:
    """A response whose `pieces` are read while it is sent. `on_end` is called at the end, even after an error. It
    `compresses` unless the pieces are compressed already."""

    def __init__(
        self,
        pieces: Pieces,
        headers: Headers,
        on_end: OnEnd,
        *,
        compresses: bool = True,
        vary: tuple[bytes, bytes] = VARY,
    ) -> None:
        self.compresses = compresses
        self.headers: Headers = [*headers, vary, (b"cache-control", b"no-store")]
        self._pieces = pieces
        self._on_end = on_end

    async def send(self, request: HttpRequest, send: Send) -> None:
        """Send the response. For a HEAD request only the header fields are sent, and no pieces are read."""
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
            await self._on_end()


class _Sending:
    """A response that is being sent. It starts with its first piece, and is compressed if the client accepts that."""

    def __init__(self, response: StreamedResponse, request: HttpRequest, send: Send) -> None:
        self._compressor = None
        if response.compresses and accepts_gzip(request.fields.get(b"accept-encoding", b"")):
            self._compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
        self._response = response
        self._send = send
        self.started = False

    async def take(self, piece: bytes) -> None:
        """Send one piece, and return when there is room for the next one."""
        if not self.started:
            await self._start()
        if self._compressor is not None:
            # Not on the loop, because a piece may take milliseconds.
            piece = await asyncio.to_thread(self._compressor.compress, piece)
        if piece:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        """End the response after its last piece."""
        if not self.started:
            await self._start()
        last_piece = b""
        if self._compressor is not None:
            last_piece = self._compressor.flush()
        await self._send({"type": "http.response.body", "body": last_piece, "more_body": False})

    async def _start(self) -> None:
        self.started = True
        headers = list(self._response.headers)
        if self._compressor is not None:
            headers.append((b"content-encoding", b"gzip"))
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
