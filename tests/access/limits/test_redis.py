"""Limits in a real Redis are exact between workers, whatever their clocks say. Leases of a worker that died run out."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis.asyncio

from api.access.limits import redis_limits
from api.access.limits.gcra import Bucket
from api.access.limits.limits import AT_ONCE, Quota
from api.access.limits.redis_limits import RedisLimits, keys
from api.errors import SettingsError
from tests.access.limits.server import RedisServer
from tests.access.limits.worker import CROWD, IDENTITIES, NARROW, SIZE
from tests.access.limits.workers import results, working


@pytest.fixture
async def client(redis_server: RedisServer) -> AsyncIterator[redis.asyncio.Redis]:
    """A client of the operator's, on an empty server. It has no scripts either, so that a test finds the same server
    alone as after others."""
    async with redis.asyncio.Redis.from_url(redis_server.url) as redis_client:
        await redis_client.flushall()
        await redis_client.script_flush()
        yield redis_client


@pytest.fixture
async def limits(redis_server: RedisServer, client: redis.asyncio.Redis) -> AsyncIterator[RedisLimits]:
    # The machine may be busy, and these tests are not about time.
    redis_limits = RedisLimits(redis_server.url, lease_seconds=0.6, trip_seconds=10)
    yield redis_limits
    await redis_limits.close()


def test_200_clients_on_4_workers_get_what_the_plan_allows(
    redis_server: RedisServer, client: redis.asyncio.Redis
) -> None:
    where = redis_server.url
    with working((where, "clients", "ahead"), *[(where, "clients")] * 3) as workers:
        counts = [result["allowed"] for result in results(workers)]
    assert sum(counts) == SIZE
    assert counts[0] and any(counts[1:]), "they ran beside each other, one with its clock a minute ahead"


def test_200_clients_at_once_get_as_many_places_as_there_are(
    redis_server: RedisServer, client: redis.asyncio.Redis
) -> None:
    with working(*[(redis_server.url, "crowd")] * 4) as workers:
        assert sum(result["allowed"] for result in results(workers)) == CROWD.at_once


async def test_places_of_a_killed_worker_run_out(limits: RedisLimits, redis_server: RedisServer) -> None:
    with working((redis_server.url, "hold")) as (worker,):
        worker.go()
        assert worker.line() == "held"
        assert (await limits.begin(IDENTITIES[0], NARROW, 1)).hit == AT_ONCE
        worker.kill()
    for _ in range(100):
        await asyncio.sleep(0.1)
        if (await limits.begin(IDENTITIES[0], NARROW, 1)).allowed:
            return
    pytest.fail("its leases were to last for two seconds")


async def test_a_request_that_takes_long_keeps_its_place(limits: RedisLimits) -> None:
    quota = Quota(NARROW.limits, 1)
    reservation = (await limits.begin("key:export", quota, 1)).reservation
    assert reservation is not None
    for _ in range(8):
        await asyncio.sleep(0.2)
        assert (await limits.begin("key:export", quota, 1)).hit == AT_ONCE
    await limits.end(reservation)
    assert (await limits.begin("key:export", quota, 1)).allowed


async def test_a_cancelled_request_holds_no_place(limits: RedisLimits, client: redis.asyncio.Redis) -> None:
    for rounds in range(20):
        begins = [asyncio.create_task(limits.begin("key:gone", CROWD, 1)) for _ in range(10)]
        for _ in range(rounds):
            await asyncio.sleep(0)
        for task in begins:
            task.cancel()
        for decision in await asyncio.gather(*begins, return_exceptions=True):
            if not isinstance(decision, BaseException) and decision.reservation is not None:
                await limits.end(decision.reservation)
    await limits.look("key:gone", CROWD)
    assert await client.zcard(keys("key:gone")[1]) == 0


async def test_a_lease_ends_once(limits: RedisLimits) -> None:
    quota = Quota((Bucket("minute", 10, 1, 60),), 5)
    reservation = (await limits.begin("key:once", quota, 4)).reservation
    assert reservation is not None
    assert [(await limits.end(reservation, 2)).remaining for _ in range(2)] == [(8,), (8,)]


async def test_every_key_runs_out_when_nothing_is_owed(limits: RedisLimits, client: redis.asyncio.Redis) -> None:
    quota = Quota((Bucket("minute", 10, 10, 60), Bucket("day", 100, 100, 86_400)), 5)
    await limits.begin("key:ttl", quota, 2)
    buckets, leases = keys("key:ttl")
    assert sorted(await client.keys()) == [buckets.encode(), leases.encode()]
    assert math.isclose(await client.pttl(buckets), 2 * 864_000, abs_tol=60_000)
    assert 0 < await client.pttl(leases) <= 600


async def test_scripts_are_loaded_again_into_a_server_that_lost_them(
    limits: RedisLimits, client: redis.asyncio.Redis
) -> None:
    for _ in range(2):
        await client.script_flush()
        decisions = await asyncio.gather(*(limits.begin("key:flush", CROWD, 1) for _ in range(5)))
        assert all(decision.allowed for decision in decisions)


async def test_requests_that_begin_together_share_one_connection(
    limits: RedisLimits, client: redis.asyncio.Redis
) -> None:
    before = (await client.info("stats"))["total_connections_received"]
    await asyncio.gather(*(limits.begin(f"key:{n}", NARROW, 1) for n in range(200)))
    assert (await client.info("stats"))["total_connections_received"] == before + 1


async def test_real_time_gives_points_back(limits: RedisLimits) -> None:
    quota = Quota((Bucket("minute", 5, 50, 1),), 5)
    for _ in range(4):
        decision = await limits.begin("key:time", quota, 5)
        assert decision.reservation is not None
        await limits.end(decision.reservation)
        refusal = await limits.begin("key:time", quota, 5)
        if not refusal.allowed:
            assert 0 < refusal.retry_after <= 0.1
            await asyncio.sleep(refusal.retry_after)
        elif refusal.reservation is not None:
            await limits.end(refusal.reservation, 5)


@pytest.mark.parametrize("url", ["localhost:6379", "http://localhost", "redis://localhost:port"])
def test_a_wrong_url_is_reported_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="BRIEFING_REDIS_URL"):
        RedisLimits(url)


async def trips(client: redis.asyncio.Redis) -> int:
    """Return how many scripts the server has run."""
    stats = await client.info("commandstats")
    commands = [stats.get(f"cmdstat_{name}", {}) for name in ("eval", "evalsha")]
    # A script that the server does not have yet fails once, and is sent again with its text.
    return sum(command.get("calls", 0) - command.get("failed_calls", 0) for command in commands)


async def test_remaining_points_are_remembered_for_a_second_or_until_a_charge(
    limits: RedisLimits, client: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_limits, "RECENT_SECONDS", 600.0)
    quota = Quota((Bucket("day", 100, 100, 86_400),), 5)
    await limits.begin("key:recent", quota, 10, used=10)
    before = await trips(client)
    assert {(await limits.recent("key:recent", quota)).remaining for _ in range(50)} == {(90,)}
    assert await trips(client) == before + 1
    reservation = (await limits.begin("key:recent", quota, 20)).reservation
    assert (await limits.recent("key:recent", quota)).remaining == (70,)
    assert reservation is not None
    await limits.end(reservation, 15)
    assert (await limits.recent("key:recent", quota)).remaining == (85,)
    monkeypatch.setattr(redis_limits, "RECENT_SECONDS", 0.0)
    before = await trips(client)
    assert (await limits.recent("key:recent", quota)).remaining == (85,)
    assert await trips(client) == before + 1


async def test_points_come_back_in_what_is_remembered(limits: RedisLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_limits, "RECENT_SECONDS", 600.0)
    quota = Quota((Bucket("second", 100, 100, 1),), 5)
    await limits.begin("key:recent", quota, 100, used=100)
    (first,) = (await limits.recent("key:recent", quota)).remaining
    await asyncio.sleep(0.2)
    (second,) = (await limits.recent("key:recent", quota)).remaining
    assert second >= first + 20 or second == 100
    assert (await limits.look("key:recent", quota)).remaining[0] >= second


HOUR = 3_600_000_000
QUICK = Quota((Bucket("second", 4, 4, 1), Bucket("minute", 100, 100, 60)), 2)


async def ahead(client: redis.asyncio.Redis, identity: str, microseconds: int) -> None:
    """Move the moments of a caller ahead, as if the clock had gone back by as much."""
    buckets, leases = keys(identity)
    await client.persist(buckets)
    for name in ("second", "minute"):
        for field in (name, f"{name}:at"):
            moment = int(await client.hget(buckets, field) or 0)
            await client.hset(buckets, field, str(moment + microseconds))
    scores: Any = await client.zrange(leases, 0, -1, withscores=True)
    for reservation, score in scores:
        await client.zadd(leases, {reservation: score + microseconds})


async def test_a_clock_that_went_back_leaves_what_was_owed(limits: RedisLimits, client: redis.asyncio.Redis) -> None:
    assert (await limits.begin("key:a", QUICK, 3, used=4)).allowed
    await ahead(client, "key:a", HOUR)
    remaining = await limits.look("key:a", QUICK)
    assert remaining.remaining == (0, 96)
    assert max(remaining.reset) <= 4 * 0.6
    refusal = await limits.begin("key:a", QUICK, 1)
    assert refusal.hit == "second" and refusal.retry_after <= 0.25
    await asyncio.sleep(refusal.retry_after)
    assert (await limits.begin("key:a", QUICK, 1, used=1)).allowed, "the refusal began to count time anew"


async def test_a_lease_of_before_the_clock_went_back_runs_out_as_a_new_one_does(
    limits: RedisLimits, client: redis.asyncio.Redis
) -> None:
    # The leases of a worker that died: they are neither ended nor renewed.
    seconds, microseconds = await client.time()
    later = seconds * 1_000_000 + microseconds + HOUR
    await client.zadd(keys("key:a")[1], {"one": later, "other": later})
    assert (await limits.begin("key:a", QUICK, 0)).hit == AT_ONCE
    await asyncio.sleep(0.7)
    assert (await limits.begin("key:a", QUICK, 0)).allowed


async def test_a_request_under_way_when_the_clock_goes_back_ends_and_gives_back(
    limits: RedisLimits, client: redis.asyncio.Redis
) -> None:
    reservation = (await limits.begin("key:a", QUICK, 3)).reservation
    assert reservation is not None
    await ahead(client, "key:a", HOUR)
    remaining = await limits.end(reservation, 3)
    assert max(remaining.reset) <= 60
    assert await client.zcard(keys("key:a")[1]) == 0
