"""A Postgres that can be stopped and started, clients that send requests without a pause, and measurements of time."""

from __future__ import annotations

import itertools
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from api.store.embedded import Embedded, start
from tests.hostile.raw_client import RawClient

if TYPE_CHECKING:
    from tests.http.conftest import Answer

LIST = "/v1/events?limit=5"
# A price at which Postgres may work for two seconds. A request of 25 points or less has 250 ms.
LONG = "/v1/events?limit=200"
LOCK = "lock table store.event in access exclusive mode"
NUMBERS = itertools.count()
OURS = "from pg_stat_activity where application_name = 'briefing'"


def fresh(path: str = LIST) -> str:
    """Return the path of a new request, so that no kept answer is used."""
    return f"{path}&updated_at_gte=2000-01-01T00:00:00.{next(NUMBERS):06d}Z"


@dataclass
class Cluster:
    """A Postgres of these tests' own, which can be stopped and started."""

    folder: Path
    server: Embedded

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server = start(self.folder)


@dataclass
class Traffic:
    """Clients that send requests without a pause, the results, and the longest wait."""

    raw_client: RawClient
    paths: tuple[str, ...] = (LIST, "/v1/quotes?q=a&limit=3", "/v1/figures?limit=2&include=event")
    statuses: dict[int, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    refusals: set[str] = field(default_factory=set)
    slowest: float = 0.0
    over: bool = False

    def run(self) -> None:
        while not self.over:
            for path in self.paths:
                start_time = time.monotonic()
                try:
                    answer = self.raw_client.get(fresh(path))
                except Exception as error:
                    self.failures.append(repr(error))
                    continue
                self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
                if answer.status != 200:
                    self.refusals.add(answer.problem["detail"])
                self.slowest = max(self.slowest, time.monotonic() - start_time)

    def wait_for_answers(self, count: int) -> None:
        """Wait until this many more requests were answered or failed, however fast the machine is."""

        def count_ended() -> int:
            return sum(list(self.statuses.values())) + len(self.failures)

        expected = count_ended() + count
        until(lambda: count_ended() >= expected, 10)


@contextmanager
def traffic(raw_client: RawClient, clients: int = 4) -> Iterator[Traffic]:
    busy = Traffic(raw_client)
    threads = [threading.Thread(target=busy.run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield busy
    finally:
        busy.over = True
        for thread in threads:
            thread.join()


def measure_request(raw_client: RawClient, path: str = "") -> tuple[float, Answer]:
    start_time = time.monotonic()
    answer = raw_client.get(path or fresh())
    return time.monotonic() - start_time, answer


def until(true: Callable[[], bool], within: float) -> float:
    """Wait until a condition is true, and return the seconds that it took."""
    start_time = time.monotonic()
    while not true():
        assert time.monotonic() - start_time < within, f"not within {within} s"
        time.sleep(0.01)
    return time.monotonic() - start_time


def metrics(port: int) -> str:
    """Return the page of metrics at this port."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        return str(page.read().decode())


@asynccontextmanager
async def connect_to(cluster: Cluster) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(cluster.server.url)
    try:
        yield connection
    finally:
        await connection.close()


async def backends(connection: Any, state: str = "") -> list[int]:
    rows = await connection.fetch(f"select pid {OURS}" + (f" and state = '{state}'" if state else ""))
    return [row["pid"] for row in rows]
