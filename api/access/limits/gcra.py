"""How full a bucket is, in whole numbers: the generic cell rate algorithm of ITU-T I.371, as virtual scheduling.

A bucket holds `size` points and gets `points` of them back every `period` seconds. What is kept of it is one moment,
the *theoretical arrival time* (TAT) of that standard: when it will be full again. A take moves that moment on, and fits
as long as it is no further away than an empty bucket takes to fill. So no more than size + points × T / period are
taken in any T seconds, wherever these begin, and nothing has to run while nobody asks.

Time is in whole microseconds. Of the moment before it a bucket keeps `rest`, in 1/points µs, so that nothing is ever
rounded: points × period may be any numbers, and a client that comes just in time is never a microsecond early. In
between everything is a *debt*: what is missing, in units of which a point is worth `period` in microseconds and of
which `points` come back every microsecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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

    def __post_init__(self) -> None:
        bounds = {"size": MOST_POINTS, "points": MOST_POINTS, "period": MOST_SECONDS}
        for name, most in bounds.items():
            value = getattr(self, name)
            # A bool is an int to Python, and no number of points.
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(f"the {name} of a limit is a whole number from 1 to {most:,}, not {value!r}")
        if self.size * self.period > MOST_SECONDS * self.points:
            raise ValueError(f"the limit {self.name} takes more than {MOST_SECONDS:,} seconds to fill")

    @cached_property
    def point(self) -> int:
        """What a point is worth, in units of debt."""
        return self.period * SECOND

    @cached_property
    def empty(self) -> int:
        """The debt of an empty bucket."""
        return self.size * self.point

    @cached_property
    def room(self) -> tuple[int, int]:
        """The same as a time: whole microseconds, and a rest in 1/points of one."""
        return divmod(self.empty, self.points)

    def share(self, processes: int, points: int) -> Limit:
        """What one of so many processes grants by itself: its part of the bucket, filled at its part of the rate.

        `points` is the price that is asked for: where it is more than the part, the part is stretched to it, for else
        it would never be granted. The debt that it leaves is paid at the same rate before anything else is.
        """
        size = max(1, self.size // processes, min(points, self.size))
        period = min(self.period * processes, MOST_SECONDS * self.points // size, MOST_SECONDS)
        return Limit(self.name, size, self.points, period)


def debt(limit: Limit, whole: int, rest: int, now: int) -> int:
    """What is missing in a bucket that will be full at this moment; 0 where it is full."""
    if whole < now:
        return 0
    # A rest that was left under another plan may be more than there can be of it under this one.
    return (whole - now) * limit.points + (rest if rest < limit.points else limit.points - 1)


def moment(limit: Limit, owed: int, now: int) -> tuple[int, int]:
    """When a bucket with this debt will be full, as whole microseconds and rest."""
    whole, rest = divmod(owed, limit.points)
    return now + whole, rest


def take(limits: Sequence[Limit], debts: Sequence[int], points: int) -> list[int] | None:
    """The debts after so many points were taken from every bucket; None where one of them has too few."""
    after = []
    for limit, owed in zip(limits, debts, strict=True):
        owes = owed + points * limit.point
        if owes > limit.empty:
            return None
        after.append(owes)
    return after


def price(limits: Sequence[Limit], points: int) -> list[int]:
    """The debts that so many points alone are."""
    return [points * limit.point for limit in limits]


def give(limits: Sequence[Limit], debts: Sequence[int], owed: Sequence[int], unused: int, elapsed: int) -> list[int]:
    """The debts after so many points of an earlier take came back.

    `owed` was the debt right after that take, `elapsed` microseconds ago; where others had taken points then that may
    come back too, only the price of the take itself. What has come back of it meanwhile without our doing is not given
    a second time: else a caller could hold a price, wait for it to come back, spend it, and get it once more.
    """
    return [
        owes - max(0, min(owes, unused * limit.point, after - elapsed * limit.points))
        for limit, owes, after in zip(limits, debts, owed, strict=True)
    ]


def left(limit: Limit, owed: int) -> int:
    """Whole points in a bucket."""
    return max(0, (limit.empty - owed) // limit.point)


def full(limit: Limit, owed: int) -> float:
    """Seconds until a bucket is full."""
    return owed / (limit.points * SECOND)


def standing(limit: Limit, owed: int) -> tuple[str, int, int]:
    """The name of a limit, the whole points left, and the whole seconds until all of them are back."""
    return limit.name, max(0, (limit.empty - owed) // limit.point), -(-owed // (limit.points * SECOND))


def wait(limit: Limit, owed: int, points: int) -> int:
    """Microseconds until so many points can be taken, rounded up: 0 where they can be now."""
    return max(0, -((limit.empty - owed - points * limit.point) // limit.points))
