"""The frame around each request: its id, what every response carries, and errors turned into problem documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import getrandbits
from time import perf_counter

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.key import holds_key
from api.catalog import VERSIONS
from api.http.admission import limit_fields
from api.http.body import BodyIgnored
from api.http.cors import always
from api.http.facts import GONE, Ended, Facts, route, unchanged
from api.http.lifecycle import name_of, of_versions, uses
from api.http.media import fields
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

    def __init__(self, app: FastAPI, paths: Paths, settings: Settings, ended: Sequence[Ended] = ()) -> None:
        self._app = app
        # Past the application's own middleware: it would answer errors in shapes that are not ours.
        self._router: ASGIApp = BodyIgnored(paths, settings)
        self._always = [*ALWAYS, *always(settings.cors_origins)]
        self._ended = tuple(ended)
        self._suggests = settings.suggestions != "none"
        self._outdated = of_versions(VERSIONS.values())
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["facts"] = facts = Facts(request_id.decode(), perf_counter())
        scope["app"] = self._app
        self.in_flight += 1
        told = self._outdated.get(name_of(scope), ()) if self._outdated else ()
        if told:
            facts.version = name_of(scope)

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts.status = message["status"]
                facts.cut = True  # until the end is sent
                message["headers"] = [
                    *message["headers"],
                    *self._always,
                    (b"x-request-id", request_id),
                    (b"server-timing", _timing(facts)),
                    *(limit_fields(facts.spent) if facts.spent is not None else ()),
                    *told,
                    *([(b"deprecated-use", uses(facts.outdated))] if facts.outdated else ()),
                ]
            else:
                facts.bytes += len(message.get("body", b""))
                facts.cut = message.get("more_body", False)
            await send(message)

        try:
            await self._answer(scope, receive, framed)
        finally:
            self.in_flight -= 1
            self._end(facts, scope)

    async def _answer(self, scope: Scope, receive: Receive, framed: Send) -> None:
        facts: Facts = scope["facts"]
        try:
            check_path(scope["raw_path"])
            await self._router(scope, receive, framed)
        except Exception as raised:
            error = from_router(raised, scope["path"]) if isinstance(raised, HTTPException) else raised
            status, headers, body = document(error, facts.request_id, self._suggests)
            if status == 500:
                log.exception("internal error", request_id=facts.request_id, route=route(scope))
            if facts.status != GONE:
                raise
            response = Bytes(body, MEDIA_TYPE, status)
            response.headers += [(b"cache-control", b"no-store"), *headers]
            await response(scope, receive, framed)

    def _end(self, facts: Facts, scope: Scope) -> None:
        facts.ended = perf_counter()
        facts.route = route(scope)
        if facts.spent is not None:
            facts.price = facts.spent.used
        if facts.status == 304:
            unchanged(facts)
        for ended in self._ended:
            ended(facts, scope)


def _timing(facts: Facts) -> bytes:
    took = f"total;dur={(perf_counter() - facts.begun) * 1000:.1f}"
    if facts.store_seconds is None:
        return took.encode()
    return f"db;dur={facts.store_seconds * 1000:.1f}, {took}".encode()


def _request_id(scope: Scope) -> bytes:
    value = fields(scope).get(b"x-request-id")
    # A key is no id, and is not to be found in a log.
    if value and REQUEST_ID.fullmatch(value) and not holds_key(value.decode()):
        return value
    # To be told apart, not to be hard to guess.
    return b"%016x" % getrandbits(64)
