"""GraphiQL, served from the package itself: a browser that opens it asks no other host for anything.

Its files have the digest of all of them in their address, so that they may be kept for good. They are named one by
one: there is no path into the file system.
"""

from __future__ import annotations

import asyncio
import gzip
from functools import cache
from hashlib import blake2b
from pathlib import Path
from string import Template
from typing import Any

from fastapi import APIRouter, Request

from api.catalog import Version
from api.http.media import header
from api.http.respond import Bytes, accepts_gzip
from api.http.route import DataRoute

FILES = Path(__file__).parent / "assets"
PAGE = "console.html"
TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".txt": b"text/plain; charset=utf-8",
}
KEPT = (b"cache-control", b"public, max-age=31536000, immutable")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # The menus and dialogs of GraphiQL write a style element while they are open (react-remove-scroll), whose text
        # depends on the width of the scrollbar: no hash names it.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
GUARDED = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-cache"),
]


def page(version: Version) -> Bytes:
    """The page of a version's GraphQL. Its addresses are relative, for the service may live behind a prefix."""
    response = Bytes(_page(version.name), b"text/html; charset=utf-8")
    response.headers += GUARDED
    return response


def routes() -> APIRouter:
    """`/console/<digest>/<file>`, one route for each file."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    for name in names():
        path = f"/console/{digest()}/{name}"
        router.add_api_route(path, Asset(FILES / name).handle, methods=["GET", "HEAD", "OPTIONS"])
    return router


def names() -> list[str]:
    """The files that are served as they are."""
    return sorted(one.name for one in FILES.iterdir() if one.suffix in TYPES)


@cache
def digest() -> str:
    """Changes with any of the files."""
    return blake2b(b"".join((FILES / name).read_bytes() for name in names()), digest_size=6).hexdigest()


class Asset:
    """A file in memory, compressed when it is first asked for: at its best graphiql.js takes 80 ms."""

    def __init__(self, path: Path) -> None:
        self._media_type = TYPES[path.suffix]
        self._body = path.read_bytes()
        self._zipped = b""

    async def handle(self, request: Request) -> Any:
        """The file, or 304: what has this address never changes, so its tag is the digest in it."""
        scope = request.scope
        zipped = accepts_gzip(header(scope, b"accept-encoding").encode("latin-1"))
        tag = f'"{digest()}{"-gzip" if zipped else ""}"'
        if tag in header(scope, b"if-none-match"):
            response = Bytes(b"", self._media_type, 304)
        elif zipped:
            response = Bytes(await asyncio.to_thread(self._compressed), self._media_type)
            response.headers.append((b"content-encoding", b"gzip"))
        else:
            response = Bytes(self._body, self._media_type)
        response.headers += [(b"etag", tag.encode()), KEPT]
        return response

    def _compressed(self) -> bytes:
        if not self._zipped:
            self._zipped = gzip.compress(self._body, 9, mtime=0)
        return self._zipped


@cache
def _page(version: str) -> bytes:
    text = Template((FILES / PAGE).read_text(encoding="utf-8"))
    return text.substitute(version=version, assets=f"../console/{digest()}").encode()
