"""The index: links to what the service offers at `/`, and a version at `/vN`. `/versions` has the lifecycle of each
version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter

from api.catalog import Version
from api.http.media_types import choose_media_type
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, respond
from api.http.route import DataRoute
from api.middleware.authentication import Authentication
from api.pages.home import Home
from api.pages.templating import Templates
from api.service import Service

JSON = "application/json"
HTML = "text/html"


def routes(
    service: Service, authentication: Authentication, versions: Sequence[Version], templates: Templates
) -> APIRouter:
    """Return the routes of `/` and `/vN`, with links to what they offer, and of `/versions`, with the lifecycle of each
    version. A browser gets the home page at `/`."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    served = [version for version in versions if version.lifecycle.status != "retired"]
    links_by_version = {version.name: _links_of(version) for version in served}
    index = {
        "versions": links_by_version,
        "lifecycle": "/versions",
        "docs": "/docs",
        "health": "/healthz",
        "ready": "/readyz",
    }
    _add_route(router, "/", index, Home(service, authentication, served, templates))
    _add_route(router, "/versions", {"versions": [_describe_version(version) for version in versions]})
    for name, links in links_by_version.items():
        _add_route(router, f"/{name}", links)
    return router


def _links_of(version: Version) -> dict[str, Any]:
    path = f"/{version.name}"
    return {
        "lists": {resource.plural: f"{path}/{resource.plural}" for resource in version.lists.values()},
        "graphql": f"{path}/graphql",
        "openapi": f"{path}/openapi.json",
        "schema": f"{path}/schema.graphql",
        "docs": f"/docs/{version.name}",
    }


def _describe_version(version: Version) -> dict[str, Any]:
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


def _add_route(router: APIRouter, path: str, members: dict[str, Any], home: Home | None = None) -> None:
    """Add a route that serves these members as JSON, or the home page to a browser."""
    content = CachedBody(orjson.dumps(members))

    async def handle(request: HttpRequest) -> BytesResponse:
        # JSON if the client names no media type, or accepts any.
        if home is not None and choose_media_type(request.header(b"accept"), (JSON, HTML)) == HTML:
            return await home.answer(request)
        return await respond(request, content)

    router.add_api_route(path, handle, methods=["GET", "HEAD", "OPTIONS"])
