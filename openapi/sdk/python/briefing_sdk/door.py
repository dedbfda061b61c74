"""Sending of requests: with the key, again when Retry-After allows it, and without reading unchanged answers twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from briefing_sdk.answer import GRAPHQL, failed, following, read, refused, retry_after, unreadable
from briefing_sdk.cache import Cache
from briefing_sdk.query import written

T = TypeVar("T")
Client = httpx.Client | httpx.AsyncClient
AGAIN = (429, 503)


@dataclass
class Manner:
    """The patience of a client, and its cache. `tries` is the number of requests in all, and `patience` the seconds
    that it waits between them in all. If Retry-After asks for more, the problem is raised at once."""

    tries: int = 4
    patience: float = 60.0
    cache: Cache = field(default_factory=lambda: Cache(8 * 2**20))


@dataclass
class Turn:
    """The tries of one request."""

    manner: Manner
    tried: int = 0
    waited: float = 0.0

    def pause(self, response: httpx.Response) -> float | None:
        """Return the seconds to wait before the next try; None if this answer is final."""
        self.tried += 1
        if response.status_code not in AGAIN or self.tried >= self.manner.tries:
            return None
        asked = retry_after(response)
        pause = 0.5 * 2 ** (self.tried - 1) if asked is None else asked
        self.waited += pause
        return pause if self.waited <= self.manner.patience else None


def asking(client: Client, manner: Manner, path: str, given: Mapping[str, Any]) -> httpx.Request:
    """Build a request for JSON, with the ETag of the answer that is kept."""
    request = client.build_request("GET", path, params=written(given), headers={"Accept": "application/json"})
    if kept := manner.cache.get(str(request.url)):
        request.headers["If-None-Match"] = kept[0]
    return request


def known(manner: Manner, request: httpx.Request, response: httpx.Response) -> Any:
    """Return the JSON of an answer, or of the kept one if it has not changed."""
    url = str(request.url)
    kept = manner.cache.get(url) if response.status_code == 304 else None
    if kept:
        return read(httpx.Response(200, headers={"Content-Type": "application/json"}, request=request), kept[1])
    told = read(response, response.content)
    manner.cache.put(url, response.headers.get("etag"), response.content)
    return told


def posted(client: Client, path: str, body: Mapping[str, Any]) -> httpx.Request:
    """Build a GraphQL request."""
    return client.build_request("POST", path, json=body, headers={"Accept": f"{GRAPHQL}, application/json;q=0.9"})


def data(response: httpx.Response) -> dict[str, Any]:
    """Return the data of a GraphQL answer. Problem if it has errors."""
    told = read(response, response.content)
    if told.get("errors"):
        raise refused(told, response.status_code, response.headers.get("x-request-id"))
    found: dict[str, Any] = told.get("data") or {}
    return found


class Door:
    """The service over HTTP, for `Briefing`."""

    def __init__(self, client: httpx.Client, manner: Manner) -> None:
        self.client = client
        self.manner = manner

    def read(self, path: str, given: Mapping[str, Any], make: Callable[[Any], T]) -> T:
        """Return one answer, as `make` makes it of its JSON. Unreadable if `make` fails."""
        request = asking(self.client, self.manner, path, given)
        told = known(self.manner, request, self._sent(request))
        try:
            return make(told)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(str(request.url), error) from error

    def each(self, path: str, given: Mapping[str, Any], make: Callable[[Any], Any]) -> Iterator[Any]:
        """Yield every record of a list, page after page."""
        cursor = given.get("cursor")
        while True:
            page = self.read(path, {**given, "cursor": cursor}, make)
            yield from page.data
            if not (cursor := following(path, cursor, page.page.next_cursor)):
                return

    def stream(self, path: str, given: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield an answer piece by piece. Unreachable or TooSlow if it breaks off before its end."""
        request = self.client.build_request("GET", path, params=written(given))
        response = self._sent(request, stream=True)
        try:
            if not response.is_success:
                read(response, response.read())
            yield from response.iter_bytes()
        except httpx.HTTPError as error:
            raise failed(error, str(request.url)) from error
        finally:
            response.close()

    def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of a GraphQL request."""
        return data(self._sent(posted(self.client, path, body)))

    def _sent(self, request: httpx.Request, stream: bool = False) -> httpx.Response:
        turn = Turn(self.manner)
        while True:
            try:
                response = self.client.send(request, stream=stream)
            except httpx.HTTPError as error:
                raise failed(error, str(request.url)) from error
            if (pause := turn.pause(response)) is None:
                return response
            response.close()
            time.sleep(pause)


class AsyncDoor:
    """The service over HTTP, for `AsyncBriefing`."""

    def __init__(self, client: httpx.AsyncClient, manner: Manner) -> None:
        self.client = client
        self.manner = manner

    async def read(self, path: str, given: Mapping[str, Any], make: Callable[[Any], T]) -> T:
        """Return one answer, as `make` makes it of its JSON. Unreadable if `make` fails."""
        request = asking(self.client, self.manner, path, given)
        told = known(self.manner, request, await self._sent(request))
        try:
            return make(told)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(str(request.url), error) from error

    async def each(self, path: str, given: Mapping[str, Any], make: Callable[[Any], Any]) -> AsyncIterator[Any]:
        """Yield every record of a list, page after page."""
        cursor = given.get("cursor")
        while True:
            page = await self.read(path, {**given, "cursor": cursor}, make)
            for record in page.data:
                yield record
            if not (cursor := following(path, cursor, page.page.next_cursor)):
                return

    async def stream(self, path: str, given: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """Yield an answer piece by piece. Unreachable or TooSlow if it breaks off before its end."""
        request = self.client.build_request("GET", path, params=written(given))
        response = await self._sent(request, stream=True)
        try:
            if not response.is_success:
                read(response, await response.aread())
            async for piece in response.aiter_bytes():
                yield piece
        except httpx.HTTPError as error:
            raise failed(error, str(request.url)) from error
        finally:
            await response.aclose()

    async def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of a GraphQL request."""
        return data(await self._sent(posted(self.client, path, body)))

    async def _sent(self, request: httpx.Request, stream: bool = False) -> httpx.Response:
        turn = Turn(self.manner)
        while True:
            try:
                response = await self.client.send(request, stream=stream)
            except httpx.HTTPError as error:
                raise failed(error, str(request.url)) from error
            if (pause := turn.pause(response)) is None:
                return response
            await response.aclose()
            await asyncio.sleep(pause)
