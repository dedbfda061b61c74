"""A whole list as a file: `/v1/events.csv`, or the list's own path with an Accept that prefers such a type."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.types import Scope

from api.access import check
from api.catalog import Resource, Version
from api.compiler import Statement, compile
from api.http.facts import Facts
from api.http.media import header, wanted
from api.http.problems import HTTPError
from api.http.route import DataRoute, Handler
from api.http.stream import Streamed, Take
from api.query import price
from api.rest.formats import Format, offered
from api.rest.request import export_query
from api.settings import Settings
from api.store.stream import Streams

METHODS = ["GET", "HEAD", "OPTIONS"]
JSON = "application/json"


class Exports:
    """What exports: settings, and the connections for it."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.settings = settings
        self.streams = Streams(url, settings)

    def response(self, version: Version, resource: Resource, form: Format, scope: Scope) -> Streamed:
        """The file, which is read while it is sent. InvalidRequest names each parameter that is wrong."""
        facts: Facts = scope["facts"]
        facts.door = "export"
        query = export_query(version, resource, form, scope["query_string"])
        points = price(query)
        check(points, self.settings)
        facts.price = points
        statement = compile(query)
        name = f'attachment; filename="{resource.plural}.{form.name}"'.encode()
        headers = [(b"content-type", form.content_type), (b"content-disposition", name)]

        async def pieces(take: Take) -> None:
            await self._pieces(statement, form, form.head(version, resource), take)

        return Streamed(pieces, headers)

    async def _pieces(self, statement: Statement, form: Format, head: bytes, take: Take) -> None:
        """The head goes out with the first line, so that a store that is away is still a problem document."""
        begun = False

        async def lines(piece: bytes) -> None:
            nonlocal begun
            await take(piece if begun else head + piece[len(form.before) :])
            begun = True

        await self.streams.stream(statement.sql, statement.arguments, lines)
        await take(form.tail if begun else head + form.tail)


def routes(exports: Exports, version: Version) -> APIRouter:
    """The exports of a version, each at a path of its own."""
    router = APIRouter(prefix=f"/{version.name}", route_class=DataRoute)
    for resource in version.resources.values():
        for form in offered(version, resource):
            router.add_api_route(
                f"/{resource.plural}.{form.name}",
                _export(exports, version, resource, form),
                methods=METHODS,
                include_in_schema=False,
                name=f"{version.name}-export-{resource.plural}-{form.name}",
            )
    return router


def preferred(version: Version, resource: Resource, scope: Scope) -> Format | None:
    """The format that the client prefers to a page of the list; None for the page. Refused where it takes neither. A
    wildcard never means a whole list: only a format that is named is preferred."""
    accept = header(scope, b"accept")
    if accept in ("", "*/*", JSON):
        return None
    forms = {one.media_type: one for one in offered(version, resource)}
    found = wanted(accept, (JSON, *(one for one in forms if one in accept.lower())))
    if not found:
        raise HTTPError("not_acceptable", f"Offered here: {', '.join((JSON, *forms))}.")
    return forms.get(found)


def _export(exports: Exports, version: Version, resource: Resource, form: Format) -> Handler:
    async def handle(request: Request) -> Any:
        if not wanted(header(request.scope, b"accept"), (form.media_type,)):
            raise HTTPError("not_acceptable", f"Offered here: {form.media_type}.")
        return exports.response(version, resource, form, request.scope)

    return handle
