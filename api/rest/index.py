"""Where to begin: what the service offers, and where, for those who open its address or a version's; and what becomes
of each version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from fastapi import APIRouter, Request

from api.catalog import Version
from api.http.respond import Content, respond
from api.http.route import DataRoute


def routes(versions: Iterable[Version]) -> APIRouter:
    """`/` and `/vN`: links to what there is; `/versions`: what becomes of each."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    every = list(versions)
    offered = {one.name: _offered(one) for one in every if one.lifecycle.status != "retired"}
    _add(router, "/", {"versions": offered, "lifecycle": "/versions", "health": "/healthz", "ready": "/readyz"})
    _add(router, "/versions", {"versions": [_told(one) for one in every]})
    for name, what in offered.items():
        _add(router, f"/{name}", what)
    return router


def _offered(version: Version) -> dict[str, Any]:
    path = f"/{version.name}"
    lists = {one.plural: f"{path}/{one.plural}" for one in version.resources.values()}
    return {"lists": lists, "graphql": f"{path}/graphql", "openapi": f"{path}/openapi.json"}


def _told(version: Version) -> dict[str, Any]:
    """A version as `/versions` lists it: its dates are days in UTC, null where there is none."""
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


def _add(router: APIRouter, path: str, what: dict[str, Any]) -> None:
    content = Content(orjson.dumps(what))

    async def handle(request: Request) -> Any:
        return await respond(request.scope, content)

    router.add_api_route(path, handle, methods=["GET", "HEAD", "OPTIONS"])
