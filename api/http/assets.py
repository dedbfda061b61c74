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
IMMUTABLE = (b"cache-control", b"public, max-age=31536000, immutable")

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
    return [framed(policy), (b"x-frame-options", b"DENY"), (b"cross-origin-opener-policy", b"same-origin")]


def framed(policy: Mapping[str, str]) -> tuple[bytes, bytes]:
    """Return the header field with what a page may load, and no field that keeps it out of frames."""
    directives = "; ".join(f"{name} {value}" for name, value in policy.items())
    return b"content-security-policy", directives.encode()


class Assets:
    """The files of a folder, under `/<place>/<digest>/<file>`. Its `.html` files are templates and are not served."""

    def __init__(self, folder: Path, place: str) -> None:
        self.folder = folder
        self._place = place

    @property
    def names(self) -> list[str]:
        """The names of the files that are served as they are."""
        return sorted(file.name for file in self.folder.iterdir() if file.suffix in TYPES)

    @cached_property
    def path(self) -> str:
        """The path of the files below the root. The digest in it changes with any of the files."""
        digest = blake2b(digest_size=6)
        for name in self.names:
            digest.update((self.folder / name).read_bytes())
        return f"{self._place}/{digest.hexdigest()}"

    def page(self, template: str, **values: str) -> bytes:
        """Return a page made from a template. The values are HTML already."""
        text = Template((self.folder / template).read_text(encoding="utf-8"))
        return text.substitute(values).encode()

    def routes(self) -> APIRouter:
        """Return a route for each file."""
        router = APIRouter(route_class=DataRoute, include_in_schema=False)
        digest = self.path.rpartition("/")[2]
        for name in self.names:
            asset = _Asset(self.folder / name, digest)
            router.add_api_route(f"/{self.path}/{name}", asset.handle, methods=["GET", "HEAD", "OPTIONS"])
        return router


class _Asset:
    """A file in memory. It is compressed at the first request, because graphiql.js takes 80 ms at the best level."""

    def __init__(self, path: Path, digest: str) -> None:
        self._media_type = TYPES[path.suffix]
        self._body = path.read_bytes()
        self._digest = digest
        self._compressed_body = b""

    async def handle(self, request: HttpRequest) -> BytesResponse:
        """Return the file, or 304. The content of a path never changes, so its tag is the digest in the path."""
        compressed = accepts_gzip(request.fields.get(b"accept-encoding", b""))
        tag = f'"{self._digest}-gzip"' if compressed else f'"{self._digest}"'
        if tag in request.header(b"if-none-match"):
            response = BytesResponse(b"", self._media_type, 304)
        elif compressed:
            response = BytesResponse(await asyncio.to_thread(self._compress), self._media_type)
            response.headers.append((b"content-encoding", b"gzip"))
        else:
            response = BytesResponse(self._body, self._media_type)
        response.headers += [(b"etag", tag.encode()), IMMUTABLE]
        return response

    def _compress(self) -> bytes:
        if not self._compressed_body:
            self._compressed_body = gzip.compress(self._body, 9, mtime=0)
        return self._compressed_body
