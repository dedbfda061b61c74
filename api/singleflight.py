"""Run equal requests once: those that come while the work is under way wait for its result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Result = TypeVar("Result")
Requester = TypeVar("Requester")

# A request that comes later than this starts its own work: the work under way may have read what has changed since.
JOIN_SECONDS = 0.1


class SingleFlight(Generic[Result, Requester]):
    """Work under way, by key. The first request does the work in its own task, because another task for each request
    would cost 12 µs. If its client disconnects before the work is done, each of the others does the work itself.

    `on_join` is called with the requester of the first request and that of the one that joins it."""

    def __init__(self, on_join: Callable[[Requester, Requester], None] | None = None) -> None:
        self._under_way: dict[Hashable, _Flight[Result, Requester]] = {}
        self._on_join = on_join

    async def run(self, key: Hashable, requester: Requester, work: Callable[[], Awaitable[Result]]) -> Result:
        """Return the result of the work: done here, or by an equal request that is under way."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        flight = self._under_way.get(key)
        if flight is not None and now - flight.begun <= JOIN_SECONDS:
            result_of_first: asyncio.Future[Result] = loop.create_future()
            flight.waiting.append(result_of_first)
            if self._on_join is not None:
                self._on_join(flight.first, requester)
            try:
                return await result_of_first
            except _LeftError:
                # It joins no other request now: clients that send and disconnect must delay it only once.
                return await work()
        flight = _Flight(now, requester)
        self._under_way[key] = flight
        try:
            result = await work()
        except BaseException as error:
            self._remove(key, flight)
            if isinstance(error, Exception):
                flight.fail(error)
            else:
                flight.fail(_LeftError())
            raise
        self._remove(key, flight)
        for future in flight.waiting:
            if not future.done():
                future.set_result(result)
        return result

    def _remove(self, key: Hashable, flight: _Flight[Result, Requester]) -> None:
        if self._under_way.get(key) is flight:
            del self._under_way[key]


@dataclass(eq=False, slots=True)
class _Flight(Generic[Result, Requester]):
    """Work under way: when it began, the requester that does it, and the futures of the requests that joined it."""

    begun: float
    first: Requester
    waiting: list[asyncio.Future[Result]] = field(default_factory=list)

    def fail(self, error: Exception) -> None:
        for future in self.waiting:
            if not future.done():
                future.set_exception(error)
                future.exception()  # A waiting request gets it; if none is left, asyncio must not log it.


class _LeftError(Exception):
    """The request that did the work was cancelled."""
