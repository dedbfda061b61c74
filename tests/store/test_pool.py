"""The pool of connections: a waiter gets the next one in turn, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.errors import Unavailable
from api.settings import Settings
from api.store.pool import Lease, Pool
from api.store.sessions import close_session


@pytest.fixture
async def pool(empty_store: str) -> AsyncIterator[Pool]:
    """A pool of one connection. A caller waits for it for half a second at most."""
    pool = Pool(empty_store, Settings(pool_size=1, pool_wait=0.5))
    yield pool
    await pool.close()


async def waiting(pool: Pool, many: int) -> list[asyncio.Task[Lease]]:
    """Start tasks that wait for the connection, in this order."""
    tasks = []
    for _ in range(many):
        tasks.append(asyncio.create_task(pool.take(False)))
        await asyncio.sleep(0)
    return tasks


async def test_the_longest_waiting_caller_is_next(pool: Pool) -> None:
    lease = await pool.take(False)
    tasks = await waiting(pool, 3)
    pool.give(lease)
    newcomer = (await waiting(pool, 1))[0]
    for task in (*tasks, newcomer):
        assert await task is lease
        pool.give(lease)
    assert (pool.idle, pool.used, sum(pool.waiting.values()), sum(pool.refused.values())) == (1, 0, 0, 0)


async def test_a_wait_ends_in_time_and_leaves_the_line(pool: Pool) -> None:
    lease = await pool.take(False)
    loop = asyncio.get_running_loop()
    for seconds, most in ((9.0, 0.9), (0.05, 0.4)):
        start_time = loop.time()
        with pytest.raises(Unavailable):
            await pool.take(False, seconds=seconds)
        assert loop.time() - start_time < most
    pool.give(lease)
    assert await pool.take(False) is lease
    assert (pool.refused["service"], pool.waiting["service"]) == (2, 0)
    pool.give(lease)


@pytest.mark.parametrize("free", [True, False])
async def test_a_caller_that_leaves_at_its_turn_passes_it_on(pool: Pool, free: bool) -> None:
    lease = await pool.take(False)
    first, second = await waiting(pool, 2)
    if free:
        pool.give(lease)
    else:
        pool.discard(lease)
    first.cancel()
    second_lease = await second
    assert (second_lease is lease) == free
    assert first.cancelled()
    pool.give(second_lease)
    assert (pool.idle, pool.used) == (1, 0)


async def test_a_broken_connection_is_replaced_for_the_waiting_caller(pool: Pool) -> None:
    lease = await pool.take(False)
    (task,) = await waiting(pool, 1)
    await lease.connection.close()
    pool.give(lease)
    new_lease = await task
    assert new_lease is not lease
    assert await new_lease.connection.fetchval("select 1") == 1
    pool.give(new_lease)


async def test_a_connection_is_switched_to_the_plan_mode_that_is_needed(pool: Pool) -> None:
    lease = await pool.take(False)
    task = asyncio.create_task(pool.take(True))
    await asyncio.sleep(0)
    pool.give(lease)
    assert await task is lease
    assert await lease.connection.fetchval("show plan_cache_mode") == "force_custom_plan"
    pool.give(lease)


async def test_a_connection_that_does_not_close_is_ended(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncpg raises an AttributeError if it gives up a COPY whose connection broke off in the same moment."""
    lease = await pool.take(False)

    async def close(*_: object, **__: object) -> None:
        raise AttributeError("'NoneType' object has no attribute 'cancelled'")

    monkeypatch.setattr(type(lease.connection), "close", close)
    await close_session(lease.connection)
    assert lease.connection.is_closed()
    pool.give(lease)
