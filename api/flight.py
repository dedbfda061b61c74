"""Many equal requests at once do the work once: those that come while it is under way wait for the same result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

Result = TypeVar("Result")

# Who comes later than this starts anew: the work that is under way may have read what has changed since.
JOIN_SECONDS = 0.1


class Flights(Generic[Result]):
    """Work under way, by key. It ends early only when nobody waits for it any more."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, _Flight[Result]] = {}

    async def run(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> Result:
        """The result of the work, done here or joined."""
        now = asyncio.get_running_loop().time()
        flight = self._under_way.get(key)
        if flight is None or now - flight.begun > JOIN_SECONDS:
            flight = self._under_way[key] = _Flight(asyncio.ensure_future(work()), now)
            flight.task.add_done_callback(partial(self._landed, key, flight))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                flight.task.cancel()

    def _landed(self, key: Hashable, flight: _Flight[Result], _: asyncio.Future[Result]) -> None:
        if self._under_way.get(key) is flight:
            del self._under_way[key]
        if not flight.task.cancelled():
            flight.task.exception()  # Told to those who wait; where nobody does, it is nobody's business.


class _Flight(Generic[Result]):
    def __init__(self, task: asyncio.Future[Result], begun: float) -> None:
        self.task = task
        self.begun = begun
        self.waiting = 0
