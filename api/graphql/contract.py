"""The GraphQL contract of a version, in the schema definition language. It is committed, and served beside the API."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter

from api.catalog import Version
from api.graphql.schema import schema
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, respond
from api.http.route import DataRoute


@cache
def text(version: Version) -> str:
    """Return the SDL, with descriptions, as it is committed."""
    return schema(version).as_str() + "\n"


def routes(version: Version) -> APIRouter:
    """Return the route of `/vN/schema.graphql`. It is plain text, because the language has no registered media type."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    content = CachedBody(text(version).encode())

    async def handle(request: HttpRequest) -> BytesResponse:
        return await respond(request, content, media_type=b"text/plain; charset=utf-8")

    router.add_api_route(f"/{version.name}/schema.graphql", handle, methods=["GET", "HEAD", "OPTIONS"])
    return router
