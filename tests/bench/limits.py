"""Measure what limits cost a request: processor time of the worker from its begin to its end, for each store.

`python -m tests.bench.limits` measures this alone, prints it, and puts it into RESULTS.md.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from api.access.limits.fallback import Fallback
from api.access.limits.gcra import Bucket
from api.access.limits.limits import Limits, Quota
from api.access.limits.redis_limits import RedisLimits
from api.access.limits.shared_table import SharedTable
from tests.access.limits.server import running
from tests.bench.results import alone

TITLE = "## What limits cost a request"
ROUNDS = 5
TERMS = Quota((Bucket("minute", 10**8, 10**8, 60), Bucket("day", 10**9, 10**9, 86_400)), 64)
CALLERS = [f"key:{n}" for n in range(1000)]
PRICE, UNUSED = 50, 20


@dataclass(frozen=True)
class Case:
    """A store of limits. `most` is the promised bound in microseconds, for this number of requests at once."""

    name: str
    most: int
    limits: Limits
    at_once: int = 1
    requests: int = 2000


async def request(limits: Limits, caller: str) -> None:
    """Begin and end a request, as REST and GraphQL do."""
    decision = await limits.begin(caller, TERMS, PRICE)
    assert decision.reservation is not None
    remaining = await limits.end(decision.reservation, UNUSED)
    assert remaining.remaining and remaining.reset


async def cost(case: Case) -> float:
    """Return the microseconds of processor time for a request."""
    for caller in CALLERS[:100]:
        await request(case.limits, caller)
    start_time = time.process_time()
    for first in range(0, case.requests, case.at_once):
        callers = [CALLERS[n % len(CALLERS)] for n in range(first, first + case.at_once)]
        if case.at_once == 1:
            await request(case.limits, callers[0])
        else:
            await asyncio.gather(*(request(case.limits, caller) for caller in callers))
    return (time.process_time() - start_time) / case.requests * 1e6


@asynccontextmanager
async def stores() -> AsyncIterator[list[Case]]:
    """Open every store as the service does."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        server = stack.enter_context(running(Path(folder)))

        def opened(limits: Limits) -> Limits:
            stack.push_async_callback(limits.close)
            return limits

        parent = SharedTable.create(workers=4)
        with_redis = opened(Fallback(RedisLimits(server.url, trip_seconds=1), SharedTable.alone(), 4))
        away = Fallback(RedisLimits("redis://127.0.0.1:9/0"), SharedTable.alone(), 4)
        yield [
            Case("shared memory, one process", 25, opened(SharedTable.alone()), requests=10_000),
            Case("shared memory, several workers", 25, opened(SharedTable.attach(parent.fileno())), requests=10_000),
            Case("Redis, one request after the other", 200, with_redis),
            Case("Redis, 16 requests at once", 200, with_redis, at_once=16),
            Case("Redis is away", 200, opened(away), requests=10_000),
        ]


async def measure_stores(rounds: int) -> list[tuple[Case, list[float]]]:
    """Return the costs of every store, round by round."""
    async with stores() as cases:
        samples: list[list[float]] = [[] for _ in cases]
        for _ in range(rounds):
            for case, costs in zip(cases, samples, strict=True):
                costs.append(await cost(case))
        return list(zip(cases, samples, strict=True))


def report(rounds: int = ROUNDS) -> str:
    """Measure, and return the section of RESULTS.md."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results = runner.run(measure_stores(rounds))
    lines = [
        f"| {case.name} | {statistics.median(costs):.1f} | {min(costs):.1f}–{max(costs):.1f} | {case.most} |"
        f" {'yes' if statistics.median(costs) <= case.most else '**no**'} |"
        for case, costs in results
    ]
    return f"""{TITLE}

Processor time of the worker: a price taken from two limits, a place for a request at once, both given back, and what
is left read, for {len(CALLERS):,} callers in turn. Medians of {rounds} interleaved rounds.

| store | CPU, µs | least and most | promised at most | met |
|---|---|---|---|---|
{chr(10).join(lines)}
"""


if __name__ == "__main__":
    alone(report)
