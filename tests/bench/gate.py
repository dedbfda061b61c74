"""What knowing a caller and holding them to a plan costs in the whole service: processor time of the worker for a kept
REST answer, with limits against without.

`python tests/bench/gate.py` measures this alone, prints it, and puts it into RESULTS.md.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from client import Client, cpu_seconds
from results import alone
from servers import BRIEFING, Process

from api.access.keys import Keys, Wanted
from api.access.plans import Plans
from api.ingest.load import load
from api.store import embedded
from api.store.access import AccessStore
from api.store.migrate import migrate
from tests.access.limits.server import running

HERE = Path(__file__).parent
SAMPLE = HERE.parents[1] / "api" / "sample"
TITLE = "## What access control and limits cost the service"
ROUNDS = 5
REQUESTS = 6000
PATH = "/v1/events?limit=20"
# So much that nobody runs out of it.
PLENTY = {"points_minute": 10**9, "points_day": 10**9, "burst": 10**9}


@dataclass(frozen=True)
class Case:
    """A service and who asks it; `most` is the promised bound in microseconds beyond one without limits and key."""

    name: str
    process: Process
    request: bytes
    most: int | None = None


def request(key: str = "") -> bytes:
    """A GET, with a key or without."""
    named = f"authorization: Bearer {key}\r\n" if key else ""
    return f"GET {PATH} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\n{named}\r\n".encode()


async def filled(url: str) -> str:
    """Fill the store; a key that may do anything."""
    await migrate(url)
    await load([str(SAMPLE)], url)
    store = AccessStore(url)
    for plan in ("anonymous", "internal"):
        await Plans(store, "bench").change(plan, **PLENTY)
    made = await Keys(store, "live", "bench").create(Wanted("bench", "internal"))
    await store.close()
    return made.secret.text


@contextmanager
def cases() -> Iterator[list[Case]]:
    """The services side by side on one Postgres."""
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory()))
        url = held.enter_context(embedded.start(folder / "data")).url
        redis = held.enter_context(running(folder))
        key = asyncio.run(filled(url))

        def started(**settings: str) -> Process:
            named = {f"BRIEFING_{name.upper()}": value for name, value in settings.items()}
            process = Process(BRIEFING, {"BRIEFING_DATABASE_URL": url, "BRIEFING_PORT": "0", **named})
            held.callback(process.stop)
            process.ready()
            return process

        off, on = started(limits="false"), started(limits="true")
        remote = started(limits="true", redis_url=redis.url)
        yield [
            Case("no limits, no key", off, request()),
            Case("no limits, a key", off, request(key), 25),
            Case("limits in shared memory, no key", on, request(), 25),
            Case("limits in shared memory, a key", on, request(key), 25),
            Case("limits in Redis, no key", remote, request(), 200),
            Case("limits in Redis, a key", remote, request(key), 200),
        ]


def cost(case: Case) -> float:
    """Microseconds of the worker's processor time a request."""
    client = Client(case.process.port)
    for _ in range(200):
        client.ask(case.request)
    begun = cpu_seconds(case.process.pid)
    for _ in range(REQUESTS):
        client.ask(case.request)
    return (cpu_seconds(case.process.pid) - begun) / REQUESTS * 1e6


def report(rounds: int = ROUNDS) -> str:
    """The section of RESULTS.md."""
    with cases() as every:
        time.sleep(1)  # what they do after they are ready
        found: list[list[float]] = [[] for _ in every]
        for _ in range(rounds):
            for case, costs in zip(every, found, strict=True):
                costs.append(cost(case))
    lines = []
    for case, costs in zip(every, found, strict=True):
        beyond = statistics.median(one - base for one, base in zip(costs, found[0], strict=True))
        told = "| | |" if case.most is None else f"| {case.most} | {'yes' if beyond <= case.most else '**no**'} |"
        lines.append(
            f"| {case.name} | {statistics.median(costs):.1f} | {beyond:.1f} | {min(costs):.1f}–{max(costs):.1f} {told}"
        )
    return f"""{TITLE}

Processor time of the worker for a kept REST answer of 20 events, on one connection, {REQUESTS:,} requests a round.
Medians of {rounds} interleaved rounds; what is beyond the first row is the median of the differences within each round.

| case | CPU, µs | beyond, µs | least and most | promised at most | met |
|---|---|---|---|---|---|
{chr(10).join(lines)}
"""


if __name__ == "__main__":
    alone(report)
