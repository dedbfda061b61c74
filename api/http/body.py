"""Request bodies, read within bounds: 413 for size, 408 for time, 415 for a coding (64 KiB of gzip unpack to 64 MiB).

BodyRefused
├── BodyTooLarge          413 body_too_large
├── BodyTimedOut          408 request_timeout
├── UnsupportedCoding     415 unsupported_media_type
└── BodyCutShort          400 invalid_request            the client went away in the middle; nobody reads the answer
"""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import RequestError
from api.http.media import fields
from api.settings import Settings

# A body has no meaning in these requests (RFC 9110, 9.3.1), yet clients send one.
BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


class BodyRefused(RequestError):
    """A body that the door does not take: HTTP's own errors, so they carry their status."""

    code = "invalid_request"
    status = 400


class BodyTooLarge(BodyRefused):
    """The body is larger than `max_body`, as announced or as it streamed in."""

    code = "body_too_large"
    status = 413


class BodyTimedOut(BodyRefused):
    """The body was not complete within `body_timeout`."""

    code = "request_timeout"
    status = 408


class UnsupportedCoding(BodyRefused):
    """The body is compressed. It would have to be unpacked before its size is known."""

    code = "unsupported_media_type"
    status = 415


class BodyCutShort(BodyRefused):
    """The client went away before its body was complete."""


async def read_body(scope: Scope, receive: Receive, settings: Settings) -> bytes:
    """The whole body, refused as soon as it is known to be too large, too slow or coded."""
    if fields(scope).get(b"content-encoding", b"").strip().lower() not in (b"", b"identity"):
        raise UnsupportedCoding("Bodies are taken as they are, without a content coding.", "Send it uncompressed.")
    # What came whole with its head need not be waited for.
    body: bytes | None = scope.get("body")
    if body is None:
        return await _collect(scope, receive, settings)
    if len(body) > settings.max_body:
        raise _too_large(settings)
    return body


async def _collect(scope: Scope, receive: Receive, settings: Settings) -> bytes:
    if _announced(scope) > settings.max_body:
        raise _too_large(settings)
    body = bytearray()
    try:
        async with asyncio.timeout(settings.body_timeout):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise BodyCutShort("The client went away before its body was complete.")
                body += message.get("body", b"")
                if len(body) > settings.max_body:
                    raise _too_large(settings)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise BodyTimedOut(f"The body was not complete within {settings.body_timeout:g} seconds.") from None


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        # The protocol let only digits through; other servers may not have.
        if name == b"content-length" and value.isdigit():
            return int(value[:19])
    return 0


def _too_large(settings: Settings) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than {settings.max_body} bytes.", "Split the request into smaller ones.")


class BodyIgnored:
    """Middleware: reads the body of a GET, HEAD or OPTIONS within the bounds of any other, and forgets it.

    Left unread it would stand between this request and the next one of its connection. Without a body the middleware
    costs one look at the header fields.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in BODILESS and _has_body(scope):
            await _collect(scope, receive, self.settings)
            scope["body"] = b""
            receive = _nothing_then(receive)
        await self.app(scope, receive, send)


def _has_body(scope: Scope) -> bool:
    sent = fields(scope)
    return b"transfer-encoding" in sent or sent.get(b"content-length", b"0") != b"0"


def _nothing_then(receive: Receive) -> Receive:
    # A reader of the body finds it empty; a listener for the disconnect still hears of it.
    waiting: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def read() -> Message:
        return waiting.pop() if waiting else await receive()

    return read
