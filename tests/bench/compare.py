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
from tests.bench.duel import CORES, known, measure
from tests.bench.exporting import lines_of_export
from tests.bench.loading import empty_store, load, write_lines
from tests.bench.questions import LIST, NESTED_EVENTS, questions, searches
from tests.bench.ratio import Comparison, Round, table
from tests.bench.servers import HERE, OWN, Checkout, Postgres, Process, checked_out, service

LEAST_ROUNDS = 5
ANSWER_MEMORY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Side:
    """A commit that is measured: its store, and its service without and with kept answers."""

    name: str
    checkout: Checkout
    postgres: Postgres
    fresh: Process
    kept: Process


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
            found = [self._measure(one) for one in (before, this, before)]
            by_clock.append(Round(*(one.clock for one in found)))
            by_processor.append(Round(*(one.processor for one in found)))
        return Comparison(self.what, self.unit, by_clock, by_processor)

    def _measure(self, side: Side) -> Rates:
        found = self.rates(side)
        print(f"{self.what}: {side.name}: {found.clock:,.0f} {self.unit}", file=sys.stderr, flush=True)
        return found


def options() -> argparse.Namespace:
    """Return the arguments of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", metavar="BASE", help="a commit, a branch or a tag")
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help=f"at least {LEAST_ROUNDS}")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a measurement")
    parser.add_argument("--events", type=int, default=20_000, help="in the archive")
    parser.add_argument("--loaded", type=int, default=4_000, help="events of the file that is loaded; 5 records each")
    parser.add_argument("--only", default="", help="measure only the rows whose name contains this")
    given = parser.parse_args()
    if given.rounds < LEAST_ROUNDS:
        parser.error(f"Too few rounds for a median: name at least {LEAST_ROUNDS}.")
    return given


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
    with ExitStack() as held:
        postgres = held.enter_context(archive(checkout, folder, events))
        fresh = service(postgres, 0, checkout)
        held.callback(fresh.stop)
        kept = service(postgres, ANSWER_MEMORY, checkout)
        held.callback(kept.stop)
        yield Side(name, checkout, postgres, fresh, kept)


def ask_once(side: Side, requests: Sequence[bytes]) -> None:
    """Send each request once, so that plans are made and answers are kept."""
    for server in (side.fresh, side.kept):
        client = Client(server.port)
        for request in requests:
            client.ask(request)


def rows(events: int, file: Path, records: int, seconds: float) -> list[Row]:
    """Return all rows that are compared."""
    asked = questions(events)
    listed, nested = (asked[number].requests["service"] for number in (LIST, NESTED_EVENTS))
    words = list(islice(cycle(searches(events).values()), len(listed)))
    tags: dict[str, list[bytes]] = {}

    def ask(server: Process, postgres: Postgres, requests: list[bytes]) -> Rates:
        found = measure(server, postgres, requests, seconds)
        return Rates(found.rate, 1e6 / (found.cpu + found.postgres))

    def fresh(requests: list[bytes]) -> Callable[[Side], Rates]:
        return lambda side: ask(side.fresh, side.postgres, requests)

    def kept(requests: list[bytes]) -> Callable[[Side], Rates]:
        return lambda side: ask(side.kept, side.postgres, requests)

    def not_modified(side: Side) -> Rates:
        if side.name not in tags:
            tags[side.name] = known(side.kept, listed)
        return ask(side.kept, side.postgres, tags[side.name])

    return [
        Row("REST list", "/s", fresh(listed)),
        Row("nested GraphQL", "/s", fresh(nested)),
        Row("search", "/s", fresh(words)),
        Row("REST list, cached", "/s", kept(listed)),
        Row("nested GraphQL, cached", "/s", kept(nested)),
        Row("304", "/s", not_modified),
        Row("export", "records/s", exported),
        Row("loading", "records/s", lambda side: loaded(side, file, records)),
    ]


def exported(side: Side) -> Rates:
    """Export a whole list of events as NDJSON, and return the rates."""
    os.sched_setaffinity(side.fresh.pid, CORES)
    used, begun = cpu_seconds(side.fresh.pid) + side.postgres.cpu_seconds(), time.monotonic()
    events = lines_of_export(side.fresh.port)
    seconds = time.monotonic() - begun
    used = cpu_seconds(side.fresh.pid) + side.postgres.cpu_seconds() - used
    return Rates(events / seconds, events / used)


def loaded(side: Side, file: Path, records: int) -> Rates:
    """Load a file into empty tables by the whole command, and return the rates in records."""

    def make_tables(url: str) -> None:
        environment = {**os.environ, **side.checkout.environment, "BRIEFING_DATABASE_URL": url}
        subprocess.run(side.checkout.command("migrate"), env=environment, stdout=subprocess.DEVNULL, check=True)

    with empty_store(side.postgres.url, make_tables) as url:
        used = side.postgres.cpu_seconds()
        done = load(url, file, side.checkout)
        used = side.postgres.cpu_seconds() - used + done.cpu
    return Rates(records / done.seconds, records / used)


def main() -> int:
    """Measure and print. Return 1 if a row does not pass."""
    given = options()
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(prefix="compare-")))
        folder.chmod(0o755)  # Postgres runs as another account if this one is root.
        file = folder / "load.ndjson"
        records = write_lines(file, given.loaded)
        measured = [one for one in rows(given.events, file, records, given.seconds) if given.only in one.what]
        if not measured:
            raise SystemExit(f"No row contains {given.only!r}: leave out --only to measure all of them.")
        base = held.enter_context(checked_out(given.base, folder / "checkout"))
        warm = [one for question in questions(given.events) for one in question.requests["service"]]
        before = held.enter_context(side("base", base, folder / "base", given.events))
        this = held.enter_context(side("this", OWN, folder / "this", given.events))
        for each in (before, this):
            ask_once(each, [*warm, *searches(given.events).values()])
        comparisons = [row.compare(before, this, given.rounds) for row in measured]
    print(table(comparisons))
    return 0 if all(one.within for one in comparisons) else 1


if __name__ == "__main__":
    sys.exit(main())
