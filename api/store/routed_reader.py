"""Read from replicas, and from the primary where no replica has what an answer must have.

Each statement returns the mark of what it read, in its own snapshot, and the poller of the change log knows the least
mark that it must have. So a replica that is behind is noticed by its answer. The statement then runs once on the
primary. Neither positions in the log of Postgres nor a proxy are needed, and no statement is rewritten for it.

While the primary is away, replicas answer for `BRIEFING_STALE_READS` seconds. Such a reply is `unconfirmed`.
"""

from __future__ import annotations

import asyncpg

from api.compiler.statement import Statement
from api.errors import TimedOut, Unavailable
from api.settings import Settings
from api.store.changes import Changes, is_behind
from api.store.reader import Reader, Reply
from api.store.replicas import Replica, Replicas
from api.store.ticket import Ticket

AWAY = "The primary does not answer, and no replica has what is asked for."
AGAIN = "Try again after Retry-After."
# Why the primary answered a statement that was sent to a replica.
FALLBACK_REASONS = ("late", "edition", "conflict", "unavailable", "error")


class RoutedReader:
    """The readers of a primary and its replicas, with the interface of `Reader`."""

    def __init__(self, primary: Reader, replicas: Replicas, changes: Changes, settings: Settings) -> None:
        self.primary = primary
        self.replicas = replicas
        self._changes = changes
        self._outage = changes.outage(settings.stale_reads)

    async def read(self, statement: Statement, ticket: Ticket, at_least: int = 0) -> Reply:
        """Return the one row of a statement as `Reader.read` does, from the server with the least to do."""
        read = _Read(statement, ticket, at_least)
        required = read.least_mark(self._changes)
        if required is not None:
            replica = self.replicas.choose()
            if replica is not None:
                reply = await self._read_replica(replica, read, required)
                if reply is not None:
                    replica.reads += 1
                    return reply
        return await self._read_primary(read)

    async def ready(self) -> None:
        """Return if a server can answer. Unavailable says why none can."""
        if self._outage.may_try():
            try:
                await self.primary.ready()
                self._outage.end()
                return
            except Unavailable:
                if not await self._outage.has_begun() or not self._outage.allows_stale:
                    raise
        if self._outage.allows_stale:
            for replica in self.replicas.used():
                try:
                    await replica.reader.ready()
                except Unavailable:
                    continue
                return
        raise Unavailable(AWAY, AGAIN)

    def lift(self, ticket: Ticket, joined: Ticket) -> None:
        """Give a ticket the better rank of the two requests that wait for its statement, in the pool where it waits."""
        for replica in self.replicas.all:
            if replica.reader.pool.has_waiting(ticket):
                replica.reader.pool.lift(ticket, joined)
                return
        self.primary.pool.lift(ticket, joined)

    async def _read_replica(self, replica: Replica, read: _Read, required: str) -> Reply | None:
        """Return the reply of a replica; None if the primary has to answer."""
        try:
            reply = await read.run(replica.reader)
        except TimedOut:
            if await replica.is_alive():
                raise
            replica.fallbacks["unavailable"] += 1
            return None
        except Unavailable:
            replica.doubted.set()
            replica.fallbacks["unavailable"] += 1
            return None
        except (asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError):
            # What the replica replays would remove rows that the statement may read, or locks a table.
            replica.fallbacks["conflict"] += 1
            return None
        except asyncpg.PostgresError:
            replica.fallbacks["error"] += 1
            return None
        if is_behind(read.mark_of(reply), required):
            replica.note_late()
            replica.fallbacks["late"] += 1
            return None
        if not read.is_reached_by(reply):
            # Not late by the promise, and a caller may ask for any number.
            replica.fallbacks["edition"] += 1
            return None
        return reply

    async def _read_primary(self, read: _Read) -> Reply:
        """Return the reply of the primary. While it is away, return that of a replica."""
        if self._outage.may_try() or not self.replicas.used():
            try:
                reply = await read.run(self.primary)
            except Unavailable:
                if not await self._outage.has_begun():
                    raise
            else:
                self._outage.end()
                self.replicas.primary_reads += 1
                return reply
        if self._outage.allows_stale:
            unconfirmed_reply = await self._read_unconfirmed(read)
            if unconfirmed_reply is not None:
                unconfirmed_reply.unconfirmed = True
                self.replicas.unconfirmed_reads += 1
                return unconfirmed_reply
        raise Unavailable(AWAY, AGAIN)

    async def _read_unconfirmed(self, read: _Read) -> Reply | None:
        """Return the first reply that has what was last seen of the primary, or else the newest one. None if no replica
        answers, or if none has the edition that is asked for."""
        newest: Reply | None = None
        for replica in self.replicas.used():
            try:
                reply = await read.run(replica.reader)
            except TimedOut:
                if await replica.is_alive():
                    raise
                continue
            except (Unavailable, asyncpg.PostgresError):
                continue
            if not read.is_reached_by(reply):
                continue
            replica.reads += 1
            mark = read.mark_of(reply)
            if not is_behind(mark, read.seen_mark(self._changes)):
                return reply
            if newest is None or is_behind(read.mark_of(newest), mark):
                newest = reply
        return newest


class _Read:
    """A statement that any server may answer, and what its reply must have.

    The mark of a statement that shows an edition says nothing about the server. Such a reply is compared by the mark of
    the whole store, and the server must have reached the edition."""

    __slots__ = ("_at_least", "_shows_edition", "_statement", "_ticket")

    def __init__(self, statement: Statement, ticket: Ticket, at_least: int) -> None:
        self._statement = statement
        self._ticket = ticket
        self._shows_edition = statement.edition is not None
        self._at_least = max(at_least, statement.edition or 0)

    async def run(self, reader: Reader) -> Reply:
        """Return the reply of a reader, with the mark of the store if it is compared."""
        at_least = max(self._at_least, int(self._shows_edition))
        return await reader.read(self._statement, self._ticket, at_least)

    def least_mark(self, changes: Changes) -> str | None:
        """Return the mark that the reply must have at least; None if it is not known."""
        if self._shows_edition:
            return changes.least_whole_mark()
        return changes.least_mark(self._statement.reads)

    def seen_mark(self, changes: Changes) -> str:
        """Return the mark that the reply would have if the primary had answered when it was seen last."""
        if self._shows_edition:
            return changes.seen_whole_mark()
        return changes.seen_mark(self._statement.reads)

    def mark_of(self, reply: Reply) -> str:
        """Return the mark of a reply that is compared."""
        return reply.whole_mark if self._shows_edition else reply.mark

    def is_reached_by(self, reply: Reply) -> bool:
        """Return True if the server had the edition that is asked for."""
        return not self._at_least or reply.has_reached(self._at_least)
