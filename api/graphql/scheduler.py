"""Share the processor time in which new GraphQL documents are read.

Parsing and validating a document takes up to 30 ms, however few points it costs. So the documents are read one at a
time, each in a turn of the loop, and other requests are answered in between. Callers with a key go first, and callers
take turns. A caller that has used more than its share of the time waits until it is within that share again. Callers
without a key have a share together, too: otherwise fifty of them, each within its own share, would use all processors.

A client that sends one request after the other is never refused for this, and prices do not depend on it. Requests
whose bytes are known need no turn, and neither do known documents with other variables that are planned quickly.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.access.caller import Caller
from api.errors import Unavailable
from api.processors import processors

# Shares of the time of one process: of a caller without a key, and of one with a key, which can be revoked.
SHARE, KEYED = 0.1, 0.5
# The share of all callers without a key together: of the time of all processors, and at most of that of one process.
ANONYMOUS, MAX_ANONYMOUS = 0.2, 0.25
TOGETHER = "anonymous callers"
# Seconds of reading for which a caller does not wait: some 100 documents such as clients send.
AHEAD = 0.3
# Documents of one caller that may wait. Each of its requests has a connection.
MAX_WAITING = 32
REMEMBERED = 10_000
# The requests that wait, by caller. The caller whose turn it is comes first.
Queues = OrderedDict[str, "deque[asyncio.Future[None]]"]


class DocumentScheduler:
    """The turns of one of several `processes`, by caller. If callers are not `held` to their shares, documents are only
    read one after the other."""

    def __init__(self, held: bool, processes: int = 1) -> None:
        self._held = held
        self._together = min(ANONYMOUS * processors() / processes, MAX_ANONYMOUS)
        self._rounds = _Rounds()
        # The time at which a caller is within its share again, by the loop's clock. The caller that read least recently
        # is first.
        self._within_share_at: OrderedDict[str, float] = OrderedDict()
        self._waiting: dict[str, int] = {}

    @asynccontextmanager
    async def turn(self, caller: Caller) -> AsyncIterator[None]:
        """Wait for a turn, and read within it without awaiting anything. Unavailable if too many documents of the
        caller wait."""
        identity = caller.identity
        keyed = caller.key_id is not None
        waiting = self._waiting.get(identity, 0)
        if waiting >= MAX_WAITING and self._held:
            raise Unavailable("Too many of your new documents wait to be read.", "Send the values as variables.")
        self._waiting[identity] = waiting + 1
        try:
            await self._wait_for_turn(identity, keyed)
        finally:
            self._waiting[identity] -= 1
            if not self._waiting[identity]:
                del self._waiting[identity]
        begun = time.thread_time()
        try:
            yield
        finally:
            seconds = time.thread_time() - begun
            if keyed:
                self._count_time(identity, seconds / KEYED)
            else:
                self._count_time(identity, seconds / SHARE)
                self._count_time(TOGETHER, seconds / self._together)
            self._rounds.release()

    async def _wait_for_turn(self, identity: str, keyed: bool) -> None:
        while True:
            await self._rounds.acquire(identity, keyed)
            delay = self._delay_of(identity, keyed)
            if delay <= 0:
                return
            self._rounds.release()
            await asyncio.sleep(delay)

    def _delay_of(self, identity: str, keyed: bool) -> float:
        """Return the seconds that a caller has to wait to be within its shares; 0 or less if it may read now."""
        if not self._held:
            return 0.0
        if keyed:
            return self._seconds_above(identity, KEYED)
        return max(self._seconds_above(identity, SHARE), self._seconds_above(TOGETHER, self._together))

    def _seconds_above(self, identity: str, share: float) -> float:
        now = asyncio.get_running_loop().time()
        return self._within_share_at.get(identity, 0.0) - now - AHEAD / share

    def _count_time(self, identity: str, seconds: float) -> None:
        """Move the time at which the caller is within its share again by these seconds."""
        now = asyncio.get_running_loop().time()
        self._within_share_at[identity] = max(now, self._within_share_at.get(identity, 0.0)) + seconds
        self._within_share_at.move_to_end(identity)
        if len(self._within_share_at) > REMEMBERED:
            self._within_share_at.popitem(last=False)


class _Rounds:
    """A lock for which callers take turns, those with a key before all others. Each holds it in a turn of the loop."""

    def __init__(self) -> None:
        self._keyed: Queues = OrderedDict()
        self._anonymous: Queues = OrderedDict()
        self.taken = False

    async def acquire(self, identity: str, keyed: bool) -> None:
        if self.taken:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            queues = self._keyed if keyed else self._anonymous
            queues.setdefault(identity, deque()).append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    # The lock was given to this request, which no longer needs it.
                    self.release()
                raise
        self.taken = True
        try:
            # A turn of the loop, in which requests that came at the same time find the lock taken.
            await asyncio.sleep(0)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        # If a caller waits, the lock stays taken, so that no request that comes now gets it before.
        self.taken = _wake_next(self._keyed) or _wake_next(self._anonymous)


def _wake_next(queues: Queues) -> bool:
    """Give the lock to the next caller of these, and return whether there is one."""
    while queues:
        identity, queue = next(iter(queues.items()))
        # Requests that were cancelled while they waited.
        while queue and queue[0].done():
            queue.popleft()
        if not queue:
            del queues[identity]
            continue
        queue.popleft().set_result(None)
        queues.move_to_end(identity)
        return True
    return False
