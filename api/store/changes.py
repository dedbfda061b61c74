"""Follows the change log: what was the latest change of each resource, and is that still sure?

A notification tells of a change at once, and a look every 100 ms tells that there was none. What was seen counts for a
quarter of a second from the moment the look began, so an answer that is kept by it is never older than a change
committed 250 ms before, however the connection fails: frozen, cut, or never there.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from api.errors import BriefingError
from api.store.connection import Connection, connect

LOOK = """
    select resource, coalesce(seq, 0) as seq, (extract(epoch from changed_at) * 1000000)::bigint as at from store.latest
"""
EVERY = 0.1
COUNTS_FOR = 0.25
AGAIN = 0.5
FAILURES = (OSError, TimeoutError, BriefingError, asyncpg.PostgresError, asyncpg.InterfaceError)

log = structlog.get_logger("briefing")


class Changes:
    """The latest change of each resource, as one process knows it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._latest: dict[str, tuple[int, int]] = {}
        self._sure_until = 0.0
        self._looked = 0.0
        self._task: asyncio.Task[None] | None = None
        self._notified = asyncio.Event()

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Follow no more."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def mark(self, reads: tuple[str, ...]) -> str | None:
        """The mark of what these resources hold now, as a statement that reads them gives it; None while not sure."""
        if asyncio.get_running_loop().time() > self._sure_until:
            return None
        latest = [self._latest[one] for one in reads]
        return f"{max(seq for seq, _ in latest)}.{max(at for _, at in latest)}" if latest else "0.0"

    @property
    def sure(self) -> bool:
        """Whether it is known what the latest changes are."""
        return asyncio.get_running_loop().time() <= self._sure_until

    @property
    def age(self) -> float:
        """Seconds since the log was last looked at; 0 before the first time."""
        return asyncio.get_running_loop().time() - self._looked if self._looked else 0.0

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
                if self._latest:
                    log.warning("the change log is out of sight", reason=type(error).__name__)
                self._latest, self._sure_until = {}, 0.0
                await asyncio.sleep(AGAIN)
            finally:
                connection.terminate()

    async def _watch(self, connection: Connection) -> None:
        await connection.execute("set role briefing_reader")
        await connection.add_listener("briefing_change", self._notify)
        look = await connection.prepare(LOOK)
        loop = asyncio.get_running_loop()
        while True:
            self._notified.clear()
            begun = loop.time()
            rows = await look.fetch(timeout=COUNTS_FOR)
            self._latest = {row["resource"]: (row["seq"], row["at"]) for row in rows}
            self._sure_until = begun + COUNTS_FOR
            self._looked = begun
            with suppress(TimeoutError):
                await asyncio.wait_for(self._notified.wait(), EVERY)

    def _notify(self, *_: Any) -> None:
        # Until the next look is back, nothing that is kept is sure.
        self._sure_until = 0.0
        self._notified.set()
