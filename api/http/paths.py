"""Finds the endpoint of a path in one look: a router tries each route in turn, which took half of a kept answer's time.

What is not found here goes to the router all the same, which knows everything else and says what is not there.
"""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.route import DataRoute


class Paths:
    """The data routes of an application by their paths; at most the last part of a path is a parameter."""

    def __init__(self, app: FastAPI, routers: Iterable[APIRouter]) -> None:
        self._router: ASGIApp = app.router
        self._whole: dict[str, DataRoute] = {}
        self._stems: dict[str, tuple[str, DataRoute]] = {}
        for route in (one for router in routers for one in router.routes):
            assert isinstance(route, DataRoute)
            stem, _, last = route.path.rpartition("/")
            if "{" not in route.path:
                self._whole[route.path] = route
            elif "{" not in stem:
                self._stems[stem] = (last.strip("{}"), route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path: str = scope["path"]
        route = self._whole.get(path)
        parameters = {}
        if route is None:
            stem, _, last = path.rpartition("/")
            name, route = self._stems.get(stem, ("", None))
            if route is None or not last:
                await self._router(scope, receive, send)
                return
            parameters[name] = last
        methods = route.methods or set()
        if scope["method"] not in methods:
            raise HTTPException(405, headers={"Allow": ", ".join(methods)})
        scope["route"], scope["path_params"] = route, parameters
        response = await route.answer(Request(scope, receive, send))
        await response(scope, receive, send)
