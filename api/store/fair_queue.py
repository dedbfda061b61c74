"""Queue statements for the pool: callers with a key first, and among equals the one that has used the least store time.

Within a rank the queue is a tree: networks (IPv6 /48, IPv4 /24), their subnetworks (/64, address), and their callers.
The network that has used the least store time is next, in it the subnetwork, and in that the caller. A caller's own
statements are served in the order in which they came. So many requests, many addresses of a network or slow statements
get no caller more than its share. A caller with a key stays in the network in which its key was first seen, as long as
it is remembered. So a key that is used from fifty networks has one share, not fifty.

Each operation looks at one branch of the tree: O(log n) comparisons for n waiters.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace
from itertools import count
from math import inf, log2
from typing import Generic, TypeVar

from api.store.ticket import Origin, Rank, Ticket

HALF_LIFE = 10.0
# Callers of a rank whose store time is remembered: 1 KB each, those used least recently are forgotten first.
MAX_CALLERS = 4096
# Entries without waiters that a heap may hold beyond the entries that have some.
MAX_EMPTY = 32

Granted = TypeVar("Granted")


class Share(Generic[Granted]):
    """The store time of a caller or a network, and its statements that wait."""

    __slots__ = ("above", "below", "empty", "heap", "name", "queued", "used", "waiters", "waiting")

    def __init__(self, above: Share[Granted] | None = None, name: str = "") -> None:
        self.above = above
        self.name = name
        self.below: dict[str, Share[Granted]] = {}
        # log2 of the decayed seconds, plus now / HALF_LIFE. Decay does not change this sum, so a heap stays in order.
        self.used = -inf
        # The statements that wait (in a caller's share only), and how many there are (in every share).
        self.waiters: dict[Waiter[Granted], None] = {}
        self.waiting = 0
        # The shares below that have waiters, ordered by what they had used when they were added. `empty` counts those
        # that have none left.
        self.heap: list[tuple[float, int, Share[Granted]]] = []
        self.empty = 0
        self.queued = False

    def add(self, seconds: float, now: float) -> None:
        """Add store time to the caller and its networks."""
        if seconds <= 0:
            return
        age = now / HALF_LIFE
        share = self
        while (above := share.above) is not None:
            share.used = age + log2(2.0 ** (share.used - age) + seconds)
            share = above

    def seconds(self, now: float) -> float:
        """Return the decayed store time."""
        return float(2.0 ** (self.used - now / HALF_LIFE))


@dataclass(eq=False, slots=True)
class Waiter(Generic[Granted]):
    """A statement that waits: its ticket, whether it needs a custom plan, and the future of its place."""

    ticket: Ticket
    needs_custom_plan: bool
    place: asyncio.Future[Granted]
    share: Share[Granted]


class FairQueue(Generic[Granted]):
    """Statements that wait for a place in the pool, and the store time of their callers."""

    def __init__(self) -> None:
        self._roots: tuple[Share[Granted], ...] = tuple(Share() for _ in Rank)
        self._callers: tuple[OrderedDict[str, Share[Granted]], ...] = tuple(OrderedDict() for _ in Rank)
        self._waiters: dict[Ticket, Waiter[Granted]] = {}
        self._numbers = count()
        # Callers that have statements in the queue.
        self.callers_waiting = 0

    def __len__(self) -> int:
        return len(self._waiters)

    def __contains__(self, ticket: Ticket) -> bool:
        return ticket in self._waiters

    def waiting(self, rank: Rank) -> int:
        """Return how many statements of this rank wait."""
        return self._roots[rank].waiting

    def remembered(self) -> int:
        """Return how many callers are remembered."""
        return sum(map(len, self._callers))

    def share(self, origin: Origin) -> Share[Granted]:
        """Return the share of a caller."""
        callers = self._callers[origin.rank]
        known_share = callers.get(origin.caller)
        if known_share is not None:
            callers.move_to_end(origin.caller)
            return known_share
        share = self._roots[origin.rank]
        for name in (origin.network, origin.subnetwork, origin.caller):
            below = share.below.get(name)
            if below is None:
                below = share.below[name] = Share(share, name)
            share = below
        callers[origin.caller] = share
        if len(callers) > MAX_CALLERS:
            _, oldest_share = callers.popitem(last=False)
            _forget(oldest_share)
        return share

    def add(self, ticket: Ticket, needs_custom_plan: bool, place: asyncio.Future[Granted]) -> Waiter[Granted]:
        """Add a statement to the queue. No two have the same ticket: they could not be told apart."""
        assert ticket not in self._waiters, "this ticket waits already"
        waiter = Waiter(ticket, needs_custom_plan, place, self.share(ticket.origin))
        self._insert(waiter)
        return waiter

    def remove(self, waiter: Waiter[Granted]) -> None:
        """Remove a statement from the queue, if it is still in it."""
        if self._waiters.pop(waiter.ticket, None) is None:
            return
        share = waiter.share
        del share.waiters[waiter]
        share.waiting -= 1
        if share.waiting == 0:
            self.callers_waiting -= 1
        while (above := share.above) is not None:
            above.waiting -= 1
            if not share.waiting:
                above.empty += 1
                _compact(above)
            share = above

    def lift(self, ticket: Ticket, origin: Origin) -> None:
        """Give a ticket to a caller of a better rank. If its statement waits, it moves to that caller's share."""
        waiter = self._waiters.get(ticket)
        if waiter is None:
            ticket.origin = origin
            return
        self.remove(waiter)
        ticket.origin = origin
        waiter.share = self.share(origin)
        self._insert(waiter)

    def next(self, last_rank: Rank) -> Waiter[Granted] | None:
        """Remove and return the next statement of the ranks up to `last_rank`; None if none waits."""
        for root in self._roots[: last_rank + 1]:
            if root.waiting:
                return self._take_next(root)
        return None

    def _insert(self, waiter: Waiter[Granted]) -> None:
        self._waiters[waiter.ticket] = waiter
        share = waiter.share
        share.waiters[waiter] = None
        if share.waiting == 0:
            self.callers_waiting += 1
        share.waiting += 1
        while (above := share.above) is not None:
            if not share.queued:
                share.queued = True
                heappush(above.heap, (share.used, next(self._numbers), share))
            elif share.waiting == 1:
                above.empty -= 1
            above.waiting += 1
            share = above

    def _take_next(self, share: Share[Granted]) -> Waiter[Granted]:
        """Remove and return the next statement of a root."""
        share.waiting -= 1
        while share.heap:
            below = _least_used(share)
            below.waiting -= 1
            # It moves behind shares that have used as much, so that new callers take turns.
            if below.waiting:
                heapreplace(share.heap, (below.used, next(self._numbers), below))
            else:
                heappop(share.heap)
                below.queued = False
            share = below
        waiter = next(iter(share.waiters))
        del share.waiters[waiter]
        del self._waiters[waiter.ticket]
        if share.waiting == 0:
            self.callers_waiting -= 1
        return waiter


def _least_used(share: Share[Granted]) -> Share[Granted]:
    """Return the share below that has waiters and has used the least. What a share has used only grows, so an outdated
    entry is too far in front. It is corrected when it reaches the front, at most once for each statement that ended."""
    while True:
        used, number, below = share.heap[0]
        if not below.waiting:
            heappop(share.heap)
            below.queued = False
            share.empty -= 1
        elif used < below.used:
            heapreplace(share.heap, (below.used, number, below))
        else:
            return below


def _compact(share: Share[Granted]) -> None:
    """Remove the entries without waiters from the heap, if they are too many."""
    if share.empty <= len(share.heap) // 2 + MAX_EMPTY:
        return
    heap = []
    for entry in share.heap:
        below = entry[2]
        below.queued = below.waiting > 0
        if below.queued:
            heap.append(entry)
    heapify(heap)
    share.heap = heap
    share.empty = 0


def _forget(share: Share[Granted]) -> None:
    """Remove a caller's share from the tree, and the networks that have no other caller."""
    while (above := share.above) is not None and not share.below:
        if above.below.get(share.name) is share:
            del above.below[share.name]
        share = above
