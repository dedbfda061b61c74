"""Rules for every store of limits, over requests and times that hypothesis generates, by a clock that it sets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.access.limits.gcra import SECOND, Bucket
from api.access.limits.limits import AT_ONCE, Quota, Reservation
from api.errors import TooExpensive
from tests.access.limits.conftest import Controlled

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

limits = st.builds(
    lambda size, points, period: (size, points, period),
    st.integers(1, 60),
    st.integers(1, 200) | st.sampled_from([7, 999_983]),
    st.sampled_from([1, 7, 60, 86_400]),
)
quota = st.lists(limits, min_size=1, max_size=3).map(
    lambda rows: Quota(tuple(Bucket(f"limit{n}", *row) for n, row in enumerate(rows)), 50)
)


@dataclass
class GeneratedRequest:
    """A request: the microseconds since the one before, its price and its unused part (both as shares), and after how
    many more requests it ends."""

    after: int
    price: float
    unused: float
    ends: int


requests = st.lists(
    st.builds(
        GeneratedRequest,
        st.sampled_from([0, 0, 1, 1000]) | st.integers(0, 20 * SECOND),
        st.floats(0, 1),
        st.sampled_from([0.0, 1.0]) | st.floats(0, 1),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=25,
)


@quick
@given(quota=quota, requests=requests)
async def test_never_more_than_the_plan_in_any_window(
    store: Controlled, quota: Quota, requests: list[GeneratedRequest]
) -> None:
    identity = store.somebody()
    charges: list[tuple[int, int]] = []
    open_leases: list[tuple[int, Reservation, int]] = []
    for n, request in enumerate(requests):
        await store.wait(request.after)
        for lease in [lease for lease in open_leases if lease[0] <= n]:
            open_leases.remove(lease)
            await store.limits.end(lease[1], lease[2])
        price = round(request.price * quota.max_points)
        unused = round(request.unused * price)
        known_cost = None if request.ends or n % 2 else price - unused
        decision = await store.limits.begin(identity, quota, price, known_cost)
        if known_cost is not None and decision.allowed:
            charges.append((store.now, known_cost))
        elif decision.reservation is not None:
            charges.append((store.now, price - unused))
            if request.ends:
                open_leases.append((n + request.ends, decision.reservation, unused))
            else:
                await store.limits.end(decision.reservation, unused)
    for limit in quota.limits:
        for first, (start_time, _) in enumerate(charges):
            for last in range(first, len(charges)):
                window = charges[last][0] - start_time
                most = limit.size + Fraction(limit.points * window, limit.period * SECOND)
                assert sum(points for _, points in charges[first : last + 1]) <= most


@quick
@given(quota=quota, requests=requests)
async def test_a_known_cost_is_charged_the_same_in_one_step_as_in_two(
    store: Controlled, quota: Quota, requests: list[GeneratedRequest]
) -> None:
    first, second = store.somebody(), store.somebody()
    for request in requests:
        await store.wait(request.after)
        price = round(request.price * quota.max_points)
        unused = round(request.unused * price)
        at_once = await store.limits.begin(first, quota, price, price - unused)
        decision = await store.limits.begin(second, quota, price)
        assert at_once.reservation is None
        assert (at_once.allowed, at_once.hit) == (decision.allowed, decision.hit)
        remaining = (
            decision.left if decision.reservation is None else await store.limits.end(decision.reservation, unused)
        )
        assert at_once.left.remaining == remaining.remaining


@quick
@given(quota=quota, requests=requests)
async def test_a_refusal_costs_nothing_and_waiting_retry_after_is_enough(
    store: Controlled, quota: Quota, requests: list[GeneratedRequest]
) -> None:
    identity = store.somebody()
    for request in requests:
        await store.wait(request.after)
        price = round(request.price * quota.max_points)
        before = (await store.limits.look(identity, quota)).remaining
        decision = await store.limits.begin(identity, quota, price)
        if not decision.allowed:
            assert decision.left.remaining == before == (await store.limits.look(identity, quota)).remaining
            short = [limit.name for limit, remaining in zip(quota.limits, before, strict=True) if remaining < price]
            assert decision.hit in short
            seconds = math.ceil(decision.retry_after) if request.ends else decision.retry_after
            if request.after:
                # A microsecond less is not enough, so no client is told to wait for longer than necessary.
                await store.wait(round(decision.retry_after * SECOND) - 1)
                assert not (await store.limits.begin(identity, quota, price)).allowed
                await store.wait(1 + round((seconds - decision.retry_after) * SECOND))
            else:
                await store.wait(round(seconds * SECOND))
            decision = await store.limits.begin(identity, quota, price)
        else:
            assert all(remaining >= price for remaining in before)
        assert decision.reservation is not None
        await store.limits.end(decision.reservation, round(request.unused * price))


@quick
@given(quota=quota, data=st.data())
async def test_evenly_spread_requests_get_the_whole_plan(store: Controlled, quota: Quota, data: Any) -> None:
    identity = store.somebody()
    points = data.draw(st.integers(1, quota.max_points))
    slowest = max(Fraction(limit.period * SECOND, limit.points) for limit in quota.limits)
    start_time = store.now
    for n in range(30):
        # Each request comes at the pace of the plan, computed to the microsecond from the beginning, so that rounding
        # does not add up. A request that takes the whole bucket loses what came back while it was late: the bucket was
        # full. So each of those is paced by the one before.
        paced = n * points * slowest - (store.now - start_time) if points < quota.max_points else points * slowest
        await store.wait(math.ceil(paced))
        decision = await store.limits.begin(identity, quota, points)
        assert decision.reservation is not None
        await store.limits.end(decision.reservation)


@quick
@given(quota=quota, requests=requests)
async def test_unused_points_of_a_single_request_are_refunded_in_full(
    store: Controlled, quota: Quota, requests: list[GeneratedRequest]
) -> None:
    """Of requests that run one after the other, each leaves the bucket as if it had asked only for what it needed."""
    overpriced_caller, exact_caller = store.somebody(), store.somebody()
    for request in requests:
        price = round(request.price * quota.max_points)
        needed = price - round(request.unused * price)
        more = await store.limits.begin(overpriced_caller, quota, price)
        if more.reservation is not None:
            right = await store.limits.begin(exact_caller, quota, needed)
            assert right.reservation is not None
            await store.wait(request.after)
            remaining = await store.limits.end(more.reservation, price - needed)
            assert remaining.remaining == (await store.limits.end(right.reservation)).remaining
            assert remaining.reset == (await store.limits.look(exact_caller, quota)).reset
            assert all(
                0 <= remaining <= limit.size for remaining, limit in zip(remaining.remaining, quota.limits, strict=True)
            )
        else:
            await store.wait(request.after)


PLAN = Quota((Bucket("minute", 10, 60, 60), Bucket("day", 100, 100, 86_400)), 2)


async def test_a_price_comes_back_only_once(store: Controlled) -> None:
    """Points that came back while a request held them are not refunded at its end."""
    identity, quota = store.somebody(), Quota((Bucket("minute", 10, 60, 60),), 5)
    begin_decision = await store.limits.begin(identity, quota, 10)
    await store.wait(10 * SECOND)
    second_decision = await store.limits.begin(identity, quota, 10)
    assert begin_decision.reservation is not None and second_decision.reservation is not None
    await store.wait(3 * SECOND)
    assert (await store.limits.end(begin_decision.reservation, 10)).remaining == (3,)
    assert (await store.limits.end(second_decision.reservation, 4)).remaining == (7,)


async def test_points_that_came_back_for_other_requests_are_not_refunded_again(store: Controlled) -> None:
    """A request is refunded only its own part of the debt at its beginning."""
    who, quota = store.somebody(), Quota((Bucket("minute", 10, 60, 60),), 5)
    first, second = [(await store.limits.begin(who, quota, 5)).reservation for _ in range(2)]
    assert first is not None and second is not None
    assert (await store.limits.end(first, 5)).remaining == (5,)
    await store.wait(5 * SECOND)
    assert (await store.limits.begin(who, quota, 10)).allowed
    assert (await store.limits.end(second, 5)).remaining == (0,)


async def test_the_decision_states_remaining_points_and_reset(store: Controlled) -> None:
    decision = await store.limits.begin(store.somebody(), PLAN, 4)
    assert decision.allowed and decision.hit is None and decision.retry_after == 0
    assert decision.left.remaining == (6, 96)
    assert decision.left.reset == (4.0, 4 * 864.0)


async def test_the_limit_with_the_longest_wait_is_named(store: Controlled) -> None:
    identity = store.somebody()
    for _ in range(10):
        decision = await store.limits.begin(identity, PLAN, 10)
        assert decision.reservation is not None
        await store.limits.end(decision.reservation)
        await store.wait(10 * SECOND)
    decision = await store.limits.begin(identity, PLAN, 10)
    assert (decision.hit, decision.left.remaining) == ("day", (10, 0))
    assert decision.retry_after == 10 * 864.0 - 100


async def test_requests_at_once_are_bounded_and_nothing_is_taken_of_those_that_are_refused(store: Controlled) -> None:
    identity = store.somebody()
    first, second = [await store.limits.begin(identity, PLAN, 1) for _ in range(2)]
    third = await store.limits.begin(identity, PLAN, 1)
    assert (third.allowed, third.hit, third.retry_after) == (False, AT_ONCE, 1.0)
    assert third.left.remaining == (8, 98)
    assert first.reservation is not None and second.reservation is not None
    await store.limits.end(first.reservation)
    assert (await store.limits.begin(identity, PLAN, 1)).allowed
    assert not (await store.limits.begin(identity, PLAN, 1)).allowed


async def test_identities_have_nothing_to_do_with_each_other(store: Controlled) -> None:
    assert (await store.limits.begin(store.somebody(), PLAN, 10)).allowed
    assert (await store.limits.look(store.somebody(), PLAN)).remaining == (10, 100)


async def test_a_price_above_the_plan_is_refused_without_a_time_to_retry(store: Controlled) -> None:
    with pytest.raises(TooExpensive, match="11 points"):
        await store.limits.begin(store.somebody(), PLAN, 11)
    with pytest.raises(ValueError):
        await store.limits.begin(store.somebody(), PLAN, -1)


async def test_a_changed_plan_applies_at_once_and_keeps_what_was_used(store: Controlled) -> None:
    """Points that were taken stay taken. A caller who had none left has the rest of a larger plan. In a smaller plan it
    owes no more than the plan holds."""
    for minute, day, expected, full in (
        (Bucket("minute", 1000, 999_983, 60), Bucket("day", 5000, 5000, 86_400), (990, 4990), 10 * 60 / 999_983),
        (Bucket("minute", 1000, 1, 60), Bucket("day", 5000, 1000, 86_400), (990, 4990), 600),
        (Bucket("minute", 5, 7, 60), Bucket("day", 9, 100, 86_400), (0, 0), 5 * 60 / 7),
        (Bucket("minute", 10**9, 10**9, 60), Bucket("day", 10**9, 10**9, 86_400), (10**9 - 10, 10**9 - 10), 0),
    ):
        identity, new_quota = store.somebody(), Quota((minute, day), 2)
        decision = await store.limits.begin(identity, PLAN, 10, 10)
        assert decision.left.remaining == (0, 90)
        assert not (await store.limits.begin(identity, new_quota, min(min(expected) + 1, new_quota.max_points))).allowed
        decision = await store.limits.begin(identity, new_quota, 0, 0)
        # Redis computes in floating point, and returns one less rather than one more.
        remaining = decision.left.remaining
        assert all(
            0 <= expected_points - points <= 1 for expected_points, points in zip(expected, remaining, strict=True)
        ), remaining
        assert math.isclose(decision.left.reset[0], full, abs_tol=0.001)


async def test_after_the_plan_shrinks_points_come_back_when_the_refusal_says(
    store: Controlled,
) -> None:
    larger = Quota((Bucket("minute", 1000, 1000, 60), Bucket("day", 10_000, 10_000, 86_400)), 2)
    smaller = Quota((Bucket("minute", 10, 10, 60), Bucket("day", 100, 100, 86_400)), 2)
    identity = store.somebody()
    assert (await store.limits.begin(identity, larger, 900, 900)).allowed
    decision = await store.limits.begin(identity, smaller, 1)
    assert (decision.allowed, decision.hit) == (False, "day")
    assert decision.retry_after <= 865
    await store.wait(math.ceil(decision.retry_after * 1_000_000) + 1_000)
    assert (await store.limits.begin(identity, smaller, 1, 1)).allowed


async def test_a_request_that_was_under_way_while_the_plan_changed_gives_back_its_points(store: Controlled) -> None:
    identity = store.somebody()
    first = await store.limits.begin(identity, PLAN, 10)
    larger = Quota((Bucket("minute", 1000, 1000, 60), Bucket("day", 1000, 1000, 86_400)), 2)
    assert (await store.limits.begin(identity, larger, 90, 90)).left.remaining == (900, 900)
    assert first.reservation is not None
    await store.limits.end(first.reservation, 10)
    remaining = (await store.limits.look(identity, larger)).remaining
    assert all(0 <= 910 - points <= 1 for points in remaining), remaining


@pytest.mark.parametrize(
    ("size", "points", "period"),
    [(0, 1, 1), (-5, 1, 1), (1, 0, 1), (1, 1, 0), (1.5, 1, 1), (True, 1, 1), (2 * 10**9, 1, 1), (10**9, 1, 86_400)],
)
def test_an_invalid_limit_is_refused(size: int, points: int, period: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        Bucket("minute", size, points, period)


@pytest.mark.parametrize("at_once", [0, -1, 10_001, 1.5])
def test_invalid_terms_are_refused(at_once: int) -> None:
    with pytest.raises(ValueError):
        Quota(PLAN.limits, at_once)


def test_limits_have_names_of_their_own() -> None:
    with pytest.raises(ValueError):
        Quota((PLAN.limits[0], PLAN.limits[0]), 1)
    with pytest.raises(ValueError):
        Quota((), 1)


@quick
@given(quota=quota, requests=requests)
async def test_points_used_beyond_the_price_become_debt(
    store: Controlled, quota: Quota, requests: list[GeneratedRequest]
) -> None:
    first, second = store.somebody(), store.somebody()
    for request in requests:
        await store.wait(request.after)
        price = round(request.price * quota.max_points)
        beyond = round(request.unused * 20)
        decision = await store.limits.begin(first, quota, price)
        # If the cost is known it is taken in one visit. It may be above the price, too.
        at_once = await store.limits.begin(second, quota, price, price + beyond)
        assert (at_once.allowed, at_once.hit) == (decision.allowed, decision.hit)
        if decision.reservation is not None:
            before = decision.left.debts
            remaining = await store.limits.end(decision.reservation, -beyond)
            assert remaining.remaining == at_once.left.remaining
            expected_debts = [debt + beyond * limit.point for debt, limit in zip(before, quota.limits, strict=True)]
            assert list(remaining.debts) == expected_debts
    await store.wait(1)
    assert (await store.limits.look(first, quota)).remaining == (await store.limits.look(second, quota)).remaining


async def test_more_than_a_bucket_holds_is_owed_until_it_has_come_back(store: Controlled) -> None:
    identity, quota = store.somebody(), Quota((Bucket("minute", 10, 10, 60),), 5)
    reservation = (await store.limits.begin(identity, quota, 10)).reservation
    assert reservation is not None
    await store.limits.end(reservation, -30)
    refusal = await store.limits.begin(identity, quota, 1)
    assert (refusal.hit, refusal.retry_after) == ("minute", 31 * 6)
    await store.wait(31 * 6 * SECOND - 1)
    assert not (await store.limits.begin(identity, quota, 1)).allowed
    await store.wait(1)
    assert (await store.limits.begin(identity, quota, 1)).allowed
