"""The HTTP/1.1 protocol of a connection: httptools parses requests, the application answers them one after the other.

It is given to uvicorn as `http=`. Uvicorn's own protocols accept header fields of any size and wait for them without a
limit, append trailers to the fields that the application got, answer a bad request in the middle of the answer to
another one, and drop what follows an upgrade. This one refuses the following, as `application/problem+json`, and closes
the connection:

400  what llhttp does not parse (Content-Length twice or with Transfer-Encoding, folded lines, bad chunk sizes, bare
     LF), versions other than 1.0 and 1.1, Host missing or repeated, codings other than chunked
408  header fields that are not complete within `header_timeout`
413  a small body in endless framing: tiny chunks, chunk extensions or trailers
414  a target of more than `max_url` bytes
431  header fields of more than `max_headers` bytes together, including `: ` and line ends
503  more than `max_connections`, if none of them gives way (connection_shares.py)

The end of a client's sending side (FIN) counts as a disconnect. A client that only half-closes looks like one that
closed: TCP shows the difference only once something is written to it. Uvicorn, Go's net/http and nginx decide so too.
Clients keep the connection open until they have read the answer. When a connection is lost, the task of its request is
cancelled, and with it the query in Postgres.

The pace of clients, and how connections end, is the same for any protocol: see tcp_connection.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, ClassVar, Literal, Protocol
from urllib.parse import unquote

import httptools
from starlette.types import ASGIApp

from api.http.problems import HTTPError
from api.middleware.client_address import read_trusted_networks
from api.middleware.cors import Origins
from api.observability.connection_events import ConnectionEvents
from api.server.connection_shares import ConnectionShares
from api.server.exchange import AnswerState, Exchange, Fields
from api.server.refusals import fault, reason, response, weigh
from api.server.tcp_connection import ServerState, TcpConnection
from api.settings import Settings

logger = logging.getLogger("api.http")

# An idle connection saves the next request's handshake. It is closed sooner if its place is needed.
KEEP_ALIVE_SECONDS = 20.0
# One-byte chunks take six bytes each. A body that takes more than this many times `max_body` on the wire is refused.
FRAMING = 8
# The bytes of a body that wait for the application before the client is asked to pause.
BODY_WAITS = 64 * 1024
# Requests of one connection that may wait for the answers before theirs.
PIPELINE = 256
# Connections above the maximum that are sent a 503; further ones are closed without an answer.
TURNED_AWAY = 64
# The part of a request that the client is sending. Plain numbers, because they are compared for every header field.
NOTHING = 0
HEAD = 1
BODY = 2
# Bytes of the request line without its target: the longest method, the version, the spaces, the line end.
REQUEST_LINE = 64
ASGI = {"version": "3.0", "spec_version": "2.3"}

ConnectionState = Literal["unread", "body", "busy", "refused", "silent", "idle", "head"]


class ServerConfig(Protocol):
    """The part of uvicorn's Config that a connection uses."""

    loaded_app: Any


def protocol(settings: Settings, events: ConnectionEvents | None = None) -> type[HttpConnection]:
    """Return the protocol class for uvicorn's `http=`, bound to these settings. `events` receives the events of
    connections."""
    attributes = {
        "settings": settings,
        "events": events or ConnectionEvents(),
        "origins": Origins(settings.cors_origins),
        "shares": ConnectionShares(settings.max_connections, read_trusted_networks(settings.trusted_proxies)),
        "turned_away": set(),
    }
    return type("BoundConnection", (HttpConnection,), attributes)


class HttpConnection(TcpConnection):
    """One connection. A request that arrives whole, in one piece, sets no timer, and its fields need not be counted."""

    origins: ClassVar[Origins]

    def __init__(
        self, config: ServerConfig, server_state: ServerState, app_state: object = None, _loop: object = None
    ) -> None:
        super().__init__(server_state)
        self._application: ASGIApp = config.loaded_app
        self._parser: Any = self._create_parser()
        # The request that is coming in, and its bytes: those of this piece, and those of the pieces before.
        self._stage = NOTHING
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects_continue = False
        self._completed = False
        self._arriving = 0
        self._received = 0
        # The last request whose head was read, the one that is being answered, and those that wait for its answer.
        self._latest: Exchange | None = None
        self._running: Exchange | None = None
        self._pipeline: deque[Exchange] = deque()
        # Why the connection is refused; None if it is not.
        self._refusal: HTTPError | None = None

    def _create_parser(self) -> Any:
        parser = httptools.HttpRequestParser(self)
        # A request after `Connection: close` in the same piece of input is no error: it is not answered.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._address_connections is None:
            self._turn_away()
        else:
            self._server.connections.add(self)
            self._set_deadline(self.settings.header_timeout, self._refuse_late_head)

    def give_way(self) -> None:
        """Close the connection at once, because a new one needs its place."""
        state = self._describe_state()
        logger.info("closed a connection for a new one", extra={"state": state, "client": self.client})
        self.events.gave_way(state)
        self._leave()
        if self.unread:
            self.reset()
        else:
            self.transport.abort()

    def _describe_state(self) -> ConnectionState:
        if self.unread:
            return "unread"
        if self._running is not None:
            return "body" if self._running.more_body else "busy"
        if self.leaving or self._refusal is not None:
            return "refused"
        if self._stage is not NOTHING or self._received > 0:
            return "head"
        return "silent" if self._latest is None else "idle"

    def _turn_away(self) -> None:
        if len(self.turned_away) >= TURNED_AWAY:
            self.transport.abort()
        else:
            self.turned_away.add(self)
            detail = f"The service holds {self.settings.max_connections} connections, all in use."
            self.refuse(HTTPError("unavailable", detail, ((b"retry-after", b"1"),)))

    def eof_received(self) -> None:
        """Let the transport close, because the client sends nothing more."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._clear_deadline()
        self._clear_keep_alive()
        if self._watch is not None:
            self._watch.stop()
        self._pipeline.clear()
        if self._latest is not None and self._latest.state is not AnswerState.WHOLE:
            self._latest.disconnected = True
        self.let_go()
        self._note_taken()
        # The parser refers to this connection. Without it the connection is freed at once.
        self._parser = None

    def let_go(self) -> None:
        """Cancel the request that runs for this client, because its answer is no longer needed."""
        if self._running is not None:
            self._running.abandon()
            self._running = None

    def shutdown(self) -> None:
        """Close the connection after the answer that is due. Uvicorn calls this when the server ends."""
        if self._latest is None or self._latest.state is AnswerState.WHOLE:
            self.transport.close()
        else:
            self._latest.keep_alive = False

    # Input

    def data_received(self, data: bytes) -> None:
        if self.leaving or self._refusal is not None:
            self._discard(data)
            return
        if self._keep_alive_timer is not None:
            self._keep_alive_timer.cancel()
            self._keep_alive_timer = None
        self._arriving = len(data)
        self._completed = False
        try:
            while data:
                try:
                    self._parser.feed_data(data)
                    break
                except httptools.HttpParserUpgrade as upgrade:
                    self._ignore_upgrade()
                    data = data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            self.refuse(reason(error))
            return
        if self._completed and self._stage is NOTHING and self._deadline is None:
            # A whole request in one piece, as nearly all are.
            self._received = 0
        else:
            self._apply_bounds()
        if self._address_connections is not None:
            self._address_connections.note(self, waits=self._running is None or self._running.more_body)

    def _ignore_upgrade(self) -> None:
        # llhttp leaves what follows to the other protocol. The service supports none, so what follows is the request's
        # body and the next request. A new parser gets the framing of the request. (Java's HttpClient requests h2c with
        # every POST.)
        self._parser = self._create_parser()
        head = bytearray(b"POST / HTTP/1.1\r\n")
        for name, value in self._headers:
            if name in (b"content-length", b"transfer-encoding"):
                head += b"%b: %b\r\n" % (name, value)
        head += b"\r\n"
        self._parser.feed_data(bytes(head))

    def _apply_bounds(self) -> None:
        """Refuse a request that has become too large, and set the deadline of its head."""
        settings = self.settings
        if self._stage is NOTHING and self._completed:
            self._clear_deadline()
            self._received = 0
            return
        if self._completed:
            # A piece in which a message ended is not counted: it is one read of the socket at most. The head that began
            # in it has a deadline of its own.
            self._received = 0
            self._clear_deadline()
        else:
            self._received += self._arriving
        if self._stage is BODY:
            self._clear_deadline()
            if self._received > FRAMING * settings.max_body + settings.max_headers + settings.max_url:
                self.refuse(HTTPError("body_too_large", "The body, with its framing, is too large."))
        elif self._stage is HEAD and len(self._url) > settings.max_url:
            self.refuse(self._describe_long_url())
        elif self._received > settings.max_headers + len(self._url) + REQUEST_LINE:
            self.refuse(self._describe_large_head())
        elif self._deadline is None:
            self._set_deadline(settings.header_timeout, self._refuse_late_head)

    def _refuse_late_head(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self._reading_paused:
            # The service itself has paused reading, because an earlier request of this connection is not answered yet.
            self._set_deadline(self.settings.header_timeout, self._refuse_late_head)
        elif self._stage is NOTHING and self._received == 0:
            # The client has sent nothing. It could take a 408 for the answer to a request that it is just sending.
            self.transport.close()
        else:
            detail = f"The header fields were not complete within {self.settings.header_timeout:g} seconds."
            self.refuse(HTTPError("request_timeout", detail))

    def _describe_large_head(self) -> HTTPError:
        return HTTPError("headers_too_large", f"The header fields exceed {self.settings.max_headers} bytes.")

    def _describe_long_url(self) -> HTTPError:
        return HTTPError("uri_too_long", f"The path and query are longer than {self.settings.max_url} bytes.")

    # The parser's callbacks. During a body, header fields are trailers, which must not become the request's, and a head
    # comes from _ignore_upgrade.

    def on_message_begin(self) -> None:
        if self._stage is not BODY:
            self._stage = HEAD
            self._url = b""
            self._headers = []
            self._expects_continue = False

    def on_url(self, url: bytes) -> None:
        if self._stage is not BODY:
            # A URL that is too long is refused after the header fields are parsed, because they name the origin of a
            # page, or after the whole piece is parsed (_apply_bounds).
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._stage is not BODY:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self._expects_continue = True
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._stage is BODY:
            return
        settings = self.settings
        if len(self._url) > settings.max_url:
            raise self._describe_long_url()
        # The bytes that came are an upper bound. The fields are counted only if these bytes exceed the maximum.
        if self._received + self._arriving > settings.max_headers and weigh(self._headers) > settings.max_headers:
            raise self._describe_large_head()
        version = self._parser.get_http_version()
        detail = fault(version, self._url, self._headers)
        if detail:
            raise HTTPError("invalid_request", detail)
        if len(self._pipeline) >= PIPELINE:
            raise HTTPError("invalid_request", f"More than {PIPELINE} requests wait for their answers.")
        url = httptools.parse_url(self._url)
        # An absolute target may have no path.
        raw_path = url.path or b"/"
        path = raw_path.decode("ascii")
        scope = {
            "type": "http",
            "asgi": ASGI,
            "http_version": version,
            "server": self._local,
            "client": self.client,
            "scheme": self._scheme,
            "method": self._parser.get_method().decode("ascii"),
            "root_path": "",
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": url.query or b"",
            "headers": self._headers,
            "connection": self,
        }
        # HTTP/1.0 has no 100, and its connections end with the answer.
        is_current = version == "1.1"
        exchange = Exchange(
            self,
            scope,
            keep_alive=is_current and self._parser.should_keep_alive(),
            expects_continue=is_current and self._expects_continue,
        )
        self._latest = exchange
        self._stage = BODY
        self._received = 0
        if self._running is None and not self._awaits_client:
            self._start(exchange)
        else:
            self.pause_reading()
            self._pipeline.append(exchange)

    def on_body(self, part: bytes) -> None:
        exchange = self._latest
        if exchange is None or exchange.state is AnswerState.WHOLE:
            return
        exchange.body += part
        if len(exchange.body) > BODY_WAITS:
            self.pause_reading()
        if exchange.waiting is not None:
            exchange.wake()

    def on_message_complete(self) -> None:
        # For an upgrade it is called before the body, which does not count, and again at the end.
        if self._parser.should_upgrade():
            return
        self._stage = NOTHING
        self._completed = True
        exchange = self._latest
        if exchange is not None:
            exchange.more_body = False
            if exchange.waiting is not None:
                exchange.wake()

    # Answers

    @property
    def default_fields(self) -> Fields:
        """The header fields of every answer: the date."""
        return self._server.default_headers

    def _start(self, exchange: Exchange) -> None:
        task = self._loop.create_task(exchange.run(self._application))
        exchange.task = task
        self._running = exchange
        tasks = self._server.tasks
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def answered(self) -> None:
        """Go on after the answer to the request that runs is written: with the next request, or with waiting for it."""
        if self.unread:
            # The client has not taken the answer yet. The next request, or the wait for one, begins when it has.
            self._awaits_client = True
            return
        self._running = None
        if self.leaving:
            self._hang_up()
        elif self._refusal is not None and not self._pipeline:
            self._send_refusal(self._refusal)
        elif not self.transport.is_closing():
            if self._pipeline:
                self._start(self._pipeline.popleft())
            else:
                self._keep_alive_timer = self._loop.call_later(KEEP_ALIVE_SECONDS, self._close_idle)
            if not self._pipeline:
                # With requests in the queue it would grow by a socket's buffer after each answer.
                self.resume_reading()
        if self._address_connections is not None:
            self._address_connections.note(self, waits=self._running is None or self._running.more_body)

    def refuse(self, refusal: HTTPError) -> None:
        """Send this refusal after the answers that are still due, read nothing more, and close the connection."""
        logger.info("refused a request", extra={"code": refusal.code, "client": self.client})
        self.events.refused(refusal.code)
        self._refusal = refusal
        self._clear_deadline()
        if self._stage is BODY and not self._drop_last_request():
            self.transport.close()
        elif self._running is None and not self._pipeline:
            self._send_refusal(refusal)

    def _drop_last_request(self) -> bool:
        """Drop the request whose body is bad. Return False if its answer has begun."""
        # It is the last one read: it waits in the pipeline, or it runs.
        if self._pipeline:
            self._pipeline.pop()
            return True
        if self._running is None or self._running.state not in (AnswerState.NOTHING, AnswerState.HEAD_WAITS):
            return False
        self.let_go()
        return True

    def _send_refusal(self, refusal: HTTPError) -> None:
        if not self.transport.is_closing():
            fields = [*self.default_fields, *self.origins.fields_for(self._read_origin())]
            self.transport.write(response(refusal, fields, self.settings.public_url))
        self._hang_up()

    def _read_origin(self) -> bytes | None:
        """Return the origin that the refused request names, as far as it was read."""
        return dict(self._headers).get(b"origin")
