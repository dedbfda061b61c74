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

from api.access.caller import Caller
from api.access.gate import Gate
from api.access.key import holds_key
from api.catalog import VERSIONS
from api.errors import Unavailable
from api.http.address import LOCAL, blocks
from api.http.admission import limit_fields
from api.http.body import BodyIgnored
from api.http.cors import Origins, Preflights
from api.http.facts import GONE, Ended, Facts, route, unchanged
from api.http.lifecycle import name_of, of_versions, uses
from api.http.media import fields
from api.http.parameters import check_path
from api.http.paths import Paths
from api.http.problems import MEDIA_TYPE, document, from_router
from api.http.respond import Bytes
from api.http.unread import Connection, UnreadAnswers
from api.settings import Settings

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# What a page may load is said by the page itself; data may load nothing.
ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    # Download managers would try to resume an export otherwise, and get it from the beginning.
    (b"accept-ranges", b"none"),
]

log = structlog.get_logger("briefing")


class Front:
    """The outermost application: nothing leaves without a request id, and nothing internal leaves at all."""

    def __init__(self, app: FastAPI, paths: Paths, settings: Settings, gate: Gate, ended: Sequence[Ended] = ()) -> None:
        self._app = app
        self._gate = gate
        self._settings = settings
        self.unread = UnreadAnswers(settings.unread_memory)
        # Past the application's own middleware: it would answer errors in shapes that are not ours.
        self._origins = Origins(settings.cors_origins)
        self._router: ASGIApp = BodyIgnored(paths, settings)
        self._options: ASGIApp = BodyIgnored(Preflights(paths, self._origins), settings)
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
        connection: Connection | None = scope.get("connection")
        facts = Facts(request_id.decode(), perf_counter(), connection=connection, unread=self.unread)
        scope["facts"] = facts
        scope["app"] = self._app
        settings = self._settings
        self.in_flight += 1
        told = self._outdated.get(name_of(scope), ()) if self._outdated else ()
        if told:
            facts.version = name_of(scope)

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts.status = message["status"]
                facts.cut = True  # until the end is taken
                if facts.status == 304 and facts.spent is None and "caller" in scope:
                    facts.spent = await self._gate.free(scope["caller"])
                message["headers"] = [
                    *message["headers"],
                    *ALWAYS,
                    *self._origins.fields(scope),
                    (b"x-request-id", request_id),
                    (b"server-timing", _timing(facts)),
                    *(limit_fields(facts.spent) if facts.spent is not None else ()),
                    *told,
                    *([(b"deprecated-use", uses(facts.outdated))] if facts.outdated else ()),
                ]
                if connection is not None:
                    caller: Caller | None = scope.get("caller")
                    keyed = caller is not None and caller.key_id is not None
                    connection.least_pace = settings.least_pace_keyed if keyed else settings.least_pace
            size = len(message.get("body", b""))
            facts.bytes += size
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                if facts.bytes and connection is not None and connection.unread:
                    await self._until_taken(facts, connection, scope, size)
                facts.cut = False

        try:
            await self._answer(scope, receive, framed)
        finally:
            self.in_flight -= 1
            if facts.answer is not None:
                self.unread.remove(facts.answer)
            self._end(facts, scope)

    async def _until_taken(self, facts: Facts, connection: Connection, scope: Scope, size: int) -> None:
        """Wait until the client has read its answer. Until then the answer counts as unread, and the caller's place for
        requests at once is held."""
        caller: Caller | None = scope.get("caller")
        try:
            if facts.answer is None:
                facts.answer = self.unread.add(caller.identity if caller else _origin(scope), size)
        except Unavailable:
            connection.cut("memory")
            await connection.taken()
            return
        self.unread.resize(facts.answer, size)
        facts.answer.connection = connection
        if caller is None or facts.spent is None or facts.spent.holds_place:
            await connection.taken()
            return
        async with self._gate.place(caller):
            await connection.taken()

    async def _answer(self, scope: Scope, receive: Receive, framed: Send) -> None:
        facts: Facts = scope["facts"]
        try:
            check_path(scope["raw_path"])
            router = self._options if scope["method"] == "OPTIONS" else self._router
            await router(scope, receive, framed)
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


def _origin(scope: Scope) -> str:
    """Return the identity that an answer without a caller is counted by, such as a file of a page."""
    client = scope.get("client")
    return f"ip:{blocks(client[0]).subnetwork if client else LOCAL}"


def _timing(facts: Facts) -> bytes:
    took = f"total;dur={(perf_counter() - facts.begun) * 1000:.1f}"
    if facts.store_seconds is None:
        return took.encode()
    return f"db;dur={facts.store_seconds * 1000:.1f}, {took}".encode()


def _request_id(scope: Scope) -> bytes:
    value = fields(scope).get(b"x-request-id")
    # A key must not get into a log.
    if value and REQUEST_ID.fullmatch(value) and not holds_key(value.decode()):
        return value
    # To be told apart, not to be hard to guess.
    return b"%016x" % getrandbits(64)
