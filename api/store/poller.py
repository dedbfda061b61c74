"""Poll one query, and track until when its last result can be trusted.

A notification reports a change at once, and a poll at an interval confirms that there was none. A result is trusted
from the start of its poll. So a user of it that checks `is_fresh` first is never more than `fresh_seconds` behind,
even if the connection freezes, breaks off, or was never there.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import asyncpg
import structlog

from api.store.connection import Connection, connect

# The pause after a failure, and the time that the upkeep may take.
RETRY_SECONDS = 0.5
# The time between two upkeeps.
UPKEEP_SECONDS = 15.0

log = structlog.get_logger("briefing")


@dataclass(frozen=True)
class PollTarget:
    """A query that is polled. `query` runs as `role` every `interval` seconds, and after each notification of
    `channel`. Its result is trusted for `fresh_seconds`. `name` is its name in the log. `upkeep` is a statement that
    runs after it at most every 15 seconds."""

    name: str
    role: str
    channel: str
    query: str
    interval: float
    fresh_seconds: float
    upkeep: str = ""


CatchUp = Callable[[list[asyncpg.Record], Connection], Awaitable[None]]
"""Called after each poll with its rows and the connection, on which it may read what follows from them."""


class Poller:
    """A poller of one query, with a task and a connection of its own. `on_rows` gets the rows of each poll, and
    `catch_up` the connection, too."""

    def __init__(
        self,
        url: str,
        target: PollTarget,
        on_rows: Callable[[list[asyncpg.Record]], None],
        catch_up: CatchUp | None = None,
    ) -> None:
        self._url = url
        self._target = target
        self._on_rows = on_rows
        self._catch_up = catch_up
        self._fresh_until = 0.0
        self._last_poll = 0.0
        # True from a failure to the next poll that succeeds.
        self.is_lost = False
        # Those who wait for a poll that begins after this time.
        self._waiting: list[tuple[float, asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None
        self._notified = asyncio.Event()

    def start(self) -> None:
        """Start to poll."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Stop polling."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._note_end(False)

    @property
    def is_fresh(self) -> bool:
        """True if the last result can be trusted."""
        return time.monotonic() <= self._fresh_until

    @property
    def age(self) -> float:
        """Seconds since the last poll; 0 before the first one."""
        if not self._last_poll:
            return 0.0
        return time.monotonic() - self._last_poll

    async def poll_now(self) -> bool:
        """Poll at once. Return True if Postgres answers in time."""
        if self.is_lost or not self._last_poll:
            return False
        return await self._next_poll()

    async def look_again(self, seconds: float) -> bool:
        """Wait for a poll that begins from now on and succeeds. Return False if none ends within these seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not await self._next_poll():
                    pass
                return True
        return False

    async def _next_poll(self) -> bool:
        """Poll at once, and return True if the first poll that begins from now on succeeds."""
        polled: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((time.monotonic(), polled))
        # The result of the last poll stays as fresh as it was.
        self._notified.set()
        return await polled

    def _note_end(self, success: bool, begun: float = math.inf) -> None:
        """Note that a poll has ended, which had begun at this time. A poll that succeeds is of no use to those who have
        waited since a later time."""
        self.is_lost = not success
        waiting, self._waiting = self._waiting, []
        for since, polled in waiting:
            if polled.done():
                continue
            if since <= begun:
                polled.set_result(success)
            else:
                self._waiting.append((since, polled))

    async def _follow(self) -> None:
        while True:
            try:
                await self._connect_and_poll()
            except Exception as error:
                # Any error counts. asyncpg raises an InternalClientError, which is none of its other errors, if the
                # server ends the connection just before a statement is sent.
                if self._fresh_until:
                    log.warning(f"{self._target.name} is out of sight", reason=type(error).__name__)
                self._fresh_until = 0.0
                self._note_end(False)
                await asyncio.sleep(RETRY_SECONDS)

    async def _connect_and_poll(self) -> None:
        connection = await connect(self._url)
        try:
            await self._poll(connection)
        finally:
            connection.terminate()

    async def _poll(self, connection: Connection) -> None:
        """Poll on this connection until it fails."""
        target = self._target
        await connection.execute(f"set role {target.role}")
        await connection.add_listener(target.channel, self._notify)
        # A lost connection is noticed at once, not by the next poll.
        connection.add_termination_listener(self._notify)
        query = await connection.prepare(target.query)
        last_upkeep = 0.0
        while True:
            self._notified.clear()
            begun = time.monotonic()
            rows = await query.fetch(timeout=target.fresh_seconds)
            self._on_rows(rows)
            self._fresh_until = begun + target.fresh_seconds
            self._last_poll = begun
            if self._catch_up is not None:
                await self._catch_up(rows, connection)
            self._note_end(True, begun)
            if target.upkeep and begun - last_upkeep > UPKEEP_SECONDS:
                last_upkeep = begun
                await connection.execute(target.upkeep, timeout=RETRY_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._notified.wait(), target.interval)

    def _notify(self, *_: object) -> None:
        # No result can be trusted until the next poll has ended.
        self._fresh_until = 0.0
        self._notified.set()
