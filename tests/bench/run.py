"""`make bench`: what a request costs the worker beyond a constant route, and how soon the service is ready.

Every case runs in each of five interleaved rounds against the same processes; the medians are written. A case that
varies asks something new each time, so that nothing is remembered but the document and the prepared statement.
"""

from __future__ import annotations

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from client import Client, cpu_seconds, get, post
from store import write

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROUNDS = 5
WARM = 50
SECONDS = 1.5  # a round of a case: the kernel counts processor time in hundredths
NESTED = """query($since: DateTime!) { events(first: 20, filter: {startsAt: {gte: $since}}) { nodes {
  id title kind startsAt citations { nodes { stance source { name kind } } } quotes { nodes { text speakerId } }
  figures { nodes { measure value valueText } } } } }"""


@dataclass(frozen=True)
class Case:
    """A request, varied by a number; `most` is the promised bound in microseconds beyond the constant route."""

    name: str
    request: Callable[[int], bytes]
    most: int | None = None


def day(n: int) -> str:
    """One of some thousand days, all before the data."""
    return f"{1990 + n % 30}-{1 + n % 12:02d}-{1 + n % 28:02d}T00:00:00Z"


CASES = (
    Case("REST, 50 events, a new filter each time", lambda n: get(f"/v1/events?limit=50&starts_at_gte={day(n)}"), 600),
    Case("REST, 50 events, the same URL", lambda n: get("/v1/events?limit=50"), 600),
    Case("GraphQL, 20 events nested, new variables", lambda n: post("/v1/graphql", NESTED, {"since": day(n)}), 1000),
    Case("GraphQL, 20 events nested, the same", lambda n: post("/v1/graphql", NESTED, {"since": day(1)}), 1000),
)


class Process:
    """A server in a process of its own."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        begun = time.monotonic()
        inherited = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sys.stderr, text=True, env=inherited)
        assert self._process.stdout
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self._process.stdout.readline())
        assert found, "the server did not start"
        self.port = int(found[1])
        self.pid = self._process.pid
        self.began = begun

    def ready(self) -> float:
        """Seconds from the start of the process until it can answer."""
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz") as answer:
                    if answer.status == 200:
                        return time.monotonic() - self.began
            except OSError:
                time.sleep(0.01)

    def stop(self) -> None:
        """End it, and wait."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(40)


def measure(process: Process, request: Callable[[int], bytes], offset: int) -> tuple[float, float]:
    """Microseconds of the worker's processor, and of the clock, for a request."""
    client = Client(process.port)
    for n in range(WARM):
        client.ask(request(offset + n))
    cpu, clock, count = cpu_seconds(process.pid), time.monotonic(), 0
    while time.monotonic() - clock < SECONDS:
        client.ask(request(offset + WARM + count))
        count += 1
    took = time.monotonic() - clock
    return (cpu_seconds(process.pid) - cpu) / count * 1e6, took / count * 1e6


def compare(service: Process, floor: Process) -> list[str]:
    """The table's rows."""
    constant: list[float] = []
    found: dict[str, list[tuple[float, float]]] = {case.name: [] for case in CASES}
    for number in range(ROUNDS):
        constant.append(measure(floor, lambda n: get("/constant"), 0)[0])
        for case in CASES:
            found[case.name].append(measure(service, case.request, number * 5000))
            print(f"round {number + 1}: {case.name}: {found[case.name][-1][0]:.0f} µs", flush=True)
    base = statistics.median(constant)
    rows = [f"| a constant route | {base:.0f} | | | |"]
    for case in CASES:
        cpu = statistics.median(one[0] for one in found[case.name])
        clock = statistics.median(one[1] for one in found[case.name])
        rows.append(f"| {case.name} | {cpu:.0f} | {cpu - base:.0f} | {case.most} | {clock:.0f} |")
    return rows


def main() -> None:
    """Measure, print and write."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"BRIEFING_DATA_DIR": f"{folder}/data", "BRIEFING_PORT": "0", "BRIEFING_ANSWER_MEMORY": "0"}
        serve = [str(Path(sys.executable).parent / "briefing"), "serve", "--sample"]
        first = Process(serve, environment)
        starts = [first.ready()]
        load = [str(Path(sys.executable).parent / "briefing"), "load", str(write(Path(folder)))]
        subprocess.run(load, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
        first.stop()
        service = Process(serve, environment)
        starts.append(service.ready())
        floor = Process([sys.executable, str(HERE / "constant.py"), "0"], {})
        rows = compare(service, floor)
        service.stop()
        floor.stop()
    text = f"""# Results

Written by `make bench`: medians of {ROUNDS} interleaved rounds on one connection, one worker. The machine is shared, so
look at differences and ratios within the table, not at single times.

| request | worker CPU, µs | beyond the constant route | promised at most | clock, µs |
|---|---|---|---|---|
{chr(10).join(rows)}

From start to ready: {starts[0]:.1f} s the first time (the embedded Postgres is made, the sample loaded),
{starts[1]:.1f} s the second time; promised at most 10 s.
"""
    (HERE / "RESULTS.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
