"""Poll one query, and track until when its last result can be trusted.

A notification reports a change at once, and a poll at an interval confirms that there was none. A result is trusted
from the start of its poll. So a user of it that checks `sure` first is never more than `counts_for` seconds behind,
even if the connection freezes, breaks off, or was never there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog

from api.errors import BriefingError
from api.store.connection import Connection, connect

AGAIN = 0.5
UPKEEP_SECONDS = 15.0
FAILURES = (OSError, TimeoutError, BriefingError, asyncpg.PostgresError, asyncpg.InterfaceError)

log = structlog.get_logger("briefing")


@dataclass(frozen=True)
class PollTarget:
    """A query that is polled. `look` runs as `role` every `every` seconds, and after each notification of `channel`.
    Its result is trusted for `counts_for` seconds. `name` is its name in the log. `upkeep` is a statement that runs
    after it at most every 15 seconds."""

    name: str
    role: str
    channel: str
    look: str
    every: float
    counts_for: float
    upkeep: str = ""


class Poller:
    """A poller of one query, with a task and a connection of its own. `see` gets the rows of each poll."""

    def __init__(self, url: str, sight: PollTarget, see: Callable[[list[Mapping[str, Any]]], None]) -> None:
        self._url = url
        self._sight = sight
        self._see = see
        self._sure_until = 0.0
        self._looked = 0.0
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

    @property
    def sure(self) -> bool:
        """True if the last result can be trusted."""
        return time.monotonic() <= self._sure_until

    @property
    def age(self) -> float:
        """Seconds since the last poll; 0 before the first one."""
        return time.monotonic() - self._looked if self._looked else 0.0

    async def _follow(self) -> None:
        while True:
            try:
                connection = await connect(self._url)
            except FAILURES:
                await asyncio.sleep(AGAIN)
                continue
            try:
                await self._watch(connection)
            except FAILURES as error:
                if self._sure_until:
                    log.warning(f"{self._sight.name} is out of sight", reason=type(error).__name__)
                self._sure_until = 0.0
                await asyncio.sleep(AGAIN)
            finally:
                connection.terminate()

    async def _watch(self, connection: Connection) -> None:
        sight = self._sight
        await connection.execute(f"set role {sight.role}")
        await connection.add_listener(sight.channel, self._notify)
        look = await connection.prepare(sight.look)
        kept_up = 0.0
        while True:
            self._notified.clear()
            begun = time.monotonic()
            self._see(list[Any](await look.fetch(timeout=sight.counts_for)))
            self._sure_until = begun + sight.counts_for
            self._looked = begun
            if sight.upkeep and begun - kept_up > UPKEEP_SECONDS:
                kept_up = begun
                await connection.execute(sight.upkeep, timeout=AGAIN)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._notified.wait(), sight.every)

    def _notify(self, *_: Any) -> None:
        # No result can be trusted until the next poll has ended.
        self._sure_until = 0.0
        self._notified.set()
