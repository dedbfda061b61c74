"""Refuse requests below the application: find what is wrong with one, and write the answer."""

from __future__ import annotations

from secrets import token_hex

import httptools

from api.http.problems import MEDIA_TYPE, HTTPError, document
from api.server.exchange import STATUS_LINES


def response(refusal: HTTPError, fields: list[tuple[bytes, bytes]], public_url: str = "") -> bytes:
    """Return the bytes of the refusal: a problem (RFC 9457) that closes the connection."""
    request_id = token_hex(8)
    status, fields_of_refusal, body = document(refusal, request_id, public_url=public_url)
    fields = [
        *fields,
        *fields_of_refusal,
        (b"x-request-id", request_id.encode()),
        (b"content-type", MEDIA_TYPE),
        (b"cache-control", b"no-store"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    lines = [b"%b: %b\r\n" % field for field in fields]
    return b"".join([STATUS_LINES[status], *lines, b"\r\n", body])


def fault(version: str, target: bytes, headers: list[tuple[bytes, bytes]]) -> str:
    """Return what is wrong with a request head that llhttp accepted; empty if nothing is."""
    if version not in ("1.1", "1.0"):
        return f"HTTP/{version} is not supported."
    # `OPTIONS *`, which is about the server as a whole, is refused too.
    if not target.startswith((b"/", b"http://", b"https://")):
        return "The request target has to be a path, such as /versions."
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        return "A request has exactly one Host."
    if b"transfer-encoding" in names:
        codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
        if version != "1.1" or codings != [b"chunked"]:
            return "The only Transfer-Encoding taken is chunked, in HTTP/1.1."
    return ""


def weigh(headers: list[tuple[bytes, bytes]]) -> int:
    """Return the bytes that these fields took on the wire."""
    return sum(len(name) + len(value) + 4 for name, value in headers)


def reason(error: httptools.HttpParserError) -> HTTPError:
    """Return the refusal for an error of the parser, or of one of our callbacks that it called."""
    # An error in a callback is the context of the parser's error, whose own message is only about the callback.
    cause = error.__context__
    if isinstance(cause, HTTPError):
        return cause
    if isinstance(error, httptools.HttpParserInvalidURLError):
        detail = (
            "The URL contains a character that no URL may contain. Percent-encode it as UTF-8: é is written %C3%A9."
        )
        return HTTPError("invalid_request", detail)
    if str(error).startswith("Expected HTTP/"):
        detail = "Expected the version of HTTP after the URL. A space in a URL is written %20."
        return HTTPError("invalid_request", detail)
    if cause:
        return HTTPError("invalid_request", "The request is not valid HTTP.")
    return HTTPError("invalid_request", f"The request is not valid HTTP: {error}.")
