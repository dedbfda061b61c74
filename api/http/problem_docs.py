"""Serve the meaning of each problem at the path that its `type` names (RFC 9457, 3.1.1)."""

from __future__ import annotations

from dataclasses import asdict

import orjson
from fastapi import APIRouter

from api.http.problems import PROBLEMS, HTTPError
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, respond
from api.http.route import DataRoute


def routes() -> APIRouter:
    """Return the route `/problems/{code}`, which belongs to no version."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    router.add_api_route("/problems/{code}", _describe_problem, methods=["GET", "HEAD", "OPTIONS"])
    return router


async def _describe_problem(request: HttpRequest) -> BytesResponse:
    problem = PROBLEMS.get(request.path_value)
    if problem is None:
        raise HTTPError("not_found", f"There is no such problem; there are {', '.join(PROBLEMS)}.")
    return await respond(request, CachedBody(orjson.dumps(asdict(problem))))
