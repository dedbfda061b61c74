"""Redis dies, freezes, refuses and returns: requests go on in bounded time, under the machine's share of the plan."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import redis.asyncio
from structlog.testing import capture_logs

from api.access.limits.fallback import Fallback
from api.access.limits.gcra import Bucket
from api.access.limits.limits import AT_ONCE, Quota
from api.access.limits.redis_limits import RedisLimits
from api.access.limits.shared_table import SharedTable
from tests.access.limits.server import RedisServer, running

TERMS = Quota((Bucket("minute", 100, 1, 60), Bucket("day", 1000, 1, 86_400)), 1000)
PROCESSES = 4
SHARE = 25
# A busy machine may leave Redis without a core for longer than the 50 ms of a trip, so tests that are not about these
# have more time. A frozen Redis hangs for seconds.
PATIENT = 0.4
PROMPT = 1.5
BACK = 5.0


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running(tmp_path_factory.mktemp("redis")) as running_server:
        yield running_server


@pytest.fixture
async def limits(server: RedisServer) -> AsyncIterator[Fallback]:
    fallback = Fallback(RedisLimits(server.url, trip_seconds=PATIENT), SharedTable.alone(), PROCESSES)
    yield fallback
    await fallback.close()


async def spend(limits: Fallback, identity: str, times: int = 200) -> int:
    """Send requests all at once, and return how many are allowed."""
    start_time = time.monotonic()
    decisions = await asyncio.gather(*(limits.begin(identity, TERMS, 1) for _ in range(times)))
    for decision in decisions:
        if decision.reservation is not None:
            await limits.end(decision.reservation)
    assert time.monotonic() - start_time < PROMPT
    return sum(decision.allowed for decision in decisions)


async def back(limits: Fallback) -> None:
    """Wait until Redis is used again."""
    until = time.monotonic() + BACK
    while limits.away:
        assert time.monotonic() < until, "Redis is back, and nobody saw it"
        await asyncio.sleep(0.02)


def freeze(server: RedisServer) -> Callable[[], None]:
    server.freeze()
    return server.thaw


def kill(server: RedisServer) -> Callable[[], None]:
    server.kill()
    return server.start


@pytest.mark.fault
@pytest.mark.parametrize("fail", [freeze, kill])
async def test_shares_hold_while_redis_is_away_and_it_is_taken_up_again(
    limits: Fallback, server: RedisServer, fail: Callable[[RedisServer], Callable[[], None]]
) -> None:
    assert await spend(limits, "key:before", 10) == 10
    assert not limits.away
    with capture_logs() as logs:
        mend = fail(server)
        assert await spend(limits, "key:a") == SHARE
        assert limits.away and limits.fallbacks == 1
        assert await spend(limits, "key:a") == 0
        assert await spend(limits, "key:b") == SHARE
        mend()
        await back(limits)
    assert [(line["log_level"], line["event"]) for line in logs] == [
        ("warning", "Redis is away: each machine enforces its share"),
        ("info", "Redis is back"),
    ]
    assert await spend(limits, "key:c") == 100
    assert limits.fallbacks == 1


@pytest.mark.fault
async def test_only_the_first_waits(server: RedisServer) -> None:
    limits = Fallback(RedisLimits(server.url), SharedTable.alone(), PROCESSES)
    await limits.look("key:before", TERMS)
    await back(limits)
    server.freeze()
    waits = []
    for _ in range(20):
        start_time = time.monotonic()
        await limits.begin("key:a", TERMS, 1)
        waits.append(time.monotonic() - start_time)
    server.thaw()
    await limits.close()
    assert 0.04 < waits[0] < PROMPT
    assert sorted(waits)[10] < 0.01


@pytest.mark.fault
async def test_it_starts_without_redis(server: RedisServer) -> None:
    server.kill()
    limits = Fallback(RedisLimits(server.url, trip_seconds=PATIENT), SharedTable.alone(), PROCESSES)
    assert await spend(limits, "key:a") == SHARE
    server.start()
    await back(limits)
    assert await spend(limits, "key:a") == 100
    await limits.close()


@pytest.mark.fault
async def test_a_frozen_redis_does_not_hold_up_the_start(server: RedisServer) -> None:
    server.freeze()
    limits = Fallback(RedisLimits(server.url), SharedTable.alone(), PROCESSES)
    assert await spend(limits, "key:a") == SHARE
    await limits.close()
    server.thaw()


@pytest.mark.fault
async def test_a_redis_that_was_restarted_is_taken_up_again(limits: Fallback, server: RedisServer) -> None:
    assert await spend(limits, "key:a", 10) == 10
    server.kill()
    server.start()
    assert (await limits.begin("key:a", TERMS, 1)).allowed
    await back(limits)
    assert await spend(limits, "key:a") == 100, "it forgot everything, the scripts included"


async def test_a_redis_that_became_a_replica_is_away(limits: Fallback, server: RedisServer) -> None:
    async with redis.asyncio.Redis.from_url(server.url) as client:
        await client.replicaof("127.0.0.1", "9")
        assert await spend(limits, "key:a") == SHARE
        await asyncio.sleep(1.2)
        assert limits.away, "it answers, and is of no use"
        await client.replicaof("no", "one")
    await back(limits)


async def test_requests_end_where_they_began(limits: Fallback, server: RedisServer) -> None:
    quota = Quota(TERMS.limits, 8)
    here = [(await limits.begin("key:a", quota, 1)).reservation for _ in range(8)]
    server.freeze()
    reservations = [(await limits.begin("key:a", quota, 1)).reservation for _ in range(2)]
    assert (await limits.begin("key:a", quota, 1)).hit == AT_ONCE
    for reservation in here:
        assert reservation is not None
        await reservation.store.end(reservation, 1)
    assert (await limits.begin("key:a", quota, 1)).hit == AT_ONCE, "these were not of our own store"
    server.thaw()
    await back(limits)
    for reservation in reservations:
        assert reservation is not None
        await reservation.store.end(reservation, 1)
    # Redis was not told that the first requests ended. Their places are free when their leases run out.
    assert (await limits.begin("key:a", quota, 1)).hit == AT_ONCE
    server.freeze()
    assert (await limits.begin("key:a", quota, 1)).allowed


async def test_the_password_of_the_url_is_used_and_never_shown(server: RedisServer) -> None:
    async with redis.asyncio.Redis.from_url(server.url) as client:
        await client.config_set("requirepass", "a-secret")
    for password, away in (("a-secret", False), ("another-secret", True)):
        url = server.url.replace("//", f"//:{password}@")
        limits = Fallback(RedisLimits(url, trip_seconds=PATIENT), SharedTable.alone(), PROCESSES)
        with capture_logs() as logs:
            assert (await limits.begin("key:a", TERMS, 1)).allowed
        assert limits.away is away
        assert "secret" not in str(logs)
        await limits.close()


async def test_a_request_that_ended_while_redis_was_away_is_released_there(server: RedisServer) -> None:
    remote = RedisLimits(server.url, lease_seconds=0.6, trip_seconds=PATIENT)
    limits = Fallback(remote, SharedTable.alone(), PROCESSES)
    quota = Quota(TERMS.limits, 1)
    reservation = (await limits.begin("key:a", quota, 1)).reservation
    assert reservation is not None
    server.freeze()
    # As requests do: they know the store of their reservation, and nothing of the fallback.
    await reservation.store.end(reservation)
    server.thaw()
    await back(limits)
    await asyncio.sleep(0.7)
    assert (await limits.begin("key:a", quota, 1)).allowed
    assert limits.fallbacks == 1
    await limits.close()


async def test_a_price_above_the_share_is_granted_and_paid_for(server: RedisServer) -> None:
    server.kill()
    now = 1_000_000
    limits = Fallback(RedisLimits(server.url), SharedTable.alone(clock=lambda: now * 1000), PROCESSES)
    quota = Quota((Bucket("minute", 100, 60, 60),), 8)
    decision = await limits.begin("key:a", quota, 80)
    assert decision.allowed
    for points in (80, 20):
        decision = await limits.begin("key:a", quota, points)
        assert not decision.allowed
    # A quarter of a point comes back each second. Before the next 20 points fit, 80 - 25 points and these 20 must come
    # back.
    assert decision.retry_after == (80 - 25 + 20) * 4
    now += int(decision.retry_after * 1_000_000)
    assert (await limits.begin("key:a", quota, 20)).allowed
    await limits.close()


def test_shares_together_are_never_more_than_the_plan() -> None:
    for processes in (1, 2, 3, 7, 64):
        share = TERMS.share(processes, 1)
        for whole, part in zip(TERMS.limits, share.limits, strict=True):
            assert part.size * processes <= max(whole.size, processes)
            assert part.points * whole.period * processes <= whole.points * part.period
        assert share.at_once * processes <= max(TERMS.at_once, processes)
