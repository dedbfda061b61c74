"""CORS (Fetch, 3.2), never with credentials. Where any origin may call, every answer says so and only preflights need
the middleware, which costs a tenth of a kept answer."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

EXPOSED = (
    *("ETag", "Link", "Retry-After", "RateLimit", "RateLimit-Policy", "RateLimit-Cost"),
    *("X-Request-Id", "Server-Timing", "Content-Disposition", "Deprecation", "Sunset", "Deprecated-Use"),
)
ACCEPTED = ("Accept", "Authorization", "Content-Type", "If-None-Match", "X-API-Key", "X-Request-Id")
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
ANY = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", ", ".join(EXPOSED).encode()),
]


class Cors:
    """The application for the origins that may call it, given with commas between; `*` is any."""

    def __init__(self, app: ASGIApp, origins: str) -> None:
        self._app = app
        self._any = origins.strip() == "*"
        self._middleware = CORSMiddleware(
            app,
            allow_origins=[one.strip() for one in origins.split(",")],
            allow_methods=METHODS,
            allow_headers=ACCEPTED,
            expose_headers=EXPOSED,
            max_age=86400,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the lifespan."""
        past = self._any and (scope["type"] != "http" or scope["method"] != "OPTIONS")
        await (self._app if past else self._middleware)(scope, receive, send)


def always(origins: str) -> list[tuple[bytes, bytes]]:
    """What every answer says."""
    return ANY if origins.strip() == "*" else []
