"""Places of the pool: the callers that get them. A statement keeps its place until Postgres has ended it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import asyncpg
import pytest

from api.compiler.statement import Statement
from api.errors import TimedOut, Unavailable
from api.settings import Settings
from api.store import pool as pools
from api.store.connection import Connection
from api.store.pool import Lease, Pool
from api.store.reader import Reader, Reply
from api.store.ticket import Origin, Rank, Ticket

SIZE = 8
# `statement_timeout_floor`, in seconds.
FLOOR = 0.25
# A statement that Postgres continues for two seconds although it is cancelled.
DEAF = Statement(
    "do $$ begin for i in 1..20 loop begin perform pg_sleep(0.1); exception when query_canceled then null; end;"
    " end loop; end $$",
    (),
    custom=False,
)
AT_WORK = """select pid from pg_stat_activity where application_name = 'briefing' and datname = current_database()
and state = 'active'"""
ASLEEP = " and wait_event = 'PgSleep'"


def sleeping(seconds: float) -> Statement:
    """Return a statement that returns its row after this many seconds."""
    return Statement("select 'x'::bytea, null, null::text[], '', 1 from pg_sleep($1::float8)", (seconds,), custom=False)


def anonymous(number: int = 1, price: int = 1) -> Ticket:
    """Return a ticket of an anonymous caller."""
    return Ticket(Origin(Rank.ANONYMOUS, f"ip:{number}", f"{number}/24", f"{number}"), price)


def keyed(number: int = 1, price: int = 1) -> Ticket:
    """Return a ticket of a caller with a key."""
    return Ticket(Origin(Rank.KEYED, f"key:{number}", "k/24", "k"), price)


@asynccontextmanager
async def pool_of(url: str, size: int, wait: float = 5.0) -> AsyncIterator[Pool]:
    """Yield a pool with this many places."""
    pool = Pool(url, Settings(pool_size=size, pool_wait=wait))
    yield pool
    await pool.close()


@pytest.fixture
async def reader(empty_store: str) -> AsyncIterator[Reader]:
    """A reader with two places."""
    reader = Reader(
        empty_store, Settings(pool_size=2, pool_wait=5.0, statement_timeout=2.5, statement_timeout_floor=FLOOR)
    )
    yield reader
    await reader.close()


def sleep(reader: Reader, seconds: float, ticket: Ticket) -> asyncio.Task[Reply]:
    """Start a statement that takes this many seconds."""
    return asyncio.create_task(reader.read(sleeping(seconds), ticket))


async def until(true: Callable[[], bool]) -> None:
    """Wait until the condition is true."""
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.01)


async def at_work(owner: asyncpg.Connection, many: int, asleep: str = "") -> None:
    """Wait until this many statements are at work in Postgres. With `asleep` only those in `pg_sleep` count."""
    async with asyncio.timeout(30):
        while len(await owner.fetch(AT_WORK + asleep)) != many:
            await asyncio.sleep(0.01)


async def start(pool: Pool, *tickets: Ticket) -> list[asyncio.Task[Lease]]:
    """Start tasks that request a connection, and wait until each of them has one or is in the queue."""
    before = sum(pool.waiting.values())
    tasks = [asyncio.create_task(pool.take(False, ticket)) for ticket in tickets]
    await until(lambda: len(connected_tasks(tasks)) + sum(pool.waiting.values()) - before == len(tasks))
    return tasks


def connected_tasks(tasks: list[asyncio.Task[Lease]]) -> list[int]:
    """Return the numbers of the tasks that have a connection."""
    return [number for number, task in enumerate(tasks) if task.done()]


async def finish(pool: Pool, tasks: list[asyncio.Task[Lease]]) -> None:
    """Give back each connection as soon as its task has it."""
    for task in asyncio.as_completed(tasks):
        pool.give(await task)


@pytest.mark.parametrize(("size", "most"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (8, 6)])
async def test_anonymous_callers_hold_three_quarters_of_the_places(empty_store: str, size: int, most: int) -> None:
    async with pool_of(empty_store, size) as pool:
        tasks = await start(pool, *(anonymous(number) for number in range(size)))
        assert len(connected_tasks(tasks)) == most
        others = await start(pool, *(keyed(number) for number in range(size - most)))
        assert len(connected_tasks(others)) == size - most, "the other places are there for callers with a key"
        await finish(pool, [*tasks, *others])
        assert (pool.used, sum(pool.waiting.values())) == (0, 0)


async def test_no_anonymous_statement_begins_while_a_keyed_caller_waits(empty_store: str) -> None:
    async with pool_of(empty_store, SIZE) as pool:
        running = [await pool.take(False, anonymous(number)) for number in range(6)]
        running += [await pool.take(False, keyed(number)) for number in range(2)]
        tasks = await start(pool, *(anonymous(number) for number in range(10, 14)))
        late = await start(pool, *(keyed(number) for number in range(10, 14)))
        for lease in running[:4]:
            pool.give(lease)
        await until(lambda: len(connected_tasks(late)) == 4)
        assert connected_tasks(tasks) == [], (
            "four keyed statements have taken the places of anonymous ones, of which two are left"
        )
        for lease in running[4:]:
            pool.give(lease)
        await until(lambda: len(connected_tasks(tasks)) == 4)
        await finish(pool, [*tasks, *late])


async def test_a_network_with_many_statements_leaves_the_next_place_to_another(empty_store: str) -> None:
    async with pool_of(empty_store, 1) as pool:
        lease = await pool.take(False, anonymous(1))
        await asyncio.sleep(0.01)
        tasks = await start(pool, *(anonymous(1) for _ in range(3)), anonymous(2))
        pool.give(lease)
        pool.give(await tasks[3])
        await finish(pool, tasks[:3])


async def test_queries_of_the_service_itself_wait_for_no_caller(empty_store: str) -> None:
    async with pool_of(empty_store, 1) as pool:
        lease = await pool.take(False, anonymous())
        tasks = await start(pool, anonymous(), keyed())
        own = asyncio.create_task(pool.take(False))
        await asyncio.sleep(0)
        pool.give(lease)
        pool.give(await own)
        for task in reversed(tasks):
            pool.give(await task)


async def test_a_lifted_statement_takes_a_place_that_is_not_for_anonymous_callers(empty_store: str) -> None:
    async with pool_of(empty_store, 2) as pool:
        running = await pool.take(False, anonymous(1))
        waiting = anonymous(2)
        (task,) = await start(pool, waiting)
        assert not task.done()
        pool.lift(waiting, anonymous(3))
        assert pool.waiting["anonymous"] == 1
        pool.lift(waiting, keyed())
        assert (await task).rank is Rank.KEYED
        for lease in (running, task.result()):
            pool.give(lease)
        tasks = await start(pool, anonymous(4), anonymous(5))
        assert len(connected_tasks(tasks)) == 1, "as many as before"
        await finish(pool, tasks)


async def test_a_statement_that_is_lifted_once_it_has_its_place_frees_it_as_what_it_was(empty_store: str) -> None:
    async with pool_of(empty_store, 2) as pool:
        for _ in range(3):
            ticket = anonymous()
            lease = await pool.take(False, ticket)
            pool.lift(ticket, keyed())
            pool.give(lease)
        tasks = await start(pool, anonymous(4), anonymous(5))
        assert len(connected_tasks(tasks)) == 1
        await finish(pool, tasks)


async def test_callers_without_a_place_in_time_are_counted_by_rank(empty_store: str) -> None:
    async with pool_of(empty_store, 1, wait=0.05) as pool:
        lease = await pool.take(False, keyed())
        for ticket in (anonymous(), anonymous(), keyed()):
            with pytest.raises(Unavailable):
                await pool.take(False, ticket)
        assert pool.refused == {"service": 0, "keyed": 1, "anonymous": 2}
        assert sum(pool.waiting.values()) == 0
        pool.give(lease)


async def test_clients_that_come_and_leave_never_put_more_statements_to_work_than_there_are_places(
    reader: Reader, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "CONFIRM_SECONDS", 30.0)  # On a busy machine Postgres confirms late.
    busy_counts: set[int] = set()
    for number in range(60):
        tasks = [sleep(reader, 5, keyed(number, price=1000)) for _ in range(4)]
        await asyncio.sleep(0.005 * (number % 4))
        if number % 20 == 0:
            await at_work(owner, 2)
        for task in tasks:
            task.cancel()
        working = {row["pid"] for row in await owner.fetch(AT_WORK)}
        assert len(working) <= 2
        busy_counts |= working
        assert reader.pool.used <= 2
    await until(lambda: reader.pool.used == 0)
    assert not await owner.fetch(AT_WORK)
    assert 0 < len(busy_counts) <= 2, "connections are used again once Postgres has confirmed"
    assert reader.pool.cancelled > 2
    assert (await reader.read(sleeping(0.0), anonymous())).body == b"x"


async def test_a_statement_that_postgres_does_not_end_keeps_its_place_until_its_connection_is_closed(
    reader: Reader, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "CONFIRM_SECONDS", 0.5)
    task = asyncio.create_task(reader.read(DEAF, keyed(price=1000)))
    await at_work(owner, 1, ASLEEP)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert reader.pool.used == 1, "Postgres still works on it"
    await until(lambda: reader.pool.used == 0)
    assert reader.pool.idle == 0, "the connection is not used again"
    assert (await reader.read(sleeping(0.0), anonymous())).body == b"x"
    await at_work(owner, 0)


@pytest.mark.parametrize("between", [False, True], ids=["prepared", "as behind a pooler"])
async def test_a_time_out_ends_the_statement_in_postgres_and_the_connection_is_used_again(
    empty_store: str, owner: asyncpg.Connection, between: bool
) -> None:
    settings = Settings(
        pool_size=1,
        pool_wait=5.0,
        statement_timeout=2.5,
        statement_timeout_floor=FLOOR,
        statement_cache_size=0 if between else 100,
    )
    reader = Reader(empty_store, settings)
    first = await reader.pool.take(False)
    reader.pool.give(first)
    with pytest.raises(TimedOut):
        await reader.read(sleeping(60.0), anonymous(price=1))
    assert (await reader.read(sleeping(0.0), anonymous())).body == b"x"
    assert not await owner.fetch(AT_WORK)
    assert await reader.pool.take(False) is first
    reader.pool.give(first)
    assert (reader.pool.timed_out, reader.pool.idle) == (1, 1)
    await reader.close()


async def test_a_higher_price_gives_a_statement_more_time(reader: Reader) -> None:
    await asyncio.gather(*(sleep(reader, 2 * FLOOR, keyed(number, price=200)) for number in range(2)))
    assert reader.pool.idle == 2
    with pytest.raises(TimedOut):
        await sleep(reader, 2 * FLOOR, keyed(price=25))


async def test_the_wait_for_a_place_does_not_count_as_time_of_the_statement(reader: Reader) -> None:
    leases = [await reader.pool.take(False) for _ in range(2)]
    task = sleep(reader, 0, anonymous(price=1))
    await asyncio.sleep(2 * FLOOR)
    for lease in leases:
        reader.pool.give(lease)
    assert (await task).body == b"x"


@pytest.mark.parametrize(
    ("price", "most", "seconds"),
    [
        (0, 2.5, 0.25),
        (1, 2.5, 0.25),
        (25, 2.5, 0.25),
        (26, 2.5, 0.26),
        (250, 2.5, 2.5),
        (9999, 2.5, 2.5),
        (9, 0.1, 0.1),
    ],
)
async def test_the_time_grows_with_the_price_up_to_the_setting(
    monkeypatch: pytest.MonkeyPatch, price: int, most: float, seconds: float
) -> None:
    timeouts: list[float] = []

    class Recorded:
        """A connection that records the timeout of each statement."""

        async def fetchrow(self, sql: str, timeout: float) -> tuple[Any, ...]:
            timeouts.append(timeout)
            return (b"", None, None, "", 1)

    async def take(*_: Any, **__: Any) -> Lease:
        return Lease(cast(Connection, Recorded()), False, cold=False)

    reader = Reader("", Settings(statement_timeout=most, statement_timeout_floor=FLOOR))
    monkeypatch.setattr(reader.pool, "take", take)
    monkeypatch.setattr(reader.pool, "give", lambda lease: None)
    await reader.read(Statement("", (), custom=False), anonymous(price=price))
    assert timeouts == [pytest.approx(seconds)]


async def test_a_statement_that_was_cancelled_counts_for_its_caller_until_postgres_has_ended_it(
    reader: Reader, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "CONFIRM_SECONDS", 0.5)
    ticket = keyed(price=1000)
    task = asyncio.create_task(reader.read(DEAF, ticket))
    await at_work(owner, 1, ASLEEP)
    task.cancel()
    await until(lambda: reader.pool.used == 0)
    share = reader.pool._queue.share(ticket.origin)
    assert share.seconds(asyncio.get_running_loop().time()) > 0.4
    await at_work(owner, 0)


async def test_checks_for_readiness_take_one_place_however_many_ask(reader: Reader) -> None:
    leases = [await reader.pool.take(False) for _ in range(2)]
    checks = [asyncio.create_task(reader.ready()) for _ in range(50)]
    await asyncio.sleep(0.01)
    assert sum(reader.pool.waiting.values()) == 1
    checks[0].cancel()
    for lease in leases:
        reader.pool.give(lease)
    assert await asyncio.gather(*checks[1:]) == [None] * 49
