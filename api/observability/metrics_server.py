"""Serve the metrics page on a port of its own, apart from the port, the limits and the log of callers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST

HEAD_BYTES = 8192
SECONDS = 5.0


class MetricsPage:
    """`GET /metrics` on a socket. `read` returns the page."""

    def __init__(self, listener: socket.socket, read: Callable[[], bytes]) -> None:
        self._listener = listener
        self._read = read
        self._serving: asyncio.Task[asyncio.Server] | None = None

    def open(self) -> None:
        """Start to answer, on the running loop."""
        starting = asyncio.start_server(self._serve, sock=self._listener, limit=HEAD_BYTES)
        self._serving = asyncio.get_running_loop().create_task(starting)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # The client is not a scraper, or it has disconnected.
        finally:
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        target = rest.split(b" ")[0]
        path = target.partition(b"?")[0]
        if path != b"/metrics":
            return _write_response(b"404 Not Found", b"There is /metrics here.\n")
        if method != b"GET":
            return _write_response(b"405 Method Not Allowed", b"GET it.\n", more_fields=b"allow: GET\r\n")
        return _write_response(b"200 OK", self._read(), CONTENT_TYPE_LATEST.encode())


def _write_response(
    status: bytes, body: bytes, media_type: bytes = b"text/plain; charset=utf-8", more_fields: bytes = b""
) -> bytes:
    head = b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n" % (status, media_type, len(body))
    return b"%bcache-control: no-store\r\nconnection: close\r\n%b\r\n%b" % (head, more_fields, body)
