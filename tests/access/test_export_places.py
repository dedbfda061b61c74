"""Callers share the places for exports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from api.access.caller import Caller
from api.access.export_places import MAX_WAITING, ExportPlaces
from api.access.plan import Plan
from api.errors import Unavailable

PLAN = Plan("plan", 1, 1, 1, 1, 1)
ANN, BEN, CAT = (Caller(f"key:{name}", PLAN, key_id=name) for name in ("ann", "ben", "cat"))
ONE, TWO, THREE = (Caller(f"ip:192.0.2.{number}", PLAN) for number in (1, 2, 3))


class Exports:
    """Exports that run until they are ended. `order` has the callers that got a place in order, `cuts` those cut."""

    def __init__(self, size: int, wait: float = 5) -> None:
        self.places = ExportPlaces(size, wait)
        self.order: list[Caller] = []
        self.cuts: list[Caller] = []
        self.tasks: list[tuple[Caller, asyncio.Task[None]]] = []

    async def begin(self, *callers: Caller) -> None:
        """Begin an export of each caller, in this order."""
        for caller in callers:
            self.tasks.append((caller, asyncio.create_task(self._run(caller))))
            await _settle()

    async def _run(self, caller: Caller) -> None:
        def cut(reason: str) -> None:
            self.cuts.append(caller)
            next(task for owner, task in self.tasks if owner is caller).cancel()

        async with self.places.take(caller, cut):
            self.order.append(caller)
            await asyncio.Event().wait()

    async def end(self, caller: Caller) -> None:
        """End the oldest export of the caller."""
        entry = next(entry for entry in self.tasks if entry[0] is caller)
        self.tasks.remove(entry)
        entry[1].cancel()
        await _settle()

    async def refusal(self, caller: Caller) -> Unavailable:
        """Return the error that the caller's latest export ended with."""
        task = [task for owner, task in self.tasks if owner is caller][-1]
        with pytest.raises(Unavailable) as exc_info:
            await task
        return exc_info.value


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def exports() -> AsyncIterator[Callable[..., Exports]]:
    async with AsyncExitStack() as stack:

        def make(size: int, wait: float = 5) -> Exports:
            running_exports = Exports(size, wait)
            stack.push_async_callback(assert_all_ended, running_exports)
            return running_exports

        yield make


async def assert_all_ended(exports: Exports) -> None:
    for caller, _ in list(exports.tasks):
        await exports.end(caller)
    assert (exports.places.running, exports.places.waiting, exports.places._running_by_identity) == (0, 0, {})


async def test_callers_without_a_key_never_hold_all_places(exports: Callable[..., Exports]) -> None:
    running_exports = exports(3)
    await running_exports.begin(ONE, TWO, THREE)
    assert running_exports.order == [ONE, TWO]
    await running_exports.begin(ANN)
    assert running_exports.order == [ONE, TWO, ANN]
    await running_exports.end(ONE)
    assert running_exports.order[3:] == [THREE]


@pytest.mark.parametrize(("caller", "size", "count"), [(ANN, 4, 3), (ONE, 4, 2), (ANN, 2, 1), (ONE, 2, 1), (ANN, 1, 1)])
async def test_no_caller_takes_the_last_place_beside_one_of_its_own(
    exports: Callable[..., Exports], caller: Caller, size: int, count: int
) -> None:
    running_exports = exports(size)
    await running_exports.begin(*[caller] * size)
    assert running_exports.order == [caller] * count
    if size > count:
        await running_exports.begin(BEN)
        assert running_exports.order[count:] == [BEN]


async def test_another_export_waits_in_vain_and_gets_the_reason(exports: Callable[..., Exports]) -> None:
    running_exports = exports(2, wait=0.05)
    await running_exports.begin(ANN, ANN)
    refusal = await running_exports.refusal(ANN)
    assert "Your other exports" in refusal.message and refusal.retry_after >= 1
    assert (running_exports.places.waited, running_exports.places.refused, running_exports.places.waiting) == (1, 1, 0)


async def test_keys_come_first_and_then_those_who_have_none(exports: Callable[..., Exports]) -> None:
    running_exports = exports(4)
    await running_exports.begin(ANN, BEN, CAT, ONE)
    dan = Caller("key:dan", PLAN, key_id="dan")
    await running_exports.begin(TWO, ANN, dan)
    for caller in (BEN, CAT, ONE, dan):
        await running_exports.end(caller)
    assert running_exports.order[4:] == [dan, TWO, ANN]


async def test_waiting_anonymous_callers_do_not_keep_keyed_ones_from_waiting(exports: Callable[..., Exports]) -> None:
    running_exports = exports(2)
    await running_exports.begin(ANN, *[Caller(f"ip:192.0.2.{n}", PLAN) for n in range(MAX_WAITING + 1)])
    assert running_exports.places.waiting == MAX_WAITING and running_exports.places.refused == 0
    await running_exports.begin(TWO)
    await running_exports.refusal(TWO)
    await running_exports.begin(BEN, CAT)
    assert (running_exports.places.waiting, running_exports.places.refused) == (MAX_WAITING + 2, 1)
    await running_exports.end(ANN)
    assert running_exports.order[-1] is BEN


async def test_a_keyed_caller_takes_the_only_place_from_an_anonymous_one(exports: Callable[..., Exports]) -> None:
    running_exports = exports(1)
    await running_exports.begin(ONE)
    await running_exports.begin(ANN, TWO)
    assert (running_exports.cuts, running_exports.order) == ([ONE], [ONE, ANN])
    await running_exports.begin(BEN)
    assert running_exports.cuts == [ONE], "not from another key"
    await running_exports.end(ANN)
    assert running_exports.order == [ONE, ANN, BEN]


async def test_a_waiting_caller_that_leaves_leaves_nothing_behind(exports: Callable[..., Exports]) -> None:
    running_exports = exports(2)
    await running_exports.begin(ANN, BEN, CAT, ONE)
    running_exports.tasks[2][1].cancel()
    running_exports.tasks[0][1].cancel()
    await _settle()
    assert running_exports.order == [ANN, BEN, ONE]


async def test_a_crowd_that_waits_has_an_end(exports: Callable[..., Exports]) -> None:
    running_exports = exports(1, wait=60)
    await running_exports.begin(*[ANN] * (MAX_WAITING + 2))
    await running_exports.refusal(ANN)
    assert running_exports.places.waiting == MAX_WAITING
