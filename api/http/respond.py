"""Sends finished bytes: with a strong ETag, as 304 where the client has them, compressed where it accepts that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from starlette.types import Receive, Scope, Send

from api.http.media import fields, header
from api.packing import Packed, pack

Headers = list[tuple[bytes, bytes]]

COMPRESS_FROM = 1024
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
    tag: str = "",
    end: bytes = b"",
) -> Bytes:
    """The response to a GET: 200 with the body, or 304 where the client's copy is this one. The entity tag is the
    given one, or made of the body; it is weak where the body has an end of its own each time."""
    tag = tag or blake2b(content.body, digest_size=12).hexdigest()
    held = header(scope, b"if-none-match")
    if held and (held.strip() == "*" or copy_named(held, tag)):
        return unchanged(scope, tag, weak=bool(end)) or _not_modified(f'"{tag}"', weak=bool(end))
    response = await packed(scope, content, media_type, end)
    sent = f"{tag}-gzip" if len(response.headers) > 2 else tag
    response.headers += [(b"etag", f'{"W/" if end else ""}"{sent}"'.encode()), CACHED, *headers]
    return response


def has_copy(scope: Scope) -> bool:
    """Whether the client says which copy it has."""
    return b"if-none-match" in fields(scope)


def unchanged(scope: Scope, tag: str, *, weak: bool = False) -> Bytes | None:
    """304 where the client names this tag as the one of its copy, as it is or compressed."""
    held = header(scope, b"if-none-match") if tag else ""
    return _not_modified(known, weak=weak) if held and (known := copy_named(held, tag)) else None


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


def copy_named(held: str, tag: str) -> str:
    """The tag that the client holds, compared weakly (RFC 9110, 13.1.2)."""
    given = {one.strip().removeprefix("W/") for one in held.split(",")}
    return next((one for one in (f'"{tag}"', f'"{tag}-gzip"') if one in given), "")


def _not_modified(tag: str, *, weak: bool) -> Bytes:
    response = Bytes(b"", status=304)
    response.headers += [(b"etag", f"{'W/' if weak else ''}{tag}".encode()), CACHED]
    return response
