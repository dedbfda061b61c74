"""What is noted of callers in memory, and written at most once a minute, off the way of any request: when keys were
last used, and who uses what is deprecated."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import suppress

import structlog

from api.errors import BriefingError
from api.store.access import AccessStore

EVERY = 60.0
# Those who have no key are one: nobody could be told, and their addresses are nobody's business.
ANONYMOUS = "anonymous"

log = structlog.get_logger("briefing")


class Noted(ABC):
    """Something that is written from time to time, and once more at the end."""

    def __init__(self, store: AccessStore) -> None:
        self._store = store
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._write_on())

    async def stop(self) -> None:
        """Write what is left, if the store takes it."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.write()

    @abstractmethod
    async def write(self) -> None:
        """Write what was noted. What cannot be written is kept for the next time."""

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self.write()


class Uses(Noted):
    """The last use of each key since it was last written. There are no more of them than keys."""

    def __init__(self, store: AccessStore) -> None:
        super().__init__(store)
        self._last: dict[str, float] = {}

    def note(self, key_id: str) -> None:
        """The key is used now."""
        self._last[key_id] = time.monotonic()

    async def write(self) -> None:
        """Write when each key was last used."""
        noted, self._last = self._last, {}
        if not noted:
            return
        now = time.monotonic()
        try:
            await self._store.change("service", "used", list(noted), [now - at for at in noted.values()])
        except BriefingError as error:
            self._last = {**noted, **self._last}
            log.warning("the last use of keys is not written", reason=error.message)


class OutdatedUses(Noted):
    """How often each caller used what is deprecated since it was last written. There are no more of them than keys
    times deprecated things, and the latter are declared by us."""

    def __init__(self, store: AccessStore) -> None:
        super().__init__(store)
        self._counted: Counter[tuple[str, str, str]] = Counter()

    def note(self, key_id: str | None, version: str, part: str = "") -> None:
        """The holder of a key, or somebody without, used a part of a version, or a version that is deprecated."""
        self._counted[key_id or ANONYMOUS, version, part] += 1

    async def write(self) -> None:
        """Add what was counted to what is written."""
        noted, self._counted = self._counted, Counter()
        if not noted:
            return
        callers, versions, parts = (list(one) for one in zip(*noted, strict=True))
        try:
            await self._store.change("service", "use_outdated", callers, versions, parts, list(noted.values()))
        except BriefingError as error:
            self._counted.update(noted)
            log.warning("uses of what is deprecated are not written", reason=error.message)
