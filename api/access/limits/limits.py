"""The interface of limits: a request begins with a decision, and ends with a refund of what it did not need.

`begin` takes the price of a request from every limit of the caller, and one of the caller's places for concurrent
requests. If one of them is short, it takes nothing. `end` gives back the place, and refunds the
points that were not needed. If it is known beforehand how many will be needed, one visit does both. A reservation
stands for what was taken in between. It contains its store, so that a request that began while Redis was away ends in
the store in which it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple, Protocol

from api.access.limits import gcra
from api.access.limits.gcra import Bucket
from api.errors import Fault, TooExpensive

# The `hit` of a decision if too many requests run at once, and none of the limits is short.
AT_ONCE = "at_once"
# Seconds after which a caller with too many requests at once may try again, because it is unknown when one will end.
AT_ONCE_AGAIN = 1.0
MAX_LIMITS = 4
MAX_AT_ONCE = 10_000
PACES = Struct(f"<{2 * MAX_LIMITS}I")


@dataclass(frozen=True)
class Quota:
    """The limits of a caller, and the number of its requests at once. ValueError if they are not valid."""

    limits: tuple[Bucket, ...]
    at_once: int
    max_points: int = field(init=False, repr=False, compare=False)
    """The highest price that can ever be granted."""
    paces: bytes = field(init=False, repr=False, compare=False)
    """The speed at which each limit fills. A store keeps it with the moments that were computed from it."""

    def __post_init__(self) -> None:
        names = {limit.name for limit in self.limits}
        if not 1 <= len(self.limits) <= MAX_LIMITS or len(names) < len(self.limits):
            raise ValueError(f"a quota has 1 to {MAX_LIMITS} limits, each under a name of its own")
        if type(self.at_once) is not int or not 1 <= self.at_once <= MAX_AT_ONCE:
            raise ValueError(f"requests at once are a whole number from 1 to {MAX_AT_ONCE:,}, not {self.at_once!r}")
        object.__setattr__(self, "paces", paces(self.limits))
        object.__setattr__(self, "max_points", min(limit.size for limit in self.limits))

    def share(self, processes: int, points: int) -> Quota:
        """Return the quota that one of so many processes enforces by itself: at least one point and one request."""
        limits = tuple(limit.share(processes, points) for limit in self.limits)
        return Quota(limits, max(1, self.at_once // processes))


def paces(limits: Sequence[Bucket]) -> bytes:
    """Return the points of each limit and their periods, packed, with zeros for limits that do not exist."""
    missing = [0] * (MAX_LIMITS - len(limits))
    points = [limit.points for limit in limits]
    periods = [limit.period for limit in limits]
    return PACES.pack(*points, *missing, *periods, *missing)


# Tuples, because several are made for every request, and a frozen dataclass costs four times as much.
class Remaining(NamedTuple):
    """The points left, limit by limit in the order of the quota. They are computed when they are read."""

    limits: tuple[Bucket, ...]
    debts: Sequence[int]

    @property
    def remaining(self) -> tuple[int, ...]:
        """The whole points left."""
        return tuple(map(gcra.left, self.limits, self.debts))

    @property
    def reset(self) -> tuple[float, ...]:
        """The seconds until all points are back."""
        return tuple(map(gcra.full, self.limits, self.debts))


class Reservation(NamedTuple):
    """The price and the place that a request holds from its beginning to its end."""

    store: Limits
    identity: str
    quota: Quota
    points: int
    token: bytes
    """The name by which the store finds the reservation again, if it needs more than the identity."""
    since: int
    """The time when it began, by the store's clock, in microseconds."""
    owed: Sequence[int]
    """The debts right after it began. If other requests of the caller were running, only the price of this one."""


class Decision(NamedTuple):
    """The decision of a store about a request."""

    reservation: Reservation | None
    """The reservation to call `end` with; None if the request is refused, or has ended with its beginning."""
    hit: str | None
    """The name of the limit that was short (of several, the one with the longest wait), or AT_ONCE; None if allowed."""
    retry_after: float
    """The seconds until the same request fits, if the caller sends no other one meanwhile. A caller that waits this
    long is not refused again."""
    left: Remaining

    @property
    def allowed(self) -> bool:
        return self.hit is None


class Limits(Protocol):
    """A store of limits. TooExpensive if a price is above what the quota can ever grant."""

    async def begin(self, identity: str, quota: Quota, points: int, used: int | None = None) -> Decision:
        """Take a price and a place, or neither. If it is known that only `used` of the price is needed, only that is
        taken, and the request has ended: it has no reservation. A request that is cancelled meanwhile holds no place,
        but it may lose its price."""

    async def end(self, reservation: Reservation, unused: int = 0) -> Remaining:
        """Give back the place, and refund the points that were not needed; a negative number takes points beyond the
        price. Call it once for each reservation, however the request ended."""

    async def look(self, identity: str, quota: Quota) -> Remaining:
        """Return what is left, without taking any."""

    async def recent(self, identity: str, quota: Quota) -> Remaining:
        """Return what is left, without taking any. It may lack what other processes took within the last second, if
        finding that out would take a trip."""

    async def close(self) -> None:
        """Release connections and memory."""


def check(quota: Quota, points: int) -> None:
    """Check a price. TooExpensive if it can never be granted, so that waiting would not help. ValueError if it is
    negative."""
    if points > quota.max_points:
        detail = f"This request costs {points} points; your plan grants at most {quota.max_points} at a time."
        raise TooExpensive(detail, (Fault("", detail, "too_expensive"),), "Ask for smaller pages or fewer links.")
    if points < 0:
        raise ValueError(f"a price is not negative: {points}")


def refusal(limits: tuple[Bucket, ...], debts: Sequence[int], points: int) -> Decision:
    """Return the decision that refuses a request. If no limit is short, the caller has too many requests at once."""
    hit = AT_ONCE
    longest = 0
    for limit, owed in zip(limits, debts, strict=True):
        wait = gcra.wait(limit, owed, points)
        if wait > longest:
            hit, longest = limit.name, wait
    retry_after = AT_ONCE_AGAIN
    if longest > 0:
        retry_after = longest / gcra.SECOND
    return Decision(None, hit, retry_after, Remaining(limits, debts))
