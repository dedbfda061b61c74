"""Read request bodies within bounds: 413 for size, 408 for time, 415 for a coding (64 KiB of gzip unpack to 64 MiB).

BodyRefused
├── BodyTooLarge          413 body_too_large
├── BodyTimedOut          408 request_timeout
├── UnsupportedCoding     415 unsupported_media_type
└── BodyCutShort          400 invalid_request            the client disconnected, so it does not get the answer
"""

from __future__ import annotations

import asyncio

from api.errors import RequestError
from api.http.request import HttpRequest
from api.settings import Settings

# A body has no meaning in these requests (RFC 9110, 9.3.1), but some clients send one.
BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


class BodyRefused(RequestError):
    """A body that is refused. It is an error of HTTP itself, so it carries its status."""

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
    """The client disconnected before its body was complete."""


async def read_body(request: HttpRequest, settings: Settings) -> bytes:
    """Return the whole body. Raises a BodyRefused as soon as it is known to be too large, too slow or compressed."""
    if request.fields.get(b"content-encoding", b"").strip().lower() not in (b"", b"identity"):
        raise UnsupportedCoding("The body has a content coding, and none is supported.", "Send it uncompressed.")
    # A body that came whole with its head needs no waiting.
    body = request.whole_body
    if body is None:
        return await _collect(request, settings)
    if len(body) > settings.max_body:
        raise _create_too_large(settings)
    return body


async def _collect(request: HttpRequest, settings: Settings) -> bytes:
    if _read_announced_size(request) > settings.max_body:
        raise _create_too_large(settings)
    body = bytearray()
    try:
        async with asyncio.timeout(settings.body_timeout):
            while True:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise BodyCutShort("The client went away before its body was complete.")
                body += message.get("body", b"")
                if len(body) > settings.max_body:
                    raise _create_too_large(settings)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise BodyTimedOut(f"The body was not complete within {settings.body_timeout:g} seconds.") from None


def _read_announced_size(request: HttpRequest) -> int:
    for name, value in request.header_lines:
        # Our protocol accepts only digits. Other servers may accept more.
        if name == b"content-length" and value.isdigit():
            return int(value[:19])
    return 0


def _create_too_large(settings: Settings) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than {settings.max_body} bytes.", "Split the request into smaller ones.")


async def drop_body(request: HttpRequest, settings: Settings) -> None:
    """Read the body of a GET, HEAD or OPTIONS within the bounds of any other body, and discard it. An unread body would
    come before the next request of the connection."""
    await _collect(request, settings)
    request.whole_body = b""
