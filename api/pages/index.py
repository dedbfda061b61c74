"""The index: links to what the service offers at `/`, and a version at `/vN`. `/versions` has the lifecycle of each
version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter

from api.catalog import Version
from api.http.media_types import wanted
from api.http.request import HttpRequest
from api.http.responses import CachedBody, respond
from api.http.route import DataRoute
from api.middleware.authentication import Authentication
from api.pages.home import Home
from api.service import Service

JSON = "application/json"
HTML = "text/html"


def routes(service: Service, authentication: Authentication, versions: Sequence[Version]) -> APIRouter:
    """Return the routes of `/` and `/vN`, with links to what they offer, and of `/versions`, with the lifecycle of each
    version. A browser gets the home page at `/`."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    served = [one for one in versions if one.lifecycle.status != "retired"]
    offered = {version.name: _offered(version) for version in served}
    more = {"lifecycle": "/versions", "docs": "/docs", "health": "/healthz", "ready": "/readyz"}
    _add(router, "/", {"versions": offered, **more}, Home(service, authentication, served))
    _add(router, "/versions", {"versions": [_told(one) for one in versions]})
    for name, what in offered.items():
        _add(router, f"/{name}", what)
    return router


def _offered(version: Version) -> dict[str, Any]:
    path = f"/{version.name}"
    lists = {one.plural: f"{path}/{one.plural}" for one in version.lists.values()}
    contracts = {"openapi": f"{path}/openapi.json", "schema": f"{path}/schema.graphql"}
    return {"lists": lists, "graphql": f"{path}/graphql", **contracts, "docs": f"/docs/{version.name}"}


def _told(version: Version) -> dict[str, Any]:
    """Return a version as `/versions` lists it. Its dates are days in UTC, or null."""
    life = version.lifecycle
    return {
        "name": version.name,
        "path": f"/{version.name}",
        "status": life.status,
        "released": life.released,
        "deprecated": life.deprecated,
        "sunset": life.sunset,
        "successor": life.successor or None,
        "changes": life.changes,
    }


def _add(router: APIRouter, path: str, what: dict[str, Any], home: Home | None = None) -> None:
    content = CachedBody(orjson.dumps(what))

    async def handle(request: HttpRequest) -> Any:
        # JSON if the client names no media type, or accepts any.
        if home and wanted(request.header(b"accept"), (JSON, HTML)) == HTML:
            return await home.answer(request)
        return await respond(request, content)

    router.add_api_route(path, handle, methods=["GET", "HEAD", "OPTIONS"])
