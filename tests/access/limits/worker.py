"""A worker in a process of its own, which the tests start and kill: `worker.py shared:FD|redis://… task [ahead]`.

It prints `ready`, waits for a line on its standard input, does its task and prints the result as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from api.access.limits.gcra import Bucket
from api.access.limits.limits import Limits, Quota
from api.access.limits.redis_limits import RedisLimits
from api.access.limits.shared_table import SharedTable

# A point takes a day to come back, so buckets do not refill during a test.
SIZE = 600
MANY = 3000
LARGE = Quota((Bucket("minute", MANY, 1, 86_400), Bucket("day", 2 * MANY, 1, 86_400)), 1000)
WIDE = Quota((Bucket("minute", SIZE, 1, 86_400), Bucket("day", 2 * SIZE, 1, 86_400)), 1000)
NARROW = Quota((Bucket("minute", 1_000_000, 1_000_000, 1),), 4)
CROWD = Quota(NARROW.limits, 20)
IDENTITIES = ("key:a", "key:b", "ip:192.0.2.1")
CLIENTS = 50


async def hits(limits: Limits) -> dict[str, int]:
    """Take as many hits as the plan allows for each identity, from this worker alone."""
    allowed = dict.fromkeys(IDENTITIES, 0)
    for n in range(MANY):
        # The other workers need a core as well.
        if n % 100 == 0:
            await asyncio.sleep(0.002)
        for identity in IDENTITIES:
            decision = await limits.begin(identity, LARGE, 1)
            if decision.reservation is not None:
                allowed[identity] += 1
                await limits.end(decision.reservation)
    return allowed


async def clients(limits: Limits) -> dict[str, int]:
    """Run many clients at once, each with a few requests that take a moment."""
    allowed = 0

    async def client() -> None:
        nonlocal allowed
        for _ in range(12):
            decision = await limits.begin("key:crowd", WIDE, 1)
            if decision.reservation is not None:
                allowed += 1
                await asyncio.sleep(0.005)
                await limits.end(decision.reservation)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return {"allowed": allowed}


async def crowd(limits: Limits) -> dict[str, int]:
    """Begin the requests of many clients at once, and end none of them."""
    decisions = await asyncio.gather(*(limits.begin("key:held", CROWD, 1) for _ in range(CLIENTS)))
    return {"allowed": sum(decision.allowed for decision in decisions)}


async def storm(limits: Limits) -> dict[str, int]:
    """Send requests without end, two at a time."""
    while True:
        for identity in IDENTITIES:
            first, second = await limits.begin(identity, NARROW, 7), await limits.begin(identity, NARROW, 7)
            for decision in (first, second):
                if decision.reservation is not None:
                    await limits.end(decision.reservation, 3)


async def hold(limits: Limits) -> dict[str, int]:
    """Take all places, and print `held`."""
    for identity in IDENTITIES:
        for _ in range(NARROW.at_once):
            assert (await limits.begin(identity, NARROW, 1)).allowed
    print("held", flush=True)
    await asyncio.sleep(600)
    return {}


async def main(where: str, task: str) -> None:
    limits: Limits
    if where.startswith("shared:"):
        limits = SharedTable.attach(int(where.removeprefix("shared:")))
    else:
        limits = RedisLimits(where, trip_seconds=20, lease_seconds=2 if task == "hold" else 60)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(await TASKS[task](limits)), flush=True)


TASKS = {task.__name__: task for task in (hits, clients, crowd, storm, hold)}

if __name__ == "__main__":
    if "ahead" in sys.argv:
        for name in ("time", "monotonic"):
            clock = getattr(time, name)
            setattr(time, name, lambda clock=clock: clock() + 60)
    asyncio.run(main(*sys.argv[1:3]))
