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
from api.access.limits.gcra import Bucket
from api.access.limits.limits import Decision, Quota, Remaining, Reservation, check, refusal
from api.access.limits.redis_cluster import RedisCluster
from api.access.limits.redis_connection import TRIP_SECONDS, Argument, RedisConnection, RedisUnavailable
from api.background import repeat

LEASE_SECONDS = 60.0
# How long, and for how many callers, the points left are remembered for answers that cost nothing.
RECENT_SECONDS = 1.0
# The limits of a visit that belongs to no caller.
PROBE = Quota((Bucket("probe", 1000, 1000, 1),), 1000)
MAX_RECENT = 4096


class RedisScript:
    """A script, which Redis keeps under its hash until Redis is restarted."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.hash = sha1(self.text.encode(), usedforsecurity=False).hexdigest()


def read_script(name: str) -> RedisScript:
    """Return the script of this name. A script that reads buckets begins with the function for that (`held.lua`)."""
    text = _read_lua(name)
    if name in ("begin", "end"):
        text = _read_lua("held") + text
    return RedisScript(text)


def _read_lua(name: str) -> str:
    return Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8")


class RedisLimits:
    """The store of limits at a URL: one server, or a cluster. RedisUnavailable if it does not answer."""

    def __init__(self, url: str, *, lease_seconds: float = LEASE_SECONDS, trip_seconds: float = TRIP_SECONDS) -> None:
        self._connection: RedisConnection | RedisCluster
        if "+cluster:" in url:
            self._connection = RedisCluster(url, trip_seconds)
        else:
            self._connection = RedisConnection(url, trip_seconds)
        self._lease = int(lease_seconds * 1_000_000)
        self._begin = read_script("begin")
        self._end = read_script("end")
        self._renew = read_script("renew")
        self._process = os.urandom(8).hex().encode()
        self._numbers = count()
        # The identities of the requests under way, by the tokens of their reservations.
        self._identities: dict[bytes, str] = {}
        self._tokens_before: set[bytes] = set()
        self._renewer: asyncio.Task[None] | None = None
        self._recent: dict[str, tuple[Remaining, float]] = {}

    async def begin(self, identity: str, quota: Quota, points: int, used: int | None = None) -> Decision:
        check(quota, points)
        self._recent.pop(identity, None)
        if used is None:
            charged_points = points
            token = b"%s:%d" % (self._process, next(self._numbers))
        else:
            # The request ends with its beginning: one visit, and no reservation.
            charged_points = used
            token = b""
        arguments: list[Argument] = [quota.at_once, token, self._lease]
        for limit in quota.limits:
            price = divmod(points * limit.point, limit.rate)
            charge = divmod(charged_points * limit.point, limit.rate)
            arguments += [limit.name, limit.rate, limit.pace, *price, *limit.room, *charge]
        own_debts = gcra.price(quota.limits, points)
        try:
            allowed, now, others, *debts = await self._run(self._begin, keys(identity), arguments)
        except asyncio.CancelledError:
            # The command may be on its way. The one that follows it frees the place, but the price is lost. It has the
            # text of the script, because nobody waits for its answer to send the text if the server lacks the script.
            if used is None:
                reservation = Reservation(self, identity, quota, points, token, 0, own_debts)
                arguments = _list_end_arguments(reservation, 0)
                self._connection.send("EVAL", self._end.text, 2, *keys(identity), *arguments)
            raise
        left = _read_remaining(quota, debts)
        if not allowed:
            return refusal(quota.limits, left.debts, points)
        if used is not None:
            return Decision(None, None, 0.0, left)
        self._identities[token] = identity
        if self._renewer is None:
            renewing = repeat("the renewal of leases", self._renew_leases, self._lease / 3_000_000)
            self._renewer = asyncio.create_task(renewing)
        owed = own_debts if others else left.debts
        reservation = Reservation(self, identity, quota, points, token, now, owed)
        return Decision(reservation, None, 0.0, left)

    async def end(self, reservation: Reservation, unused: int = 0) -> Remaining:
        self.forget(reservation)
        self._recent.pop(reservation.identity, None)
        arguments = _list_end_arguments(reservation, min(unused, reservation.points))
        debts = await self._run(self._end, keys(reservation.identity), arguments)
        return _read_remaining(reservation.quota, debts)

    def forget(self, reservation: Reservation) -> None:
        """Stop renewing a reservation, because its request has ended. It expires by itself if Redis cannot be
        reached."""
        self._identities.pop(reservation.token, None)

    async def look(self, identity: str, quota: Quota) -> Remaining:
        nothing = Reservation(self, identity, quota, 0, b"", 0, gcra.price(quota.limits, 0))
        debts = await self._run(self._end, keys(identity), _list_end_arguments(nothing, 0))
        return _read_remaining(quota, debts)

    async def recent(self, identity: str, quota: Quota) -> Remaining:
        # A trip takes as long as everything else that a 304 needs.
        left, since = self._recent.get(identity, (None, 0.0))
        elapsed = time.monotonic() - since
        if left is not None and left.limits is quota.limits and elapsed < RECENT_SECONDS:
            debts = gcra.later(left.limits, left.debts, int(elapsed * gcra.SECOND))
            return Remaining(left.limits, debts)
        left = await self.look(identity, quota)
        if len(self._recent) >= MAX_RECENT:
            self._recent.clear()
        self._recent[identity] = (left, time.monotonic())
        return left

    async def probe(self) -> None:
        """Visit each node as a request does, because a node that answers a ping may still refuse to write.
        RedisUnavailable if one does not answer."""
        for identity in await self._connection.probe_keys():
            decision = await self.begin(identity, PROBE, 1)
            if decision.reservation is not None:
                await self.end(decision.reservation)

    async def close(self) -> None:
        if self._renewer is not None:
            self._renewer.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewer
        await self._connection.close()

    async def _run(self, script: RedisScript, keys: tuple[str, ...], arguments: list[Argument]) -> Any:
        try:
            return await self._connection.send("EVALSHA", script.hash, len(keys), *keys, *arguments)
        except self._connection.missing_script:
            pass
        except self._connection.refusal as error:
            raise RedisUnavailable(_describe_refusal(error)) from None
        try:
            return await self._connection.send("EVAL", script.text, len(keys), *keys, *arguments)
        except self._connection.refusal as error:
            raise RedisUnavailable(_describe_refusal(error)) from None

    async def _renew_leases(self) -> None:
        # Only leases that were held the last time already. Most requests end before that.
        for token in self._tokens_before & self._identities.keys():
            _, leases_key = keys(self._identities.get(token, ""))
            with suppress(RedisUnavailable):
                await self._run(self._renew, (leases_key,), [token, self._lease])
        self._tokens_before = set(self._identities)


def keys(identity: str) -> tuple[str, str]:
    """Return the keys of a caller's buckets and of its running requests, in one slot of a cluster."""
    return f"briefing:{{{identity}}}:buckets", f"briefing:{{{identity}}}:leases"


def _describe_refusal(error: Exception) -> str:
    # Only a service with limits in Redis imports its library.
    from redis.exceptions import AskError, ClusterCrossSlotError, MovedError

    if isinstance(error, AskError | MovedError | ClusterCrossSlotError):
        return "this is a node of a cluster: BRIEFING_REDIS_URL has to begin with redis+cluster://"
    return str(error)


def _list_end_arguments(reservation: Reservation, unused: int) -> list[Argument]:
    """Return the arguments of the script that ends a request."""
    arguments: list[Argument] = [reservation.token, reservation.since]
    for limit, owed in zip(reservation.quota.limits, reservation.owed, strict=True):
        refund = divmod(unused * limit.point, limit.rate)
        debt = divmod(owed, limit.rate)
        arguments += [limit.name, limit.rate, limit.pace, *refund, *debt]
    return arguments


def _read_remaining(quota: Quota, pairs: Sequence[int]) -> Remaining:
    """Return what is left of a quota. The script returns each debt as a pair of numbers."""
    debts = []
    for limit, whole, rest in zip(quota.limits, pairs[::2], pairs[1::2], strict=True):
        debts.append(whole * limit.rate + rest)
    return Remaining(quota.limits, debts)
