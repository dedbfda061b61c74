"""CORS (Fetch, 3.2) without credentials: preflights, and the fields that let pages of other origins read answers.

A preflight may ask for any header field that browsers let pages set. Clients and their libraries add fields by
themselves (`traceparent`, `sentry-trace`, `apollographql-client-name`), and the service uses no cookies, so a field
allows a page nothing that another client could not do.
"""

from __future__ import annotations

import re

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
# Forbidden request-headers (Fetch, 2.2.2), which browsers set themselves. Names that begin with Proxy- or Sec- are too.
FORBIDDEN = frozenset(
    (
        *("accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method"),
        *("access-control-request-private-network", "connection", "content-length", "cookie", "cookie2", "date", "dnt"),
        *("expect", "host", "keep-alive", "origin", "referer", "set-cookie", "te", "trailer", "transfer-encoding"),
        *("upgrade", "via"),
    )
)
FORBIDDEN_PREFIXES = ("proxy-", "sec-")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
# Header fields of one preflight. Their names are repeated in the answer.
NAMES_MOST = 100
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
MAX_AGE = 86400

EXPOSE = (b"access-control-expose-headers", ", ".join(EXPOSED).encode())
ANY: Headers = [(b"access-control-allow-origin", b"*"), EXPOSE]
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", ", ".join(METHODS).encode()),
    (b"access-control-max-age", b"%d" % MAX_AGE),
    (b"vary", b"access-control-request-headers"),
]
OWN = frozenset(name.lower() for name in ACCEPTED)


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
        return ANY if self.any else self.fields_for(fields(scope).get(b"origin"))

    def fields_for(self, origin: bytes | None) -> Headers:
        """Return the CORS fields of an answer to a page of this origin; None if the request has none."""
        if self.any:
            return ANY
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
        names = _requested_names(sent)
        if wrong := self._wrong(sent, names):
            raise HTTPError("invalid_request", wrong)
        response = Bytes(b"OK", b"text/plain; charset=utf-8")
        allowed = ", ".join([*ACCEPTED, *(name for name in names if name not in OWN)])
        response.headers += [*PREFLIGHT, (b"access-control-allow-headers", allowed.encode())]
        await response(scope, receive, send)

    def _wrong(self, sent: dict[bytes, bytes], names: list[str]) -> str:
        if not self._origins.allows(sent[b"origin"]):
            return "Pages of this origin may not call the service. BRIEFING_CORS_ORIGINS lists those that may."
        if sent[b"access-control-request-method"].decode("latin-1") not in METHODS:
            return f"Pages may use the methods {', '.join(METHODS)}."
        if len(names) > NAMES_MOST:
            return f"Pages may send at most {NAMES_MOST} header fields. Send fewer."
        for name in names:
            if not TOKEN.fullmatch(name):
                return "Expected names of header fields, separated by commas, in Access-Control-Request-Headers."
            if name in FORBIDDEN or name.startswith(FORBIDDEN_PREFIXES):
                return f"Pages may send all header fields that browsers let them set. {name} is none of these."
        return ""


def _is_preflight(sent: dict[bytes, bytes]) -> bool:
    return b"origin" in sent and b"access-control-request-method" in sent


def _requested_names(sent: dict[bytes, bytes]) -> list[str]:
    """Return the header fields that a preflight asks for, in lower case and each once."""
    names = sent.get(b"access-control-request-headers", b"").decode("latin-1").lower().split(",")
    return list(dict.fromkeys(name for part in names if (name := part.strip())))
