"""Measure what a request costs the worker beyond a constant route, and how soon the service is ready.

Every case runs in each interleaved round against the same processes, and the medians are written. A case that varies
sends another request each time, so that only the document and the prepared statement are cached.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.client import Client, cpu_seconds, get, post
from tests.bench.duel import Effort
from tests.bench.servers import BRIEFING, Process, constant
from tests.bench.store import write

TITLE = "## What a request costs the worker"
WARM = 50
NESTED = """query($since: DateTime!) { events(first: 20, filter: {startsAt: {gte: $since}}) { nodes {
  id title kind startsAt citations { nodes { stance source { name kind } } } quotes { nodes { text speakerId } }
  figures { nodes { measure value valueText } } } } }"""


@dataclass(frozen=True)
class Case:
    """A request, varied by a number. `most` is the promised bound in microseconds, beyond the constant route."""

    name: str
    request: Callable[[int], bytes]
    most: int


def day(n: int) -> str:
    """Return one of 420 days, all before the data."""
    return f"{1990 + n % 30}-{1 + n % 12:02d}-{1 + n % 28:02d}T00:00:00Z"


CASES = (
    Case("REST, 50 events, a new filter each time", lambda n: get(f"/v1/events?limit=50&starts_at_gte={day(n)}"), 600),
    Case("REST, 50 events, the same URL", lambda n: get("/v1/events?limit=50"), 600),
    Case("GraphQL, 20 events nested, new variables", lambda n: post("/v1/graphql", NESTED, {"since": day(n)}), 1000),
    Case("GraphQL, 20 events nested, the same", lambda n: post("/v1/graphql", NESTED, {"since": day(1)}), 1000),
)


def report(effort: Effort) -> str:
    """Measure, and return the section of RESULTS.md."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "BRIEFING_DATA_DIR": f"{folder}/data",
            "BRIEFING_PORT": "0",
            "BRIEFING_ANSWER_MEMORY": "0",
            "BRIEFING_LIMITS": "false",
        }
        first = Process([*BRIEFING, "--sample"], environment)
        starts = [first.ready()]
        load = [*BRIEFING[:-1], "load", str(write(Path(folder)))]
        subprocess.run(load, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
        first.stop()
        service = Process([*BRIEFING, "--sample"], environment)
        starts.append(service.ready())
        floor = constant()
        rows = _compare(service, floor, effort)
        service.stop()
        floor.stop()
    return f"""{TITLE}

Medians of {effort.rounds} interleaved rounds on one connection, over a briefing of 600 events.

| request | worker CPU, µs | beyond the constant route | promised at most | clock, µs |
|---|---|---|---|---|
{chr(10).join(rows)}

From start to ready: {starts[0]:.1f} s the first time (the embedded Postgres is made, the sample loaded),
{starts[1]:.1f} s the second time; promised at most 10 s.
"""


def _measure(process: Process, request: Callable[[int], bytes], offset: int, seconds: float) -> tuple[float, float]:
    """Return the microseconds that a request takes, by the worker's processor time and by the clock."""
    client = Client(process.port)
    for n in range(WARM):
        client.ask(request(offset + n))
    cpu, clock, count = cpu_seconds(process.pid), time.monotonic(), 0
    while time.monotonic() - clock < seconds:
        client.ask(request(offset + WARM + count))
        count += 1
    duration = time.monotonic() - clock
    return (cpu_seconds(process.pid) - cpu) / count * 1e6, duration / count * 1e6


def _compare(service: Process, floor: Process, effort: Effort) -> list[str]:
    constant: list[float] = []
    samples: dict[str, list[tuple[float, float]]] = {case.name: [] for case in CASES}
    for number in range(effort.rounds):
        constant.append(_measure(floor, lambda n: get("/constant"), 0, effort.seconds)[0])
        for case in CASES:
            samples[case.name].append(_measure(service, case.request, number * 5000, effort.seconds))
            print(f"round {number + 1}: {case.name}: {samples[case.name][-1][0]:.0f} µs", flush=True)
    base = statistics.median(constant)
    rows = [f"| a constant route | {base:.0f} | | | |"]
    for case in CASES:
        cpu = statistics.median(sample[0] for sample in samples[case.name])
        clock = statistics.median(sample[1] for sample in samples[case.name])
        rows.append(f"| {case.name} | {cpu:.0f} | {cpu - base:.0f} | {case.most} | {clock:.0f} |")
    return rows
