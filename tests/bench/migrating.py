"""Migrate a store of an earlier commit while the service of that commit answers requests.

`python -m tests.bench.migrating --base COMMIT` fills a store of a million records with the release of that commit. It
prints how long `briefing migrate` takes, and the errors and times of clients of the running service, before it and
meanwhile. Times are promised to be at most twice those of before. It takes an hour (five minutes with `--events
20000`), and only prints.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from api.store import embedded
from tests.bench.client import Client, get, post
from tests.bench.servers import OWN, Checkout, Postgres, check_out, service

EVENTS = 200_000
CLIENTS = 2
BEFORE, AFTER = 30.0, 5.0
PAUSE = 0.02
MOST = 2.0
# An archive's log has one change for each resource. A load writes one for each record.
LOG = """
    insert into store.change (recorded_at, resource, id, revision, action, record)
    select held.created_at, '{0}', held.id, 1, 'created', to_jsonb(held) - 'search' - 'digest' - 'withdrawn'
    from store.{0} as held"""
FILL = f"""
import asyncio, sys, asyncpg
from api.store.migrate import migrate
from tests.bench.archive import fill
async def log(url):
    connection = await asyncpg.connect(url)
    for name in ("source", "document", "place", "briefing", "event", "figure", "quote"):
        await connection.execute({LOG!r}.format(name))
    await connection.execute("vacuum (analyze) store.change")
    print(await connection.fetchval("select count(*) from store.change"), "records", flush=True)
url, events = sys.argv[1], int(sys.argv[2])
asyncio.run(migrate(url))
asyncio.run(fill(url, events))
asyncio.run(log(url))
"""
NESTED = """query($since: DateTime!) { events(first: 20, filter: {startsAt: {gte: $since}}) { nodes {
  id title startsAt place { name } citations { nodes { stance source { name } } } figures(first: 3) { nodes { value } }
} } }"""


@dataclass
class Traffic:
    """Requests on some connections, one after the other, equal only after 10,080: (when it began, seconds, error)."""

    port: int
    observations: list[tuple[float, float, str]] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def __enter__(self) -> Traffic:
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        client = Client(self.port)
        while not self._over.is_set():
            start_time, error = time.monotonic(), ""
            try:
                client.ask(self._request())
            except (OSError, RuntimeError) as problem:
                error = str(problem)[:300]
                with suppress(OSError):
                    client = Client(self.port)
            self.observations.append((start_time, time.monotonic() - start_time, error))
            time.sleep(PAUSE)

    def _request(self) -> bytes:
        number = next(self._numbers)
        day = f"{1995 + number % 30}-{1 + number // 30 % 12:02d}-{1 + number // 360 % 28:02d}"
        return (
            get(f"/v1/events?limit=20&starts_at_gte={day}"),
            post("/v1/graphql", NESTED, {"since": f"{day}T00:00:00Z"}),
            get(f"/v1/events?limit=20&q=word1000x&starts_at_gte={day}"),
            get(f"/v1/places?limit=20&sort=name&country=UA&updated_at_gte={day}"),
            get(f"/v1/figures?limit=20&measure=killed&as_of_gte={day}"),
        )[number % 5]

    def between(self, begin: float, end: float) -> tuple[list[float], list[str]]:
        """Return the sorted times of the requests that began in this period, and their errors."""
        requests = [(duration, error) for start_time, duration, error in self.observations if begin <= start_time < end]
        return sorted(duration for duration, _ in requests), [error for _, error in requests if error]


def measure_migration(base: Checkout, url: str, events: int) -> str:
    """Fill a store, migrate it, and report the measurements."""
    environment = {**os.environ, **base.environment}
    subprocess.run([str(base.python), "-P", "-c", FILL, url, str(events)], env=environment, check=True)
    running = service(Postgres(url, 0), 0, base)
    try:
        with Traffic(running.port) as traffic:
            time.sleep(5)
            warm = time.monotonic()
            time.sleep(BEFORE)
            begin = time.monotonic()
            migrate = {**os.environ, **OWN.environment, "BRIEFING_DATABASE_URL": url}
            _print_times(begin, OWN.command("migrate"), migrate)
            end = time.monotonic()
            time.sleep(AFTER)
    finally:
        running.stop()
    before, errors_before = traffic.between(warm, begin)
    during, errors = traffic.between(begin, end + AFTER)
    p99, p99_before = (times[int(len(times) * 0.99)] for times in (during, before))
    lines = [
        f"migrated in {end - begin:.0f} s",
        f"before: {len(before)} answers, p50 {before[len(before) // 2] * 1000:.1f} ms, p99 {p99_before * 1000:.1f} ms, "
        f"{len(errors_before)} errors",
        f"meanwhile: {len(during)} answers, p50 {during[len(during) // 2] * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, "
        f"longest {during[-1] * 1000:.0f} ms, {len(errors)} errors",
        f"p99: {p99 / p99_before:.2f}, promised at most {MOST:g}, without an error: "
        f"{'yes' if p99 <= MOST * p99_before and not errors else 'no'}",
        *errors[:5],
    ]
    return "\n".join(lines)


def _print_times(begin: float, command: list[str], environment: dict[str, str]) -> None:
    """Run a command, and print each of its lines with the seconds since the beginning."""
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(f"{time.monotonic() - begin:7.0f} s  {line}", end="", flush=True)
    if running.returncode:
        raise SystemExit(running.returncode)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--base", metavar="COMMIT", required=True, help="the commit whose release runs meanwhile")
    arguments = parser.parse_args()
    with (
        TemporaryDirectory(prefix="migrating-") as folder,
        check_out(arguments.base, Path(folder) / "checkout") as base,
        embedded.start(Path(folder) / "data") as server,
    ):
        print(measure_migration(base, server.url, arguments.events))


if __name__ == "__main__":
    main()
