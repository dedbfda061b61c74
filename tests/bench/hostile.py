"""Measure the errors and times of an honest client with a key, beside 64 hostile connections and beside as many
harmless ones.

`python -m tests.bench.hostile` measures this alone in 15 minutes, prints it, and puts it into RESULTS.md. With other
numbers than the defaults it only prints: `--rounds 1 --seconds 15 --events 200000`. With `--base COMMIT` it also
measures the service of that commit, beside the hostile connections and over the same store.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from api.access.keys import Keys, NewKey
from api.store import embedded
from api.store.access import AccessStore
from api.store.migrate import migrate
from tests.bench.archive import ensure
from tests.bench.client import Client
from tests.bench.results import put
from tests.bench.servers import OWN, Checkout, Process, check_out
from tests.hostile.crowd import NETWORKS, crowd, harmless

TITLE = "## An honest client beside a hostile one"
ROUNDS, SECONDS = 3, 60.0
CONNECTIONS = 64
BEFORE = "hostile, at the base"
EVENTS = 2000
WORKERS = (1, 4)
PAUSE = 0.01
MOST = 2.0
# Several keys, so that the harmless crowd never runs out of points.
KEYS = 16


@dataclass(frozen=True)
class Round:
    """The times of the honest client's requests in seconds, its errors, and the statuses of the crowd beside it."""

    durations: list[float]
    errors: int
    crowd: Counter[str]

    def at(self, share: float) -> float:
        """Return the time within which this share of its requests was answered."""
        return sorted(self.durations)[int(len(self.durations) * share)]


async def keys(url: str) -> list[str]:
    """Make keys of an installed plan: the honest client's, and those of the harmless crowd."""
    store = AccessStore(url)
    new_keys = [await Keys(store, "live", "bench").create(NewKey("bench", "internal")) for _ in range(KEYS + 1)]
    await store.close()
    return [key.secret.text for key in new_keys]


def measure_round(
    url: str, key: str, others: list[str], seconds: float, workers: int, checkout: Checkout = OWN
) -> Round:
    """Measure one round, against a service of its own with all limits on. It trusts the crowd's X-Forwarded-For."""
    settings = {"BRIEFING_DATABASE_URL": url, "BRIEFING_PORT": "0", "BRIEFING_TRUSTED_PROXIES": "127.0.0.1"}
    settings["BRIEFING_WORKERS"] = str(workers)
    process = Process(checkout.command("serve"), settings | checkout.environment)
    try:
        process.ready()
        durations, errors = [], 0
        requests = harmless(10**4, key, new=True)
        client = Client(process.port)
        for _ in range(60):
            client.ask(next(requests))
        with crowd(process.port, CONNECTIONS, seconds + 2, others) as crowd_counts:
            time.sleep(2)  # until the crowd is connected
            end = time.monotonic() + seconds
            while (start_time := time.monotonic()) < end:
                try:
                    client.ask(next(requests))
                except (OSError, RuntimeError) as error:
                    print(error)
                    errors += 1
                    client = Client(process.port)
                durations.append(time.monotonic() - start_time)
                time.sleep(PAUSE)
        return Round(durations, errors, crowd_counts)
    finally:
        process.stop()


@contextmanager
def store(events: int) -> Iterator[str]:
    """Run a store for this measurement alone."""
    with TemporaryDirectory() as folder, embedded.start(Path(folder) / "data") as server:
        asyncio.run(migrate(server.url))
        ensure(server.url, events)
        yield server.url


def report(rounds: int = ROUNDS, seconds: float = SECONDS, events: int = EVENTS, base: Checkout | None = None) -> str:
    """Measure, and return the section of RESULTS.md."""
    with store(events) as url:
        key, *others = asyncio.run(keys(url))
        parts = [_compare(url, key, others, workers, rounds, seconds, base) for workers in WORKERS]
    return f"""{TITLE}

`briefing serve` with the plans that come with it and all limits on, one worker and four. A client with a key asks one
thing after the other through both APIs, half of it new, beside {CONNECTIONS} connections that never pause: such as ask
the like under keys of their own, all of it kept, or such as send the hostile list of the tests without a key, from
{NETWORKS} networks. Each round of {seconds:g} s is against a service of its own; medians of {rounds} interleaved rounds
over a store of {events:,} events.

| workers | beside | p50, ms | p99, ms | least and most p99 | errors | answers to the crowd a second |
|---|---|---|---|---|---|---|
{chr(10).join(line for lines, _ in parts for line in lines)}

{chr(10).join(verdict for _, verdict in parts)}
"""


def _compare(
    url: str, key: str, others: list[str], workers: int, rounds: int, seconds: float, base: Checkout | None
) -> tuple[list[str], str]:
    """Return the lines of the table for this number of workers, and a line on the promise."""
    beside: list[Round] = []
    among: list[Round] = []
    before: list[Round] = []
    groups = (("harmless", beside), ("hostile", among), (BEFORE, before))
    for number in range(rounds):
        beside.append(measure_round(url, key, others, seconds, workers))
        among.append(measure_round(url, key, [], seconds, workers))
        if base is not None:
            before.append(measure_round(url, key, [], seconds, workers, base))
        for name, last in ((name, each[-1]) for name, each in groups if each):
            counts = ", ".join(f"{times:,} × {status}" for status, times in sorted(last.crowd.items()))
            print(f"{workers} workers, round {number + 1}: {name}: p50 {last.at(0.5) * 1000:.1f} ms, "
                  f"p99 {last.at(0.99) * 1000:.1f} ms, {len(last.durations)} answers, "
                  f"{last.errors} errors; the crowd: {counts}",
                  flush=True)  # fmt: skip
    ratio = statistics.median(b.at(0.99) / a.at(0.99) for a, b in zip(beside, among, strict=True))
    errors = sum(traffic.errors for traffic in (*beside, *among))
    verdict_cell = "yes" if ratio <= MOST and not errors else "**no**"
    verdict = (
        f"p99 beside hostile connections against harmless ones, workers: {workers}: {ratio:.2f}, promised at most "
    )
    lines = [_line(name, each, seconds, workers) for name, each in groups if each]
    return lines, f"{verdict}{MOST:g}, without an error: {verdict_cell}.\n"


def _line(name: str, rounds: list[Round], seconds: float, workers: int) -> str:
    p50 = statistics.median(traffic.at(0.5) for traffic in rounds) * 1000
    p99 = [traffic.at(0.99) * 1000 for traffic in rounds]
    rate = statistics.median(traffic.crowd.total() / (seconds + 2) for traffic in rounds)
    errors = sum(traffic.errors for traffic in rounds)
    return (
        f"| {workers} | {CONNECTIONS} {name} | {p50:.1f} | {statistics.median(p99):.1f} | {min(p99):.1f}–{max(p99):.1f}"
        f" | {errors} | {rate:,.0f} |"
    )


def main() -> None:
    """Measure, print, and write if the numbers are the defaults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--base", metavar="COMMIT", help="measure the service of this commit too")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        base = None
        if arguments.base:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="hostile-")))
            base = stack.enter_context(check_out(arguments.base, folder / "checkout"))
        section = report(arguments.rounds, arguments.seconds, arguments.events, base)
    print(section)
    if (arguments.rounds, arguments.seconds, arguments.events) == (ROUNDS, SECONDS, EVENTS):
        put(section)


if __name__ == "__main__":
    main()
