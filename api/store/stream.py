"""Stream the result of a statement in pieces, as fast as the client reads. One statement reads one state of the store.

The rows of one text column come by `COPY … TO STDOUT` in its binary form, which puts the length before each text and
does not change it. Measured against a cursor, COPY continues while a piece is sent, and a cursor waits for the next
FETCH. While the client does not read, the service does not read the connection, and Postgres waits. Exports have a few
connections of their own, so that they never take those of other requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg

from api.errors import BriefingError, TimedOut, Unavailable
from api.settings import Settings
from api.store.pool import Lease, Pool
from api.store.reader import STALE
from api.store.sessions import BROKEN_OFF, ServerRole

Take = Callable[[bytes], Awaitable[None]]

# No parallel workers, because they would mix the parts of a `union all`. With the interval, Postgres notices during a
# statement that its connection is gone.
SESSION = {"max_parallel_workers_per_gather": "0", "work_mem": "32MB", "client_connection_check_interval": "1s"}
# Bytes in the binary form [Postgres, COPY]: of the head, and of the frame of each row, which contains the number of its
# columns and the length of the text.
HEAD = 19
FRAME = 6


class NotTaken(Exception):
    """An error of the receiver of the pieces, which is its cause."""


class Streams:
    """At most `export_connections` connections for exports. Each statement has to end within `export_timeout`."""

    def __init__(self, url: str, settings: Settings, role: ServerRole = ServerRole.ALONE) -> None:
        # An export that comes here has a place, but its connection may still be in use by one that is being cancelled.
        export_settings = {
            "pool_size": settings.export_connections,
            "pool_wait": settings.export_wait,
            "statement_timeout": settings.export_timeout,
        }
        self.pool = Pool(url, settings.model_copy(update=export_settings), role)

    async def stream(
        self, sql: str, arguments: Sequence[Any], take: Take, first: Callable[[bytes], None] | None = None
    ) -> None:
        """Pass the text of all rows to `take`, in pieces. With `first`, pass the text of the first row to it instead.

        Unavailable or TimedOut if the store breaks off. A connection that turns out to be dead is replaced once, if
        `take` has got nothing yet.
        """
        for fresh in (False, True):
            lease = await self._lease(fresh)
            rows = Unframed(take, first)
            try:
                await self._copy(lease, sql, arguments, rows)
            except NotTaken as error:
                self.pool.discard(lease)
                raise error.__cause__ or error from None
            except TimeoutError as error:
                # It is an OSError, too, but the connection is no stale one.
                self._end(lease, error)
                raise _translate(error) from error
            except STALE as error:
                self.pool.discard(lease)
                if fresh or rows.count:
                    raise Unavailable("The store broke off.") from error
            except BaseException as error:
                self._end(lease, error)
                raise _translate(error) from error
            else:
                self.pool.give(lease)
                return

    async def close(self) -> None:
        """Close the connections."""
        await self.pool.close()

    async def _copy(self, lease: Lease, sql: str, arguments: Sequence[Any], rows: Unframed) -> None:
        connection = lease.connection
        if not self.pool.sessions.behind_pooler:
            settings = "; ".join(f"set {name} = '{value}'" for name, value in SESSION.items())
            await connection.execute(settings)
            await connection.copy_from_query(sql, *arguments, output=rows, format="binary")
            return
        await self.pool.sessions.begin(connection, True, SESSION)
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
    """A parser of the binary form. It passes the text of rows to `take`, and counts them in `count`. If there is a
    `first`, it gets the text of the first row, which is not counted. A piece contains whole rows, because each row is a
    message of Postgres' protocol."""

    def __init__(self, take: Take, first: Callable[[bytes], None] | None = None) -> None:
        self._take = take
        self._first = first
        self._started = False
        self.count = 0

    async def __call__(self, piece: bytes) -> None:
        position = 0 if self._started else HEAD
        self._started = True
        texts = []
        end = len(piece)
        # The end of the data is a frame of two bytes.
        while position + FRAME <= end:
            start = position + FRAME
            position = start + int.from_bytes(piece[position + 2 : start], "big")
            texts.append(piece[start:position])
        if texts and self._first is not None:
            self._first(texts.pop(0))
            self._first = None
        if texts:
            self.count += len(texts)
            try:
                await self._take(b"".join(texts))
            except Exception as error:
                raise NotTaken from error


def _translate(error: BaseException) -> BaseException:
    """Return the error to raise for an error of an export."""
    if isinstance(error, asyncio.CancelledError | BriefingError):
        return error
    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError):
        return TimedOut("The store took too long over this export.", "Ask for less: filter it, or export in parts.")
    if isinstance(error, asyncpg.InsufficientResourcesError):
        return Unavailable("The store has too much to do.")
    if isinstance(error, asyncpg.TransactionRollbackError):
        # What a replica replays would remove rows that the export still reads.
        return Unavailable("The store broke the export off.", "Ask for less: filter it, or export in parts.")
    return error
