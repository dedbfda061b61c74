"""The outermost middleware: a context for each request, the header fields of every answer, and errors as problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

import orjson
import structlog
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from api.catalog import VERSIONS
from api.errors import Unavailable
from api.http.body import BODILESS, drop_body
from api.http.media_types import choose_media_type
from api.http.parameters import check_path
from api.http.problems import MEDIA_TYPE, document
from api.http.request import HttpRequest
from api.http.responses import BytesResponse
from api.http.route_table import RouteTable
from api.http.streaming import StreamedResponse
from api.http.unread_answers import Connection, UnreadAnswers
from api.middleware.authentication import Authentication, limit_fields
from api.middleware.client_address import LOCAL, blocks
from api.middleware.cors import Origins
from api.middleware.deprecation import Headers, of_versions, uses
from api.middleware.freshness import unconfirmed
from api.middleware.shared_cache import for_shared_caches
from api.service import GONE, RequestContext
from api.settings import Settings

# The header fields of every answer. Pages add a Content-Security-Policy of their own (assets.py).
ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    # Download managers would try to resume an export otherwise, and get it from the beginning.
    (b"accept-ranges", b"none"),
]
WITHOUT_LENGTH = (204, 304)
# The media types of problems on paths of pages, the first for a client that prefers none.
PROBLEM_TYPES = (MEDIA_TYPE.decode(), "text/html")

Observer = Callable[[HttpRequest], None]
"""Called with each request when it has ended: the access log, metrics and traces."""

ProblemPage = Callable[[HttpRequest, dict[str, Any]], BytesResponse]
"""Returns a problem document as a page."""

log = structlog.get_logger("briefing")


class RequestMiddleware:
    """The outermost application. Every answer has a request id, and no error shows anything internal."""

    def __init__(
        self,
        app: FastAPI,
        paths: RouteTable,
        settings: Settings,
        authentication: Authentication,
        observers: Sequence[Observer] = (),
        problem_pages: Mapping[str, ProblemPage] | None = None,
    ) -> None:
        """`problem_pages` has the page of problems by the first part of a path, for paths whose answers are pages."""
        self._app = app
        self._paths = paths
        self._settings = settings
        self._authentication = authentication
        self._observers = tuple(observers)
        self._problem_pages = problem_pages or {}
        self._origins = Origins(settings.cors_origins)
        self._suggests = settings.suggestions != "none"
        self._public_url = settings.public_url
        self._outdated = of_versions(VERSIONS.values(), settings.public_url)
        self.unread = UnreadAnswers(settings.unread_memory)
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. FastAPI itself answers the lifespan, and refuses WebSockets."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = HttpRequest(scope, receive, self.unread)
        context = request.context
        context.version = request.path[1:].partition("/")[0]
        context.version_outdated = context.version in self._outdated
        self.in_flight += 1
        try:
            await self._answer(request, send)
        finally:
            self.in_flight -= 1
            if request.unread_answer is not None:
                self.unread.remove(request.unread_answer)
            context.ended = perf_counter()
            if context.charge is not None:
                context.price = context.charge.used
            if context.status == 304:
                context.cache = "unchanged"
                context.price = 0
            for observe in self._observers:
                observe(request)

    async def _answer(self, request: HttpRequest, send: Send) -> None:
        try:
            if b"%" in request.raw_path:
                check_path(request.raw_path)
            if request.has_body and request.method in BODILESS:
                await drop_body(request, self._settings)
            response: BytesResponse | StreamedResponse | None = None
            if request.method == "OPTIONS":
                response = self._origins.preflight(request)
            if response is None:
                response = await self._paths.endpoint(request)(request)
            await self._send(request, response, send)
        except Exception as raised:
            context = request.context
            error = await self._authentication.settle_error(context, raised)
            status, headers, body = document(error, request.id, self._suggests, self._public_url)
            if status == 500:
                log.exception("internal error", request_id=request.id, route=context.route)
            if context.status != GONE:
                # A part of the answer was sent: the server has to close the connection.
                raise
            problem = self._write_problem(request, status, body)
            problem.headers += [(b"cache-control", b"no-store"), *headers]
            await self._send(request, problem, send)

    def _write_problem(self, request: HttpRequest, status: int, body: bytes) -> BytesResponse:
        """Return a problem document or, for a browser on a path of pages, its page."""
        page = self._problem_pages.get(request.path[1:].partition("/")[0])
        if page is not None and choose_media_type(request.header(b"accept"), PROBLEM_TYPES) == "text/html":
            return page(request, orjson.loads(body))
        return BytesResponse(body, MEDIA_TYPE, status)

    async def _send(self, request: HttpRequest, response: BytesResponse | StreamedResponse, send: Send) -> None:
        if isinstance(response, StreamedResponse):
            await response.send(request, self._create_framed_send(request, send))
            return
        status = response.status
        body = response.body
        if status not in WITHOUT_LENGTH:
            response.headers.append((b"content-length", b"%d" % len(body)))
        if request.method == "HEAD":
            body = b""
        headers = await self._complete_headers(request, status, response.headers)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send_body(request, send, {"type": "http.response.body", "body": body})

    def _create_framed_send(self, request: HttpRequest, send: Send) -> Send:
        """Return the `send` of a response in pieces, which adds the header fields of every answer."""

        async def framed_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = await self._complete_headers(request, message["status"], message["headers"])
                await send({**message, "headers": headers})
            else:
                await self._send_body(request, send, message)

        return framed_send

    async def _complete_headers(self, request: HttpRequest, status: int, headers: Headers) -> Headers:
        """Return all header fields of an answer, which now begins."""
        context = request.context
        context.status = status
        context.cut = True  # until the client has taken the end
        caller = context.caller
        if status == 304 and context.charge is None and caller is not None:
            context.charge = await self._authentication.access_control.charge_nothing(caller)
        if context.unconfirmed:
            headers = unconfirmed(headers)
        fields = [
            *headers,
            *ALWAYS,
            *self._origins.fields(request),
            (b"x-request-id", request.id.encode()),
            (b"server-timing", _write_timing(context)),
        ]
        if status == 200 and context.edition:
            fields.append((b"edition", context.edition.encode()))
        if context.charge is not None and not context.shared:
            fields += limit_fields(context.charge)
        if context.version_outdated:
            fields += self._outdated[context.version]
        if context.outdated:
            fields.append((b"deprecated-use", uses(context.outdated)))
        if self._settings.shared_cache:
            fields = for_shared_caches(request, fields)
        if request.connection is not None:
            if caller is not None and caller.key_id is not None:
                request.connection.least_pace = self._settings.least_pace_keyed
            else:
                request.connection.least_pace = self._settings.least_pace
        return fields

    async def _send_body(self, request: HttpRequest, send: Send, message: Message) -> None:
        context = request.context
        size = len(message.get("body", b""))
        context.bytes_sent += size
        await send(message)
        if message.get("more_body", False):
            return
        connection = request.connection
        if context.bytes_sent and connection is not None and connection.unread:
            await self._wait_until_read(request, connection, size)
        context.cut = False

    async def _wait_until_read(self, request: HttpRequest, connection: Connection, size: int) -> None:
        """Wait until the client has read its answer. Until then the answer counts as unread, and the caller's place for
        requests at once is held."""
        caller = request.context.caller
        charge = request.context.charge
        if request.unread_answer is None:
            identity = caller.identity if caller is not None else _identify_network(request)
            try:
                request.unread_answer = self.unread.add(identity, size)
            except Unavailable:
                connection.cut("memory")
                await connection.taken()
                return
        self.unread.resize(request.unread_answer, size)
        request.unread_answer.connection = connection
        if caller is None or charge is None or charge.holds_place:
            await connection.taken()
            return
        async with self._authentication.access_control.hold_place(caller):
            await connection.taken()


def _identify_network(request: HttpRequest) -> str:
    """Return the identity that an answer without a caller is counted by, such as a file of a page."""
    if not request.client:
        return f"ip:{LOCAL}"
    return f"ip:{blocks(request.client).subnetwork}"


def _write_timing(context: RequestContext) -> bytes:
    """Return the value of Server-Timing, in milliseconds."""
    total = (perf_counter() - context.begun) * 1000
    if context.store_seconds is None:
        return b"total;dur=%.1f" % total
    return b"db;dur=%.1f, total;dur=%.1f" % (context.store_seconds * 1000, total)
