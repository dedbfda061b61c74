"""Measure what access control and limits cost in the whole service: processor time of the worker for a kept REST
answer, with limits against without.

`python -m tests.bench.gate` measures this alone, prints it, and puts it into RESULTS.md.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from api.access.keys import Keys, NewKey
from api.access.plans import Plans
from api.ingest.load import load
from api.store import embedded
from api.store.access import AccessStore
from api.store.migrate import migrate
from tests.access.limits.server import running
from tests.bench.client import Client, cpu_seconds
from tests.bench.results import alone
from tests.bench.servers import BRIEFING, Process

HERE = Path(__file__).parent
SAMPLE = HERE.parents[1] / "api" / "sample"
TITLE = "## What access control and limits cost the service"
ROUNDS = 5
REQUESTS = 6000
# The cases take turns within a round, because the speed of the machine changes by the second.
TURNS = 20
WARM = 20
PATH = "/v1/events?limit=20"
# More than the requests of this bench cost.
PLENTY = {"points_minute": 10**8, "points_day": 10**8, "burst": 10**8, "at_once": 1000}


@dataclass(frozen=True)
class Case:
    """A service, and a request with or without a key. `most` is the promised bound in microseconds, beyond the case
    without limits and key."""

    name: str
    process: Process
    request: bytes
    most: int | None = None


def request(key: str = "") -> bytes:
    """Return a GET, with a key or without."""
    authorization = f"authorization: Bearer {key}\r\n" if key else ""
    return f"GET {PATH} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\n{authorization}\r\n".encode()


async def fill_store(url: str) -> str:
    """Fill the store, and return a key whose plan does not limit it."""
    await migrate(url)
    await load([str(SAMPLE)], url)
    store = AccessStore(url)
    for plan in ("anonymous", "internal"):
        await Plans(store, "bench").change(plan, **PLENTY)
    new_key = await Keys(store, "live", "bench").create(NewKey("bench", "internal"))
    await store.close()
    return new_key.secret.text


@contextmanager
def cases() -> Iterator[list[Case]]:
    """Run the services side by side on one Postgres."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        url = stack.enter_context(embedded.start(folder / "data")).url
        redis = stack.enter_context(running(folder))
        key = asyncio.run(fill_store(url))

        cores = sorted(os.sched_getaffinity(0))

        def started(**settings: str) -> Process:
            variables = {f"BRIEFING_{name.upper()}": value for name, value in settings.items()}
            process = Process(BRIEFING, {"BRIEFING_DATABASE_URL": url, "BRIEFING_PORT": "0", **variables})
            stack.callback(process.stop)
            process.ready()
            # If the kernel puts client and worker on one core instead of two, a request differs by 30 µs, more than all
            # that is measured here. So the worker has a core of its own.
            os.sched_setaffinity(process.pid, cores[-1:])
            return process

        off, on = started(limits="false"), started(limits="true")
        remote = started(limits="true", redis_url=redis.url)
        os.sched_setaffinity(0, cores[:1])
        stack.callback(os.sched_setaffinity, 0, cores)
        yield [
            Case("no limits, no key", off, request()),
            Case("no limits, a key", off, request(key), 25),
            Case("limits in shared memory, no key", on, request(), 25),
            Case("limits in shared memory, a key", on, request(key), 25),
            Case("limits in Redis, no key", remote, request(), 200),
            Case("limits in Redis, a key", remote, request(key), 200),
        ]


def costs(every: list[Case]) -> list[float]:
    """Return the microseconds of processor time that each case's worker needs for a request, in one round."""
    clients = [Client(case.process.port) for case in every]
    cpu_times = [0.0] * len(every)
    for _ in range(TURNS):
        for number, (case, client) in enumerate(zip(every, clients, strict=True)):
            for _ in range(WARM):
                client.ask(case.request)
            cpu_before = cpu_seconds(case.process.pid)
            for _ in range(REQUESTS // TURNS):
                client.ask(case.request)
            cpu_times[number] += cpu_seconds(case.process.pid) - cpu_before
    return [duration / REQUESTS * 1e6 for duration in cpu_times]


def report(rounds: int = ROUNDS) -> str:
    """Measure, and return the section of RESULTS.md."""
    with cases() as every:
        time.sleep(1)  # for the work that they do once they are ready
        all_samples: list[list[float]] = [[] for _ in every]
        for _ in range(rounds):
            for costs_of_case, cost in zip(all_samples, costs(every), strict=True):
                costs_of_case.append(cost)
    lines = []
    for case, times in zip(every, all_samples, strict=True):
        beyond = statistics.median(
            costs_of_case - base for costs_of_case, base in zip(times, all_samples[0], strict=True)
        )
        limit = "| | |" if case.most is None else f"| {case.most} | {'yes' if beyond <= case.most else '**no**'} |"
        lines.append(
            f"| {case.name} | {statistics.median(times):.1f} | {beyond:.1f} | {min(times):.1f}–{max(times):.1f} {limit}"
        )
    return f"""{TITLE}

Processor time of the worker for a kept REST answer of 20 events, on one connection, {REQUESTS:,} requests a round,
in which the cases take {TURNS} turns; the worker and its client each on a core of their own.
Medians of {rounds} rounds; what is beyond the first row is the median of the differences within each round.

| case | CPU, µs | beyond, µs | least and most | promised at most | met |
|---|---|---|---|---|---|
{chr(10).join(lines)}
"""


if __name__ == "__main__":
    alone(report)
