"""Fill and empty buckets in whole numbers: the generic cell rate algorithm of ITU-T I.371, as virtual scheduling.

A bucket holds `size` points and gets `points` of them back every `period` seconds. Only one moment of it is stored: the
*theoretical arrival time* (TAT) of that standard, at which the bucket will be full again. A take moves that moment
forward. It fits if the moment is then no further away than an empty bucket takes to fill. So no more than size + points
× T / period are taken in any T seconds, whenever these begin, and nothing has to run between requests.

Time is in whole microseconds. A bucket also keeps `rest`, the fraction of a microsecond in 1/rate µs, so that nothing
is ever rounded. So points and period may be any whole numbers, and a client that comes just in time is never a
microsecond early. Computations use the *debt* of a bucket: what is missing in it. In the unit of debt a point is worth
`point`, and `rate` come back every microsecond. These two are the period in microseconds and its points, divided by
their greatest common divisor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import gcd

SECOND = 1_000_000
MAX_POINTS = 1_000_000_000
# A stored moment has to fit into the 53 bits of a number in Lua, the microseconds since 1970 included.
MAX_SECONDS = 1_000_000_000


@dataclass(frozen=True)
class Bucket:
    """A bucket of `size` points that gets `points` back every `period` seconds. ValueError if it is out of bounds."""

    name: str
    size: int
    points: int
    period: int
    # Computed once and stored as fields, because reading a property takes as long as a step of the computation.
    point: int = field(init=False, repr=False, compare=False)
    """The worth of a point, in units of debt."""
    rate: int = field(init=False, repr=False, compare=False)
    """The debt that comes back in a microsecond. It and `point` are the smallest whole numbers with their ratio."""
    empty: int = field(init=False, repr=False, compare=False)
    """The debt of an empty bucket."""
    second: int = field(init=False, repr=False, compare=False)
    """The debt that comes back in a second."""
    pace: str = field(init=False, repr=False, compare=False)
    """The speed at which the bucket fills: rate/point."""
    room: tuple[int, int] = field(init=False, repr=False, compare=False)
    """The time in which an empty bucket fills: whole microseconds, and a rest in 1/rate of one."""

    def __post_init__(self) -> None:
        bounds = {"size": MAX_POINTS, "points": MAX_POINTS, "period": MAX_SECONDS}
        for name, maximum in bounds.items():
            value = getattr(self, name)
            # A bool is an int in Python, but not a number of points.
            if type(value) is not int or not 1 <= value <= maximum:
                raise ValueError(f"the {name} of a limit is a whole number from 1 to {maximum:,}, not {value!r}")
        if self.size * self.period > MAX_SECONDS * self.points:
            raise ValueError(f"the limit {self.name} takes more than {MAX_SECONDS:,} seconds to fill")
        # Small numbers, because Python computes with more than 30 bits in several steps.
        common = gcd(self.period * SECOND, self.points)
        point = self.period * SECOND // common
        rate = self.points // common
        object.__setattr__(self, "point", point)
        object.__setattr__(self, "rate", rate)
        object.__setattr__(self, "empty", self.size * point)
        object.__setattr__(self, "second", rate * SECOND)
        object.__setattr__(self, "pace", f"{rate}/{point}")
        object.__setattr__(self, "room", divmod(self.size * point, rate))

    def share(self, processes: int, points: int) -> Bucket:
        """Return the limit that one of so many processes enforces by itself: its part of the bucket and of the rate.

        `points` is the price of the request. If it is more than the part, the part is enlarged to it, because the price
        would never be granted otherwise. The debt that it leaves is paid at the same rate before anything else is
        granted.
        """
        size = max(1, self.size // processes, min(points, self.size))
        period = min(self.period * processes, MAX_SECONDS * self.points // size, MAX_SECONDS)
        return Bucket(self.name, size, self.points, period)


# All limits of a caller in one call and one pass, because `take` runs for every request.
def take(
    limits: Sequence[Bucket], wholes: Sequence[int], rests: Sequence[int], now: int, points: int, used: int
) -> tuple[bool, list[int], list[int], list[int], list[int]]:
    """Return True if so many points can be taken from each of the buckets that will be full at these moments. Also
    return their debts, their debts after `used` of the points were taken, and the moments after that: the whole
    microseconds, and the rests."""
    fits = True
    debts, debts_after, wholes_after, rests_after = [], [], [], []
    for limit, whole, rest in zip(limits, wholes, rests, strict=False):
        rate, point = limit.rate, limit.point
        owed = 0
        if whole >= now:
            owed = (whole - now) * rate + rest
        debts.append(owed)
        if owed + points * point > limit.empty:
            fits = False
        owed += used * point
        debts_after.append(owed)
        elapsed = owed // rate
        wholes_after.append(now + elapsed)
        rests_after.append(owed - elapsed * rate)
    return fits, debts, debts_after, wholes_after, rests_after


def debts(limits: Sequence[Bucket], wholes: Sequence[int], rests: Sequence[int], now: int) -> list[int]:
    """Return the debts of buckets that will be full at these moments; 0 for a full one."""
    return take(limits, wholes, rests, now, 0, 0)[1]


def later(limits: Sequence[Bucket], debts: Sequence[int], elapsed: int) -> list[int]:
    """Return the debts after so many microseconds in which nothing was taken."""
    return [max(0, owed - elapsed * limit.rate) for limit, owed in zip(limits, debts, strict=True)]


def moments(limits: Sequence[Bucket], debts: Sequence[int], now: int) -> tuple[list[int], list[int]]:
    """Return when buckets with these debts will be full: the whole microseconds, and the rests."""
    wholes, rests = [], []
    for limit, owed in zip(limits, debts, strict=True):
        whole, rest = divmod(owed, limit.rate)
        wholes.append(now + whole)
        rests.append(rest)
    return wholes, rests


def repaced(limit: Bucket, whole: int, rest: int, points: int, period: int, now: int) -> tuple[int, int]:
    """Return when a bucket will be full whose moment was stored under another limit, of `points` every `period`
    seconds. As many points are missing as before."""
    if whole < now or (points == limit.points and period == limit.period):
        return whole, rest
    common = gcd(period * SECOND, points)
    point = period * SECOND // common
    rate = points // common
    missing = (whole - now) * rate + min(rest, rate - 1)
    owed = -(-missing * limit.point // point)  # rounded up
    whole, rest = divmod(owed, limit.rate)
    return now + whole, rest


def price(limits: Sequence[Bucket], points: int) -> list[int]:
    """Return the debts that so many points alone make."""
    return [points * limit.point for limit in limits]


def give(limits: Sequence[Bucket], debts: Sequence[int], owed: Sequence[int], unused: int, elapsed: int) -> list[int]:
    """Return the debts after so many points of an earlier take were refunded.

    `owed` was the debt right after that take, `elapsed` microseconds ago. If other requests had taken points then that
    may be refunded too, it is only the price of the take itself. What has come back of it with time is not refunded
    again. Otherwise a caller could hold a price, wait for it to come back, spend it, and get it once more.

    A negative `unused` takes points beyond that price. The bucket may then owe more than it holds. Nothing can be taken
    from it until that has come back.
    """
    if unused < 0:
        return [debt - unused * limit.point for limit, debt in zip(limits, debts, strict=True)]
    debts_after = []
    for limit, debt, owed_then in zip(limits, debts, owed, strict=True):
        refund = min(debt, unused * limit.point, owed_then - elapsed * limit.rate)
        debts_after.append(debt - max(0, refund))
    return debts_after


def left(limit: Bucket, owed: int) -> int:
    """Return the whole points in a bucket."""
    return max(0, (limit.empty - owed) // limit.point)


def full(limit: Bucket, owed: int) -> float:
    """Return the seconds until a bucket is full."""
    return owed / limit.second


def standing(limits: Sequence[Bucket], debts: Sequence[int]) -> list[int]:
    """Return, for one limit after the other, the whole points left and the whole seconds until all points are back."""
    numbers = []
    for limit, owed in zip(limits, debts, strict=True):
        points_left = 0
        if owed < limit.empty:
            points_left = (limit.empty - owed) // limit.point
        numbers.append(points_left)
        numbers.append((owed - 1) // limit.second + 1)
    return numbers


def wait(limit: Bucket, owed: int, points: int) -> int:
    """Return the microseconds until so many points can be taken, rounded up; 0 if they can be taken now."""
    spare = limit.empty - owed - points * limit.point
    return max(0, -(spare // limit.rate))
