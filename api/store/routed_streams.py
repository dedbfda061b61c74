"""Stream exports from replicas, and from the primary where a replica is behind or breaks off too early.

The first row of an export contains its mark, so a replica that is behind is noticed before anything is sent. An export
that has begun does not change its server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import asyncpg

from api.compiler import Statement
from api.errors import Unavailable
from api.settings import Settings
from api.store.changes import Changes, is_behind
from api.store.reader import edition
from api.store.replicas import CHECK_SECONDS, Replica, Replicas
from api.store.routed_reader import AGAIN, AWAY
from api.store.stream import Streams, Take

First = Callable[[bytes], None]


class RoutedStreams:
    """The streams of a primary and its replicas."""

    def __init__(self, primary: Streams, replicas: Replicas, changes: Changes, settings: Settings) -> None:
        self._primary = primary
        self._replicas = replicas
        self._changes = changes
        self._outage = changes.outage(settings.stale_reads)

    async def stream(
        self, statement: Statement, at_least: int, take: Take, first: First, on_unconfirmed: Callable[[], None]
    ) -> None:
        """Pass the rows of an export to `take`, and its first row, which contains the marks, to `first`. While the
        primary is away, `on_unconfirmed` is called before that. Unavailable or TimedOut if no server answers."""
        at_least = max(at_least, statement.edition or 0)
        required = self._least_mark(statement)
        replica = self._replicas.choose(export=True)
        if required is not None and replica is not None:
            sending = _Sending(replica, required, at_least, take, first)
            if await sending.run(statement):
                replica.reads += 1
                return
            replica.fallbacks[sending.reason] += 1
            if sending.reason == "late":
                replica.note_late()
        if self._outage.may_try() or not self._replicas.used():
            taken = False

            async def note_take(piece: bytes) -> None:
                nonlocal taken
                taken = True
                await take(piece)

            try:
                await self._primary.stream(statement.sql, statement.arguments, note_take, first)
                self._outage.end()
                self._replicas.primary_reads += 1
                return
            except Unavailable:
                if taken or not await self._outage.has_begun():
                    raise
        if self._outage.allows_stale:
            for other in self._replicas.used():

                def note_first(row: bytes) -> None:
                    on_unconfirmed()
                    first(row)

                if await _Sending(other, "", at_least, take, note_first).run(statement):
                    other.reads += 1
                    self._replicas.unconfirmed_reads += 1
                    return
        raise Unavailable(AWAY, AGAIN)

    def _least_mark(self, statement: Statement) -> str | None:
        if statement.edition is not None:
            return self._changes.least_whole_mark()
        return self._changes.least_mark(statement.reads)


class _Sending:
    """An export that a replica sends. `required` is the mark that it must have at least; empty for any. `reason` is why
    the primary has to send it instead."""

    def __init__(self, replica: Replica, required: str, at_least: int, take: Take, first: First) -> None:
        self._replica = replica
        self._required = required
        self._at_least = at_least
        self._take = take
        self._first = first
        self._has_begun = False
        self._is_over = False
        self._compares_store = False
        self.reason = "unavailable"

    async def run(self, statement: Statement) -> bool:
        """Return True if the export was sent; False if nothing was sent of it. Unavailable if it broke off."""
        self._compares_store = statement.edition is not None
        stream = self._replica.streams.stream(statement.sql, statement.arguments, self._take_piece, self._note_first)
        task = asyncio.get_running_loop().create_task(stream)
        try:
            while not (await asyncio.wait({task}, timeout=CHECK_SECONDS))[0]:
                # An export has no time limit that would notice a frozen server.
                if not self._replica.is_used and not await self._replica.is_alive():
                    task.add_done_callback(_read_error)
                    task.cancel()
                    return self._fail("unavailable")
            await task
        except _Behind as behind:
            return self._fail(behind.reason)
        except asyncpg.PostgresError:
            return self._fail("error")
        except Unavailable as error:
            if self._has_begun:
                raise
            is_conflict = isinstance(error.__cause__, asyncpg.TransactionRollbackError)
            return self._fail("conflict" if is_conflict else "unavailable")
        except asyncio.CancelledError:
            task.cancel()
            with suppress(Exception, asyncio.CancelledError):
                await task
            raise
        return True

    def _fail(self, reason: str) -> bool:
        self._is_over = True
        self.reason = reason
        if self._has_begun:
            raise Unavailable("The store broke off.")
        return False

    async def _take_piece(self, piece: bytes) -> None:
        if self._is_over:
            raise _Behind("unavailable")
        self._has_begun = True
        await self._take(piece)

    def _note_first(self, row: bytes) -> None:
        if self._is_over:
            raise _Behind("unavailable")
        mark, _, whole_mark = row.decode().partition(" ")
        if self._required and is_behind(whole_mark if self._compares_store else mark, self._required):
            raise _Behind("late")
        if int(edition(whole_mark)) < self._at_least:
            raise _Behind("edition")
        self._first(row)


class _Behind(Exception):
    """The replica has not what the export must have."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _read_error(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()
