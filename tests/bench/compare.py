"""Compare this checkout with another commit of the project, interleaved in one run.

    python tests/bench/compare.py BASE

BASE is checked out into a temporary folder and installed there. Each side has its own Postgres, with the tables,
indexes and settings of its commit, and an archive of 20,000 events. In each round every row is measured three times: on
the base, on this checkout as it stands, and on the base again. So a row has two figures: the median ratio of this
checkout to the base, and the median ratio of the base to itself, which is what the machine adds.

A row holds where its ratio is at least 0.95, or within what the base differs from itself. The program ends with 1 where
a row does not hold. A row whose base differs much from itself says little: measure it again on a quiet machine.
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

from client import Client
from duel import CORES, known, measure
from exporting import lines_of_export
from loading import empty_store, load, write_lines
from questions import LIST, NESTED_EVENTS, questions, searches
from ratio import Comparison, Round, table
from servers import HERE, OWN, ROOT, Checkout, Postgres, Process, service

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
class Row:
    """Something to measure on a side: a rate, the more the better."""

    what: str
    unit: str
    rate: Callable[[Side], float]

    def measure(self, side: Side) -> float:
        """The rate of a side."""
        rate = self.rate(side)
        print(f"{self.what}: {side.name}: {rate:,.0f} {self.unit}", file=sys.stderr, flush=True)
        return rate


def options() -> argparse.Namespace:
    """The arguments of the command."""
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
def checked_out(commit: str, folder: Path) -> Iterator[Checkout]:
    """Check a commit out into a folder, and install it there."""
    git = ["git", "-C", str(ROOT)]
    subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(folder), commit], check=True)
    try:
        install = ["make", "--no-print-directory", "-C", str(folder), ".venv/installed", f"PYTHON={sys.executable}"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        subprocess.run(install, env=environment, stdout=sys.stderr, check=True)
        yield Checkout(folder, folder / ".venv" / "bin" / "python")
    finally:
        subprocess.run([*git, "worktree", "remove", "--force", str(folder)], check=True)


@contextmanager
def archive(checkout: Checkout, folder: Path, events: int) -> Iterator[Postgres]:
    """A Postgres with the archive, as the checkout's own code makes it."""
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
    """Start what a side needs."""
    with ExitStack() as held:
        postgres = held.enter_context(archive(checkout, folder, events))
        fresh = service(postgres, 0, checkout)
        held.callback(fresh.stop)
        kept = service(postgres, ANSWER_MEMORY, checkout)
        held.callback(kept.stop)
        yield Side(name, checkout, postgres, fresh, kept)


def ask_once(side: Side, requests: Sequence[bytes]) -> None:
    """Ask everything once, so that plans are made and answers are kept."""
    for server in (side.fresh, side.kept):
        client = Client(server.port)
        for request in requests:
            client.ask(request)


def rows(events: int, file: Path, records: int, seconds: float) -> list[Row]:
    """Everything that is compared."""
    asked = questions(events)
    listed, nested = (asked[number].requests["service"] for number in (LIST, NESTED_EVENTS))
    words = list(islice(cycle(searches(events).values()), len(listed)))
    tags: dict[str, list[bytes]] = {}

    def fresh(requests: list[bytes]) -> Callable[[Side], float]:
        return lambda side: measure(side.fresh, side.postgres, requests, seconds).rate

    def kept(requests: list[bytes]) -> Callable[[Side], float]:
        return lambda side: measure(side.kept, side.postgres, requests, seconds).rate

    def not_modified(side: Side) -> float:
        if side.name not in tags:
            tags[side.name] = known(side.kept, listed)
        return measure(side.kept, side.postgres, tags[side.name], seconds).rate

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


def exported(side: Side) -> float:
    """Events a second of a whole list as NDJSON."""
    os.sched_setaffinity(side.fresh.pid, CORES)
    begun = time.monotonic()
    return lines_of_export(side.fresh.port) / (time.monotonic() - begun)


def loaded(side: Side, file: Path, records: int) -> float:
    """Records a second of the whole command, into empty tables."""

    def make_tables(url: str) -> None:
        environment = {**os.environ, **side.checkout.environment, "BRIEFING_DATABASE_URL": url}
        subprocess.run(side.checkout.command("migrate"), env=environment, stdout=subprocess.DEVNULL, check=True)

    with empty_store(side.postgres.url, make_tables) as url:
        return records / load(url, file, side.checkout)[0]


def main() -> int:
    """Measure and print; 1 where a row does not hold."""
    given = options()
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(prefix="compare-")))
        folder.chmod(0o755)  # Postgres runs as another account where this one is root.
        base = held.enter_context(checked_out(given.base, folder / "checkout"))
        file = folder / "load.ndjson"
        records = write_lines(file, given.loaded)
        warm = [one for question in questions(given.events) for one in question.requests["service"]]
        before = held.enter_context(side("base", base, folder / "base", given.events))
        this = held.enter_context(side("this", OWN, folder / "this", given.events))
        measured = [one for one in rows(given.events, file, records, given.seconds) if given.only in one.what]
        for each in (before, this):
            ask_once(each, [*warm, *searches(given.events).values()])
        rounds: dict[str, list[Round]] = {one.what: [] for one in measured}
        for number in range(given.rounds):
            print(f"round {number + 1} of {given.rounds}", file=sys.stderr, flush=True)
            for row in measured:
                rounds[row.what].append(Round(row.measure(before), row.measure(this), row.measure(before)))
    comparisons = [Comparison(row.what, row.unit, rounds[row.what]) for row in measured]
    print(table(comparisons))
    return 0 if all(one.within for one in comparisons) else 1


if __name__ == "__main__":
    sys.exit(main())
