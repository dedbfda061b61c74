"""A caller that sends a new document each time has a share of a process, and no more."""

from __future__ import annotations

import asyncio
import time

import pytest

from api.access.caller import Caller
from api.access.plan import Plan
from api.errors import Unavailable
from api.graphql.scheduler import AHEAD, ANONYMOUS, KEYED, MAX_ANONYMOUS, MAX_WAITING, SHARE, DocumentScheduler
from api.processors import processors

PLAN = Plan("free", 1000, 10_000, 1000, 4, 200)
SOMEBODY = Caller("ip:192.0.2.1", PLAN)
HOLDER = Caller("key:1", PLAN, key_id="key_1")


def use_cpu(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def reads(turns: DocumentScheduler, caller: Caller, count: int, seconds: float) -> float:
    """Take turns one after the other, and return the seconds that they took."""
    start_time = time.monotonic()
    for _ in range(count):
        async with turns.turn(caller):
            use_cpu(seconds)
    return time.monotonic() - start_time


async def test_a_caller_with_only_new_documents_waits_for_its_share() -> None:
    turns = DocumentScheduler(held=True)
    await reads(turns, SOMEBODY, 5, AHEAD / 3)
    assert await reads(turns, SOMEBODY, 2, 0.02) > 0.02 / SHARE * 0.5
    assert await reads(turns, Caller("ip:192.0.2.2", PLAN), 1, 0.01) < 0.02 / SHARE, "nobody else waits"


async def test_a_key_has_a_larger_share() -> None:
    turns = DocumentScheduler(held=True)
    await reads(turns, HOLDER, 8, AHEAD / 3)
    duration = await reads(turns, HOLDER, 3, 0.04)
    assert duration > 0.04 / KEYED * 1.5
    assert KEYED > SHARE


async def test_others_have_the_loop_between_two_documents() -> None:
    turns = DocumentScheduler(held=True)
    order: list[str] = []

    async def read_document(number: int) -> None:
        async with turns.turn(Caller(f"ip:{number}", PLAN)):
            order.append("document")

    async def other() -> None:
        for _ in range(10):
            order.append("other")
            await asyncio.sleep(0)

    await asyncio.gather(*(read_document(n) for n in range(4)), other())
    assert "document document" not in " ".join(order)


async def test_turns_go_round_among_callers() -> None:
    turns = DocumentScheduler(held=True)
    order: list[str] = []

    async def take_turn(caller: Caller) -> None:
        async with turns.turn(caller):
            order.append(caller.identity)

    await asyncio.gather(*(take_turn(SOMEBODY) for _ in range(20)), take_turn(HOLDER))
    assert HOLDER.identity in order[:3], "a caller with one document waits for no caller with many"


async def test_a_caller_that_leaves_the_queue_delays_nobody() -> None:
    turns = DocumentScheduler(held=True)
    async with turns.turn(HOLDER):
        tasks = [asyncio.create_task(reads(turns, SOMEBODY, 1, 0.0)) for _ in range(5)]
        await asyncio.sleep(0.01)
        for task in tasks[:3]:
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [task.cancelled() for task in tasks] == [True] * 3 + [False] * 2
    assert not turns._rounds.taken


async def test_a_caller_with_too_many_waiting_documents_is_refused_with_retry_after() -> None:
    turns = DocumentScheduler(held=True)
    await reads(turns, SOMEBODY, 2, AHEAD)
    waiting = [asyncio.create_task(reads(turns, SOMEBODY, 1, 0.0)) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0.05)
    with pytest.raises(Unavailable, match="Too many of your new documents wait to be read") as refusal:
        await reads(turns, SOMEBODY, 1, 0.0)
    assert refusal.value.retry_after >= 1
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await reads(turns, HOLDER, 1, 0.0) < 5, "cancelled requests block nothing"
    assert not turns._waiting and not turns._rounds.taken


async def test_a_scheduler_that_holds_nobody_delays_nobody() -> None:
    turns = DocumentScheduler(held=False)
    await reads(turns, SOMEBODY, 1, AHEAD + 0.1)
    assert await reads(turns, SOMEBODY, 3, 0.01) < 0.5


async def test_callers_without_a_key_have_a_share_together() -> None:
    """Fifty of them, each within its own share, would otherwise occupy the whole process."""
    turns = DocumentScheduler(held=True)
    many = [Caller(f"ip:198.51.100.{number}", PLAN) for number in range(50)]
    total = 1.5 * AHEAD
    start_time = time.monotonic()
    await asyncio.gather(*(reads(turns, caller, 1, total / len(many)) for caller in many))
    await asyncio.gather(*(reads(turns, caller, 1, 0.002) for caller in many))
    # A slow machine takes longer, and never less time than their share allows.
    assert time.monotonic() - start_time > (total - AHEAD + 0.1) / MAX_ANONYMOUS * 0.5
    assert await reads(turns, HOLDER, 1, 0.01) < 0.5, "a caller with a key does not wait for them"


async def test_processes_divide_the_share_of_callers_without_a_key() -> None:
    few, many = DocumentScheduler(held=True, processes=1), DocumentScheduler(held=True, processes=1000)
    assert few._together == min(ANONYMOUS * processors(), MAX_ANONYMOUS)
    assert many._together == ANONYMOUS * processors() / 1000


async def test_callers_with_a_key_go_first() -> None:
    turns = DocumentScheduler(held=True)
    order: list[str] = []

    async def take_turn(caller: Caller) -> None:
        async with turns.turn(caller):
            order.append(caller.identity)

    others = [Caller(f"ip:198.51.100.{number}", PLAN) for number in range(10)]
    await asyncio.gather(*map(take_turn, others), take_turn(HOLDER))
    assert HOLDER.identity in order[:2]
