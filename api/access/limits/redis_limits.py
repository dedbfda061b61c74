"""Limits in Redis or Valkey, for the workers of several machines: one atomic script a visit, by the server's clock.

The arithmetic is that of `gcra.py`, with its numbers as pairs, because Lua's numbers have 53 bits. Every key expires by
itself: the buckets when they are full, a reservation after a minute. A worker renews those of requests that take
longer, so a request whose worker died holds its place for no longer than that minute.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha1
from itertools import count
from pathlib import Path
from typing import Any

from api.access.limits import gcra
from api.access.limits.limits import Decision, Quota, Remaining, Reservation, check, refusal
from api.access.limits.redis_connection import TRIP_SECONDS, Argument, RedisConnection, RedisUnavailable

LEASE_SECONDS = 60.0
# How long, and for how many callers, the points left are remembered for answers that cost nothing.
RECENT_SECONDS = 1.0
RECENT_MOST = 4096


class RedisScript:
    """A script, which Redis keeps under its hash until Redis is restarted."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.hash = sha1(self.text.encode(), usedforsecurity=False).hexdigest()


def script(name: str) -> RedisScript:
    """Return the script of this name. A script that reads buckets begins with the function for that (`held.lua`)."""
    parts = ("held", name) if name in ("begin", "end") else (name,)
    return RedisScript("".join(Path(__file__).with_name(f"{one}.lua").read_text(encoding="utf-8") for one in parts))


class RedisLimits:
    """The store of limits at a URL. RedisUnavailable if it does not answer."""

    def __init__(self, url: str, *, lease_seconds: float = LEASE_SECONDS, trip_seconds: float = TRIP_SECONDS) -> None:
        self._line = RedisConnection(url, trip_seconds)
        self._lease = int(lease_seconds * 1_000_000)
        self._begin, self._end, self._renew = map(script, ("begin", "end", "renew"))
        self._process = os.urandom(8).hex().encode()
        self._numbers = count()
        self._held: dict[bytes, str] = {}
        self._renewer: asyncio.Task[None] | None = None
        self._recent: dict[str, tuple[Remaining, float]] = {}

    async def begin(self, identity: str, quota: Quota, points: int, used: int | None = None) -> Decision:
        check(quota, points)
        self._recent.pop(identity, None)
        ends = used is not None  # The request ends with its beginning: one visit, and no reservation.
        token = b"" if ends else b"%s:%d" % (self._process, next(self._numbers))
        taken = points if used is None else used
        arguments: list[Argument] = [quota.at_once, token, self._lease]
        for limit in quota.limits:
            arguments += [limit.name, limit.rate, limit.pace, *divmod(points * limit.point, limit.rate), *limit.room]
            arguments += divmod(taken * limit.point, limit.rate)
        own = gcra.price(quota.limits, points)
        try:
            allowed, now, others, *debts = await self._run(self._begin, keys(identity), arguments)
        except asyncio.CancelledError:
            # The command may be on its way. The one that follows it frees the place, but the price is lost.
            if not ends:
                reservation = Reservation(self, identity, quota, points, token, 0, own)
                self._line.send("EVALSHA", self._end.hash, 2, *keys(identity), *_back(reservation, 0))
            raise
        left = _left(quota, debts)
        if not allowed:
            return refusal(quota.limits, left.debts, points)
        if ends:
            return Decision(None, None, 0.0, left)
        self._held[token] = identity
        if self._renewer is None:
            self._renewer = asyncio.create_task(self._keep_renewing())
        reservation = Reservation(self, identity, quota, points, token, now, own if others else left.debts)
        return Decision(reservation, None, 0.0, left)

    async def end(self, reservation: Reservation, unused: int = 0) -> Remaining:
        self.forget(reservation)
        self._recent.pop(reservation.identity, None)
        debts = await self._run(
            self._end, keys(reservation.identity), _back(reservation, min(unused, reservation.points))
        )
        return _left(reservation.quota, debts)

    def forget(self, reservation: Reservation) -> None:
        """Stop renewing a reservation, because its request has ended. It expires by itself if Redis cannot be
        reached."""
        self._held.pop(reservation.token, None)

    async def look(self, identity: str, quota: Quota) -> Remaining:
        nothing = Reservation(self, identity, quota, 0, b"", 0, gcra.price(quota.limits, 0))
        return _left(quota, await self._run(self._end, keys(identity), _back(nothing, 0)))

    async def recent(self, identity: str, quota: Quota) -> Remaining:
        # A trip takes as long as everything else that a 304 needs.
        left, since = self._recent.get(identity, (None, 0.0))
        elapsed = time.monotonic() - since
        if left is not None and left.limits is quota.limits and elapsed < RECENT_SECONDS:
            return Remaining(left.limits, gcra.later(left.limits, left.debts, int(elapsed * gcra.SECOND)))
        left = await self.look(identity, quota)
        if len(self._recent) >= RECENT_MOST:
            self._recent.clear()
        self._recent[identity] = (left, time.monotonic())
        return left

    async def close(self) -> None:
        if self._renewer is not None:
            self._renewer.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewer
        await self._line.close()

    async def _run(self, script: RedisScript, keys: tuple[str, ...], arguments: list[Argument]) -> Any:
        try:
            return await self._line.send("EVALSHA", script.hash, len(keys), *keys, *arguments)
        except self._line.forgotten:
            pass
        except self._line.refusal as refused:
            raise RedisUnavailable(str(refused)) from None
        try:
            return await self._line.send("EVAL", script.text, len(keys), *keys, *arguments)
        except self._line.refusal as refused:
            raise RedisUnavailable(str(refused)) from None

    async def _keep_renewing(self) -> None:
        young = set(self._held)
        while True:
            await asyncio.sleep(self._lease / 3_000_000)
            # Only leases that were held the last time already. Most requests end before that.
            for token in young & self._held.keys():
                with suppress(RedisUnavailable):
                    await self._run(self._renew, keys(self._held.get(token, ""))[1:], [token, self._lease])
            young = set(self._held)


def keys(identity: str) -> tuple[str, str]:
    """Return the keys of a caller's buckets and of its running requests, in one slot of a cluster."""
    return f"briefing:{{{identity}}}:buckets", f"briefing:{{{identity}}}:leases"


def _back(reservation: Reservation, unused: int) -> list[Argument]:
    arguments: list[Argument] = [reservation.token, reservation.since]
    for limit, owed in zip(reservation.quota.limits, reservation.owed, strict=True):
        back, still = divmod(unused * limit.point, limit.rate), divmod(owed, limit.rate)
        arguments += [limit.name, limit.rate, limit.pace, *back, *still]
    return arguments


def _left(quota: Quota, debts: Sequence[int]) -> Remaining:
    pairs = zip(quota.limits, debts[::2], debts[1::2], strict=True)
    return Remaining(quota.limits, [whole * limit.rate + rest for limit, whole, rest in pairs])
