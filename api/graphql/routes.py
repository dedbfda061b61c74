"""The route of a version's GraphQL. Beside Strawberry's own router it costs a third of the time a request."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.types import Receive, Scope

from api.access.caller import Caller
from api.access.gate import Spent
from api.answer import Service
from api.catalog import Outdated, Version
from api.errors import BriefingError
from api.graphql.console import page
from api.graphql.execute import Executor
from api.graphql.problems import body
from api.graphql.request import HTML, media_type, read_bytes, status_of
from api.graphql.turns import Turns
from api.http import lifecycle
from api.http.admission import Admission
from api.http.facts import charge_reading, requested
from api.http.problems import HTTPError, headers_of
from api.http.respond import Bytes, packed, respond, unchanged
from api.http.route import DataRoute


def routes(service: Service, admission: Admission, version: Version, turns: Turns) -> APIRouter:
    """Return `/vN/graphql`: POST and GET, and the console for a browser that opens it. All versions share the turns."""
    router = APIRouter(route_class=DataRoute)
    door = _Door(service, admission, Executor(service, version, turns), version)
    router.add_api_route(
        f"/{version.name}/graphql", door.handle, methods=["GET", "HEAD", "POST", "OPTIONS"], include_in_schema=False
    )
    return router


class _Door:
    def __init__(self, service: Service, admission: Admission, executor: Executor, version: Version) -> None:
        self._service = service
        self._admission = admission
        self._executor = executor
        self._version = version

    async def handle(self, request: Request) -> Any:
        scope = request.scope
        scope["facts"].door = "graphql"
        kind = media_type(scope)
        if kind == HTML:
            return page(self._version)
        media = f"{kind}; charset=utf-8".encode()
        try:
            async with self._admission(scope) as caller:
                return await self._answer(scope, request.receive, caller, media)
        except (BriefingError, HTTPError) as error:
            response = Bytes(body(error), media, status_of(error, kind))
            response.headers += [(b"cache-control", b"no-store"), *headers_of(error)]
            return response

    async def _answer(self, scope: Scope, receive: Receive, caller: Caller, media: bytes) -> Bytes:
        about = None if scope["method"] == "POST" else requested(scope, media)
        sent = await read_bytes(scope, receive, self._service.settings)
        key = (b"+" if about is None else b"?") + sent
        prepared = self._executor.known(key)
        if prepared is not None:
            await self._executor.persisted.check(prepared.document, prepared.named, caller)
            scope["facts"].outdated = prepared.outdated
        # For a plan with trusted documents only, the document has to be known first.
        if about is not None and (prepared is not None or not caller.plan.trusted_only):
            same = unchanged(scope, partial(self._service.is_current, about), weak=True)
            if same is not None:
                return same
        if prepared is None:
            await charge_reading(self._service.gate, scope)
            prepared = await self._executor.prepare(scope, sent, key, caller)
            scope["facts"].outdated = prepared.outdated
        # Answers about the schema have no mark of the store, and so no entity tag.
        whole = prepared.whole if about is not None else None
        answer = await self._executor.answer(prepared, scope, None if whole is None else about)
        end = _end(scope["facts"].spent, prepared.outdated)
        if whole is None or about is None:
            response = await packed(scope, answer, media, end)
            response.headers.append((b"cache-control", b"no-store"))
            return response
        assert answer.reply is not None
        tag = self._service.tag(about, whole, answer.reply.mark)
        return await respond(scope, answer, media_type=media, tag=tag, end=end)


def _end(spent: Spent, outdated: tuple[Outdated, ...]) -> bytes:
    """Return the end of a response: the price, what the request cost in the end, the points left of the limit that has
    fewest, the seconds until that limit is full, and the deprecated parts of the operation."""
    old = b',"deprecations":%b' % orjson.dumps(outdated) if outdated else b""
    if spent.left is None:
        return b',"extensions":{"cost":{"requested":%d,"actual":%d}%b}}' % (spent.price, spent.used, old)
    remaining, reset = min(zip(spent.standing[::2], spent.standing[1::2], strict=True))
    told = (spent.price, spent.used, remaining, reset, old)
    return b',"extensions":{"cost":{"requested":%d,"actual":%d,"remaining":%d,"reset":%d}%b}}' % told


def retired(version: Version) -> APIRouter:
    """`/vN/graphql` of a version that is no longer served: 410 in GraphQL's own shape."""
    router = APIRouter(route_class=DataRoute)

    async def handle(request: Request) -> Any:
        kind = media_type(request.scope)
        if kind == HTML:
            raise lifecycle.retired(version)
        error = lifecycle.retired(version)
        response = Bytes(body(error), f"{kind}; charset=utf-8".encode(), 410)
        response.headers.append((b"cache-control", b"no-store"))
        return response

    router.add_api_route(
        f"/{version.name}/graphql", handle, methods=["GET", "HEAD", "POST", "OPTIONS"], include_in_schema=False
    )
    return router
