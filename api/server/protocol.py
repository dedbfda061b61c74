"""Limit what a connection may do before a request reaches the application: uvicorn's httptools protocol with bounds.

Uvicorn accepts header fields of any size and waits for them without a limit. It appends trailers to the fields that the
application got, answers a bad request in the middle of the answer to another one, and drops what follows an upgrade.
This protocol refuses the following, as `application/problem+json`, and closes the connection:

400  what llhttp does not parse (Content-Length twice or with Transfer-Encoding, folded lines, bad chunk sizes, bare
     LF), versions other than 1.0 and 1.1, Host missing or repeated, codings other than chunked
408  header fields that are not complete within `header_timeout`
413  framing (tiny chunks, chunk extensions, trailers) without end around a small body
414  a target of more than `max_url` bytes
431  header fields of more than `max_headers` bytes together, including `: ` and line ends
503  more than `max_connections`, if none of them gives way (connection_shares.py)

It uses these names inside uvicorn 0.54, which tests/http/test_protocol.py pins. HttpToolsProtocol: `client`,
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
from functools import partial
from typing import Any, ClassVar

import httptools
from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.http.problems import HTTPError
from api.middleware.client_address import trusted
from api.middleware.cors import Origins
from api.observability.connection_events import ConnectionEvents
from api.server import tcp
from api.server.connection_shares import AddressConnections, ConnectionShares
from api.server.disconnect import abandon
from api.server.pace import PaceWatch
from api.server.refusals import fault, reason, response, weigh
from api.server.single_write import SingleWrite
from api.settings import Settings

logger = logging.getLogger("api.http")

# Closing a socket with unread input resets the connection, and the client loses the answer. So input is read and
# discarded until one of these bounds.
LINGER_SECONDS = 2.0
LINGER_BYTES = 16 * 1024 * 1024
# One-byte chunks take six bytes each. A body that takes more than this many times `max_body` on the wire is refused.
FRAMING = 8
# Requests of one connection that may wait for the answers before theirs.
PIPELINE = 256
# Connections above the maximum that are sent a 503; further ones are closed without an answer.
TURNED_AWAY = 64
# The part of a request that the client is sending. Plain numbers, because they are compared for every header field.
NOTHING, HEAD, BODY = range(3)
# Bytes of the request line without its target: the longest method, the version, the spaces, the line end.
REQUEST_LINE = 64


def protocol(settings: Settings, events: ConnectionEvents | None = None) -> type[HttpToolsProtocol]:
    """Return the protocol class for uvicorn's `http=`, bound to these settings. `events` receives the events of
    connections."""
    own = {
        "settings": settings,
        "events": events or ConnectionEvents(),
        "origins": Origins(settings.cors_origins),
        "shares": ConnectionShares(settings.max_connections, trusted(settings.trusted_proxies)),
        "turned_away": set(),
    }
    return type("BoundProtocol", (Protocol,), own)


class Protocol(HttpToolsProtocol):
    """One connection. A request that arrives whole, in one piece, sets no timer, and its fields need not be counted."""

    settings: ClassVar[Settings]
    events: ClassVar[ConnectionEvents]
    origins: ClassVar[Origins]
    shares: ClassVar[ConnectionShares]
    # Connections above the maximum, while they read their 503.
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
        self.running: tuple[RequestResponseCycle, asyncio.Task[None]] | None = None
        self.refusal: HTTPError | None = None
        self.leaving = False
        self.holder: AddressConnections | None = None
        # Watches a client that does not take everything at once. The least pace differs for callers with a key.
        self.watch: PaceWatch | None = None
        self.least_pace = self.settings.least_pace
        # True while an answer was written and is not taken yet. The next request waits for that.
        self.owes = False

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # What the kernel does not take at once counts as unread: it occupies memory, and its client is watched.
        transport.set_write_buffer_limits(0)
        self.holder = self.shares.enter(self, self.client[0] if self.client else "")
        if self.holder is None:
            self._turn_away()
        else:
            self._set_deadline(self.settings.header_timeout, self._head_late)

    def give_way(self) -> None:
        """Close the connection at once, because a new one needs its place."""
        state = self._state()
        logger.info("closed a connection for a new one", extra={"state": state, "client": self.client})
        self.events.gave_way(state)
        self._forget()
        if self.flow.write_paused:
            tcp.reset(self.transport)
        else:
            self.transport.abort()

    def _state(self) -> str:
        if self.flow.write_paused:
            return "unread"
        if self.running is not None:
            return "body" if self.running[0].more_body else "busy"
        if self.leaving or self.refusal is not None:
            return "refused"
        if self.stage is NOTHING and self.received == 0:
            return "silent" if self.cycle is None else "idle"
        return "head"

    def _turn_away(self) -> None:
        self.connections.discard(self)
        if len(self.turned_away) >= TURNED_AWAY:
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
        if self.watch is not None:
            self.watch.stop()
        self.pipeline.clear()
        self.let_go()

    def let_go(self) -> None:
        """Cancel the request that runs for this client, because its answer is no longer needed."""
        if self.running is not None:
            abandon(*self.running)
            self.running = None

    def _forget(self) -> None:
        if self.holder is not None:
            self.shares.leave(self, self.holder)
            self.holder = None
        self.connections.discard(self)
        self.turned_away.discard(self)

    # Input

    def data_received(self, data: bytes) -> None:
        if self.leaving or self.refusal is not None:
            self._discard(data)
            return
        self._unset_keepalive_if_required()
        self.arriving = len(data)
        self.completed = False
        try:
            while data:
                try:
                    self.parser.feed_data(data)
                    break
                except httptools.HttpParserUpgrade as upgrade:
                    self._ignore_upgrade()
                    data = data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            self.refuse(reason(error))
            return
        if self.completed and self.stage is NOTHING and self.deadline is None:
            # A whole request in one piece, as nearly all are.
            self.received = 0
        else:
            self._bound()
        if self.holder is not None:
            self.holder.note(self, waits=self.running is None or self.running[0].more_body)

    def _ignore_upgrade(self) -> None:
        # llhttp leaves what follows to the other protocol. The service supports none, so what follows is the request's
        # body and the next request. A new parser gets the framing of the request. (Java's HttpClient requests h2c with
        # every POST.)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        framing = [field for field in self.headers if field[0] in (b"content-length", b"transfer-encoding")]
        self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(b"%b: %b\r\n" % field for field in framing))

    def _bound(self) -> None:
        if self.stage is NOTHING and self.completed:
            self._clear_deadline()
            self.received = 0
            return
        # A piece in which a message ended is not counted: it is one read of the socket at most.
        self.received = 0 if self.completed else self.received + self.arriving
        if self.stage is BODY:
            self._clear_deadline()
            if self.received > FRAMING * self.settings.max_body + self.settings.max_headers + self.settings.max_url:
                self.refuse(HTTPError("body_too_large", "The body, with its framing, is too large."))
        elif self.stage is HEAD and len(self.url) > self.settings.max_url:
            self.refuse(self._too_long())
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
            # The service itself has paused reading, because an earlier request of this connection is not answered yet.
            self._set_deadline(self.settings.header_timeout, self._head_late)
        elif self.stage is NOTHING and self.received == 0:
            # The client has sent nothing. It could take a 408 for the answer to a request that it is just sending.
            self.transport.close()
        else:
            detail = f"The header fields were not complete within {self.settings.header_timeout:g} seconds."
            self.refuse(HTTPError("request_timeout", detail))

    def _too_large(self) -> HTTPError:
        return HTTPError("headers_too_large", f"The header fields exceed {self.settings.max_headers} bytes.")

    def _too_long(self) -> HTTPError:
        return HTTPError("uri_too_long", f"The path and query are longer than {self.settings.max_url} bytes.")

    # The parser's callbacks. During a body, header fields are trailers, which must not become the request's, and a head
    # comes from _ignore_upgrade.

    def on_message_begin(self) -> None:
        if self.stage is not BODY:
            self.stage = HEAD
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self.stage is not BODY:
            # A URL that is too long is refused after the header fields are parsed, because they name the origin of a
            # page, or after the whole piece is parsed (_bound).
            self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.stage is not BODY:
            # As in uvicorn, but without calling its method, because this runs about ten times for each request.
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.stage is BODY:
            return
        if len(self.url) > self.settings.max_url:
            raise self._too_long()
        # The bytes that came are an upper bound. The fields are counted only if these bytes exceed the maximum.
        bound = self.settings.max_headers
        if self.received + self.arriving > bound and weigh(self.headers) > bound:
            raise self._too_large()
        version = self.parser.get_http_version()
        wrong = fault(version, self.url, self.headers)
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
        # For an upgrade it is called before the body, which does not count, and again at the end.
        if self.parser.should_upgrade():
            return
        self.stage = NOTHING
        self.completed = True
        super().on_message_complete()

    def _should_upgrade(self) -> bool:
        return False

    # Answers

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if self.owes:
            # Uvicorn takes the answer before this one for complete, because it was written.
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, app))
            return
        task = self.loop.create_task(cycle.run_asgi(partial(self._run, cycle, app)))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        self.running = (cycle, task)

    async def _run(
        self,
        cycle: RequestResponseCycle,
        app: ASGI3Application,
        scope: Scope,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
    ) -> None:
        """Run the application for one request."""
        if cycle.more_body or cycle.scope["http_version"] == "1.0":
            send = self._careful(cycle)
        else:
            # A whole request in HTTP/1.1, as nearly all are.
            scope["body"] = bytes(cycle.body)  # type: ignore[typeddict-unknown-key]
            send = SingleWrite(cycle).send
        scope["connection"] = self  # type: ignore[typeddict-unknown-key]
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            # The client has disconnected (disconnect.py). Uvicorn would log the cancellation with a traceback, and send
            # a 500 that no client reads.
            if not cycle.disconnected:
                raise
        if cycle.response_started and not cycle.response_complete and cycle.scope["http_version"] == "1.0":
            # If an answer ends with its connection, only a reset shows that it was cut.
            tcp.reset(self.transport)

    def _careful(self, cycle: RequestResponseCycle) -> ASGISendCallable:
        old = cycle.scope["http_version"] == "1.0"

        async def send(message: ASGISendEvent) -> None:
            if message["type"] == "http.response.start":
                # If the answer begins before the whole body was received, the rest of the body could be taken for a
                # request. So this is the last answer. Uvicorn writes that into its head, and on_response_complete
                # closes the connection after it has read the rest.
                self.leaving = cycle.more_body
                cycle.keep_alive = cycle.keep_alive and not self.leaving
                cycle.chunked_encoding = False if old else None
                await cycle.send(message)
                cycle.keep_alive = cycle.keep_alive or self.leaving
            else:
                # HTTP/1.0 has no chunks. The answer ends with the connection, and may have any length.
                if old and message["type"] == "http.response.body":
                    cycle.expected_content_length = len(message.get("body", b""))
                await cycle.send(message)

        return send

    def on_response_complete(self) -> None:
        if self.flow.write_paused:
            # The client has not taken the answer yet. The next request, or the wait for one, begins when it has.
            self.owes = True
            return
        self.running = None
        if self.leaving:
            self._hang_up()
        elif self.refusal is not None and not self.pipeline:
            self._answer(self.refusal)
        else:
            super().on_response_complete()
            if self.pipeline:
                # Uvicorn resumes reading after each answer, so the queue would grow by a socket's buffer each time.
                self.flow.pause_reading()
        if self.holder is not None:
            self.holder.note(self, waits=self.running is None or self.running[0].more_body)

    def refuse(self, refusal: HTTPError) -> None:
        """Send this refusal after the answers that are still due, read nothing more, and close the connection."""
        logger.info("refused a request", extra={"code": refusal.code, "client": self.client})
        self.events.refused(refusal.code)
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
            fields = [*self.server_state.default_headers, *self.origins.fields_for(self._origin())]
            self.transport.write(response(refusal, fields))
        self._hang_up()

    def _origin(self) -> bytes | None:
        """Return the origin that the refused request names, as far as it was read."""
        # Before its first request a connection has no list of header fields.
        return dict(self.headers or ()).get(b"origin")

    def _hang_up(self) -> None:
        if self.transport.is_closing():
            return
        self.leaving = True
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._set_deadline(LINGER_SECONDS, self.transport.abort)

    # A client that does not take its answer at once

    @property
    def unread(self) -> bool:
        """True while something that was written waits for the client."""
        return self.flow.write_paused

    async def taken(self) -> None:
        """Wait until the client, or the kernel for it, has taken what was written."""
        await self.flow.drain()

    def cut(self, reason: str) -> None:
        """Break the answer off, so that no client takes the part that it got for the whole."""
        logger.info("cut an answer", extra={"reason": reason, "client": self.client})
        self.events.cut(reason)
        # Without a reset the kernel would still send what it has taken.
        tcp.reset(self.transport)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.holder is not None:
            self.holder.reads_later(self)
        if self.watch is None:
            self.watch = PaceWatch(self.transport, self.settings.stall_timeout, self._too_slow)
        self.watch.begin(self.least_pace)

    def resume_writing(self) -> None:
        if self.watch is not None:
            self.watch.end()
        if self.holder is not None:
            self.holder.has_read(self)
        super().resume_writing()
        if self.owes:
            self.owes = False
            self.on_response_complete()

    def _too_slow(self) -> None:
        self.cut("pace")

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
