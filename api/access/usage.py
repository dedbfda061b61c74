"""Record when keys were last used, and which callers use what is deprecated. Uses are noted in memory and written at
most once a minute, outside of any request."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import suppress

import structlog

from api.background import repeat
from api.errors import BriefingError
from api.store.access import AccessStore

EVERY = 60.0
# Callers without a key are counted as one. They could not be notified, and their addresses are private.
ANONYMOUS = "anonymous"

log = structlog.get_logger("briefing")


class UsageRecorder(ABC):
    """A record that is written from time to time, and once more at the end."""

    def __init__(self, store: AccessStore) -> None:
        self._store = store
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(repeat("the record of uses", self.write, EVERY))

    async def stop(self) -> None:
        """Write what is left, if the store takes it."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.write()

    @abstractmethod
    async def write(self) -> None:
        """Write what was noted. If that fails, it is kept for the next time."""


class KeyUsage(UsageRecorder):
    """The last use of each key since it was last written. There are no more entries than keys."""

    def __init__(self, store: AccessStore) -> None:
        super().__init__(store)
        self._last: dict[str, float] = {}

    def note(self, key_id: str) -> None:
        """Note that the key is used now."""
        self._last[key_id] = time.monotonic()

    async def write(self) -> None:
        """Write when each key was last used."""
        uses, self._last = self._last, {}
        if not uses:
            return
        now = time.monotonic()
        ages = [now - used_at for used_at in uses.values()]
        try:
            await self._store.change("service", "used", list(uses), ages)
        except BriefingError as error:
            self._last = {**uses, **self._last}
            log.warning("the last use of keys is not written", reason=error.message)


class DeprecatedUsage(UsageRecorder):
    """The number of uses of deprecated parts by each caller since it was last written. There are no more entries than
    keys times deprecated parts, and the service declares the latter."""

    def __init__(self, store: AccessStore) -> None:
        super().__init__(store)
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def note(self, key_id: str | None, version: str, part: str = "") -> None:
        """Count a use of a deprecated version, or of a deprecated part of one, by the holder of a key or by a caller
        without a key."""
        self._counts[key_id or ANONYMOUS, version, part] += 1

    async def write(self) -> None:
        """Add the counts to those in the store."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        callers, versions, parts = map(list, zip(*counts, strict=True))
        try:
            await self._store.change("service", "use_outdated", callers, versions, parts, list(counts.values()))
        except BriefingError as error:
            self._counts.update(counts)
            log.warning("uses of deprecated parts are not written", reason=error.message)
