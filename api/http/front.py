"""The frame around each request: its id, what every response carries, and errors turned into problem documents."""

from __future__ import annotations

import re
from random import getrandbits
from time import perf_counter

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.body import BodyIgnored
from api.http.cors import always
from api.http.parameters import check_path
from api.http.paths import Paths
from api.http.problems import MEDIA_TYPE, document, from_router
from api.http.respond import Bytes
from api.settings import Settings

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# What a page may load is said by the page itself; data may load nothing.
ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]

log = structlog.get_logger("briefing")


class Front:
    """The outermost application: nothing leaves without a request id, and nothing internal leaves at all."""

    def __init__(self, app: FastAPI, paths: Paths, settings: Settings) -> None:
        self._app = app
        # Past the application's own middleware: it would answer errors in shapes that are not ours.
        self._router: ASGIApp = BodyIgnored(paths, settings)
        self._always = [*ALWAYS, *always(settings.cors_origins)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = perf_counter()
        request_id = _request_id(scope)
        scope["request_id"] = request_id
        scope["app"] = self._app
        sent = False

        async def framed(message: Message) -> None:
            nonlocal sent
            if message["type"] == "http.response.start":
                sent = True
                took = f"total;dur={(perf_counter() - begun) * 1000:.1f}"
                timing = f"db;dur={scope['db_ms']:.1f}, {took}" if "db_ms" in scope else took
                message["headers"] = [
                    *message["headers"],
                    *self._always,
                    (b"x-request-id", request_id),
                    (b"server-timing", timing.encode()),
                ]
            await send(message)

        try:
            check_path(scope["raw_path"])
            await self._router(scope, receive, framed)
        except Exception as raised:
            error = from_router(raised, scope["path"]) if isinstance(raised, HTTPException) else raised
            status, headers, body = document(error, request_id.decode())
            if status == 500:
                log.exception("internal error", request_id=request_id.decode(), path=scope["path"])
            if sent:
                raise
            response = Bytes(body, MEDIA_TYPE, status)
            response.headers += [(b"cache-control", b"no-store"), *headers]
            await response(scope, receive, framed)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return bytes(value)
    # To be told apart, not to be hard to guess.
    return b"%016x" % getrandbits(64)
