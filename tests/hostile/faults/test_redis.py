"""Redis is dead, frozen or restarted: clients of the service still get answers, and each process grants its share."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from api.access.keys import Keys, NewKey
from api.access.plan import Plan
from api.access.plans import Plans
from api.store.access import AccessStore
from tests.access.limits.server import RedisServer, running
from tests.access.limits.test_fallback import BACK, freeze, kill
from tests.hostile.faults.cluster import Cluster, metrics, until
from tests.hostile.raw_client import RawClient
from tests.ports import free_port
from tests.serving import serving

MakeKey = Callable[[], Awaitable[str]]
pytestmark = pytest.mark.fault
PROCESSES = 4
BURST = 100
PATH = "/v1/places?limit=1"  # costs a point
# A trip has 50 ms, and a busy machine may take longer to notice.
FIRST, NEXT = 0.5, 0.05


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
async def key(cluster: Cluster) -> AsyncIterator[MakeKey]:
    """`await key()` returns the header field of a new key. Its plan grants 100 points, and then hardly any."""
    store = AccessStore(cluster.server.url)

    async def make() -> str:
        name = f"few{time.monotonic_ns()}"
        await Plans(store, "test").create(Plan(name, 2, 10_000, BURST, 50, 200))
        new_key = await Keys(store, "live", "test").create(NewKey("test", name))
        return f"Authorization: Bearer {new_key.secret.text}"

    yield make
    await store.close()


def away(port: int) -> bool:
    """Return True if the page of metrics says that Redis is away."""
    return "\nbriefing_limits_away 1" in metrics(port)


def send_requests(raw_client: RawClient, key: str, times: int) -> tuple[list[int], list[float]]:
    """Send requests one after the other, and return their statuses and seconds."""
    statuses, durations = [], []
    for _ in range(times):
        start_time = time.monotonic()
        statuses.append(raw_client.get(PATH, key).status)
        durations.append(time.monotonic() - start_time)
    return statuses, durations


@pytest.mark.parametrize("fail", [freeze, kill], ids=["frozen", "killed"])
async def test_redis_away_costs_no_error_and_no_time_and_is_taken_up_again(
    cluster: Cluster, redis: RedisServer, fail: Callable[[RedisServer], Callable[[], None]], key: MakeKey
) -> None:
    settings: dict[str, Any] = {"limits": "true", "redis_url": redis.url, "limit_processes": PROCESSES}
    with serving(cluster.server.url, metrics_port=(port := free_port()), **settings) as server:
        raw_client = RawClient(server.port)
        until(lambda: raw_client.get("/readyz").status == 200, 10)
        assert send_requests(raw_client, await key(), 10)[0] == [200] * 10
        until(lambda: not away(port), BACK)
        mend = fail(redis)
        try:
            statuses, durations = send_requests(raw_client, await key(), BURST // PROCESSES + 5)
            assert statuses == [200] * (BURST // PROCESSES) + [429] * 5, "its share, and no more"
            assert max(durations) < FIRST and statistics.median(durations) < NEXT
            assert away(port)
        finally:
            mend()
        assert until(lambda: not away(port), BACK) < BACK
        assert send_requests(raw_client, await key(), BURST // PROCESSES + 5)[0] == [200] * (BURST // PROCESSES + 5), (
            "all of the plan"
        )


async def test_redis_restarted_is_taken_up_again(cluster: Cluster, redis: RedisServer, key: MakeKey) -> None:
    with serving(cluster.server.url, limits="true", redis_url=redis.url, limit_processes=PROCESSES) as server:
        raw_client = RawClient(server.port)
        until(lambda: raw_client.get("/readyz").status == 200, 10)
        assert send_requests(raw_client, await key(), 10)[0] == [200] * 10
        redis.kill()
        redis.start()
        statuses, durations = send_requests(raw_client, await key(), 10)
        assert statuses == [200] * 10 and max(durations) < FIRST
