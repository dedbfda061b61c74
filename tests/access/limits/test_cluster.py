"""Limits in a cluster of Valkey or Redis are exact: across workers, nodes, and slots that move."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.crc import key_slot

from api.access.limits.fallback import Fallback
from api.access.limits.gcra import Bucket
from api.access.limits.limits import AT_ONCE, Quota
from api.access.limits.redis_cluster import RedisCluster
from api.access.limits.redis_connection import RedisConnection, RedisUnavailable, SlotMoving
from api.access.limits.redis_limits import RedisLimits, keys
from api.access.limits.shared_table import SharedTable
from api.errors import SettingsError
from tests.access.limits.server import Cluster, RedisServer, find_program, find_valkey
from tests.access.limits.worker import CROWD, SIZE
from tests.access.limits.workers import results, working

PROGRAMS = {"valkey": find_valkey, "redis": find_program}
# Points take a day to come back, so buckets do not refill during a test.
DAILY = Quota((Bucket("day", 20, 20, 86_400), Bucket("week", 100, 100, 7 * 86_400)), 4)


@pytest.fixture(scope="module", params=list(PROGRAMS))
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    started_cluster = Cluster(tmp_path_factory.mktemp("cluster"), PROGRAMS[request.param]())
    yield started_cluster
    started_cluster.stop()


@pytest.fixture
async def limits(cluster: Cluster) -> AsyncIterator[RedisLimits]:
    # The machine may be busy, and these tests are not about time.
    redis_limits = RedisLimits(cluster.url, trip_seconds=10)
    yield redis_limits
    await redis_limits.close()


NUMBERS = iter(range(1_000_000))


def somebody() -> str:
    """Return a caller that was not used before."""
    return f"key:{next(NUMBERS)}"


def slot_of(identity: str) -> int:
    return key_slot(keys(identity)[0].encode())


async def take_all(limits: RedisLimits, identity: str) -> int:
    """Take points one by one, and return how many there were."""
    taken = 0
    while (await limits.begin(identity, DAILY, 1, used=1)).allowed:
        taken += 1
    return taken


def test_the_keys_of_a_caller_share_a_slot_and_callers_spread_over_the_nodes(cluster: Cluster) -> None:
    ports = set()
    for identity in ("ip:192.0.2.1", "ip:2001:db8::/64", *(f"key:{number}" for number in range(50))):
        assert len({key_slot(key.encode()) for key in keys(identity)}) == 1
        ports.add(cluster.owner(slot_of(identity)).port)
    assert ports == {node.port for node in cluster.nodes}


def test_200_clients_on_4_workers_get_what_the_plan_allows(cluster: Cluster) -> None:
    for node in cluster.nodes:
        cluster.ask(node, "FLUSHALL")
    with working(*[(cluster.url, "clients")] * 4) as workers:
        allowed = [result["allowed"] for result in results(workers)]
    assert sum(allowed) == SIZE and any(allowed[1:])
    with working(*[(cluster.url, "crowd")] * 4) as workers:
        assert sum(result["allowed"] for result in results(workers)) == CROWD.at_once


async def test_each_of_many_callers_gets_exactly_its_plan(cluster: Cluster, limits: RedisLimits) -> None:
    other = RedisLimits(cluster.url, trip_seconds=10)
    callers = [somebody() for _ in range(60)]
    taken = await asyncio.gather(*(take_all(store, caller) for caller in callers for store in (limits, other)))
    assert [first + second for first, second in zip(taken[::2], taken[1::2], strict=True)] == [20] * 60
    await other.close()


async def test_requests_of_many_callers_at_once_take_one_trip_to_each_node(
    limits: RedisLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The scripts are known, and so are the slots.
    await limits.probe()
    trips = []
    make_trip = RedisConnection._make_trip

    async def counted(connection: RedisConnection, batch: list[object]) -> list[object]:
        trips.append(len(batch))
        return await make_trip(connection, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(RedisConnection, "_make_trip", counted)
    await asyncio.gather(*(limits.begin(somebody(), DAILY, 1, used=1) for _ in range(300)))
    assert len(trips) == 3 and sum(trips) == 300


async def test_a_slot_that_was_moved_is_followed(cluster: Cluster, limits: RedisLimits) -> None:
    caller = somebody()
    first = await limits.begin(caller, DAILY, 7)
    assert first.reservation is not None
    slot = slot_of(caller)
    source = cluster.owner(slot)
    target = next(node for node in cluster.nodes if node is not source)
    cluster.begin_move(slot, target)
    cluster.end_move(slot, target)
    assert (await limits.end(first.reservation, 2)).remaining == (15, 95)
    assert await take_all(limits, caller) == 15
    # The next requests know where it is.
    connection = limits._connection
    assert isinstance(connection, RedisCluster)
    await connection.probe_keys()
    assert connection._address(keys(caller)[0]).endswith(f":{target.port}")


async def test_requests_go_on_while_slots_are_moved(cluster: Cluster, limits: RedisLimits) -> None:
    callers = [somebody() for _ in range(6)]

    async def take(caller: str) -> int:
        taken = 0
        while True:
            decision = await limits.begin(caller, DAILY, 1)
            if decision.reservation is None:
                return taken
            taken += 1
            await asyncio.sleep(0.01)
            await limits.end(decision.reservation)

    running = [asyncio.create_task(take(caller)) for caller in callers]
    for caller in callers:
        await asyncio.sleep(0.02)
        slot = slot_of(caller)
        source = cluster.owner(slot)
        target = next(node for node in cluster.nodes if node is not source)
        # Nothing of this process runs meanwhile, so no request meets half of a caller's keys.
        cluster.begin_move(slot, target)
        cluster.end_move(slot, target)
    assert await asyncio.gather(*running) == [20] * 6


async def test_a_caller_whose_keys_went_ahead_is_followed_before_the_slot_is(
    cluster: Cluster, limits: RedisLimits
) -> None:
    caller = somebody()
    first = await limits.begin(caller, DAILY, 5)
    assert first.reservation is not None
    slot = slot_of(caller)
    target = next(node for node in cluster.nodes if node is not cluster.owner(slot))
    cluster.begin_move(slot, target)
    cluster.move_keys(slot, target, *keys(caller))
    try:
        second = await limits.begin(caller, DAILY, 5)
        assert second.left.remaining == (10, 90)
        assert second.reservation is not None
        await limits.end(second.reservation)
    finally:
        cluster.end_move(slot, target)
    assert (await limits.end(first.reservation, 5)).remaining == (15, 95)


async def test_half_of_a_callers_keys_are_limited_here_and_nobody_else(cluster: Cluster, limits: RedisLimits) -> None:
    fallback = Fallback(limits, SharedTable.alone(), 2)
    caller, other = somebody(), somebody()
    first = await limits.begin(caller, DAILY, 5)
    assert first.reservation is not None
    slot = slot_of(caller)
    target = next(node for node in cluster.nodes if node is not cluster.owner(slot))
    cluster.begin_move(slot, target)
    cluster.move_keys(slot, target, keys(caller)[0])
    try:
        with pytest.raises(SlotMoving):
            await limits.begin(caller, DAILY, 5)
        assert (await fallback.begin(caller, DAILY, 1, used=1)).left.remaining == (9, 49)
        assert not fallback.away
        assert (await fallback.begin(other, DAILY, 1, used=1)).left.remaining == (19, 99)
    finally:
        cluster.end_move(slot, target)
    assert (await limits.look(caller, DAILY)).remaining == (15, 95)


async def test_places_are_counted_and_given_back(limits: RedisLimits) -> None:
    caller = somebody()
    begun = [await limits.begin(caller, DAILY, 1) for _ in range(4)]
    assert (await limits.begin(caller, DAILY, 1)).hit == AT_ONCE
    for decision in begun:
        assert decision.reservation is not None
        await limits.end(decision.reservation)
    assert (await limits.begin(caller, DAILY, 1, used=1)).allowed


async def test_while_a_node_is_away_machines_share_until_all_are_back(cluster: Cluster) -> None:
    remote = RedisLimits(cluster.url, trip_seconds=2)
    fallback = Fallback(remote, SharedTable.alone(), 2, probe_seconds=0.1)
    caller = somebody()
    node = cluster.owner(slot_of(caller))
    await remote.probe()
    node.kill()
    try:
        assert (await fallback.begin(caller, DAILY, 1, used=1)).left.remaining == (9, 49)
        await asyncio.sleep(1)
        # The other nodes answer, but a visit to each is needed.
        assert fallback.away and fallback.fallbacks == 1
    finally:
        node.start()
        cluster.until_known()
    async with asyncio.timeout(20):
        while fallback.away:
            await asyncio.sleep(0.05)
    assert (await fallback.begin(caller, DAILY, 1, used=1)).left.remaining == (19, 99)
    await fallback.close()


async def test_one_node_of_a_cluster_is_no_server_for_limits(cluster: Cluster) -> None:
    alone = RedisLimits(f"redis://127.0.0.1:{cluster.nodes[0].port}", trip_seconds=10)
    with pytest.raises(RedisUnavailable, match=r"redis\+cluster://"):
        for _ in range(20):
            await alone.begin(somebody(), DAILY, 1, used=1)
    await alone.close()


async def test_a_server_that_is_no_cluster_says_so(redis_server: RedisServer) -> None:
    wrong = RedisLimits(f"redis+cluster://127.0.0.1:{redis_server.port}", trip_seconds=10)
    with pytest.raises(RedisUnavailable, match="no node of a cluster"):
        await wrong.begin(somebody(), DAILY, 1)
    await wrong.close()


@pytest.mark.parametrize(
    "url", ["redis+cluster://", "redis+cluster://a:port", "redis+cluster://a:1,,b:2", "redis+cluster://a:1/3"]
)
def test_a_wrong_url_ends_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="BRIEFING_REDIS_URL"):
        RedisLimits(url)
