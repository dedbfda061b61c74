"""Refusals below the application: what is wrong with a request, and the answer that says so."""

from __future__ import annotations

from secrets import token_hex

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api.http.problems import MEDIA_TYPE, HTTPError, document


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


def fault(version: str, target: bytes, headers: list[tuple[bytes, bytes]]) -> str:
    """What is wrong with a head that llhttp let pass; empty where nothing is."""
    if version not in ("1.1", "1.0"):
        return f"HTTP/{version} is not spoken here."
    # `OPTIONS *` asks about the server as a whole, of which there is nothing to say.
    if not target.startswith((b"/", b"http://", b"https://")):
        return "The request target has to be a path, such as /v1/events."
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


def reason(error: httptools.HttpParserError) -> HTTPError:
    """The refusal for what the parser, or one of our callbacks in it, raised."""
    # An error raised in a callback comes as the context of the parser's own, whose message is about the callback.
    cause = error.__context__
    if isinstance(cause, HTTPError):
        return cause
    why = "" if cause else f": {error}"
    return HTTPError("invalid_request", f"The request is not valid HTTP{why}.")
