"""Many equal requests at once do the work once: those that come while it is under way wait for the same result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Result = TypeVar("Result")
Who = TypeVar("Who")

# Who comes later than this starts anew: the work that is under way may have read what has changed since.
JOIN_SECONDS = 0.1


class Flights(Generic[Result, Who]):
    """Work under way, by key. The first request does it, in its own task: one more task for each request would cost
    12 µs. Where it leaves before the work is done, each of the others does the work for itself.

    `joined` is called with the first request and the one that joins it, each as it is known to the caller of `run`."""

    def __init__(self, joined: Callable[[Who, Who], None] = lambda *_: None) -> None:
        self._under_way: dict[Hashable, _Flight[Result, Who]] = {}
        self._joined = joined

    async def run(self, key: Hashable, who: Who, work: Callable[[], Awaitable[Result]]) -> Result:
        """Return the result of the work, done here or joined."""
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
                # Not joined again: who begins and leaves over and over must hold up nobody for longer than once.
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


class _Flight(Generic[Result, Who]):
    __slots__ = ("begun", "first", "joined")

    def __init__(self, begun: float, first: Who) -> None:
        self.begun = begun
        self.first = first
        self.joined: list[asyncio.Future[Result]] = []

    def failed(self, error: Exception) -> None:
        for joined in self.joined:
            if not joined.done():
                joined.set_exception(error)
                joined.exception()  # Told to who waits; where they went away just now, it is nobody's business.


class _LeftError(Exception):
    """Who did the work was cancelled."""
