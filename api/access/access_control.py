"""Identify callers and enforce their plans, for REST and GraphQL.

A request pays its price before it runs and is refunded what it did not use: a page of 50 that held 12 records costs 12.
Finding out the price takes work, so a request that was not seen before pays one point of it first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.access.caller import Caller
from api.access.caller_cache import CallerCache
from api.access.key import digest, read
from api.access.limits import AT_ONCE, Bucket, Decision, Limits, Quota, Remaining, Reservation, gcra
from api.access.limits.limits import refusal
from api.cache import SizedCache
from api.errors import RateLimited, Unavailable
from api.settings import Settings

# Unknown keys by network, and unknown hashes of documents by caller. Looking one up takes the store, and callers who
# guess must not delay those whose key is new to this process. A known key or hash is free.
TRIES = Quota((Bucket("tries", 300, 60, 60),), 1000)
# If no try is left, wait up to so many seconds for one before refusing. One comes back in a second, so this limit never
# refuses a client that sends one request after the other. Without the wait, it could refuse a client that has just
# waited for the Retry-After of its plan.
TRY_SECONDS = 1.5
# Points that a request pays before its parameters or its document are read.
READING = 1
MAX_ANONYMOUS_BYTES = 1024 * 1024  # of callers without a key, about 5,000


class Charge:
    """The points that a request took from its caller's limits.

    `price` is the points taken before it runs. `used` is what it costs in the end, which is more than the price if its
    texts are long. `paid` of the points were taken by an earlier charge and are never refunded. `left` is what the
    caller has left afterwards; None if nothing is limited. `refusal` is the error to end the request with, if the
    caller had too few points left; then nothing was taken."""

    __slots__ = ("_is_settled", "_paid", "_reservation", "_standing", "left", "price", "refusal", "used")

    def __init__(
        self, price: int, decision: Decision | None = None, used: int | None = None, paid: int = 0, *, read: bool = True
    ) -> None:
        self.price = price
        self.used = price
        if used is not None:
            self.used = max(used, paid)
        self.left: Remaining | None = None
        self._paid = paid
        self._standing: list[int] | None = None
        self._reservation: Reservation | None = None
        self.refusal: RateLimited | None = None
        self._is_settled = used is not None
        if decision is not None:
            self.left = decision.left
            self._reservation = decision.reservation
            if decision.hit is not None:
                self.used = paid
                self._is_settled = True
                known_price = price if read else None
                self.refusal = _build_refusal(known_price, decision)

    @property
    def holds_place(self) -> bool:
        """True while the request holds one of its caller's places for requests at once."""
        return self._reservation is not None and not self._is_settled

    async def settle(self, used: int) -> None:
        """Set what a request cost: refund the rest of its price, or take more points. Only the first call counts."""
        if self._is_settled:
            return
        self._is_settled = True
        self.used = max(used, self._paid)
        reservation = self._reservation
        if reservation is not None:
            self.left = await reservation.store.end(reservation, self.price - self.used)
            self._standing = None

    @property
    def standing(self) -> list[int]:
        """The whole points left and the whole seconds until all points are back, for one limit after the other."""
        if self._standing is None:
            left = self.left
            self._standing = []
            if left is not None:
                self._standing = gcra.standing(left.limits, left.debts)
        return self._standing


class AccessControl:
    """Identifies callers by their keys or networks, and enforces their plans. Without `limits` nothing is enforced."""

    def __init__(self, caller_cache: CallerCache, limits: Limits | None, settings: Settings) -> None:
        self.caller_cache = caller_cache
        self.limits = limits
        self._environment = settings.key_environment
        self._anonymous: SizedCache[Caller] = SizedCache(MAX_ANONYMOUS_BYTES)

    async def caller(self, key: str, network: str) -> Caller:
        """Return the caller with this key. Unauthenticated or a subclass if it is not valid, RateLimited if too many
        wrong keys came from the network, Unavailable if the store does not answer."""
        key_digest = read(key, self._environment)
        if self.caller_cache.knows(key_digest):
            return await self.caller_cache.caller(key_digest)
        charge = await self.attempt(f"keys:{network}")
        cost = 1
        try:
            caller = await self.caller_cache.caller(key_digest)
            cost = 0
        except Unavailable:
            cost = 0
            raise
        finally:
            await charge.settle(cost)
        return caller

    def at_hand(self, key: str) -> Caller | None:
        """Return the caller with this key if that is known without asking the store. ExpiredKey or RevokedKey."""
        # A key that is known was well-formed. Checking its form again would double the time of this call.
        return self.caller_cache.at_hand(digest(key))

    def anonymous(self, network: str) -> Caller:
        """Return the caller without a key from this network. Unauthenticated if a key is needed, Unavailable if the
        plans are not read yet."""
        plan = self.caller_cache.anonymous_plan
        if plan is None:
            raise self.caller_cache.why_closed()
        caller = self._anonymous.get(network)
        if caller is None or caller.plan is not plan:
            caller = Caller(f"ip:{network}", plan)
            self._anonymous.put(network, caller, 200)
        return caller

    async def attempt(self, identity: str) -> Charge:
        """Charge for naming a key or a hash that may be unknown; `settle(0)` if it was known. RateLimited if the caller
        has no tries left."""
        if self.limits is None:
            return Charge(1)
        decision = await self.limits.begin(identity, TRIES, 1)
        seconds_left = TRY_SECONDS
        while not decision.allowed and decision.retry_after <= seconds_left:
            seconds_left -= decision.retry_after
            await asyncio.sleep(decision.retry_after)
            decision = await self.limits.begin(identity, TRIES, 1)
        charge = Charge(1, decision)
        if charge.refusal is not None:
            raise charge.refusal
        return charge

    async def begin_reading(self, caller: Caller) -> Charge:
        """Charge the first point of a price that is not known yet, without a place for requests at once. The result has
        a `refusal` if the caller had no point left."""
        if self.limits is None:
            return Charge(READING, None, READING)
        decision = await self.limits.begin(caller.identity, caller.plan.quota, READING, READING)
        return Charge(READING, decision, READING, read=False)

    async def begin(self, caller: Caller, price: int, used: int | None = None, paid: int = 0) -> Charge:
        """Charge the price, except for what is already `paid`. The result has a `refusal` if the caller had too few
        points left, or too many requests at once. If it is known how much of the price will be `used`, settle the
        request with that. TooExpensive if the plan can never grant the price."""
        if self.limits is None:
            return Charge(price, None, used, paid)
        unpaid_price = max(0, price - paid)
        unpaid_use = None
        if used is not None:
            unpaid_use = max(0, used - paid)
        decision = await self.limits.begin(caller.identity, caller.plan.quota, unpaid_price, unpaid_use)
        if paid and decision.hit is not None and decision.hit != AT_ONCE:
            # The same request is known the next time, and pays its whole price at once: Retry-After has to cover that.
            decision = refusal(decision.left.limits, decision.left.debts, price)
        return Charge(price, decision, used, paid)

    @asynccontextmanager
    async def hold_place(self, caller: Caller) -> AsyncIterator[None]:
        """Hold one of the caller's places for requests at once while its client reads an answer. The answer is paid
        for, and the place of its request was given back already: most clients read at once, and holding the place for
        all of them would take a second visit to the limits."""
        reservation = None
        if self.limits is not None:
            decision = await self.limits.begin(caller.identity, caller.plan.unread, 0)
            reservation = decision.reservation
        try:
            yield
        finally:
            if reservation is not None:
                await reservation.store.end(reservation)

    async def charge_nothing(self, caller: Caller) -> Charge:
        """Return the charge of a request that costs nothing, such as a 304. It reports what the caller has left."""
        charge = Charge(0, None, 0)
        if self.limits is not None:
            charge.left = await self.limits.recent(caller.identity, caller.plan.quota)
        return charge

    async def left(self, caller: Caller) -> Remaining | None:
        """Return what is left of a caller's limits; None if nothing is limited."""
        if self.limits is None:
            return None
        return await self.limits.look(caller.identity, caller.plan.quota)


def _build_refusal(price: int | None, decision: Decision) -> RateLimited:
    """Return the error for a decision. The price is None if the request was not read."""
    assert decision.hit is not None
    if decision.hit == AT_ONCE:
        detail = "Too many of your requests are under way at once."
    elif decision.hit == TRIES.limits[0].name:
        detail = "You sent too many unknown keys or hashes of documents."
    elif price is None:
        detail = f"Your plan's limit of the {decision.hit} has no point left."
    else:
        detail = f"This request costs {price} points, and your plan's limit of the {decision.hit} has fewer left."
    hint = "Try again after Retry-After; RateLimit contains what is left, and GET /vN/me what your plan allows."
    return RateLimited(detail, hint, limit=decision.hit, price=price, retry_after=decision.retry_after)
