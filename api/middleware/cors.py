"""CORS (Fetch, 3.2) without credentials: preflights, and the fields that let pages of other origins read answers.

A preflight may ask for any header field that browsers let pages set. Clients and their libraries add fields by
themselves (`traceparent`, `sentry-trace`, `apollographql-client-name`), and the service uses no cookies, so a field
allows a page nothing that another client could not do.
"""

from __future__ import annotations

import re

from api.http.problems import HTTPError
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, Headers

EXPOSED = (
    "ETag",
    "Edition",
    "Freshness",
    "Memento-Datetime",
    "Content-Location",
    "Link",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "RateLimit-Cost",
    "X-Request-Id",
    "Server-Timing",
    "Content-Disposition",
    "Deprecation",
    "Sunset",
    "Deprecated-Use",
)
# Browsers send the last four without a preflight (Fetch, 2.2.2).
ACCEPTED = (
    "Authorization",
    "If-None-Match",
    "At-Least-Edition",
    "X-API-Key",
    "X-Request-Id",
    "Accept",
    "Accept-Language",
    "Content-Language",
    "Content-Type",
)
# Forbidden request-headers (Fetch, 2.2.2), which browsers set themselves. Names that begin with Proxy- or Sec- are
# forbidden too.
FORBIDDEN = frozenset(
    {
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "access-control-request-private-network",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)
FORBIDDEN_PREFIXES = ("proxy-", "sec-")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
# Header fields of one preflight. Their names are repeated in the answer.
MAX_NAMES = 100
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
        self._names = frozenset(origin.strip().encode("latin-1") for origin in origins.split(","))

    def allows(self, origin: bytes) -> bool:
        """Return True if pages of this origin may read answers."""
        return self.any or origin in self._names

    def fields(self, request: HttpRequest) -> Headers:
        """Return the CORS fields of the answer to a request."""
        if self.any:
            return ANY
        return self.fields_for(request.fields.get(b"origin"))

    def fields_for(self, origin: bytes | None) -> Headers:
        """Return the CORS fields of an answer to a page of this origin; None if the request has none."""
        if self.any:
            return ANY
        # Without Vary, a cache could give an answer for one origin to another origin.
        fields = [(b"vary", b"origin")]
        if origin and self.allows(origin):
            fields += [(b"access-control-allow-origin", origin), EXPOSE]
        return fields

    def preflight(self, request: HttpRequest) -> BytesResponse | None:
        """Return the answer to a preflight, which is an OPTIONS request that names its origin and the method that it is
        for; None for any other request. HTTPError if the preflight is refused."""
        fields = request.fields
        if b"origin" not in fields or b"access-control-request-method" not in fields:
            return None
        names = _read_requested_names(fields)
        fault = self._find_fault(fields, names)
        if fault:
            raise HTTPError("invalid_request", fault)
        response = BytesResponse(b"OK", b"text/plain; charset=utf-8")
        other_names = [name for name in names if name not in OWN]
        allowed = ", ".join([*ACCEPTED, *other_names])
        response.headers += [*PREFLIGHT, (b"access-control-allow-headers", allowed.encode())]
        return response

    def _find_fault(self, fields: dict[bytes, bytes], names: list[str]) -> str:
        """Return why a preflight that asks for these header fields is refused; empty if it is not."""
        if not self.allows(fields[b"origin"]):
            return "Pages of this origin may not call the service. BRIEFING_CORS_ORIGINS lists those that may."
        if fields[b"access-control-request-method"].decode("latin-1") not in METHODS:
            return f"Pages may use the methods {', '.join(METHODS)}."
        if len(names) > MAX_NAMES:
            return f"Pages may send at most {MAX_NAMES} header fields. Send fewer."
        for name in names:
            if not TOKEN.fullmatch(name):
                return "Expected names of header fields, separated by commas, in Access-Control-Request-Headers."
            if name in FORBIDDEN or name.startswith(FORBIDDEN_PREFIXES):
                return f"Pages may send all header fields that browsers let them set. {name} is none of these."
        return ""


def _read_requested_names(fields: dict[bytes, bytes]) -> list[str]:
    """Return the header fields that a preflight asks for, in lower case and each once."""
    field = fields.get(b"access-control-request-headers", b"").decode("latin-1").lower()
    names: dict[str, None] = {}
    for part in field.split(","):
        name = part.strip()
        if name:
            names[name] = None
    return list(names)
