"""What stands before both doors: who asks, and whether they have enough left for it.

A request takes its price before it runs and gets back what it did not use: a page of 50 that held 12 records costs 12.
"""

from __future__ import annotations

from math import ceil

from api.access.caller import Caller
from api.access.directory import Directory
from api.access.key import read
from api.access.limits import AT_ONCE, Lease, Left, Limit, Limits, Terms, Verdict
from api.errors import InvalidKey, RateLimited
from api.memo import Memo
from api.settings import Settings

# Keys that are none, by address: some to mend a mistake, then one in two seconds.
TRIES = Terms((Limit("tries", 100, 30, 60),), 100)


Standing = list[tuple[str, int, int]]


class Spent:
    """What a request took from its caller's limits. `price` is what it may cost at most, `used` what it did, and `left`
    what there is after it, None where nothing is limited."""

    __slots__ = ("_lease", "_refusal", "_standing", "left", "price", "used")

    def __init__(self, price: int, verdict: Verdict | None = None) -> None:
        self.price = price
        self.used = price
        self.left: Left | None = None
        self._standing: Standing | None = None
        self._lease: Lease | None = None
        self._refusal: RateLimited | None = None
        if verdict is not None:
            self.left = verdict.left
            self._lease = verdict.lease
            if verdict.lease is None:
                self.used = 0
                self._refusal = _refusal(price, verdict)

    def check(self) -> None:
        """RateLimited where there was not enough left."""
        if self._refusal is not None:
            raise self._refusal

    async def settle(self, used: int) -> None:
        """The request has ended and cost so much; the rest goes back. Only the first time counts."""
        lease, self._lease = self._lease, None
        if lease is not None:
            self.used = min(used, self.price)
            self.left = await lease.store.end(lease, self.price - self.used)
            self._standing = None

    @property
    def standing(self) -> Standing:
        """Of each limit its name, the points left, and the whole seconds until all of them are back."""
        if self._standing is None:
            left = self.left
            told = zip(left.limits, left.remaining, left.reset, strict=True) if left is not None else ()
            self._standing = [(limit.name, remaining, ceil(reset)) for limit, remaining, reset in told]
        return self._standing


SEEN_MOST = 1024 * 1024  # of callers without a key, about 5,000


class Gate:
    """Knows callers by their keys or their networks, and holds them to their plans. Without `limits` nobody is held."""

    def __init__(self, directory: Directory, limits: Limits | None, settings: Settings) -> None:
        self.directory = directory
        self.limits = limits
        self._environment = settings.key_environment
        self._seen: Memo[Caller] = Memo(SEEN_MOST)

    async def caller(self, key: str | None, network: str) -> Caller:
        """Who asks, with the text of a key or without. Unauthenticated and its kinds, Unavailable; RateLimited for who
        tries keys."""
        if key is None:
            return self._anonymous(network)
        try:
            return await self.directory.caller(read(key, self._environment))
        except InvalidKey:
            await self._tried(network)
            raise

    def _anonymous(self, network: str) -> Caller:
        plan = self.directory.anonymous()
        caller = self._seen.get(network)
        if caller is None or caller.plan is not plan:
            caller = Caller(f"ip:{network}", plan)
            self._seen.put(network, caller, 200)
        return caller

    async def _tried(self, network: str) -> None:
        """A key that is none costs its address a point, so that they cannot be tried without end."""
        if self.limits is None:
            return
        tried = Spent(1, await self.limits.begin(f"tries:{network}", TRIES, 1))
        tried.check()
        await tried.settle(1)

    async def begin(self, caller: Caller, price: int) -> Spent:
        """Take the price; `check` of what comes back tells whether there was enough. TooExpensive where the plan can
        never grant it."""
        if self.limits is None:
            return Spent(price)
        return Spent(price, await self.limits.begin(caller.identity, caller.plan.terms, price))

    async def left(self, caller: Caller) -> Left | None:
        """What is left of a caller's limits."""
        return None if self.limits is None else await self.limits.look(caller.identity, caller.plan.terms)


def _refusal(price: int, verdict: Verdict) -> RateLimited:
    assert verdict.hit is not None
    if verdict.hit == AT_ONCE:
        detail = "Too many of your requests are under way at once."
    else:
        detail = f"This request costs {price} points, and your plan's limit of the {verdict.hit} has fewer left."
    hint = "Try again after Retry-After; RateLimit tells what is left, and GET /v1/me what your plan allows."
    return RateLimited(detail, hint, limit=verdict.hit, price=price, retry_after=verdict.retry_after)
