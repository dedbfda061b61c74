"""Connections for reading: a free list, bounded, that a request waits for no longer than it may.

asyncpg's own pool costs 40 µs a request over a free list, and its reset on release 200 µs: these connections are
read-only and hold no session state, so nothing needs resetting. Each connection has the plan mode that its
statements ask for; where only one of the other mode is free, it is switched.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from math import inf

import asyncpg
import structlog

from api.errors import Unavailable
from api.settings import Settings
from api.store.connection import Connection

CONNECT_SECONDS = 2.0
BROKEN_OFF = (
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionResetError,
)
log = structlog.get_logger("briefing")
# What a session of ours is. Behind a pooler there are none: each transaction begins with it (begin, below).
SESSION = {
    "role": "briefing_reader",
    "default_transaction_read_only": "on",
    "idle_in_transaction_session_timeout": "5000",
    "timezone": "UTC",
    "datestyle": "ISO",
    "extra_float_digits": "1",
    "search_path": "pg_catalog",
    "jit": "off",
    # A store's indexes are in memory or on a solid disk: at 4, the default, an event with 20,000
    # figures had them all fetched and sorted (7.6 ms) rather than ten read in order (0.4 ms).
    "random_page_cost": "1.1",
}
MODES = {False: "force_generic_plan", True: "force_custom_plan"}


@dataclass
class Lease:
    """A connection, and the plan mode that its session is in."""

    connection: Connection
    custom: bool


class Pool:
    """At most `pool_size` connections to one database as the reader role."""

    def __init__(self, url: str, settings: Settings) -> None:
        self._url = url
        self._settings = settings
        self._idle: dict[bool, list[Lease]] = {False: [], True: []}
        # Whether a pooler stands between, which gives us another session for each transaction.
        self.between = settings.statement_cache_size == 0
        # What each gets who waits: a connection, or None for a place to open one in.
        self._waiting: deque[asyncio.Future[Lease | None]] = deque()
        self._open = 0
        self._closing: set[asyncio.Task[None]] = set()
        # Requests that found no connection free in time.
        self.refused = 0

    async def take(self, custom: bool, *, fresh: bool = False, seconds: float = inf) -> Lease:
        """A connection in the plan mode. Unavailable when there is none in time, or Postgres does not answer."""
        custom = custom and not self.between
        if fresh:
            self._drop_idle()
        elif lease := self._free(custom):
            return lease if lease.custom == custom else await self._switch(lease, custom)
        end = asyncio.get_running_loop().time() + seconds
        while self._open >= self._settings.pool_size:
            lease = await self._turn(seconds)
            if lease is not None and not lease.connection.is_closed():
                return lease if lease.custom == custom else await self._switch(lease, custom)
            if lease is not None:  # broken off since it was last used
                self._open -= 1
            seconds = end - asyncio.get_running_loop().time()
        self._open += 1
        try:
            return Lease(await self._connect(custom, seconds), custom)
        except BaseException:
            self._open -= 1
            self._wake()
            raise

    async def begin(self, lease: Lease, custom: bool, also: dict[str, str] | None = None) -> None:
        """Begin a transaction that has all that a session of ours has, and what is named besides."""
        settings = {**self._session(custom), **(also or {})}
        del settings["application_name"], settings["default_transaction_read_only"]
        sets = "; ".join(f"set local {name} = '{value}'" for name, value in settings.items())
        await lease.connection.execute(f"begin read only; {sets}", timeout=CONNECT_SECONDS)

    def _session(self, custom: bool) -> dict[str, str]:
        timeout = f"{self._settings.statement_timeout * 1000:.0f}"
        own = {"application_name": "briefing", "statement_timeout": timeout, "plan_cache_mode": MODES[custom]}
        return SESSION | own

    def give(self, lease: Lease) -> None:
        """The connection back, for the next."""
        if not self._wake(lease):
            self._idle[lease.custom].append(lease)

    def discard(self, lease: Lease) -> None:
        """The connection is of no more use. Its place is free at once; what it still runs is cancelled."""
        self._open -= 1
        task = asyncio.get_running_loop().create_task(_close(lease.connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        self._wake()

    async def close(self) -> None:
        """Close what is idle, and wait for what is closing."""
        self._drop_idle()
        if self._closing:
            await asyncio.wait(self._closing, timeout=5)

    @property
    def waiting(self) -> int:
        """Requests that wait for a connection."""
        return sum(not place.done() for place in self._waiting)

    @property
    def used(self) -> int:
        """Connections that are out, or on their way."""
        return self._open - self.idle

    @property
    def idle(self) -> int:
        """Connections that are free."""
        return sum(map(len, self._idle.values()))

    def _free(self, custom: bool) -> Lease | None:
        for mode in (custom, not custom):
            idle = self._idle[mode]
            if mode != custom and self._open < self._settings.pool_size:
                return None
            while idle:
                lease = idle.pop()
                if not lease.connection.is_closed():
                    return lease
                self._open -= 1
        return None

    def _drop_idle(self) -> None:
        for idle in self._idle.values():
            while idle:
                self.discard(idle.pop())

    async def _switch(self, lease: Lease, custom: bool) -> Lease:
        try:
            await lease.connection.execute(f"set plan_cache_mode = {MODES[custom]}", timeout=CONNECT_SECONDS)
        except BaseException as error:
            self.discard(lease)
            if isinstance(error, TimeoutError):
                raise Unavailable("The store does not answer.") from None
            raise
        lease.custom = custom
        return lease

    async def _turn(self, seconds: float) -> Lease | None:
        loop = asyncio.get_running_loop()
        place: asyncio.Future[Lease | None] = loop.create_future()
        self._waiting.append(place)
        # Cheaper than `asyncio.timeout`, by 5 µs of each request that waits.
        late = loop.call_later(min(seconds, self._settings.pool_wait), self._late, place)
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and not place.exception():
                lease = place.result()  # It was ours already: the next one gets it.
                if lease is None:
                    self._wake()
                else:
                    self.give(lease)
            raise
        finally:
            late.cancel()

    def _late(self, place: asyncio.Future[Lease | None]) -> None:
        if not place.done():
            self.refused += 1
            place.set_exception(Unavailable("All connections to the store are busy.", "Try again after Retry-After."))

    def _wake(self, lease: Lease | None = None) -> bool:
        """Give the connection, or a place, to who has waited longest; whether anybody has."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(lease)
                return True
        return False

    async def _connect(self, custom: bool, within: float) -> Connection:
        seconds = self._settings.statement_timeout
        try:
            connection: Connection = await asyncpg.connect(
                self._url,
                timeout=min(CONNECT_SECONDS, max(within, 0.05)),
                command_timeout=seconds + 0.3,
                statement_cache_size=self._settings.statement_cache_size,
                max_cached_statement_lifetime=0,
                server_settings={"application_name": "briefing"} if self.between else self._session(custom),
            )
        except asyncpg.CannotConnectNowError as error:
            if "shutting down" in str(error):
                raise Unavailable("The store is shutting down.") from error
            raise  # It is starting, or recovering: soon it will answer.
        except BROKEN_OFF:
            raise  # It was killed while it let us in: another try tells more.
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("no connection to Postgres", reason=f"{type(error).__name__}: {error}")
            raise Unavailable("The store does not answer.") from error
        return connection


async def _close(connection: Connection) -> None:
    # close() waits until the cancellation of what it runs has been sent, terminate() would not.
    try:
        await connection.close(timeout=2)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, AttributeError):
        # The last is asyncpg's own, where a COPY was given up in the moment in which its connection broke off.
        connection.terminate()
