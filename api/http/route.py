"""FastAPI's route without its reading of parameters, which the catalog does: half the cost of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from api.http.respond import Bytes

Handler = Callable[[Request], Awaitable[Any]]


class DataRoute(APIRoute):
    """A route whose endpoint takes the request and gives the response."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint as it is."""
        return self.answer

    async def answer(self, request: Request) -> Any:
        """What the endpoint answers; OPTIONS is answered with the methods of the route (RFC 9110, 9.3.7)."""
        if request.scope["method"] != "OPTIONS":
            handler: Handler = self.endpoint
            return await handler(request)
        response = Bytes(b"", status=204)
        response.headers = [(b"allow", ", ".join(sorted(self.methods or ())).encode())]
        return response
