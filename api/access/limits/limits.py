"""What doors know of the limits: a request begins, with a verdict, and ends, with what it did not need.

A request costs a store two visits at most. `begin` takes its price from every limit of the caller, and one of its
places for requests at once; or, where one of them is short, nothing. `end` gives both back, the price as far as it was
not needed. Where it is known beforehand how much will have been needed, one visit does both. A lease stands for what
was taken in between: it knows its store, so that a request which began while Redis was away ends where it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple, Protocol

from api.access.limits import gcra
from api.access.limits.gcra import Limit
from api.errors import Fault, TooExpensive

# What a verdict names where it was not one of the limits that was hit.
AT_ONCE = "at_once"
# Nobody knows when a request will end: who has too many under way tries again after so many seconds.
AT_ONCE_AGAIN = 1.0
MOST_LIMITS = 4
MOST_AT_ONCE = 10_000
PACES = Struct(f"<{2 * MOST_LIMITS}I")


@dataclass(frozen=True)
class Terms:
    """What a caller may: its limits, and how many requests at once. ValueError where these are no terms."""

    limits: tuple[Limit, ...]
    at_once: int
    most: int = field(init=False, repr=False, compare=False)
    """The highest price that can ever be granted."""
    paces: bytes = field(init=False, repr=False, compare=False)
    """How fast each limit fills, as a store keeps it beside the moment that it worked out by it."""

    def __post_init__(self) -> None:
        names = {limit.name for limit in self.limits}
        if not 1 <= len(self.limits) <= MOST_LIMITS or len(names) < len(self.limits):
            raise ValueError(f"terms have 1 to {MOST_LIMITS} limits, each under a name of its own")
        if type(self.at_once) is not int or not 1 <= self.at_once <= MOST_AT_ONCE:
            raise ValueError(f"requests at once are a whole number from 1 to {MOST_AT_ONCE:,}, not {self.at_once!r}")
        object.__setattr__(self, "paces", paces(self.limits))
        object.__setattr__(self, "most", min(limit.size for limit in self.limits))

    def share(self, processes: int, points: int) -> Terms:
        """What one of so many processes grants by itself, at least one point and one request."""
        return Terms(tuple(limit.share(processes, points) for limit in self.limits), max(1, self.at_once // processes))


def paces(limits: Sequence[Limit]) -> bytes:
    """The points of each limit and their periods, with zeros for limits that are not there."""
    missing = [0] * (MOST_LIMITS - len(limits))
    return PACES.pack(*(one.points for one in limits), *missing, *(one.period for one in limits), *missing)


# Tuples, since several are made for every request and a frozen dataclass costs four times as much.
class Left(NamedTuple):
    """What is left, limit by limit in the order of the terms; worked out where somebody asks."""

    limits: tuple[Limit, ...]
    debts: Sequence[int]

    @property
    def remaining(self) -> tuple[int, ...]:
        """Whole points."""
        return tuple(map(gcra.left, self.limits, self.debts))

    @property
    def reset(self) -> tuple[float, ...]:
        """Seconds until all points are back."""
        return tuple(map(gcra.full, self.limits, self.debts))


class Lease(NamedTuple):
    """What a request holds from its beginning to its end."""

    store: Limits
    identity: str
    terms: Terms
    points: int
    token: bytes
    """How the store finds it again, where it needs more than the identity."""
    since: int
    """When it began, by the store's clock, in microseconds."""
    owed: Sequence[int]
    """The debts right after it began; where others were under way, its own alone."""


class Verdict(NamedTuple):
    """Whether a request may go on."""

    lease: Lease | None
    """What `end` wants to have; None where the request may not go on, or has ended with its beginning."""
    hit: str | None
    """The name of the limit that was short, the one with the longest wait, or AT_ONCE; None where none was."""
    retry_after: float
    """Seconds until the same request fits, if nobody else asks meanwhile: who waits so long is not refused again."""
    left: Left

    @property
    def allowed(self) -> bool:
        return self.hit is None


class Limits(Protocol):
    """A store of limits. TooExpensive where a price is above what the terms can ever grant."""

    async def begin(self, identity: str, terms: Terms, points: int, used: int | None = None) -> Verdict:
        """Take a price and a place, or neither. A caller that is cancelled meanwhile holds nothing. Where it is known
        that no more than `used` is needed, no more is taken, and the request has ended: it has no lease."""

    async def end(self, lease: Lease, unused: int = 0) -> Left:
        """Give back the place, and refund the points that were not needed; a negative number takes points beyond the
        price. Call it once for each lease, however the request ended."""

    async def look(self, identity: str, terms: Terms) -> Left:
        """What is left, without taking any."""

    async def recent(self, identity: str, terms: Terms) -> Left:
        """Return what is left, without taking any. It may lack what other processes took within the last second, if
        finding that out would take a trip."""

    async def close(self) -> None:
        """Let go of connections and memory."""


def check(terms: Terms, points: int) -> None:
    """TooExpensive where a price can never be granted: waiting would not help. ValueError where it is none."""
    if points > terms.most:
        detail = f"This request costs {points} points; your plan grants at most {terms.most} at a time."
        raise TooExpensive(detail, (Fault("", detail, "too_expensive"),), "Ask for smaller pages or fewer links.")
    if points < 0:
        raise ValueError(f"a price is not negative: {points}")


def refusal(limits: tuple[Limit, ...], debts: Sequence[int], points: int) -> Verdict:
    """The verdict where something was short; where it was no limit, it was requests at once."""
    hit, longest = AT_ONCE, 0
    for limit, owed in zip(limits, debts, strict=True):
        wait = gcra.wait(limit, owed, points)
        if wait > longest:
            hit, longest = limit.name, wait
    return Verdict(None, hit, longest / gcra.SECOND or AT_ONCE_AGAIN, Left(limits, debts))
