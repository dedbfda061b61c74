"""CORS (Fetch, 3.2) without credentials: preflights, and the fields that let pages of other origins read answers."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.media import fields
from api.http.problems import HTTPError
from api.http.respond import Bytes, Headers

EXPOSED = (
    *("ETag", "Link", "Retry-After", "RateLimit", "RateLimit-Policy", "RateLimit-Cost"),
    *("X-Request-Id", "Server-Timing", "Content-Disposition", "Deprecation", "Sunset", "Deprecated-Use"),
)
# Browsers send the last four without a preflight (Fetch, 2.2.2).
ACCEPTED = (
    *("Authorization", "If-None-Match", "X-API-Key", "X-Request-Id"),
    *("Accept", "Accept-Language", "Content-Language", "Content-Type"),
)
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
MAX_AGE = 86400

EXPOSE = (b"access-control-expose-headers", ", ".join(EXPOSED).encode())
ANY: Headers = [(b"access-control-allow-origin", b"*"), EXPOSE]
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", ", ".join(METHODS).encode()),
    (b"access-control-allow-headers", ", ".join(ACCEPTED).encode()),
    (b"access-control-max-age", b"%d" % MAX_AGE),
]
NAMES = frozenset(one.lower() for one in ACCEPTED)


class Origins:
    """The origins whose pages may read answers, separated by commas; `*` is any."""

    def __init__(self, origins: str) -> None:
        self.any = origins.strip() == "*"
        self._names = frozenset(one.strip().encode("latin-1") for one in origins.split(","))

    def allows(self, origin: bytes) -> bool:
        """Whether pages of this origin may read answers."""
        return self.any or origin in self._names

    def fields(self, scope: Scope) -> Headers:
        """Return the CORS fields of the answer to a request."""
        if self.any:
            return ANY
        origin = fields(scope).get(b"origin")
        # Without Vary, a cache could give an answer for one origin to another origin.
        vary = [(b"vary", b"origin")]
        return [*vary, (b"access-control-allow-origin", origin), EXPOSE] if origin and self.allows(origin) else vary


class Preflights:
    """Answers preflights in front of an application. A preflight is an OPTIONS request that names its origin and the
    method that it is for."""

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, and pass any other request on. HTTPError if the preflight is refused."""
        if scope["method"] != "OPTIONS" or not _is_preflight(sent := fields(scope)):
            await self._app(scope, receive, send)
            return
        if wrong := self._wrong(sent):
            raise HTTPError("invalid_request", wrong)
        response = Bytes(b"OK", b"text/plain; charset=utf-8")
        response.headers += PREFLIGHT
        await response(scope, receive, send)

    def _wrong(self, sent: dict[bytes, bytes]) -> str:
        if not self._origins.allows(sent[b"origin"]):
            return "Pages of this origin may not call the service. BRIEFING_CORS_ORIGINS lists those that may."
        if sent[b"access-control-request-method"].decode("latin-1") not in METHODS:
            return f"Pages may use the methods {', '.join(METHODS)}."
        asked = sent.get(b"access-control-request-headers", b"").decode("latin-1").lower().split(",")
        if {name.strip() for name in asked} - NAMES - {""}:
            return f"Pages may send the header fields {', '.join(ACCEPTED)}."
        return ""


def _is_preflight(sent: dict[bytes, bytes]) -> bool:
    return b"origin" in sent and b"access-control-request-method" in sent
