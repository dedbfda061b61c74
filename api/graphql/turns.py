"""Whose new document is read next. To parse and validate one takes up to 30 ms, however little it costs in points, and
whoever sends another each time would have the process to themselves.

So one is read in a turn of the loop, and other requests go on in between; the turns go round among the callers, so that
who sends many waits for its own; and who has had more than their share of the time waits until it is that share again.
Nobody is refused for that who sends one request after the other, and nothing of it shows in prices. Requests whose
bytes are known need no turn, nor do known documents with other variables.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.access.caller import Caller
from api.errors import Unavailable

# Of the time of one process, for who has no key and for who has one, and can lose it.
SHARE, KEYED = 0.1, 0.5
# Seconds of reading that nobody waits for: some 100 documents such as clients send.
AHEAD = 0.3
# Of one caller's that wait; each of its requests has a connection.
WAITING_MOST = 32
REMEMBERED = 10_000


class Turns:
    """The turns of one process, by caller. Where nobody is `held` to anything each only comes one after the other."""

    def __init__(self, held: bool) -> None:
        self._held = held
        self._rounds = _Rounds()
        # When the share will be kept again, by the loop's clock: the oldest that read something first.
        self._even: OrderedDict[str, float] = OrderedDict()
        self._waiting: dict[str, int] = {}

    @asynccontextmanager
    async def turn(self, caller: Caller) -> AsyncIterator[None]:
        """Read within it, without awaiting anything. Unavailable: too many of the caller's wait."""
        identity, share = caller.identity, SHARE if caller.key_id is None else KEYED
        waiting = self._waiting.get(identity, 0)
        if waiting >= WAITING_MOST and self._held:
            raise Unavailable("Too many of your new documents wait to be read.", "Send the values as variables.")
        self._waiting[identity] = waiting + 1
        try:
            await self._patience(identity, AHEAD / share)
        finally:
            self._waiting[identity] -= 1
            if not self._waiting[identity]:
                del self._waiting[identity]
        begun = time.thread_time()
        try:
            yield
        finally:
            self._note(identity, (time.thread_time() - begun) / share)
            self._rounds.release()

    async def _patience(self, identity: str, ahead: float) -> None:
        while True:
            await self._rounds.acquire(identity)
            wait = self._even.get(identity, 0.0) - asyncio.get_running_loop().time() - ahead
            if wait <= 0 or not self._held:
                return
            self._rounds.release()
            await asyncio.sleep(wait)

    def _note(self, identity: str, seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        self._even[identity] = max(now, self._even.get(identity, 0.0)) + seconds
        self._even.move_to_end(identity)
        if len(self._even) > REMEMBERED:
            self._even.popitem(last=False)


class _Rounds:
    """A lock that goes round among those who want it, each in a turn of the loop."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self.taken = False

    async def acquire(self, identity: str) -> None:
        if self.taken:
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._lines.setdefault(identity, deque()).append(place)
            try:
                await place
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():
                    self.release()
                raise
        self.taken = True
        try:
            # A turn of the loop, in which whoever came at the same time finds the lock taken.
            await asyncio.sleep(0)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        self.taken = False
        while self._lines:
            identity, line = next(iter(self._lines.items()))
            while line and line[0].done():
                line.popleft()
            if not line:
                del self._lines[identity]
                continue
            # It stays taken: nobody who comes now is let in before.
            self.taken = True
            line.popleft().set_result(None)
            self._lines.move_to_end(identity)
            return
