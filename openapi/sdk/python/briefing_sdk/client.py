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

    `timeout` bounds each wait for the network, in seconds. On 429 and 503 a request is made up to `tries` times. The
    client waits as long as Retry-After asks for, but no longer than `patience` seconds in all. `cache` is how many
    bytes of answers are kept, to be requested again with If-None-Match; 0 keeps none. Misconfigured if the address is
    missing or wrong, or if the key has characters that no key has.
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

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class AsyncBriefing(AsyncVersions):
    """`Briefing` for asyncio: methods are awaited, and `each` and `export` are read with `async for`."""

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
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()


def _settings(url: str | None, key: str | None, timeout: float) -> dict[str, Any]:
    address = (url or os.environ.get("BRIEFING_URL", "")).strip().rstrip("/")
    if not address:
        raise Misconfigured("Where is the service? Give its address, or set BRIEFING_URL.")
    try:
        usable = httpx.URL(address).scheme in ("http", "https") and bool(httpx.URL(address).host)
    except httpx.InvalidURL:
        usable = False
    if not usable:
        raise Misconfigured(f"{address!r} is no address of a service: expected http:// or https:// and a host.")
    api_key = (key or os.environ.get("BRIEFING_API_KEY", "")).strip()
    if not api_key.isascii() or not api_key.isprintable():
        raise Misconfigured("The key has characters that no key has.")
    headers = {"User-Agent": f"briefing-sdk-python/{VERSION}"}
    headers |= {"Authorization": f"Bearer {api_key}"} if api_key else {}
    return {"base_url": address, "headers": headers, "timeout": timeout}
