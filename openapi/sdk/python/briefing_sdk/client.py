"""The clients: `Briefing`, and `AsyncBriefing` for asyncio. `vN` are the versions of the contract."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any, TypeVar

import httpx

from briefing_sdk.cache import Cache
from briefing_sdk.errors import Misconfigured
from briefing_sdk.transport import AsyncTransport, RequestOptions, Transport
from briefing_sdk.versions import VERSION, AsyncVersions, Versions

B = TypeVar("B", bound="Briefing")
A = TypeVar("A", bound="AsyncBriefing")


class Briefing(Versions):
    """A client of the service at `url` or BRIEFING_URL, with the key `key` or BRIEFING_API_KEY, or without a key.

    `timeout` bounds each wait for the network, in seconds. A request is sent up to `tries` times if the answer is 429
    or 503. The client waits for the time in Retry-After, but no longer than `patience` seconds in all. `cache` is the
    maximum size of the cache in bytes, and 0 turns it off. The cached answers are requested again with If-None-Match.
    Misconfigured if the address is missing or wrong, or if the key has characters outside printable ASCII.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        tries: int = 4,
        patience: float = 60.0,
        cache: int = 8 * 2**20,
    ) -> None:
        self._client = httpx.Client(**_settings(url, key, timeout))
        super().__init__(Transport(self._client, RequestOptions(tries, patience, Cache(cache))))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self: B) -> B:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncBriefing(AsyncVersions):
    """`Briefing` for asyncio: methods are awaited, and iterators such as `each` are read with `async for`."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        tries: int = 4,
        patience: float = 60.0,
        cache: int = 8 * 2**20,
    ) -> None:
        self._client = httpx.AsyncClient(**_settings(url, key, timeout))
        super().__init__(AsyncTransport(self._client, RequestOptions(tries, patience, Cache(cache))))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self: A) -> A:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


def _settings(url: str | None, key: str | None, timeout: float) -> dict[str, Any]:
    address = (url or os.environ.get("BRIEFING_URL", "")).strip().rstrip("/")
    if not address:
        raise Misconfigured("The address of the service is missing. Pass `url` or set BRIEFING_URL.")
    try:
        usable = httpx.URL(address).scheme in ("http", "https") and bool(httpx.URL(address).host)
    except httpx.InvalidURL:
        usable = False
    if not usable:
        raise Misconfigured(f"{address!r} is not the address of a service. Pass http:// or https:// and a host.")
    api_key = (key or os.environ.get("BRIEFING_API_KEY", "")).strip()
    if not api_key.isascii() or not api_key.isprintable():
        raise Misconfigured("The key has characters outside printable ASCII. Check `key` or BRIEFING_API_KEY.")
    headers = {"User-Agent": f"briefing-sdk-python/{VERSION}"}
    headers |= {"Authorization": f"Bearer {api_key}"} if api_key else {}
    return {"base_url": address, "headers": headers, "timeout": timeout}
