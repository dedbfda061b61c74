"""Sends an answer that is whole in one write: its head waits for its body.

Uvicorn writes the head by itself, and looks at each name and value of it with two regular expressions: a quarter of the
time of a kept answer. What comes in pieces, or ends with its connection, goes through uvicorn as it is.
"""

from __future__ import annotations

from uvicorn._types import ASGISendEvent, HTTPResponseStartEvent
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

BODILESS = (204, 304)


class Whole:
    """The answer to one request in HTTP/1.1 that was read to its end."""

    __slots__ = ("_cycle", "_start")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._start: HTTPResponseStartEvent | None = None

    async def send(self, message: ASGISendEvent) -> None:
        """ASGI's `send`."""
        cycle = self._cycle
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is None or message["type"] != "http.response.body":
            await cycle.send(message)
            return
        head = None if message.get("more_body", False) else _head(cycle, start)
        if head is None:
            await cycle.send(start)
            await cycle.send(message)
            return
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.disconnected:
            return
        body = b"" if cycle.scope["method"] == "HEAD" else message.get("body", b"")
        cycle.transport.writelines((head, body) if body else (head,))
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()


def _head(cycle: RequestResponseCycle, start: HTTPResponseStartEvent) -> bytes | None:
    """The head as bytes; None where it does not say how long the body is."""
    status = start["status"]
    parts = [STATUS_LINE[status]]
    lines = 2
    long = status in BODILESS
    for fields in (cycle.default_headers, start["headers"]):
        for name, value in fields:
            parts += (name, b": ", value, b"\r\n")
            lines += 1
            long = long or name == b"content-length"
    if not long:
        return None
    if not cycle.keep_alive:
        parts.append(b"connection: close\r\n")
        lines += 1
    parts.append(b"\r\n")
    head = b"".join(parts)
    # A line's end inside a value would begin a field, or an answer, of somebody else's.
    if not head.count(b"\r\n") == head.count(b"\n") == head.count(b"\r") == lines:
        raise RuntimeError("A header field holds the end of a line.")
    return head
