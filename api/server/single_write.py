"""Send an answer that is whole in one write: its head waits for its body.

Uvicorn writes the head separately, and checks each name and value in it with two regular expressions, which took a
quarter of the time of a kept answer. Uvicorn still sends answers that come in pieces or end with their connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from uvicorn._types import ASGISendEvent, HTTPResponseStartEvent
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

BODILESS = (204, 304)
JOIN = b": ".join


@dataclass(eq=False, slots=True)
class SingleWrite:
    """The answer to one request in HTTP/1.1 that was read to its end."""

    cycle: RequestResponseCycle
    _start: HTTPResponseStartEvent | None = field(default=None, init=False)

    async def send(self, message: ASGISendEvent) -> None:
        """Send a message of ASGI."""
        cycle = self.cycle
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
    """Return the head as bytes; None if it does not contain the length of the body."""
    status = start["status"]
    lines = [*map(JOIN, cycle.default_headers), *map(JOIN, start["headers"])]
    if not cycle.keep_alive:
        lines.append(b"connection: close")
    head = STATUS_LINE[status] + b"\r\n".join(lines) + b"\r\n\r\n"
    if status not in BODILESS and b"\r\ncontent-length: " not in head:
        return None
    # A line end inside a value would begin another header field, or another answer.
    if not head.count(b"\r\n") == head.count(b"\n") == head.count(b"\r") == len(lines) + 2:
        raise RuntimeError("A header field holds the end of a line.")
    return head
