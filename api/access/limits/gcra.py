"""How full a bucket is, in whole numbers: the generic cell rate algorithm of ITU-T I.371, as virtual scheduling.

A bucket holds `size` points and gets `points` of them back every `period` seconds. What is kept of it is one moment,
the *theoretical arrival time* (TAT) of that standard: when it will be full again. A take moves that moment on, and fits
as long as it is no further away than an empty bucket takes to fill. So no more than size + points × T / period are
taken in any T seconds, wherever these begin, and nothing has to run while nobody asks.

Time is in whole microseconds. Of the moment before it a bucket keeps `rest`, in 1/rate µs, so that nothing is ever
rounded: points and period may be any numbers, and a client that comes just in time is never a microsecond early. In
between everything is a *debt*: what is missing, in units of which a point is worth `point` and `rate` come back every
microsecond; the two are the period in microseconds and its points, by their greatest common divisor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import gcd

SECOND = 1_000_000
MOST_POINTS = 1_000_000_000
# A stored moment has to fit into the 53 bits of a number in Lua, the microseconds since 1970 included.
MOST_SECONDS = 1_000_000_000


@dataclass(frozen=True)
class Limit:
    """A bucket of `size` points that gets `points` back every `period` seconds. ValueError where it cannot be one."""

    name: str
    size: int
    points: int
    period: int
    # Worked out once, as fields of their own: to look one up that is a property takes as long as a step of the sums.
    point: int = field(init=False, repr=False, compare=False)
    """What a point is worth, in units of debt."""
    rate: int = field(init=False, repr=False, compare=False)
    """The debt that comes back in a microsecond. It and `point` are the least numbers that it can be told in."""
    empty: int = field(init=False, repr=False, compare=False)
    """The debt of an empty bucket."""
    second: int = field(init=False, repr=False, compare=False)
    """The debt that comes back in a second."""
    pace: str = field(init=False, repr=False, compare=False)
    """How fast a bucket fills: rate/point."""
    room: tuple[int, int] = field(init=False, repr=False, compare=False)
    """What an empty bucket takes to fill: whole microseconds, and a rest in 1/rate of one."""

    def __post_init__(self) -> None:
        bounds = {"size": MOST_POINTS, "points": MOST_POINTS, "period": MOST_SECONDS}
        for name, most in bounds.items():
            value = getattr(self, name)
            # A bool is an int to Python, and no number of points.
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(f"the {name} of a limit is a whole number from 1 to {most:,}, not {value!r}")
        if self.size * self.period > MOST_SECONDS * self.points:
            raise ValueError(f"the limit {self.name} takes more than {MOST_SECONDS:,} seconds to fill")
        # Small numbers: Python counts beyond 30 bits in several steps.
        common = gcd(self.period * SECOND, self.points)
        point, rate = self.period * SECOND // common, self.points // common
        object.__setattr__(self, "point", point)
        object.__setattr__(self, "rate", rate)
        object.__setattr__(self, "empty", self.size * point)
        object.__setattr__(self, "second", rate * SECOND)
        object.__setattr__(self, "pace", f"{rate}/{point}")
        object.__setattr__(self, "room", divmod(self.size * point, rate))

    def share(self, processes: int, points: int) -> Limit:
        """What one of so many processes grants by itself: its part of the bucket, filled at its part of the rate.

        `points` is the price that is asked for: where it is more than the part, the part is stretched to it, for else
        it would never be granted. The debt that it leaves is paid at the same rate before anything else is.
        """
        size = max(1, self.size // processes, min(points, self.size))
        period = min(self.period * processes, MOST_SECONDS * self.points // size, MOST_SECONDS)
        return Limit(self.name, size, self.points, period)


# All of a caller's limits in one call and one pass: `take` is run for every request.
def take(
    limits: Sequence[Limit], wholes: Sequence[int], rests: Sequence[int], now: int, points: int, used: int
) -> tuple[bool, list[int], list[int], list[int], list[int]]:
    """Whether so many points can be taken from every one of the buckets that will be full at these moments; their
    debts, those after `used` of the points were taken, and the moments after that, as they came."""
    fits, debts, after, wholes_after, rests_after = True, [], [], [], []
    for limit, whole, rest in zip(limits, wholes, rests, strict=False):
        rate, point = limit.rate, limit.point
        owed = 0 if whole < now else (whole - now) * rate + rest
        debts.append(owed)
        if owed + points * point > limit.empty:
            fits = False
        owed += used * point
        after.append(owed)
        whole = owed // rate
        wholes_after.append(now + whole)
        rests_after.append(owed - whole * rate)
    return fits, debts, after, wholes_after, rests_after


def debts(limits: Sequence[Limit], wholes: Sequence[int], rests: Sequence[int], now: int) -> list[int]:
    """What is missing in buckets that will be full at these moments; 0 where one is full."""
    return take(limits, wholes, rests, now, 0, 0)[1]


def later(limits: Sequence[Limit], debts: Sequence[int], elapsed: int) -> list[int]:
    """Return the debts after so many microseconds in which nothing was taken."""
    return [max(0, owed - elapsed * limit.rate) for limit, owed in zip(limits, debts, strict=True)]


def moments(limits: Sequence[Limit], debts: Sequence[int], now: int) -> tuple[list[int], list[int]]:
    """When buckets with these debts will be full: the whole microseconds, and the rests."""
    pairs = [divmod(owed, limit.rate) for limit, owed in zip(limits, debts, strict=True)]
    return [now + whole for whole, _ in pairs], [rest for _, rest in pairs]


def repaced(limit: Limit, whole: int, rest: int, points: int, period: int, now: int) -> tuple[int, int]:
    """When a bucket will be full that was left under another limit, of `points` every `period` seconds: what is missing
    is as many points as it was."""
    if whole < now or (points == limit.points and period == limit.period):
        return whole, rest
    common = gcd(period * SECOND, points)
    point, rate = period * SECOND // common, points // common
    missing = (whole - now) * rate + min(rest, rate - 1)
    whole, rest = divmod(-(-missing * limit.point // point), limit.rate)
    return now + whole, rest


def price(limits: Sequence[Limit], points: int) -> list[int]:
    """The debts that so many points alone are."""
    return [points * limit.point for limit in limits]


def give(limits: Sequence[Limit], debts: Sequence[int], owed: Sequence[int], unused: int, elapsed: int) -> list[int]:
    """The debts after so many points of an earlier take came back.

    `owed` was the debt right after that take, `elapsed` microseconds ago; where others had taken points then that may
    come back too, only the price of the take itself. What has come back of it meanwhile without our doing is not given
    a second time: else a caller could hold a price, wait for it to come back, spend it, and get it once more.

    A negative `unused` takes points beyond that price. The bucket may then owe more than it holds; nothing can be taken
    from it until that has come back.
    """
    if unused < 0:
        return [owes - unused * limit.point for limit, owes in zip(limits, debts, strict=True)]
    return [
        owes - max(0, min(owes, unused * limit.point, after - elapsed * limit.rate))
        for limit, owes, after in zip(limits, debts, owed, strict=True)
    ]


def left(limit: Limit, owed: int) -> int:
    """Whole points in a bucket."""
    return max(0, (limit.empty - owed) // limit.point)


def full(limit: Limit, owed: int) -> float:
    """Seconds until a bucket is full."""
    return owed / limit.second


def standing(limits: Sequence[Limit], debts: Sequence[int]) -> list[int]:
    """Of each limit the whole points left and the whole seconds until all of them are back, one after the other."""
    found = []
    for limit, owed in zip(limits, debts, strict=True):
        found.append((limit.empty - owed) // limit.point if owed < limit.empty else 0)
        found.append((owed - 1) // limit.second + 1)
    return found


def wait(limit: Limit, owed: int, points: int) -> int:
    """Microseconds until so many points can be taken, rounded up: 0 where they can be now."""
    return max(0, -((limit.empty - owed - points * limit.point) // limit.rate))
