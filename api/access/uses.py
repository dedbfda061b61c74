"""When keys were last used: noted in memory, and written at most once a minute, off the way of any request."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from api.errors import BriefingError
from api.store.access import AccessStore

EVERY = 60.0

log = structlog.get_logger("briefing")


class Uses:
    """The last use of each key since it was last written. There are no more of them than keys."""

    def __init__(self, store: AccessStore) -> None:
        self._store = store
        self._last: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write, from time to time."""
        self._task = asyncio.create_task(self._write_on())

    async def stop(self) -> None:
        """Write what is left, if the store takes it."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.write()

    def note(self, key_id: str) -> None:
        """The key is used now."""
        self._last[key_id] = asyncio.get_running_loop().time()

    async def write(self) -> None:
        """Write what was noted. What cannot be written is kept for the next time."""
        noted, self._last = self._last, {}
        if not noted:
            return
        now = asyncio.get_running_loop().time()
        try:
            await self._store.change("service", "used", list(noted), [now - at for at in noted.values()])
        except BriefingError as error:
            self._last = {**noted, **self._last}
            log.warning("the last use of keys is not written", reason=error.message)

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self.write()
