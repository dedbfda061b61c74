"""Streams what a statement returns, piece by piece, as fast as it is taken: one statement, so one state of the store.

The rows of one text column come by `COPY … TO STDOUT` in its binary form, which frames each one by its length and
changes nothing in it. Measured against a cursor: COPY works on while a piece is sent, where a cursor waits for the
next FETCH. While a piece is not taken the connection is not read, and Postgres waits. Exports have connections of
their own, few, so that they never take those of other requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg

from api.errors import BriefingError, TimedOut, Unavailable
from api.settings import Settings
from api.store.pool import BROKEN_OFF, Lease, Pool
from api.store.read import STALE

Take = Callable[[bytes], Awaitable[None]]

# Order: workers would mix the parts of a `union all`. Interval: a client that is gone is noticed in mid-statement.
SESSION = {"max_parallel_workers_per_gather": "0", "work_mem": "32MB", "client_connection_check_interval": "1s"}
# The binary form [Postgres, COPY]: a head, then for each row the number of its columns and the length of each.
HEAD = 19
FRAME = 6


class NotTaken(Exception):
    """What took the pieces failed; the reason is its cause."""


class Streams:
    """Connections for exports: at most `export_connections`, each statement within `export_timeout`."""

    def __init__(self, url: str, settings: Settings) -> None:
        # An export that comes here has a place, but its connection may still be in use by one that is being cancelled.
        own = {"pool_size": settings.export_connections, "pool_wait": settings.export_wait}
        self.pool = Pool(url, settings.model_copy(update=own | {"statement_timeout": settings.export_timeout}))

    async def stream(
        self, sql: str, arguments: Sequence[Any], take: Take, first: Callable[[bytes], None] | None = None
    ) -> None:
        """Give the text of all rows to `take`, in pieces; that of the first row to `first`, if one is named.

        Unavailable or TimedOut if the store breaks off. If nothing was given to `take` yet, a connection that turns out
        to be dead is replaced once.
        """
        for fresh in (False, True):
            lease = await self._lease(fresh)
            rows = Unframed(take, first)
            try:
                await self._copy(lease, sql, arguments, rows)
            except NotTaken as error:
                self.pool.discard(lease)
                raise error.__cause__ or error from None
            except STALE as error:
                self.pool.discard(lease)
                if fresh or rows.given:
                    raise Unavailable("The store broke off.") from error
            except BaseException as error:
                self._end(lease, error)
                raise _told(error) from error
            else:
                self.pool.give(lease)
                return

    async def close(self) -> None:
        """Close the connections."""
        await self.pool.close()

    async def _copy(self, lease: Lease, sql: str, arguments: Sequence[Any], rows: Unframed) -> None:
        connection = lease.connection
        if not self.pool.between:
            await connection.execute("; ".join(f"set {name} = '{value}'" for name, value in SESSION.items()))
            await connection.copy_from_query(sql, *arguments, output=rows, format="binary")
            return
        await self.pool.begin(lease, True, SESSION)
        try:
            await connection.copy_from_query(sql, *arguments, output=rows, format="binary")
        except asyncpg.PostgresError:
            await connection.execute("rollback")
            raise
        await connection.execute("commit")

    async def _lease(self, fresh: bool) -> Lease:
        try:
            return await self.pool.take(True, fresh=fresh)
        except asyncpg.CannotConnectNowError:
            raise Unavailable("The store is starting.") from None
        except BROKEN_OFF as error:
            raise Unavailable("The store broke off.") from error

    def _end(self, lease: Lease, error: BaseException) -> None:
        if isinstance(error, asyncpg.PostgresError):
            self.pool.give(lease)
        else:
            self.pool.discard(lease)


class Unframed:
    """Takes the binary form apart, and gives the text of rows to `take`; `given` counts them. The text of the first row
    goes to `first`, if one is named. A piece has whole rows, because each row is a message of Postgres' protocol."""

    def __init__(self, take: Take, first: Callable[[bytes], None] | None = None) -> None:
        self._take = take
        self._first = first
        self._started = False
        self.given = 0

    async def __call__(self, piece: bytes) -> None:
        at = 0 if self._started else HEAD
        self._started = True
        found = []
        end = len(piece)
        # The last frame has two bytes.
        while at + FRAME <= end:
            start = at + FRAME
            at = start + int.from_bytes(piece[at + 2 : start], "big")
            found.append(piece[start:at])
        if found and self._first is not None:
            self._first(found.pop(0))
            self._first = None
        if found:
            self.given += len(found)
            try:
                await self._take(b"".join(found))
            except Exception as error:
                raise NotTaken from error


def _told(error: BaseException) -> BaseException:
    if isinstance(error, asyncio.CancelledError | BriefingError):
        return error
    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError):
        return TimedOut("The store took too long over this export.", "Ask for less: filter it, or export in parts.")
    if isinstance(error, asyncpg.InsufficientResourcesError):
        return Unavailable("The store has too much to do.")
    return error
