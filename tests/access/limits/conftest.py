"""Stores of limits behind their common interface. If time matters, they follow a clock that the test sets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest
import redis.asyncio

from api.access.limits.fallback import Fallback
from api.access.limits.limits import Limits
from api.access.limits.redis_limits import RedisLimits, RedisScript
from api.access.limits.shared_table import SharedTable
from tests.access.limits.server import RedisServer, running

IDENTITIES = count()


class Controlled:
    """A store, and the clock that it follows."""

    def __init__(self) -> None:
        self.now = 1_000_000_000_000
        self.limits: Limits
        self.redis: redis.asyncio.Redis | None = None

    def clock(self) -> int:
        return self.now * 1000

    async def wait(self, microseconds: int) -> None:
        self.now += microseconds
        if self.redis is not None:
            await self.redis.set("clock", self.now)

    def somebody(self) -> str:
        """Return an identity that was not used before."""
        return f"key:{next(IDENTITIES)}"


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running(tmp_path_factory.mktemp("redis")) as server:
        yield server


def by_clock(script: RedisScript) -> RedisScript:
    """Return a script that reads the time from a key, and sets no expiry, because that would follow the server's
    clock."""
    assert script.text.count("redis.call('TIME')") == 1
    text = script.text.replace("redis.call('TIME')", "{ 0, redis.call('GET', 'clock') }")
    return RedisScript(
        text.replace("'PEXPIRE', KEYS[1],", "'TOUCH', KEYS[1],").replace("'PEXPIRE', KEYS[2],", "'TOUCH',")
    )


@pytest.fixture(scope="session", params=["alone", "shared", "redis", "fallback", "away"])
async def store(request: pytest.FixtureRequest, redis_server: RedisServer) -> AsyncIterator[Controlled]:
    """Each store in turn. `fallback` has its Redis, and `away` never had one."""
    controlled_store = Controlled()
    if request.param == "shared":
        controlled_store.limits = SharedTable.attach(SharedTable.create(workers=4).fileno(), controlled_store.clock)
    else:
        controlled_store.limits = SharedTable.alone(clock=controlled_store.clock)
    if request.param in ("redis", "fallback"):
        controlled_store.redis = redis.asyncio.Redis.from_url(redis_server.url)
        remote = RedisLimits(redis_server.url, trip_seconds=10)
        remote._begin, remote._end = by_clock(remote._begin), by_clock(remote._end)
        controlled_store.limits = remote if request.param == "redis" else Fallback(remote, controlled_store.limits, 4)
        await controlled_store.wait(0)
    elif request.param == "away":
        controlled_store.limits = Fallback(RedisLimits("redis://127.0.0.1:9/0"), controlled_store.limits, 1)
    yield controlled_store
    if request.param == "fallback":
        assert isinstance(controlled_store.limits, Fallback)
        assert not controlled_store.limits.fallbacks, "Redis was there all the time"
    await controlled_store.limits.close()
    if controlled_store.redis is not None:
        await controlled_store.redis.aclose()
