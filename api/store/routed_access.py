"""Look up keys and documents in the primary, and in a replica while the primary is away."""

from __future__ import annotations

import asyncio
from typing import Any

from api.errors import Unavailable
from api.store.access import AccessStore, Row
from api.store.epoch import Epoch
from api.store.replicas import Replicas

# The time that the primary has for a look-up if its poller has lost it.
LOST_SECONDS = 0.3


class RoutedAccess:
    """The readers of keys and documents of a primary and its replicas. A replica may not know yet that a key was
    revoked, so it is never asked while the primary answers. Each row contains the epoch that it was read at."""

    def __init__(self, primary: AccessStore, replicas: Replicas, epoch: Epoch, stale_seconds: float) -> None:
        self._primary = primary
        self._epoch = epoch
        self._replicas = replicas
        self._outage = epoch.outage(stale_seconds)

    async def read(self, name: str, *arguments: Any) -> list[Row]:
        """Return the rows of a statement that only reads. Unavailable if no server answers."""
        failure: Unavailable | None = None
        if self._outage.may_try() or not self._replicas.used():
            try:
                async with asyncio.timeout(LOST_SECONDS if self._outage.is_lost else None):
                    rows = await self._primary.read(name, *arguments)
            except (Unavailable, TimeoutError) as error:
                failure = Unavailable("The store of keys does not answer in time.")
                if isinstance(error, Unavailable):
                    failure = error
                if not await self._outage.has_begun():
                    raise failure from None
            else:
                self._outage.end()
                return rows
        if self._outage.allows_stale:
            for replica in self._replicas.used():
                try:
                    rows = await replica.access.read(name, *arguments)
                except Unavailable as error:
                    failure = error
                    continue
                # A key that was revoked before this epoch is valid for a replica that is behind.
                if rows[0]["epoch"] >= self._epoch.last_seen:
                    return rows
        raise failure or Unavailable("The store of keys does not answer.")
