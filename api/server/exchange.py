"""One request of a connection and its answer, as ASGI sees them (https://asgi.readthedocs.io/en/latest/specs/www.html).

The head of an answer waits for its body, and both are sent with one write. The finished head is checked once for
characters that would end a line. Matching each name and value with a regular expression took a quarter of the time of a
cached answer.
"""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Protocol

from starlette.types import ASGIApp, Message, Scope

logger = logging.getLogger("api.http")

Fields = Iterable[tuple[bytes, bytes]]

STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
# Answers without a body, whatever the method (RFC 9110, 6.4.1).
BODILESS = (204, 304)
JOIN = b": ".join
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
INTERNAL_ERROR = b"Internal Server Error"


class AnswerState(enum.Enum):
    """The part of an answer that was sent."""

    NOTHING = enum.auto()
    # The application has given the head, which waits for the first part of the body.
    HEAD_WAITS = enum.auto()
    PART = enum.auto()
    WHOLE = enum.auto()


class Framing(enum.Enum):
    """The way in which a client finds the end of a body (RFC 9112, 6.3)."""

    NONE = enum.auto()
    LENGTH = enum.auto()
    CHUNKED = enum.auto()
    # HTTP/1.0 has no chunks. The body ends with the connection.
    CLOSE = enum.auto()


class ClientConnection(Protocol):
    """The connection of an exchange, as far as the exchange uses it."""

    transport: asyncio.Transport
    # True while something that was written waits for the client.
    unread: bool
    # True after the last answer of the connection.
    leaving: bool

    @property
    def default_fields(self) -> Fields:
        """The header fields of every answer."""

    async def taken(self) -> None:
        """Wait until the client has taken what was written."""

    def resume_reading(self) -> None:
        """Read on from the client."""

    def answered(self) -> None:
        """Go on after the answer to the request that runs is written."""

    def reset(self) -> None:
        """Close the connection with a TCP reset."""


class Exchange:
    """One request and its answer. `keep_alive` is False if the client closes the connection after the answer."""

    __slots__ = (
        "_expects_continue",
        "_framing",
        "_head",
        "_left",
        "_received_all",
        "body",
        "connection",
        "disconnected",
        "keep_alive",
        "more_body",
        "scope",
        "state",
        "task",
        "waiting",
    )

    def __init__(self, connection: ClientConnection, scope: Scope, *, keep_alive: bool, expects_continue: bool) -> None:
        self.connection = connection
        self.scope = scope
        self.keep_alive = keep_alive
        self.task: asyncio.Task[None] | None = None
        # The part of the body that the application has not received yet, and whether more of it is to come.
        self.body = bytearray()
        self.more_body = True
        self._received_all = False
        self.disconnected = False
        self.state = AnswerState.NOTHING
        self._expects_continue = expects_continue
        # The future that the application waits for in `receive`; None if it has not waited yet.
        self.waiting: asyncio.Future[None] | None = None
        self._head: Message | None = None
        self._framing = Framing.NONE
        # The bytes of the body that are still to be sent, by the length in the head.
        self._left = 0

    async def run(self, application: ASGIApp) -> None:
        """Run the application for this request. If it fails before it answers, the answer is a 500."""
        if not self.more_body:
            # The whole request has come, as nearly all do.
            self.scope["body"] = bytes(self.body)
        try:
            await application(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            # If the client has disconnected, nobody waits for the answer. Otherwise the server ends.
            if not self.disconnected:
                self.connection.transport.close()
                raise
        except Exception:
            logger.exception("the application failed")
            self._fail()
        else:
            if self.state is not AnswerState.WHOLE:
                self._fail()

    def abandon(self) -> None:
        """Drop what the answer still sends, and end its task at its next await."""
        self.disconnected = True
        self.wake()
        if self.task is not None:
            self.task.cancel()

    def wake(self) -> None:
        """Let the application receive what has come: a part of the body, its end, or the end of the connection."""
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)

    # What the application calls

    async def receive(self) -> Message:
        """Return the next part of the body, or that the client has disconnected."""
        connection = self.connection
        if self._expects_continue and self.state is AnswerState.NOTHING and not connection.transport.is_closing():
            connection.transport.write(CONTINUE)
        self._expects_continue = False
        if self._needs_input():
            connection.resume_reading()
            while self._needs_input():
                self.waiting = asyncio.get_running_loop().create_future()
                await self.waiting
        if self.disconnected or self.state is AnswerState.WHOLE:
            return {"type": "http.disconnect"}
        part = bytes(self.body)
        self.body.clear()
        self._received_all = not self.more_body
        return {"type": "http.request", "body": part, "more_body": self.more_body}

    def _needs_input(self) -> bool:
        if self.disconnected or self.state is AnswerState.WHOLE:
            return False
        # After the whole body the application waits for nothing but the end.
        return self._received_all or (self.more_body and not self.body)

    async def send(self, message: Message) -> None:
        """Send the head of the answer, or a part of its body."""
        if message["type"] == "http.response.start":
            # A head that waits is replaced: an error of the first part is answered with a problem.
            if self.state not in (AnswerState.NOTHING, AnswerState.HEAD_WAITS):
                raise RuntimeError("The answer has begun already.")
            self._head = message
            self.state = AnswerState.HEAD_WAITS
            return
        if self.connection.unread and not self.disconnected:
            await self.connection.taken()
        if self.disconnected:
            return
        body = message.get("body", b"")
        more_body = message.get("more_body", False)
        if self.state is AnswerState.PART:
            self._write_part(body, more_body)
        elif self.state is AnswerState.HEAD_WAITS and self._head is not None:
            self._write_first(self._head, body, more_body)
        else:
            raise RuntimeError("A body without a head, or after the end of the answer.")
        if not more_body:
            self._end()

    # What is written

    def _write_first(self, head_message: Message, body: bytes, more_body: bool) -> None:
        """Write the head with the first part of the body, or with all of it."""
        connection = self.connection
        # If the answer begins before the whole body was received, the rest could be taken for a request. So this is the
        # last answer, and the connection closes after it has read the rest.
        connection.leaving = self.more_body
        status = head_message["status"]
        lines = [*map(JOIN, connection.default_fields), *map(JOIN, head_message["headers"])]
        if self.more_body or not self.keep_alive:
            lines.append(b"connection: close")
        if self.scope["method"] == "HEAD" or status in BODILESS:
            body = b""
            self._framing = Framing.NONE
        else:
            self._set_framing(lines, body, more_body)
        head = STATUS_LINES[status] + b"\r\n".join(lines) + b"\r\n\r\n"
        # A line end inside a value would begin another header field, or another answer.
        if not head.count(b"\r\n") == head.count(b"\n") == head.count(b"\r") == len(lines) + 2:
            raise RuntimeError("A header field holds the end of a line.")
        if self._framing is Framing.LENGTH and (len(body) > self._left or (not more_body and len(body) < self._left)):
            raise RuntimeError("The body has another length than its head says.")
        self.state = AnswerState.PART
        if more_body or self._framing is Framing.CHUNKED:
            connection.transport.write(head)
            self._write_part(body, more_body)
        elif body:
            connection.transport.writelines((head, body))
        else:
            connection.transport.write(head)

    def _set_framing(self, lines: list[bytes], body: bytes, more_body: bool) -> None:
        """Find out how the body is framed. If the head does not say its length, add a line about it."""
        for line in lines:
            if line.startswith(b"content-length: "):
                self._framing = Framing.LENGTH
                self._left = int(line[16:])
                return
        if not more_body:
            lines.append(b"content-length: %d" % len(body))
            self._framing = Framing.LENGTH
            self._left = len(body)
        elif self.scope["http_version"] == "1.0":
            self._framing = Framing.CLOSE
        else:
            lines.append(b"transfer-encoding: chunked")
            self._framing = Framing.CHUNKED

    def _write_part(self, body: bytes, more_body: bool) -> None:
        """Write a part of the body as it is framed."""
        transport = self.connection.transport
        if self._framing is Framing.CHUNKED:
            if body:
                transport.writelines((b"%x\r\n" % len(body), body, b"\r\n"))
            if not more_body:
                transport.write(LAST_CHUNK)
            return
        if self._framing is Framing.NONE:
            return
        if self._framing is Framing.LENGTH:
            self._left -= len(body)
            if self._left < 0 or (not more_body and self._left > 0):
                raise RuntimeError("The body has another length than its head says.")
        if body:
            transport.write(body)

    def _end(self) -> None:
        self.state = AnswerState.WHOLE
        self.wake()
        # A connection that is closed with unread input is reset, and the client may lose the answer. So the rest of a
        # body is read first.
        if not self.keep_alive and not self.connection.leaving:
            self.connection.transport.close()
        self.connection.answered()

    def _fail(self) -> None:
        """Answer with a 500, or cut the answer that has begun, so that no client takes it for the whole."""
        connection = self.connection
        # After a whole answer, another one would be taken for that of the next request.
        if self.state is AnswerState.WHOLE or self.disconnected or connection.transport.is_closing():
            return
        if self.state is AnswerState.PART:
            if self._framing is Framing.CLOSE:
                # If an answer ends with its connection, only a reset shows that it was cut.
                connection.reset()
            else:
                connection.transport.close()
            return
        self.keep_alive = False
        fields = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(INTERNAL_ERROR))]
        self._write_first({"status": 500, "headers": fields}, INTERNAL_ERROR, False)
        self._end()
