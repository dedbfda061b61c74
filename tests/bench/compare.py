"""Compare this checkout with another commit of the project, interleaved in one run.

    python -m tests.bench.compare BASE

BASE is checked out into a temporary folder and installed there. Each side has its own Postgres, with the tables,
indexes and settings of its commit, and an archive of 20,000 events. In each round every row is measured three times: on
the base, on this checkout as it stands, and on the base again. So a row has two figures: the median ratio of this
checkout to the base, and the median ratio of the base to itself, which shows the noise of the machine. A third figure
is the first one by processor time, of the service and of Postgres together. It decides nothing, but says more on a busy
machine.

A row passes if its ratio is at least 0.95, or within the base's difference from itself. The program ends with 1 if a
row does not pass. If the base of a row differs much from itself, measure the row again on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.client import Client, cpu_seconds
from tests.bench.duel import CORES, measure, with_tags
from tests.bench.exporting import lines_of_export
from tests.bench.loading import empty_store, load, write_lines
from tests.bench.questions import LIST, NESTED_EVENTS, questions, searches
from tests.bench.ratio import Comparison, Round, table
from tests.bench.servers import HERE, OWN, Checkout, Postgres, Process, check_out, service

LEAST_ROUNDS = 5
ANSWER_MEMORY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Side:
    """A commit that is measured: its store, and its service without and with kept answers."""

    name: str
    checkout: Checkout
    postgres: Postgres
    fresh: Process
    caching: Process


@dataclass(frozen=True)
class Rates:
    """The work done per second, by the clock and by the processor time of the service and Postgres together."""

    clock: float
    processor: float


@dataclass(frozen=True)
class Row:
    """A measurement of a side. Its rates are better if they are higher."""

    what: str
    unit: str
    rates: Callable[[Side], Rates]

    def compare(self, before: Side, this: Side, rounds: int) -> Comparison:
        """Measure both sides by turns."""
        by_clock: list[Round] = []
        by_processor: list[Round] = []
        for _ in range(rounds):
            measurements = [self._measure(side) for side in (before, this, before)]
            by_clock.append(Round(*(measurement.clock for measurement in measurements)))
            by_processor.append(Round(*(measurement.processor for measurement in measurements)))
        return Comparison(self.what, self.unit, by_clock, by_processor)

    def _measure(self, side: Side) -> Rates:
        rates = self.rates(side)
        print(f"{self.what}: {side.name}: {rates.clock:,.0f} {self.unit}", file=sys.stderr, flush=True)
        return rates


def options() -> argparse.Namespace:
    """Return the arguments of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", metavar="BASE", help="a commit, a branch or a tag")
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help=f"at least {LEAST_ROUNDS}")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a measurement")
    parser.add_argument("--events", type=int, default=20_000, help="in the archive")
    parser.add_argument("--loaded", type=int, default=4_000, help="events of the file that is loaded; 5 records each")
    parser.add_argument("--only", default="", help="measure only the rows whose name contains this")
    arguments = parser.parse_args()
    if arguments.rounds < LEAST_ROUNDS:
        parser.error(f"Too few rounds for a median: name at least {LEAST_ROUNDS}.")
    return arguments


@contextmanager
def archive(checkout: Checkout, folder: Path, events: int) -> Iterator[Postgres]:
    """Run a Postgres with the archive, as the checkout's own code makes it."""
    command = [str(checkout.python), "-P", str(HERE / "archive_server.py"), str(folder), str(events)]
    environment = {**os.environ, **checkout.environment}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        try:
            url, pid = process.stdout.readline().split()
            yield Postgres(url, int(pid))
        finally:
            process.stdin.close()


@contextmanager
def side(name: str, checkout: Checkout, folder: Path, events: int) -> Iterator[Side]:
    """Start the store and the services of a side."""
    with ExitStack() as stack:
        postgres = stack.enter_context(archive(checkout, folder, events))
        fresh = service(postgres, 0, checkout)
        stack.callback(fresh.stop)
        caching = service(postgres, ANSWER_MEMORY, checkout)
        stack.callback(caching.stop)
        yield Side(name, checkout, postgres, fresh, caching)


def ask_once(side: Side, requests: Sequence[bytes]) -> None:
    """Send each request once, so that plans are made and answers are kept."""
    for server in (side.fresh, side.caching):
        client = Client(server.port)
        for request in requests:
            client.ask(request)


def rows(events: int, file: Path, records: int, seconds: float) -> list[Row]:
    """Return all rows that are compared."""
    all_questions = questions(events)
    list_requests, nested = (all_questions[number].requests["service"] for number in (LIST, NESTED_EVENTS))
    words = list(islice(cycle(searches(events).values()), len(list_requests)))
    tags: dict[str, list[bytes]] = {}

    def ask(server: Process, postgres: Postgres, requests: list[bytes]) -> Rates:
        measurement = measure(server, postgres, requests, seconds)
        return Rates(measurement.rate, 1e6 / (measurement.cpu + measurement.postgres))

    def fresh(requests: list[bytes]) -> Callable[[Side], Rates]:
        return lambda side: ask(side.fresh, side.postgres, requests)

    def on_cache(requests: list[bytes]) -> Callable[[Side], Rates]:
        return lambda side: ask(side.caching, side.postgres, requests)

    def not_modified(side: Side) -> Rates:
        if side.name not in tags:
            tags[side.name] = with_tags(side.caching, list_requests)
        return ask(side.caching, side.postgres, tags[side.name])

    return [
        Row("REST list", "/s", fresh(list_requests)),
        Row("nested GraphQL", "/s", fresh(nested)),
        Row("search", "/s", fresh(words)),
        Row("REST list, cached", "/s", on_cache(list_requests)),
        Row("nested GraphQL, cached", "/s", on_cache(nested)),
        Row("304", "/s", not_modified),
        Row("export", "records/s", measure_export),
        Row("loading", "records/s", lambda side: measure_load(side, file, records)),
    ]


def measure_export(side: Side) -> Rates:
    """Export a whole list of events as NDJSON, and return the rates."""
    os.sched_setaffinity(side.fresh.pid, CORES)
    cpu, start_time = cpu_seconds(side.fresh.pid) + side.postgres.cpu_seconds(), time.monotonic()
    events = lines_of_export(side.fresh.port)
    seconds = time.monotonic() - start_time
    cpu = cpu_seconds(side.fresh.pid) + side.postgres.cpu_seconds() - cpu
    return Rates(events / seconds, events / cpu)


def measure_load(side: Side, file: Path, records: int) -> Rates:
    """Load a file into empty tables by the whole command, and return the rates in records."""

    def make_tables(url: str) -> None:
        environment = {**os.environ, **side.checkout.environment, "BRIEFING_DATABASE_URL": url}
        subprocess.run(side.checkout.command("migrate"), env=environment, stdout=subprocess.DEVNULL, check=True)

    with empty_store(side.postgres.url, make_tables) as url:
        cpu = side.postgres.cpu_seconds()
        loaded_file = load(url, file, side.checkout)
        cpu = side.postgres.cpu_seconds() - cpu + loaded_file.cpu
    return Rates(records / loaded_file.seconds, records / cpu)


def main() -> int:
    """Measure and print. Return 1 if a row does not pass."""
    arguments = options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="compare-")))
        folder.chmod(0o755)  # Postgres runs as another account if this one is root.
        file = folder / "load.ndjson"
        records = write_lines(file, arguments.loaded)
        rows_to_measure = [
            row for row in rows(arguments.events, file, records, arguments.seconds) if arguments.only in row.what
        ]
        if not rows_to_measure:
            raise SystemExit(f"No row contains {arguments.only!r}: leave out --only to measure all of them.")
        base = stack.enter_context(check_out(arguments.base, folder / "checkout"))
        warm = [request for question in questions(arguments.events) for request in question.requests["service"]]
        before = stack.enter_context(side("base", base, folder / "base", arguments.events))
        this = stack.enter_context(side("this", OWN, folder / "this", arguments.events))
        for each in (before, this):
            ask_once(each, [*warm, *searches(arguments.events).values()])
        comparisons = [row.compare(before, this, arguments.rounds) for row in rows_to_measure]
    print(table(comparisons))
    return 0 if all(comparison.within for comparison in comparisons) else 1


if __name__ == "__main__":
    sys.exit(main())
