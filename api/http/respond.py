"""Sends finished bytes: with a strong ETag, as 304 where the client has them, compressed where it accepts that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from starlette.types import Receive, Scope, Send

from api.http.media import fields, header
from api.packing import Packed, pack

Headers = list[tuple[bytes, bytes]]

COMPRESS_FROM = 1024
# Tags of one If-None-Match that are checked. A client that keeps a copy sends one, or one for each encoding.
TAGS_MOST = 8
GZIPPED = "-gzip"
VARY = (b"vary", b"accept, accept-encoding")
CACHED = (b"cache-control", b"public, no-cache")


class Bytes:
    """A response whose body is ready. It is a plain ASGI application, as Starlette's responses are."""

    def __init__(self, body: bytes, media_type: bytes = b"application/json", status: int = 200) -> None:
        self.status_code = status
        self.body = body
        self.headers: Headers = [(b"content-type", media_type), VARY]
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; a HEAD request gets the header fields alone."""
        length = (b"content-length", str(len(self.body)).encode())
        headers = self.headers if self.status_code in (204, 304) else [*self.headers, length]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body})


class Packable(Protocol):
    """A body, and the same compressed once somebody asked for it."""

    body: bytes
    packed: Packed | None


@dataclass(slots=True)
class Content:
    """A body that is sent again and again."""

    body: bytes
    packed: Packed | None = None


async def respond(
    scope: Scope,
    content: Packable,
    headers: Sequence[tuple[bytes, bytes]] = (),
    media_type: bytes = b"application/json",
    tag: str | None = None,
    end: bytes = b"",
) -> Bytes:
    """Return the response to a GET: 200 with the body, or 304 if the client's copy has the same entity tag. Without a
    `tag` one is computed from the body; an empty one is not sent. The tag is weak if the response has an `end`, which
    differs each time."""
    if tag is None:
        tag = blake2b(content.body, digest_size=12).hexdigest()
    weak = bool(end)
    if tag and b"if-none-match" in fields(scope):
        if same := unchanged(scope, lambda one: one == tag, weak=weak):
            return same
        if header(scope, b"if-none-match").strip() == "*":
            return _not_modified(tag, weak=weak)
    response = await packed(scope, content, media_type, end)
    if tag:
        sent = f"{tag}{GZIPPED}" if len(response.headers) > 2 else tag
        response.headers.append((b"etag", f'{"W/" if end else ""}"{sent}"'.encode()))
    response.headers += [CACHED, *headers]
    return response


def unchanged(scope: Scope, is_current: Callable[[str], bool], *, weak: bool = False) -> Bytes | None:
    """Return a 304 if the client has a copy, plain or compressed, whose tag is current."""
    if b"if-none-match" not in fields(scope):
        return None
    for tag in held_tags(scope):
        if is_current(tag.removesuffix(GZIPPED)):
            return _not_modified(tag, weak=weak)
    return None


def held_tags(scope: Scope) -> list[str]:
    """Return the tags of If-None-Match without quotes and `W/`, because they are compared weakly (RFC 9110, 13.1.2).
    Only the first few are returned, because a client may send any number for free."""
    given = header(scope, b"if-none-match")
    # Nearly all clients send one tag.
    parts = given.split(",", TAGS_MOST)[:TAGS_MOST] if "," in given else [given]
    quoted = [one.strip().removeprefix("W/") for one in parts]
    return [one[1:-1] for one in quoted if len(one) > 2 and one[0] == one[-1] == '"']


async def packed(scope: Scope, content: Packable, media_type: bytes, end: bytes = b"") -> Bytes:
    """The body with an end of its own, compressed where that is worth it and the client accepts it."""
    if len(content.body) < COMPRESS_FROM or not accepts_gzip(header(scope, b"accept-encoding").encode("latin-1")):
        return Bytes(content.body + end if end else content.body, media_type)
    if content.packed is None:
        content.packed = await pack(content.body)
    response = Bytes(content.packed.ended(end), media_type)
    response.headers.append((b"content-encoding", b"gzip"))
    return response


def accepts_gzip(accepted: bytes) -> bool:
    """Whether Accept-Encoding takes gzip (RFC 9110, 12.5.3); a weight of 0 refuses it."""
    if b"gzip" not in accepted and b"*" not in accepted:
        return False
    weights = {}
    for part in accepted.lower().split(b","):
        coding, _, weight = part.partition(b";")
        weights[coding.strip()] = weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return weights.get(b"gzip", weights.get(b"*", False))


def _not_modified(tag: str, *, weak: bool) -> Bytes:
    response = Bytes(b"", status=304)
    response.headers += [(b"etag", f'{"W/" if weak else ""}"{tag}"'.encode()), CACHED]
    return response
