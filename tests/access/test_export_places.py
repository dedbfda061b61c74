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
            await _settled()

    async def _run(self, caller: Caller) -> None:
        def cut(reason: str) -> None:
            self.cuts.append(caller)
            next(task for one, task in self.tasks if one is caller).cancel()

        async with self.places.take(caller, cut):
            self.order.append(caller)
            await asyncio.Event().wait()

    async def end(self, caller: Caller) -> None:
        """End the oldest export of the caller."""
        found = next(one for one in self.tasks if one[0] is caller)
        self.tasks.remove(found)
        found[1].cancel()
        await _settled()

    async def refusal(self, caller: Caller) -> Unavailable:
        """Return the error that the caller's latest export ended with."""
        task = [task for one, task in self.tasks if one is caller][-1]
        with pytest.raises(Unavailable) as told:
            await task
        return told.value


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def exports() -> AsyncIterator[Callable[..., Exports]]:
    async with AsyncExitStack() as stack:

        def make(size: int, wait: float = 5) -> Exports:
            made = Exports(size, wait)
            stack.push_async_callback(ended, made)
            return made

        yield make


async def ended(exports: Exports) -> None:
    for caller, _ in list(exports.tasks):
        await exports.end(caller)
    assert (exports.places.running, exports.places.waiting, exports.places._running_by_identity) == (0, 0, {})


async def test_callers_without_a_key_never_hold_all_places(exports: Callable[..., Exports]) -> None:
    made = exports(3)
    await made.begin(ONE, TWO, THREE)
    assert made.order == [ONE, TWO]
    await made.begin(ANN)
    assert made.order == [ONE, TWO, ANN]
    await made.end(ONE)
    assert made.order[3:] == [THREE]


@pytest.mark.parametrize(("caller", "size", "held"), [(ANN, 4, 3), (ONE, 4, 2), (ANN, 2, 1), (ONE, 2, 1), (ANN, 1, 1)])
async def test_no_caller_takes_the_last_place_beside_one_of_its_own(
    exports: Callable[..., Exports], caller: Caller, size: int, held: int
) -> None:
    made = exports(size)
    await made.begin(*[caller] * size)
    assert made.order == [caller] * held
    if size > held:
        await made.begin(BEN)
        assert made.order[held:] == [BEN]


async def test_a_further_export_waits_in_vain_and_is_told_why(exports: Callable[..., Exports]) -> None:
    made = exports(2, wait=0.05)
    await made.begin(ANN, ANN)
    refusal = await made.refusal(ANN)
    assert "Your other exports" in refusal.message and refusal.retry_after >= 1
    assert (made.places.waited, made.places.refused, made.places.waiting) == (1, 1, 0)


async def test_keys_come_first_and_then_those_who_have_none(exports: Callable[..., Exports]) -> None:
    made = exports(4)
    await made.begin(ANN, BEN, CAT, ONE)
    dan = Caller("key:dan", PLAN, key_id="dan")
    await made.begin(TWO, ANN, dan)
    for caller in (BEN, CAT, ONE, dan):
        await made.end(caller)
    assert made.order[4:] == [dan, TWO, ANN]


async def test_those_without_a_key_that_wait_keep_none_with_a_key_from_waiting(exports: Callable[..., Exports]) -> None:
    made = exports(2)
    await made.begin(ANN, *[Caller(f"ip:192.0.2.{n}", PLAN) for n in range(MAX_WAITING + 1)])
    assert made.places.waiting == MAX_WAITING and made.places.refused == 0
    await made.begin(TWO)
    await made.refusal(TWO)
    await made.begin(BEN, CAT)
    assert (made.places.waiting, made.places.refused) == (MAX_WAITING + 2, 1)
    await made.end(ANN)
    assert made.order[-1] is BEN


async def test_with_one_place_a_key_takes_it_from_who_has_none(exports: Callable[..., Exports]) -> None:
    made = exports(1)
    await made.begin(ONE)
    await made.begin(ANN, TWO)
    assert (made.cuts, made.order) == ([ONE], [ONE, ANN])
    await made.begin(BEN)
    assert made.cuts == [ONE], "not from another key"
    await made.end(ANN)
    assert made.order == [ONE, ANN, BEN]


async def test_who_leaves_while_waiting_leaves_nothing_behind(exports: Callable[..., Exports]) -> None:
    made = exports(2)
    await made.begin(ANN, BEN, CAT, ONE)
    made.tasks[2][1].cancel()
    made.tasks[0][1].cancel()
    await _settled()
    assert made.order == [ANN, BEN, ONE]


async def test_a_crowd_that_waits_has_an_end(exports: Callable[..., Exports]) -> None:
    made = exports(1, wait=60)
    await made.begin(*[ANN] * (MAX_WAITING + 2))
    await made.refusal(ANN)
    assert made.places.waiting == MAX_WAITING
