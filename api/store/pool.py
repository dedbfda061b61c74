"""Pool of connections for reading: a bounded free list, and a fair queue for requests that find none free.

asyncpg's own pool costs 40 µs a request more than a free list, and its reset on release 200 µs. These connections are
read-only and have no session state, so nothing needs resetting. A statement gets a connection in the plan mode that it
needs; if only one in the other mode is free, that one is switched.

A statement holds its place until Postgres has ended it, even if its client disconnects or its time is over. So clients
cannot make more statements run than there are places.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from math import ceil, inf
from typing import Any

from api.errors import Unavailable
from api.settings import Settings
from api.store.connection import Connection
from api.store.fair_queue import FairQueue, Share, Waiter
from api.store.sessions import CONFIRM_SECONDS, MODES, ServerRole, Sessions, close_session
from api.store.ticket import SERVICE, Rank, Ticket


@dataclass(eq=False, slots=True)
class Lease:
    """A connection, the plan mode of its session, the rank and share of the caller whose statement it runs, and the
    time since when. `custom_plan`: the session makes a plan for each statement and its arguments, not a generic one.
    `cold`: the session has not run a statement yet."""

    connection: Connection
    custom_plan: bool
    cold: bool = True
    rank: Rank = Rank.SERVICE
    share: Share[PoolSlot] | None = None
    since: float = 0.0


# Not frozen: that would cost each request half a microsecond.
@dataclass(eq=False, slots=True)
class PoolSlot:
    """A place in the pool that is held for a caller of this rank. It has a free connection, or one has to be opened."""

    rank: Rank
    lease: Lease | None


class Pool:
    """At most `pool_size` connections to one database as the reader role."""

    def __init__(self, url: str, settings: Settings, role: ServerRole = ServerRole.ALONE) -> None:
        self._settings = settings
        self.sessions = Sessions(url, settings, role)
        self._idle: dict[bool, list[Lease]] = {False: [], True: []}
        self._queue: FairQueue[PoolSlot] = FairQueue()
        # Connections that are idle, in use, opening or closing; and the places among them that anonymous callers hold.
        self._open = 0
        self._anonymous = 0
        size = settings.pool_size
        # A quarter of the places, rounded up, is only for callers with a key. If there is one place, it is for all.
        self._max_anonymous = max(1, size - ceil(size / 4))
        self._in_use: set[Lease] = set()
        self._ending: set[asyncio.Task[Any]] = set()
        # Requests that got no connection in time, by rank.
        self._refused = dict.fromkeys(Rank, 0)
        # Statements that were cancelled because their time was over or their client disconnected.
        self.cancelled = 0
        # Statements that took longer than their price allows. Counted by the reader.
        self.timed_out = 0

    async def take(
        self, needs_custom_plan: bool, ticket: Ticket | None = None, *, fresh: bool = False, seconds: float = inf
    ) -> Lease:
        """Wait for a connection in the plan mode. Unavailable if there is none in time, or Postgres does not answer.
        `fresh`: open a new one and close those that are idle."""
        needs_custom_plan = needs_custom_plan and not self.sessions.behind_pooler
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        if ticket is None:
            ticket = Ticket(SERVICE, 0)
        if fresh:
            self._close_idle()
        place = self._take_place(ticket.origin.rank, needs_custom_plan)
        if place is None:
            place = await self._wait_for_place(ticket, needs_custom_plan, seconds)
        lease = place.lease
        if lease is None:
            lease = await self._open_lease(place, needs_custom_plan, end - loop.time())
        lease.rank = place.rank
        lease.share = self._queue.share(ticket.origin)
        lease.since = loop.time()
        self._in_use.add(lease)
        if lease.custom_plan != needs_custom_plan:
            await self._switch_mode(lease, needs_custom_plan)
        return lease

    def give(self, lease: Lease) -> None:
        """Take the connection back: its statement has ended."""
        lease.cold = False
        self._end_statement(lease)
        self._idle[lease.custom_plan].append(lease)
        self._grant_places()

    def cancel(self, lease: Lease) -> None:
        """Take the connection back and cancel its statement. The connection is used again when Postgres confirms, or
        closed if that takes too long."""
        self.cancelled += 1
        self._start_ending(self._confirm_cancellation(lease))

    def discard(self, lease: Lease) -> None:
        """Close a connection that cannot be used again. Its place is free when it is closed."""
        if lease.connection.is_closed():
            self._remove(lease)
        else:
            self._start_ending(self._close_and_remove(lease))

    def has_waiting(self, ticket: Ticket) -> bool:
        """Return True if the statement of this ticket waits for a connection of this pool."""
        return ticket in self._queue

    @property
    def load(self) -> int:
        """The statements that run or wait."""
        return self.used + len(self._queue)

    def lift(self, ticket: Ticket, joined: Ticket) -> None:
        """Give a ticket the better rank of the two requests that wait for its statement."""
        if joined.origin.rank < ticket.origin.rank:
            self._queue.lift(ticket, joined.origin)
            self._grant_places()

    async def close(self) -> None:
        """Close idle connections, and wait for those that are closing."""
        for _ in range(2):  # A connection whose statement was being cancelled may be idle by then.
            self._close_idle()
            if self._ending:
                await asyncio.wait(self._ending, timeout=5)

    @property
    def waiting(self) -> dict[str, int]:
        """Requests that wait for a connection, by rank."""
        return {rank.name.lower(): self._queue.waiting(rank) for rank in Rank}

    @property
    def refused(self) -> dict[str, int]:
        """Requests that got no connection in time, by rank."""
        return {rank.name.lower(): count for rank, count in self._refused.items()}

    @property
    def used(self) -> int:
        """Connections that are in use, opening or closing."""
        return self._open - self.idle

    @property
    def idle(self) -> int:
        """Connections that are free."""
        return sum(map(len, self._idle.values()))

    def _has_place(self, rank: Rank) -> bool:
        if rank is Rank.ANONYMOUS and self._anonymous >= self._max_anonymous:
            return False
        return bool(self._idle[False] or self._idle[True]) or self._open < self._settings.pool_size

    def _take_place(self, rank: Rank, needs_custom_plan: bool) -> PoolSlot | None:
        """Hold a place for a caller of this rank; None if there is none."""
        if rank is Rank.ANONYMOUS and self._anonymous >= self._max_anonymous:
            return None
        lease = self._take_idle(needs_custom_plan)
        if lease is None:
            if self._open >= self._settings.pool_size:
                return None
            self._open += 1
        if rank is Rank.ANONYMOUS:
            self._anonymous += 1
        return PoolSlot(rank, lease)

    def _return_place(self, place: PoolSlot) -> None:
        """Give back a place that was not used."""
        if place.rank is Rank.ANONYMOUS:
            self._anonymous -= 1
        if place.lease is None:
            self._open -= 1
        else:
            self._idle[place.lease.custom_plan].append(place.lease)
        self._grant_places()

    def _end_statement(self, lease: Lease) -> None:
        """Count the time of the statement for its caller."""
        now = asyncio.get_running_loop().time()
        if lease.share is not None:
            lease.share.add(now - lease.since, now)
            lease.share = None
        self._in_use.discard(lease)
        if lease.rank is Rank.ANONYMOUS:
            self._anonymous -= 1

    def _grant_places(self) -> None:
        """Grant free places to waiting statements."""
        if not self._queue:
            return
        # Statements that still run count too: otherwise a new caller would get all places that become free. If only one
        # caller waits, there is nothing to compare.
        if self._queue.callers_waiting > 1:
            now = asyncio.get_running_loop().time()
            for lease in self._in_use:
                if lease.share is not None:
                    lease.share.add(now - lease.since, now)
                    lease.since = now
        while self._has_place(Rank.KEYED):
            last_rank = Rank.ANONYMOUS if self._has_place(Rank.ANONYMOUS) else Rank.KEYED
            waiter = self._queue.next(last_rank)
            if waiter is None:
                return
            if not waiter.place.done():
                place = self._take_place(waiter.ticket.origin.rank, waiter.needs_custom_plan)
                assert place is not None
                waiter.place.set_result(place)

    def _take_idle(self, needs_custom_plan: bool) -> Lease | None:
        """Return a free connection, in the plan mode if there is one. None if another one may be opened instead."""
        for custom_plan in (needs_custom_plan, not needs_custom_plan):
            idle = self._idle[custom_plan]
            if custom_plan != needs_custom_plan and self._open < self._settings.pool_size:
                return None
            while idle:
                lease = idle.pop()
                if not lease.connection.is_closed():
                    return lease
                self._open -= 1
        return None

    def _close_idle(self) -> None:
        for idle in self._idle.values():
            while idle:
                # It runs no statement, so its place is free at once.
                self._open -= 1
                self._start_ending(close_session(idle.pop().connection))

    async def _switch_mode(self, lease: Lease, custom_plan: bool) -> None:
        try:
            await lease.connection.execute(f"set plan_cache_mode = {MODES[custom_plan]}", timeout=CONFIRM_SECONDS)
        except (TimeoutError, asyncio.CancelledError) as error:
            self.cancel(lease)
            if isinstance(error, TimeoutError):
                raise Unavailable("The store does not answer.") from None
            raise
        except BaseException:
            self.discard(lease)
            raise
        lease.custom_plan = custom_plan

    def _start_ending(self, ending: Coroutine[None, None, None]) -> None:
        self._track(asyncio.get_running_loop().create_task(ending))

    def _track(self, task: asyncio.Task[Any]) -> None:
        """Keep a task that ends a connection, so that `close` can wait for it."""
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _confirm_cancellation(self, lease: Lease) -> None:
        # asyncpg sends no command before the cancelled one has ended. This command ends a transaction, or sets the mode
        # that is noted in the lease, which a cancelled `set` may have changed.
        command = "rollback"
        if not self.sessions.behind_pooler:
            command = f"set plan_cache_mode = {MODES[lease.custom_plan]}"
        try:
            await lease.connection.execute(command, timeout=CONFIRM_SECONDS)
        except Exception:
            # After any error: a place that is not given back would be lost for good.
            lease.connection.terminate()
        if lease.connection.is_closed():
            self._remove(lease)
        else:
            self.give(lease)

    async def _close_and_remove(self, lease: Lease) -> None:
        await close_session(lease.connection)
        self._remove(lease)

    def _remove(self, lease: Lease) -> None:
        """Give up the place of a connection that is closed."""
        self._open -= 1
        self._end_statement(lease)
        self._grant_places()

    async def _wait_for_place(self, ticket: Ticket, needs_custom_plan: bool, seconds: float) -> PoolSlot:
        loop = asyncio.get_running_loop()
        waiter = self._queue.add(ticket, needs_custom_plan, loop.create_future())
        # This is 5 µs cheaper than `asyncio.timeout` for each request that waits.
        timer = loop.call_later(min(seconds, self._settings.pool_wait), self._refuse, waiter)
        try:
            return await waiter.place
        except asyncio.CancelledError:
            self._queue.remove(waiter)
            place = waiter.place
            if place.done() and not place.cancelled() and not place.exception():
                self._return_place(place.result())  # It was granted already: the next statement gets it.
            raise
        finally:
            timer.cancel()

    def _refuse(self, waiter: Waiter[PoolSlot]) -> None:
        """Refuse a statement that has waited for too long."""
        if not waiter.place.done():
            self._queue.remove(waiter)
            self._refused[waiter.ticket.origin.rank] += 1
            detail = "All connections to the store are busy."
            waiter.place.set_exception(Unavailable(detail, "Try again after Retry-After."))

    async def _open_lease(self, place: PoolSlot, custom_plan: bool, seconds: float) -> Lease:
        """Open a connection. If the client disconnects meanwhile, finish it for the next statement: asyncpg leaves a
        session open if it is cancelled while it connects."""
        task = asyncio.get_running_loop().create_task(self.sessions.open(custom_plan, seconds))
        try:
            return Lease(await asyncio.shield(task), custom_plan)
        except asyncio.CancelledError:
            self._track(task)
            task.add_done_callback(partial(self._return_opened, place, custom_plan))
            raise
        except BaseException:
            self._return_place(place)
            raise

    def _return_opened(self, place: PoolSlot, custom_plan: bool, task: asyncio.Task[Connection]) -> None:
        """Give back a place whose client disconnected, with the connection that was opened for it."""
        if not task.cancelled() and task.exception() is None:
            place = PoolSlot(place.rank, Lease(task.result(), custom_plan))
        self._return_place(place)
