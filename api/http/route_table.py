"""Find the endpoint of a path in one look-up. A router tries each route in turn, which took half the time of a cached
answer."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fastapi import APIRouter

from api.http.problems import method_not_allowed, no_such_path
from api.http.request import HttpRequest
from api.http.responses import BytesResponse
from api.http.route import DataRoute, Endpoint

REST_OF_PATH = "{rest:path}"
# What is before a parameter, the parameter, and the part of the path after it.
PARAMETER = re.compile(r"([^{}]*?)(?:/(\{[^{}]*\})(?:/([^{}/]+))?)?")


class RouteTable:
    """The routes of an application by their paths. A path may have one parameter, as its last part or the one before,
    or be a whole tree of paths."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        self._exact: dict[str, DataRoute] = {}
        self._with_parameter: dict[tuple[str, str], DataRoute] = {}
        self._trees: dict[str, DataRoute] = {}
        for router in routers:
            for route in router.routes:
                assert isinstance(route, DataRoute)
                self._add(route)

    def _add(self, route: DataRoute) -> None:
        match = PARAMETER.fullmatch(route.path)
        assert match is not None, route.path
        before, parameter, after = match.groups("")
        if not parameter:
            self._exact[route.path] = route
        elif parameter == REST_OF_PATH:
            self._trees[before] = route
        else:
            self._with_parameter[before, after] = route

    def endpoint(self, request: HttpRequest) -> Endpoint:
        """Return the endpoint of a request, and note its route. NotFound if there is no such path, HTTPError if the
        path has no such method."""
        route = self._exact.get(request.path)
        if route is None:
            before, _, last = request.path.rpartition("/")
            if last:
                route = self._with_parameter.get((before, ""))
            if route is not None:
                request.path_value = last
            else:
                route = self._find_below(request, before, last)
        methods = route.methods or set()
        if request.method not in methods:
            raise method_not_allowed(methods)
        request.context.route = route.path
        if request.method == "OPTIONS":
            return _create_options_endpoint(methods)
        return route.endpoint

    def _find_below(self, request: HttpRequest, path: str, last: str) -> DataRoute:
        """Return the route whose parameter is the last part of `path`, before the `last` part of the whole path; or the
        route of a tree of paths."""
        before, _, value = path.rpartition("/")
        if value:
            route = self._with_parameter.get((before, last))
            if route is not None:
                request.path_value = value
                return route
        first_part = request.path[1:].partition("/")[0]
        tree = self._trees.get(f"/{first_part}")
        if tree is None:
            raise no_such_path(request.path)
        return tree


def _create_options_endpoint(methods: Iterable[str]) -> Endpoint:
    """Return the endpoint that answers OPTIONS with the methods of a route (RFC 9110, 9.3.7)."""

    async def answer(request: HttpRequest) -> BytesResponse:
        response = BytesResponse(b"", status=204)
        response.headers = [(b"allow", ", ".join(sorted(methods)).encode())]
        return response

    return answer
