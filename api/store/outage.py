"""Know when the primary is away, so that few requests wait for it, and replicas answer meanwhile.

A statement that fails does not mean that the primary is away: it may have been too slow. The poller of the change log
or of the access epoch decides.
"""

from __future__ import annotations

import time

from api.store.poller import Poller

# While the primary is away, one statement in this many seconds tries it.
TRY_SECONDS = 1.0


class Outage:
    """The absence of the primary, as one kind of its readers knows it. Replicas may answer for `stale_seconds` after
    the primary was seen last."""

    def __init__(self, poller: Poller, stale_seconds: float) -> None:
        self._poller = poller
        self._stale_seconds = stale_seconds
        self._is_away = False
        self._next_try = 0.0

    def may_try(self) -> bool:
        """Return True if a statement should try the primary."""
        if not self._is_away:
            return True
        if not self._poller.is_lost:
            self._is_away = False
            return True
        now = time.monotonic()
        if now < self._next_try:
            return False
        self._next_try = now + TRY_SECONDS
        return True

    async def has_begun(self) -> bool:
        """Return True if the primary is away. Call it after a statement that the primary did not answer."""
        if await self._poller.poll_now():
            return False
        self._is_away = True
        self._next_try = time.monotonic() + TRY_SECONDS
        return True

    @property
    def is_lost(self) -> bool:
        """True if the last poll failed."""
        return self._poller.is_lost

    def end(self) -> None:
        """Note that the primary answered."""
        self._is_away = False

    @property
    def allows_stale(self) -> bool:
        """True if replicas may answer: the primary was seen, and not too long ago."""
        return 0 < self._poller.age <= self._stale_seconds
