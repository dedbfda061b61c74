"""Send requests: with the key, again after Retry-After, and with If-None-Match if an answer is in the cache."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from briefing_sdk.answer import (
    GRAPHQL,
    check_next_cursor,
    graphql_problem,
    read,
    retry_after,
    transport_error,
    unreadable,
)
from briefing_sdk.cache import Cache
from briefing_sdk.permalink import set_permalinks
from briefing_sdk.query import format_parameters, format_value

T = TypeVar("T")
Client = httpx.Client | httpx.AsyncClient
RETRIED_STATUSES = (429, 503)


@dataclass
class RequestOptions:
    """The options for repeated requests, and the cache. `tries` is the maximum number of requests. `patience` is the
    maximum of the seconds between them in all: if Retry-After is longer, the problem is raised at once."""

    tries: int = 4
    patience: float = 60.0
    cache: Cache = field(default_factory=lambda: Cache(8 * 2**20))


@dataclass
class Retries:
    """The tries of one request, and the seconds waited between them."""

    options: RequestOptions
    tries: int = 0
    waited: float = 0.0

    def pause(self, response: httpx.Response) -> float | None:
        """Return the seconds to wait before the next try; None if this answer is final."""
        self.tries += 1
        if response.status_code not in RETRIED_STATUSES or self.tries >= self.options.tries:
            return None
        seconds = retry_after(response)
        pause = 0.5 * 2 ** (self.tries - 1) if seconds is None else seconds
        self.waited += pause
        return pause if self.waited <= self.options.patience else None


def build_get(client: Client, options: RequestOptions, path: str, parameters: Mapping[str, Any]) -> httpx.Request:
    """Build a request for JSON, with the ETag of the cached answer if there is one."""
    headers = {"Accept": "application/json"}
    request = client.build_request("GET", path, params=format_parameters(parameters), headers=headers)
    if cached := options.cache.get(str(request.url)):
        request.headers["If-None-Match"] = cached.etag
    return request


def read_or_reuse(options: RequestOptions, request: httpx.Request, response: httpx.Response) -> tuple[Any, str | None]:
    """Return the JSON and the Content-Location of an answer, or of the cached answer if it has not changed."""
    url = str(request.url)
    cached = options.cache.get(url) if response.status_code == 304 else None
    if cached:
        reused = httpx.Response(200, headers={"Content-Type": "application/json"}, request=request)
        return read(reused, cached.body), cached.location
    answer = read(response, response.content)
    location = response.headers.get("content-location")
    options.cache.put(url, response.headers.get("etag"), response.content, location)
    return answer, location


def with_known_at(parameters: Mapping[str, Any], known_at: Any) -> Mapping[str, Any]:
    """Return the parameters with `known_at`, unless they already have it. A comparison is unchanged, because it names
    the two states that it reads."""
    if known_at is None or "from_" in parameters:
        return parameters
    return {"known_at": known_at, **parameters}


def with_moment(body: Mapping[str, Any], known_at: Any) -> Mapping[str, Any]:
    """Return a GraphQL request with the variable `$knownAt`, unless it already has a value. The operations of the
    contract declare this variable. An operation that does not is unchanged."""
    if known_at is None or "$knownAt" not in body["query"]:
        return body
    variables = {**(body.get("variables") or {})}
    if variables.get("knownAt") is None:
        variables["knownAt"] = format_value(known_at)
    return {**body, "variables": variables}


def build_post(client: Client, path: str, body: Mapping[str, Any]) -> httpx.Request:
    """Build a GraphQL request."""
    return client.build_request("POST", path, json=body, headers={"Accept": f"{GRAPHQL}, application/json;q=0.9"})


def read_data(response: httpx.Response) -> dict[str, Any]:
    """Return the data of a GraphQL answer. Problem if it has errors."""
    answer = read(response, response.content)
    if answer.get("errors"):
        raise graphql_problem(answer, response.status_code, response.headers.get("x-request-id"))
    data: dict[str, Any] = answer.get("data") or {}
    return data


class Transport:
    """The connection of `Briefing` to the service over HTTP."""

    def __init__(self, client: httpx.Client, options: RequestOptions, known_at: Any = None) -> None:
        self.client = client
        self.options = options
        self.known_at = known_at

    def at(self, known_at: Any) -> Transport:
        """Return a transport that adds `known_at` to its requests, unless they have one."""
        return Transport(self.client, self.options, known_at)

    def _complete(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return with_known_at(parameters, self.known_at)

    def read(self, path: str, parameters: Mapping[str, Any], parse: Callable[[Any], T]) -> T:
        """Return one answer: the result of `parse` for its JSON. Unreadable if `parse` fails."""
        request = build_get(self.client, self.options, path, self._complete(parameters))
        document, location = read_or_reuse(self.options, request, self._send(request))
        try:
            answer = parse(document)
            set_permalinks(answer, str(self.client.base_url).rstrip("/"), path, location)
            return answer
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(str(request.url), error) from error

    def each(self, path: str, parameters: Mapping[str, Any], parse: Callable[[Any], Any]) -> Iterator[Any]:
        """Yield every record of a list, page after page."""
        cursor = parameters.get("cursor")
        while True:
            page = self.read(path, {**parameters, "cursor": cursor}, parse)
            yield from page.data
            if not (cursor := check_next_cursor(path, cursor, page.page.next_cursor)):
                return

    def stream(self, path: str, parameters: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield an answer piece by piece. Unreachable or TooSlow if it ends too early."""
        request = self.client.build_request("GET", path, params=format_parameters(self._complete(parameters)))
        response = self._send(request, stream=True)
        try:
            if not response.is_success:
                read(response, response.read())
            yield from response.iter_bytes()
        except httpx.HTTPError as error:
            raise transport_error(error, str(request.url)) from error
        finally:
            response.close()

    def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of a GraphQL request."""
        return read_data(self._send(build_post(self.client, path, with_moment(body, self.known_at))))

    def _send(self, request: httpx.Request, stream: bool = False) -> httpx.Response:
        retries = Retries(self.options)
        while True:
            try:
                response = self.client.send(request, stream=stream)
            except httpx.HTTPError as error:
                raise transport_error(error, str(request.url)) from error
            if (pause := retries.pause(response)) is None:
                return response
            response.close()
            time.sleep(pause)


class AsyncTransport:
    """The connection of `AsyncBriefing` to the service over HTTP."""

    def __init__(self, client: httpx.AsyncClient, options: RequestOptions, known_at: Any = None) -> None:
        self.client = client
        self.options = options
        self.known_at = known_at

    def at(self, known_at: Any) -> AsyncTransport:
        """Return a transport that adds `known_at` to its requests, unless they have one."""
        return AsyncTransport(self.client, self.options, known_at)

    def _complete(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return with_known_at(parameters, self.known_at)

    async def read(self, path: str, parameters: Mapping[str, Any], parse: Callable[[Any], T]) -> T:
        """Return one answer: the result of `parse` for its JSON. Unreadable if `parse` fails."""
        request = build_get(self.client, self.options, path, self._complete(parameters))
        document, location = read_or_reuse(self.options, request, await self._send(request))
        try:
            answer = parse(document)
            set_permalinks(answer, str(self.client.base_url).rstrip("/"), path, location)
            return answer
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(str(request.url), error) from error

    async def each(self, path: str, parameters: Mapping[str, Any], parse: Callable[[Any], Any]) -> AsyncIterator[Any]:
        """Yield every record of a list, page after page."""
        cursor = parameters.get("cursor")
        while True:
            page = await self.read(path, {**parameters, "cursor": cursor}, parse)
            for record in page.data:
                yield record
            if not (cursor := check_next_cursor(path, cursor, page.page.next_cursor)):
                return

    async def stream(self, path: str, parameters: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """Yield an answer piece by piece. Unreachable or TooSlow if it ends too early."""
        request = self.client.build_request("GET", path, params=format_parameters(self._complete(parameters)))
        response = await self._send(request, stream=True)
        try:
            if not response.is_success:
                read(response, await response.aread())
            async for piece in response.aiter_bytes():
                yield piece
        except httpx.HTTPError as error:
            raise transport_error(error, str(request.url)) from error
        finally:
            await response.aclose()

    async def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of a GraphQL request."""
        return read_data(await self._send(build_post(self.client, path, with_moment(body, self.known_at))))

    async def _send(self, request: httpx.Request, stream: bool = False) -> httpx.Response:
        retries = Retries(self.options)
        while True:
            try:
                response = await self.client.send(request, stream=stream)
            except httpx.HTTPError as error:
                raise transport_error(error, str(request.url)) from error
            if (pause := retries.pause(response)) is None:
                return response
            await response.aclose()
            await asyncio.sleep(pause)
