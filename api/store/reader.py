"""Read the result of a statement: one row of finished bytes. After an error of a connection, try again.

If a backend was killed, all backends were terminated, or a statement was prepared before a migration, the reader takes
a fresh connection, and the caller does not notice. If Postgres is down, it raises Unavailable at once. If Postgres is
starting or recovering, it waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from api.compiler.statement import WHOLE_MARK, Statement
from api.errors import InvalidRequest, TimedOut, TooExpensive, Unavailable
from api.gzip_prefix import GzipPrefix
from api.settings import Settings
from api.store.pool import Lease, Pool
from api.store.sessions import BROKEN_OFF, ServerRole
from api.store.ticket import SERVICE, Ticket

STALE = (
    *BROKEN_OFF,
    asyncpg.InterfaceError,
    asyncpg.InvalidCachedStatementError,
    # A migration drops the views of a version and creates them again, in one transaction.
    asyncpg.UndefinedTableError,
    asyncpg.InternalClientError,
    asyncpg.ProtocolError,
    OSError,
)
# The most tries after the first one. An operator who ends all backends several times in a row can hit the same request
# each time.
TRIES = 6
RETRY_PAUSE = 0.05
# The seconds that Postgres may work on a statement for each point of its price, between the two settings
# `statement_timeout_floor` and `statement_timeout`.
POINT_SECONDS = 0.01
# The extra time of the first statement of a session. It also reads Postgres' catalog: 30 ms of processor time that is
# in no price, and many sessions begin at once after a start of the service or of Postgres.
COLD_SECONDS = 0.5
# The extra time that we wait if Postgres itself ends a statement that takes too long.
GRACE_SECONDS = 0.3
# A statement that checks if the tables can be read, with a row as each statement returns it. Its price is so large that
# its time limit is that of the settings.
PROBE = Statement("select ''::bytea, null, null::text[], seq::text, 0 from store.last_change", (), custom=False)
PROBE_PRICE = 1_000_000
# Adds the mark of the whole store to a statement, in the snapshot of the statement.
WITH_WHOLE_MARK = "select answer.*, {mark} as whole_mark\nfrom (\n{sql}\n) as answer"


@dataclass(slots=True)
class Reply:
    """The answer of Postgres: the finished JSON, the cursor of the next page, notes on records that were not found, the
    mark of the state that was read, and the cost for the rows that were found. `packed` is the compressed body, once a
    client has asked for it. `whole_mark` is the mark of the whole store in the same snapshot, if it was asked for.
    `unconfirmed` is True if a replica answered while the primary was away."""

    body: bytes
    next: str | None = None
    notes: Sequence[str] | None = None
    mark: str = ""
    points: int = 1
    packed: GzipPrefix | None = None
    whole_mark: str = ""
    unconfirmed: bool = False

    @property
    def edition(self) -> str:
        """The number of the last edition that changed the resources that the answer was read from."""
        return edition(self.mark)

    def has_reached(self, at_least: int) -> bool:
        """Return True if the server had this edition when the answer was read. This needs the `whole_mark`."""
        return int(edition(self.whole_mark)) >= at_least


def edition(mark: str) -> str:
    """Return the number of the last edition that changed the resources that a statement read, from its mark."""
    return mark.partition(".")[0].removeprefix("e")


class Reader:
    """A reader with a pool of connections. The time that Postgres may work on a statement grows with its price."""

    def __init__(self, url: str, settings: Settings, role: ServerRole = ServerRole.ALONE) -> None:
        self.pool = Pool(url, settings, role)
        # What a replica does not answer at once, the primary answers.
        self._tries = 0 if role is ServerRole.REPLICA else TRIES
        self._max_seconds = settings.statement_timeout
        self._min_seconds = settings.statement_timeout_floor
        self._check: asyncio.Task[None] | None = None

    async def read(self, statement: Statement, ticket: Ticket, at_least: int = 0) -> Reply:
        """Return the one row of a statement. Unavailable or TimedOut if the store does not return it.

        With an edition in `at_least`, the reply has a `whole_mark`, which the caller compares.

        The seconds that Postgres may work on it, in all tries together, grow with its price. Waiting for a place does
        not count.
        """
        sql = statement.sql
        if at_least:
            sql = WITH_WHOLE_MARK.format(mark=WHOLE_MARK, sql=sql)
        loop = asyncio.get_running_loop()
        end = loop.time() + self._max_seconds + GRACE_SECONDS
        seconds_left = min(max(self._min_seconds, POINT_SECONDS * ticket.price), self._max_seconds)
        tries = 0
        while True:
            try:
                lease = await self.pool.take(statement.custom, ticket, fresh=tries > 0, seconds=end - loop.time())
            except asyncpg.CannotConnectNowError:
                if loop.time() + RETRY_PAUSE > end or not self._tries:
                    raise Unavailable("The store is starting.") from None
                await asyncio.sleep(RETRY_PAUSE)
                continue
            except BROKEN_OFF as error:
                tries = await self._start_next_try(tries, error)
                continue
            begun = loop.time()
            try:
                seconds = seconds_left
                if lease.cold:
                    seconds = min(seconds + COLD_SECONDS, self._max_seconds)
                seconds = max(0.05, seconds)
                if self.pool.sessions.behind_pooler:
                    row = await self._in_transaction(lease, statement, sql, seconds)
                else:
                    # The session's own statement_timeout ends the statement if our cancellation gets lost.
                    row = await lease.connection.fetchrow(sql, *statement.arguments, timeout=seconds)
            except TimeoutError as error:  # It is an OSError too, but no reason to try again.
                raise self._end_failed(lease, error) from error
            except STALE as error:
                self.pool.discard(lease)
                seconds_left -= loop.time() - begun
                tries = await self._start_next_try(tries, error)
            except BaseException as error:
                raise self._end_failed(lease, error) from error
            else:
                self.pool.give(lease)
                assert row is not None
                reply = Reply(row[0], row[1], row[2], row[3], row[4])
                if at_least:
                    reply.whole_mark = row[5]
                return reply

    async def ready(self) -> None:
        """Return if the store can answer. Unavailable says why it cannot.

        Only one check runs at a time, and all clients that ask meanwhile share it. A check is free and goes before all
        callers, so many checks must not take more than one place.
        """
        if self._check is None or self._check.done():
            self._check = asyncio.get_running_loop().create_task(self._check_tables())
            self._check.add_done_callback(_read_error)
        await asyncio.shield(self._check)

    async def _check_tables(self) -> None:
        try:
            await self.read(PROBE, Ticket(SERVICE, PROBE_PRICE))
        except asyncpg.PostgresError as error:
            raise Unavailable(
                "The store has no tables that can be read.", operator_hint="Run `briefing migrate`."
            ) from error

    async def close(self) -> None:
        """Close the connections."""
        await self.pool.close()

    async def _in_transaction(
        self, lease: Lease, statement: Statement, sql: str, seconds: float
    ) -> asyncpg.Record | None:
        """Return a row through a pooler. The settings of a session hold for a transaction there."""
        connection = lease.connection
        await self.pool.sessions.begin(connection, statement.custom, {"statement_timeout": f"{seconds * 1000:.0f}"})
        seconds += GRACE_SECONDS
        try:
            row = await connection.fetchrow(sql, *statement.arguments, timeout=seconds)
        except asyncpg.PostgresError:
            await connection.execute("rollback", timeout=seconds)
            raise
        await connection.execute("commit", timeout=seconds)
        return row

    async def _start_next_try(self, tries: int, error: BaseException) -> int:
        """Return the number of the next try, after a pause from the second one on. Unavailable if there were enough
        tries. If one backend is killed, all others end a moment later, including the one that was opened in its
        place."""
        if tries == self._tries:
            raise Unavailable("The store broke off.") from error
        if tries:
            await asyncio.sleep(RETRY_PAUSE)
        return tries + 1

    def _end_failed(self, lease: Lease, error: BaseException) -> BaseException:
        """Give back the connection of a statement that failed, and return the error to raise."""
        if isinstance(error, asyncpg.PostgresError):
            self.pool.give(lease)
        else:
            self.pool.cancel(lease)
        if isinstance(error, TimeoutError | asyncpg.QueryCanceledError):
            self.pool.timed_out += 1
            hint = "Ask for less: filters that leave fewer records, a smaller page, fewer links."
            return TimedOut("The store took too long over this request.", hint)
        if isinstance(error, asyncpg.InsufficientResourcesError):
            return Unavailable("The store has too much to do.")
        if isinstance(error, asyncpg.InvalidParameterValueError) and "time zone" in str(error):
            # Zones are those of the package tzdata. A Postgres with older rules lacks the newest ones.
            return InvalidRequest(f"The store does not know this zone: {error}.", hint="Name another zone near it.")
        if isinstance(error, asyncpg.ProgramLimitExceededError):
            return TooExpensive("This request is more than the store can work out.", hint="Ask for less at once.")
        return error


def _read_error(check: asyncio.Task[None]) -> None:
    """Read the error of a check: if all clients have disconnected, nothing else reads it, and asyncio would log it."""
    if not check.cancelled():
        check.exception()
