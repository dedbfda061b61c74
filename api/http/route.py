"""A route whose endpoint reads its request itself, because FastAPI's reading took half the time of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.routing import APIRoute

from api.http.request import HttpRequest
from api.http.responses import BytesResponse
from api.http.streaming import StreamedResponse

Endpoint = Callable[[HttpRequest], Awaitable[BytesResponse | StreamedResponse]]


class DataRoute(APIRoute):
    """A route that `RouteTable` finds and `RequestMiddleware` calls: its endpoint takes an HttpRequest. FastAPI lists
    it, but never dispatches to it."""

    endpoint: Endpoint

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        super().__init__(path, _dispatched_by_fastapi, **options)
        self.endpoint = endpoint


async def _dispatched_by_fastapi() -> None:
    raise RuntimeError("A request was dispatched past RequestMiddleware, and so past keys and limits.")
