"""The route of a version's GraphQL. Beside Strawberry's own router it costs a third of the time a request."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request

from api.answer import Service
from api.catalog import Version
from api.errors import BriefingError
from api.graphql.console import page
from api.graphql.execute import Executor
from api.graphql.problems import formatted
from api.graphql.request import HTML, media_type, read_asked, read_bytes, status_of
from api.http.problems import HTTPError, headers_of, without_keys
from api.http.respond import Bytes, Content, packed, respond
from api.http.route import DataRoute


def routes(service: Service, version: Version) -> APIRouter:
    """`/vN/graphql`: POST and GET, and the console for a browser that opens it."""
    router = APIRouter(route_class=DataRoute)
    door = _Door(service, Executor(service, version), version)
    router.add_api_route(
        f"/{version.name}/graphql", door.handle, methods=["GET", "HEAD", "POST", "OPTIONS"], include_in_schema=False
    )
    return router


class _Door:
    def __init__(self, service: Service, executor: Executor, version: Version) -> None:
        self._settings = service.settings
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
            sent = await read_bytes(scope, request.receive, self._settings)
            key = (b"+" if scope["method"] == "POST" else b"?") + sent
            prepared = self._executor.known(key) or self._executor.prepare(read_asked(scope, sent), key)
            body = await self._executor.answer(prepared, scope["facts"])
        except (BriefingError, HTTPError) as error:
            response = Bytes(without_keys(orjson.dumps({"errors": formatted(error)})), media, status_of(error, kind))
            response.headers += [(b"cache-control", b"no-store"), *headers_of(error)]
            return response
        if scope["method"] == "POST":
            response = await packed(scope, Content(body), media)
            response.headers.append((b"cache-control", b"no-store"))
            return response
        return await respond(scope, Content(body), media_type=media)
