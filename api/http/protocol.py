"""What a connection may do before the application hears of it: uvicorn's httptools protocol with bounds.

Uvicorn takes header fields of any size and waits for them for ever, appends trailers to the fields that the
application was given, answers a bad request in the middle of another's answer, and drops what follows an upgrade.
Refused here, as `application/problem+json` and with the connection closed:

400  what llhttp does not parse (Content-Length twice or beside Transfer-Encoding, folded lines, bad chunk sizes, bare
     LF), and of what it does: versions other than 1.0 and 1.1, Host missing or repeated, codings other than chunked
408  header fields that are not complete within `header_timeout`
413  framing (tiny chunks, chunk extensions, trailers) without end around a small body
414  a target above `max_url`
431  header fields above `max_headers` together, `: ` and line ends counted
503  more than `max_connections`, none of which is idle

It relies on these names inside uvicorn 0.54, which tests/http/test_protocol.py pins. HttpToolsProtocol: `client`,
`connections`, `flow`, `headers`, `loop`, `parser`, `pipeline`, `server_state`, `tasks`, `timeout_keep_alive_task`,
`transport`, `url`, `_should_upgrade`, `_start_asgi_task`, `_unset_keepalive_if_required`, `on_response_complete`,
`timeout_keep_alive_handler` and the parser's callbacks. RequestResponseCycle: `chunked_encoding`, `disconnected`,
`default_headers`, `expected_content_length`, `flow`, `keep_alive`, `message_event`, `more_body`, `on_response`,
`response_complete`, `response_started`, `transport`, `waiting_for_100_continue`. FlowControl: `drain`, `read_paused`,
`write_paused`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from secrets import token_hex
from typing import Any, ClassVar

import httptools
from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from api.http import wire
from api.http.disconnect import abandon, unless_gone
from api.http.problems import MEDIA_TYPE, HTTPError, document
from api.http.whole import Whole
from api.settings import Settings

logger = logging.getLogger("api.http")

# A socket closed with unread input resets the connection, and the client loses the answer: hear it out this long.
LINGER_SECONDS = 2.0
LINGER_BYTES = 16 * 1024 * 1024
# One-byte chunks take six bytes for each; more framing than this for `max_body` is no request.
FRAMING = 8
# Requests of one connection that may wait for the answers before theirs.
PIPELINE = 256
# What the client is in the middle of sending. Plain numbers: they are compared for every header field.
NOTHING, HEAD, BODY = range(3)
# The request line without its target: the longest method, the version, the spaces, the line end.
REQUEST_LINE = 64


def protocol(settings: Settings, on_refused: Callable[[str], None] = lambda code: None) -> type[HttpToolsProtocol]:
    """The protocol class for uvicorn's `http=`, bound to these settings. `on_refused` hears the code of refusals."""
    own = {"settings": settings, "idle": {}, "turned_away": set(), "on_refused": staticmethod(on_refused)}
    return type("BoundProtocol", (Protocol,), own)


def response(refusal: HTTPError, fields: list[tuple[bytes, bytes]]) -> bytes:
    """The refusal on the wire: a problem (RFC 9457) and the end of the connection."""
    request_id = token_hex(8)
    status, own, body = document(refusal, request_id)
    framing = [
        (b"content-type", MEDIA_TYPE),
        (b"cache-control", b"no-store"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    fields = [*fields, *own, (b"x-request-id", request_id.encode()), *framing]
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % field for field in fields) + b"\r\n" + body


def fault(version: str, headers: list[tuple[bytes, bytes]]) -> str:
    """What is wrong with a head that llhttp let pass; empty where nothing is."""
    if version not in ("1.1", "1.0"):
        return f"HTTP/{version} is not spoken here."
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        return "A request has exactly one Host."
    if b"transfer-encoding" in names:
        # llhttp refuses a second one.
        chunked = version == "1.1" and dict(headers)[b"transfer-encoding"].lower() == b"chunked"
        return "" if chunked else "The only Transfer-Encoding taken is chunked, in HTTP/1.1."
    return ""


def weigh(headers: list[tuple[bytes, bytes]]) -> int:
    """The bytes that these fields took on the wire."""
    return sum(len(name) + len(value) + 4 for name, value in headers)


class Protocol(HttpToolsProtocol):
    """One connection. A request that arrives whole, in one piece, sets no timer and is weighed by its length alone."""

    settings: ClassVar[Settings]
    on_refused: ClassVar[Any]
    # Connections that wait for their next request, the longest waiting first.
    idle: ClassVar[dict[Protocol, None]]
    # Connections beyond the bound, while they read their 503.
    turned_away: ClassVar[set[Protocol]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url = b""
        self.stage = NOTHING
        self.completed = False
        self.arriving = 0
        self.received = 0
        self.discarded = 0
        self.deadline: asyncio.TimerHandle | None = None
        self.stall: asyncio.TimerHandle | None = None
        self.running: tuple[RequestResponseCycle, asyncio.Task[None]] | None = None
        self.refusal: HTTPError | None = None
        self.leaving = False

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.settings.max_connections and not self._make_room():
            self._turn_away()
        else:
            self._set_deadline(self.settings.header_timeout, self._head_late)

    def _make_room(self) -> bool:
        # Keep-alive is a courtesy: it never costs somebody else the answer.
        for waiting in self.idle:
            waiting._forget()
            waiting.transport.close()
            return True
        return False

    def _turn_away(self) -> None:
        self.connections.discard(self)
        if len(self.turned_away) >= self.settings.max_connections:
            self.transport.abort()
        else:
            self.turned_away.add(self)
            detail = f"The service holds {self.settings.max_connections} connections, all in use."
            self.refuse(HTTPError("unavailable", detail, ((b"retry-after", b"1"),)))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._forget()
        self._unset_keepalive_if_required()
        self._clear_deadline()
        self._clear_stall()
        self.pipeline.clear()
        self.let_go()

    def let_go(self) -> None:
        """End what is under way for this client: nobody waits for it any more."""
        if self.running is not None:
            abandon(*self.running)
            self.running = None

    def _forget(self) -> None:
        self.idle.pop(self, None)
        self.connections.discard(self)
        self.turned_away.discard(self)

    # What arrives

    def data_received(self, data: bytes) -> None:
        if self.leaving or self.refusal is not None:
            self._discard(data)
            return
        self.idle.pop(self, None)
        self._unset_keepalive_if_required()
        self.arriving = len(data)
        self.completed = False
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            self.refuse(_reason(error))
        else:
            self._bound()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                self._ignore_upgrade()
                data = data[upgrade.args[0] :]

    def _ignore_upgrade(self) -> None:
        # llhttp leaves what follows to the other protocol. We speak none, so the request's body follows, and the next
        # request: a new parser is told of the framing. (Java's HttpClient asks for h2c with every POST.)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        framing = [field for field in self.headers if field[0] in (b"content-length", b"transfer-encoding")]
        self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(b"%b: %b\r\n" % field for field in framing))

    def _bound(self) -> None:
        if self.stage is NOTHING and self.completed:
            self._clear_deadline()
            self.received = 0
            return
        # What came before this piece's last message ended is not counted: one read of the socket at most.
        self.received = 0 if self.completed else self.received + self.arriving
        if self.stage is BODY:
            self._clear_deadline()
            if self.received > FRAMING * self.settings.max_body + self.settings.max_headers + self.settings.max_url:
                self.refuse(HTTPError("body_too_large", "The body, with its framing, is too large."))
        elif self.received > self.settings.max_headers + len(self.url) + REQUEST_LINE:
            self.refuse(self._too_large())
        elif self.deadline is None:
            self._set_deadline(self.settings.header_timeout, self._head_late)

    def _discard(self, data: bytes) -> None:
        self.discarded += len(data)
        if self.discarded > LINGER_BYTES:
            self.transport.abort()

    def _head_late(self) -> None:
        self.deadline = None
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            # We are the ones who do not read: an earlier request of this connection is not answered yet.
            self._set_deadline(self.settings.header_timeout, self._head_late)
        elif self.stage is NOTHING and self.received == 0:
            # It asked for nothing. A 408 could be taken for the answer to what it sends this very moment.
            self.transport.close()
        else:
            detail = f"The header fields were not complete within {self.settings.header_timeout:g} seconds."
            self.refuse(HTTPError("request_timeout", detail))

    def _too_large(self) -> HTTPError:
        return HTTPError("headers_too_large", f"The header fields exceed {self.settings.max_headers} bytes.")

    # The parser's callbacks. In the middle of a body header fields are trailers, which must not become the request's,
    # and a head is our own (_ignore_upgrade).

    def on_message_begin(self) -> None:
        if self.stage is not BODY:
            self.stage = HEAD
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self.stage is not BODY:
            self.url += url
            if len(self.url) > self.settings.max_url:
                raise HTTPError("uri_too_long", f"The path and query are longer than {self.settings.max_url} bytes.")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.stage is not BODY:
            # Uvicorn's own, without the call: ten times a request.
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.stage is BODY:
            return
        # Everything that came is an upper bound; only what exceeds that is counted field by field.
        bound = self.settings.max_headers
        if self.received + self.arriving > bound and weigh(self.headers) > bound:
            raise self._too_large()
        version = self.parser.get_http_version()
        wrong = fault(version, self.headers)
        if wrong:
            raise HTTPError("invalid_request", wrong)
        if len(self.pipeline) >= PIPELINE:
            raise HTTPError("invalid_request", f"More than {PIPELINE} requests wait for their answers.")
        if version == "1.0":
            self.expect_100_continue = False
        super().on_headers_complete()
        self.stage = BODY
        self.received = 0

    def on_message_complete(self) -> None:
        # That of an upgrade comes before its body, and is followed by the one that counts.
        if self.parser.should_upgrade():
            return
        self.stage = NOTHING
        self.completed = True
        super().on_message_complete()

    def _should_upgrade(self) -> bool:
        return False

    # What is answered

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        task = self.loop.create_task(cycle.run_asgi(self._guarded(cycle, app)))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        self.running = (cycle, task)

    def _guarded(self, cycle: RequestResponseCycle, app: ASGI3Application) -> ASGI3Application:
        async def run(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            if cycle.more_body or cycle.scope["http_version"] == "1.0":
                send = self._careful(cycle)
            else:
                # A whole request in HTTP/1.1, as nearly all are.
                scope["body"] = bytes(cycle.body)  # type: ignore[typeddict-unknown-key]
                send = Whole(cycle).send
            await unless_gone(cycle, app(scope, receive, send))
            if cycle.response_started and not cycle.response_complete and cycle.scope["http_version"] == "1.0":
                # Where an answer ends with its connection, only a reset tells that it was cut.
                wire.reset(self.transport)

        return run

    def _careful(self, cycle: RequestResponseCycle) -> ASGISendCallable:
        old = cycle.scope["http_version"] == "1.0"

        async def send(message: ASGISendEvent) -> None:
            if message["type"] == "http.response.start":
                # Answered before the body was in: what is left of it could be taken for a request, so this is the last
                # answer. Uvicorn says so, and leaves the closing to on_response_complete, which hears the client out.
                self.leaving = cycle.more_body
                cycle.keep_alive = cycle.keep_alive and not self.leaving
                cycle.chunked_encoding = False if old else None
                await cycle.send(message)
                cycle.keep_alive = cycle.keep_alive or self.leaving
            else:
                # HTTP/1.0 knows no chunks: the answer ends with the connection, and has any length.
                if old and message["type"] == "http.response.body":
                    cycle.expected_content_length = len(message.get("body", b""))
                await cycle.send(message)

        return send

    def on_response_complete(self) -> None:
        self.running = None
        if self.leaving:
            self._hang_up()
        elif self.refusal is not None and not self.pipeline:
            self._answer(self.refusal)
        else:
            super().on_response_complete()
            self._rest()

    def _rest(self) -> None:
        if self.transport.is_closing():
            # Closing waits until the answer is taken, and a client that takes nothing would keep its place for ever.
            self._set_deadline(self.settings.stall_timeout, self.transport.abort)
        elif self.pipeline:
            # Uvicorn reads on at each answer; the queue would grow by a socket's buffer for every request answered.
            self.flow.pause_reading()
        elif self.timeout_keep_alive_task is not None and self.stage is NOTHING:
            self.idle[self] = None

    def refuse(self, refusal: HTTPError) -> None:
        """Answer with this after the answers that are owed, take nothing more, and close."""
        logger.info("refused a request", extra={"code": refusal.code, "client": self.client})
        self.on_refused(refusal.code)
        self.refusal = refusal
        self._clear_deadline()
        if self.stage is BODY and not self._disown():
            self.transport.close()
        elif self.running is None and not self.pipeline:
            self._answer(refusal)

    def _disown(self) -> bool:
        # The request whose body is bad is the last one read: it waits in the pipeline, or it runs.
        if self.pipeline:
            self.pipeline.popleft()
            return True
        if self.running is None or self.running[0].response_started:
            return False
        abandon(*self.running)
        self.running = None
        return True

    def _answer(self, refusal: HTTPError) -> None:
        if not self.transport.is_closing():
            self.transport.write(response(refusal, self.server_state.default_headers))
        self._hang_up()

    def _hang_up(self) -> None:
        if self.transport.is_closing():
            return
        self.leaving = True
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._set_deadline(LINGER_SECONDS, self.transport.abort)

    # A client that does not read its answer

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch(wire.unsent(self.transport))

    def resume_writing(self) -> None:
        self._clear_stall()
        super().resume_writing()

    def _watch(self, unsent: int) -> None:
        self.stall = self.loop.call_later(self.settings.stall_timeout, self._stalled, unsent)

    def _stalled(self, before: int) -> None:
        unsent = wire.unsent(self.transport)
        if unsent >= before:
            self.transport.abort()
        else:
            self._watch(unsent)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._set_deadline(LINGER_SECONDS, self.transport.abort)

    # Timers

    def _set_deadline(self, seconds: float, then: Callable[[], None]) -> None:
        self._clear_deadline()
        self.deadline = self.loop.call_later(seconds, then)

    def _clear_deadline(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _clear_stall(self) -> None:
        if self.stall is not None:
            self.stall.cancel()
            self.stall = None


def _reason(error: httptools.HttpParserError) -> HTTPError:
    # An error raised in a callback comes as the context of the parser's own, whose message is about the callback.
    cause = error.__context__
    if isinstance(cause, HTTPError):
        return cause
    why = "" if cause else f": {error}"
    return HTTPError("invalid_request", f"The request is not valid HTTP{why}.")
