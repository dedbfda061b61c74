"""Serve pages and their files from the package itself, so that a browser loads nothing from other hosts.

The path of the files contains a digest of all of them, so that clients may keep them for good. Each file has a route of
its own: no path leads into the file system.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from string import Template
from typing import Any

from fastapi import APIRouter

from api.http.request import HttpRequest
from api.http.responses import BytesResponse, accepts_gzip
from api.http.route import DataRoute

TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".txt": b"text/plain; charset=utf-8",
}
HTML = b"text/html; charset=utf-8"
KEPT = (b"cache-control", b"public, max-age=31536000, immutable")

# What a page may load: only what is listed here, and nothing from other hosts.
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
SCRIPTED = POLICY | {
    "script-src": "'self'",
    # The menus and dialogs of GraphiQL and Scalar write style elements whose text depends on the window, so no hash can
    # allow them.
    "style-src": "'self' 'unsafe-inline'",
    "connect-src": "'self'",
}


def guarded(policy: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return the header fields of a page that may load what the policy allows."""
    return [
        (b"content-security-policy", "; ".join(f"{name} {value}" for name, value in policy.items()).encode()),
        (b"x-frame-options", b"DENY"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]


class Assets:
    """The files of a folder, under `/<place>/<digest>/<file>`. Its `.html` files are templates and are not served."""

    def __init__(self, folder: Path, place: str) -> None:
        self.folder = folder
        self._place = place

    @property
    def names(self) -> list[str]:
        """The names of the files that are served as they are."""
        return sorted(one.name for one in self.folder.iterdir() if one.suffix in TYPES)

    @cached_property
    def path(self) -> str:
        """The path of the files below the root. The digest in it changes with any of the files."""
        digest = blake2b(b"".join((self.folder / name).read_bytes() for name in self.names), digest_size=6)
        return f"{self._place}/{digest.hexdigest()}"

    def page(self, template: str, **values: str) -> bytes:
        """Return a page made from a template. The values are HTML already."""
        text = Template((self.folder / template).read_text(encoding="utf-8"))
        return text.substitute(values).encode()

    def routes(self) -> APIRouter:
        """Return a route for each file."""
        router = APIRouter(route_class=DataRoute, include_in_schema=False)
        for name in self.names:
            handle = _Asset(self.folder / name, self.path.rpartition("/")[2]).handle
            router.add_api_route(f"/{self.path}/{name}", handle, methods=["GET", "HEAD", "OPTIONS"])
        return router


class _Asset:
    """A file in memory. It is compressed at the first request, because graphiql.js takes 80 ms at the best level."""

    def __init__(self, path: Path, digest: str) -> None:
        self._media_type = TYPES[path.suffix]
        self._body = path.read_bytes()
        self._digest = digest
        self._zipped = b""

    async def handle(self, request: HttpRequest) -> Any:
        """Return the file, or 304. The content of a path never changes, so its tag is the digest in the path."""
        zipped = accepts_gzip(request.fields.get(b"accept-encoding", b""))
        tag = f'"{self._digest}{"-gzip" if zipped else ""}"'
        if tag in request.header(b"if-none-match"):
            response = BytesResponse(b"", self._media_type, 304)
        elif zipped:
            response = BytesResponse(await asyncio.to_thread(self._compressed), self._media_type)
            response.headers.append((b"content-encoding", b"gzip"))
        else:
            response = BytesResponse(self._body, self._media_type)
        response.headers += [(b"etag", tag.encode()), KEPT]
        return response

    def _compressed(self) -> bytes:
        if not self._zipped:
            self._zipped = gzip.compress(self._body, 9, mtime=0)
        return self._zipped
