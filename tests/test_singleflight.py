"""Equal work at the same time is done once, and a request that leaves does not end it for the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from api import singleflight
from api.errors import Unavailable
from api.singleflight import SingleFlight


class Work:
    """Work that counts how often it began and how often it was cancelled. It ends when the test lets it."""

    def __init__(self) -> None:
        self.begun = 0
        self.left = 0
        self.may_end = asyncio.Event()
        self.fails = False

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.left += 1
            raise
        if self.fails:
            raise Unavailable("Away.")
        return number


@pytest.fixture
async def work() -> Work:
    """Work of this event loop."""
    return Work()


async def start_tasks(
    flights: SingleFlight[int, None], work: Callable[[], Awaitable[int]], many: int
) -> list[asyncio.Task[int]]:
    """Start tasks that all ask for the same work, and wait for it."""
    tasks = [asyncio.create_task(flights.run("key", None, work)) for _ in range(many)]
    await asyncio.sleep(0.01)
    return tasks


async def test_all_get_the_one_result(work: Work) -> None:
    tasks = await start_tasks(SingleFlight(), work, 20)
    work.may_end.set()
    assert await asyncio.gather(*tasks) == [1] * 20
    assert work.begun == 1


async def test_all_get_the_one_failure(work: Work) -> None:
    work.fails = True
    tasks = await start_tasks(SingleFlight(), work, 20)
    work.may_end.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert work.begun == 1
    assert {type(result) for result in results} == {Unavailable}


async def test_a_flight_that_has_ended_is_not_joined(work: Work) -> None:
    flights: SingleFlight[int, None] = SingleFlight()
    work.may_end.set()
    assert [await flights.run("key", None, work) for _ in range(3)] == [1, 2, 3]


async def test_a_request_after_the_end_starts_a_new_flight(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    flights: SingleFlight[int, None] = SingleFlight()
    monkeypatch.setattr(singleflight, "JOIN_SECONDS", 0.005)
    first = await start_tasks(flights, work, 2)
    later = await start_tasks(flights, work, 1)
    work.may_end.set()
    assert await asyncio.gather(*first, *later) == [1, 1, 2]


async def test_a_follower_that_leaves_ends_nothing(work: Work) -> None:
    first, second, third = await start_tasks(SingleFlight(), work, 3)
    second.cancel()
    work.may_end.set()
    assert list(await asyncio.gather(first, third)) == [1, 1]
    assert (work.begun, work.left, second.cancelled()) == (1, 0, True)


async def test_if_the_first_leaves_the_others_go_on_alone(work: Work) -> None:
    flights: SingleFlight[int, None] = SingleFlight()
    first, *others = await start_tasks(flights, work, 3)
    first.cancel()
    await asyncio.sleep(0.01)
    assert (work.begun, work.left) == (3, 1)
    # A new request joins none of them, because their work may have begun too long ago.
    newest = await start_tasks(flights, work, 1)
    work.may_end.set()
    assert await asyncio.gather(*others, *newest) == [2, 3, 4]


async def test_work_without_waiting_callers_is_cancelled(work: Work) -> None:
    tasks = await start_tasks(SingleFlight(), work, 3)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert work.begun == work.left
    assert all(task.cancelled() for task in tasks)


async def test_each_request_that_joins_is_named_to_the_first_one(work: Work) -> None:
    joins: list[tuple[str, str]] = []
    flights: SingleFlight[int, str] = SingleFlight(lambda first, second: joins.append((first, second)))
    tasks = [asyncio.create_task(flights.run("key", name, work)) for name in ("a", "b", "c")]
    await asyncio.sleep(0.01)
    work.may_end.set()
    await asyncio.gather(*tasks)
    assert joins == [("a", "b"), ("a", "c")]
