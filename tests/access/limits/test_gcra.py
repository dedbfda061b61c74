"""The arithmetic of a bucket, compared with the same in fractions."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from api.access.limits import gcra
from api.access.limits.gcra import MAX_POINTS, MAX_SECONDS, SECOND, Bucket

NOW = 10**12

limits = st.builds(
    lambda size, points, period: Bucket("l", min(size, MAX_SECONDS * points // period) or 1, points, period),
    st.integers(1, MAX_POINTS),
    st.integers(1, MAX_POINTS),
    st.sampled_from([1, 7, 60, 86_400]),
)


@given(limits)
def test_a_point_takes_its_part_of_the_period_to_come_back(limit: Bucket) -> None:
    assert Fraction(limit.point, limit.rate) == Fraction(limit.period * SECOND, limit.points)
    assert math.gcd(limit.point, limit.rate) == 1, "in the least numbers"


@given(limits, st.floats(0, 1.5), st.integers(0, 1000), st.integers(0, 1000))
def test_a_take_is_exact(limit: Bucket, full: float, points: int, spent: int) -> None:
    """Compare the moments, and the points that are left, with points as fractions."""
    debt = int(full * limit.empty)
    (whole,), (rest,) = gcra.moments([limit], [debt], NOW)
    fits, before, after, wholes, rests = gcra.take([limit], [whole], [rest], NOW, points, spent)
    missing = Fraction(debt, limit.point)
    assert before == gcra.debts([limit], [whole], [rest], NOW) == [debt]
    assert fits == (missing + points <= limit.size)
    assert Fraction(after[0], limit.point) == missing + spent
    assert (wholes, rests) == gcra.moments([limit], after, NOW)
    assert Fraction(wholes[0] - NOW) + Fraction(rests[0], limit.rate) == Fraction(after[0], limit.rate)


@given(limits, st.floats(0, 1.5))
def test_the_reported_remainder_is_correct(limit: Bucket, full: float) -> None:
    debt = int(full * limit.empty)
    missing = Fraction(debt, limit.point)
    seconds = missing * limit.period / limit.points
    assert gcra.standing([limit], [debt]) == [max(0, math.floor(limit.size - missing)), math.ceil(seconds)]


@given(limits, limits, st.floats(0, 1))
def test_under_another_limit_as_many_points_are_missing_as_before(old: Bucket, new: Bucket, full: float) -> None:
    debt = int(full * old.empty)
    (whole,), (rest,) = gcra.moments([old], [debt], NOW)
    moment, fraction = gcra.repaced(new, whole, rest, old.points, old.period, NOW)
    debts = gcra.debts([new], [moment], [fraction], NOW)
    more = Fraction(debts[0], new.point) - Fraction(debt, old.point)
    assert 0 <= more < Fraction(1, new.point), "rounded up by less than a unit"


def test_a_bucket_that_is_full_owes_nothing() -> None:
    limit = Bucket("l", 10, 1, 60)
    assert gcra.debts([limit], [NOW - 1], [0], NOW) == [0]
    assert gcra.take([limit], [0], [0], NOW, 10, 10)[0] and not gcra.take([limit], [0], [0], NOW, 11, 0)[0]
