"""Enforce limits while Redis is away: each machine then grants its share of each plan, in the table of its workers.

No request waits for longer than one trip may take, and none waits at all while Redis is known to be away. Meanwhile a
request that belongs to no caller tries Redis in the background. Once that succeeds, Redis is used again.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog

from api.access.limits.limits import Decision, Limits, Quota, Remaining, Reservation, check
from api.access.limits.redis_connection import RedisUnavailable, SlotMoving
from api.access.limits.redis_limits import RedisLimits

PROBE_SECONDS = 1.0

log = structlog.get_logger("briefing")


class Fallback:
    """A remote store, and a local one to use while that is away. `machines` local stores then share each plan."""

    def __init__(self, remote: RedisLimits, local: Limits, machines: int, probe_seconds: float = PROBE_SECONDS) -> None:
        self._remote = remote
        self._local = local
        self._machines = machines
        self._probe_seconds = probe_seconds
        self._probe: asyncio.Task[None] | None = None
        self.away = False
        """True while this process uses the local store."""
        self.fallbacks = 0
        """The number of times that this process began to use the local store."""

    async def begin(self, identity: str, quota: Quota, points: int, used: int | None = None) -> Decision:
        check(quota, points)
        if not self.away:
            try:
                decision = await self._remote.begin(identity, quota, points, used)
            except RedisUnavailable as error:
                self._leave(error)
            else:
                if decision.reservation is None:
                    return decision
                # It ends here, because Redis may be away by then.
                return decision._replace(reservation=decision.reservation._replace(store=self))
        return await self._local.begin(identity, quota.share(self._machines, points), points, used)

    async def end(self, reservation: Reservation, unused: int = 0) -> Remaining:
        if reservation.store is self._local:
            return await self._local.end(reservation, unused)
        if not self.away:
            try:
                return await self._remote.end(reservation, unused)
            except RedisUnavailable as error:
                self._leave(error)
        # The place becomes free when the reservation expires.
        self._remote.forget(reservation)
        return await self._local.look(reservation.identity, reservation.quota.share(self._machines, 0))

    async def look(self, identity: str, quota: Quota) -> Remaining:
        if not self.away:
            try:
                return await self._remote.look(identity, quota)
            except RedisUnavailable as error:
                self._leave(error)
        return await self._local.look(identity, quota.share(self._machines, 0))

    async def recent(self, identity: str, quota: Quota) -> Remaining:
        if not self.away:
            try:
                return await self._remote.recent(identity, quota)
            except RedisUnavailable as error:
                self._leave(error)
        return await self._local.recent(identity, quota.share(self._machines, 0))

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            with suppress(asyncio.CancelledError):
                await self._probe
        await self._remote.close()
        await self._local.close()

    def _leave(self, error: RedisUnavailable) -> None:
        # A slot that is being moved concerns its callers only, and not for long.
        if self.away or isinstance(error, SlotMoving):
            return
        self.away = True
        self.fallbacks += 1
        log.warning("Redis is away: each machine enforces its share", reason=str(error), machines=self._machines)
        self._probe = asyncio.create_task(self._return())

    async def _return(self) -> None:
        since = time.monotonic()
        while self.away:
            await asyncio.sleep(self._probe_seconds)
            # Any error means that Redis is still away.
            with suppress(Exception):
                await self._remote.probe()
                self.away = False
        log.info("Redis is back", seconds=round(time.monotonic() - since, 1))
