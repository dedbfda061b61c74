"""Run equal requests once: those that come while the work is under way wait for its result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Result = TypeVar("Result")
Who = TypeVar("Who")

# A request that comes later than this starts its own work: the work under way may have read what has changed since.
JOIN_SECONDS = 0.1


class SingleFlight(Generic[Result, Who]):
    """Work under way, by key. The first request does the work in its own task, because another task for each request
    would cost 12 µs. If its client disconnects before the work is done, each of the others does the work itself.

    `joined` is called with the `who` of the first request and the `who` of the one that joins it."""

    def __init__(self, joined: Callable[[Who, Who], None] = lambda *_: None) -> None:
        self._under_way: dict[Hashable, _Flight[Result, Who]] = {}
        self._joined = joined

    async def run(self, key: Hashable, who: Who, work: Callable[[], Awaitable[Result]]) -> Result:
        """Return the result of the work: done here, or by an equal request that is under way."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        flight = self._under_way.get(key)
        if flight is not None and now - flight.begun <= JOIN_SECONDS:
            joined: asyncio.Future[Result] = loop.create_future()
            flight.joined.append(joined)
            self._joined(flight.first, who)
            try:
                return await joined
            except _LeftError:
                # It joins no other request now: clients that send and disconnect must delay it only once.
                return await work()
        flight = self._under_way[key] = _Flight(now, who)
        try:
            result = await work()
        except BaseException as error:
            self._landed(key, flight)
            flight.failed(error if isinstance(error, Exception) else _LeftError())
            raise
        self._landed(key, flight)
        for joined in flight.joined:
            if not joined.done():
                joined.set_result(result)
        return result

    def _landed(self, key: Hashable, flight: _Flight[Result, Who]) -> None:
        if self._under_way.get(key) is flight:
            del self._under_way[key]


@dataclass(eq=False, slots=True)
class _Flight(Generic[Result, Who]):
    begun: float
    first: Who
    joined: list[asyncio.Future[Result]] = field(default_factory=list)

    def failed(self, error: Exception) -> None:
        for joined in self.joined:
            if not joined.done():
                joined.set_exception(error)
                joined.exception()  # A waiting request gets it; if none is left, asyncio must not log it.


class _LeftError(Exception):
    """The request that did the work was cancelled."""
