"""What happens to clients while Postgres is killed, stopped, frozen, locked or migrated, and while they go away."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from api.ingest.load import load
from api.store.embedded import Embedded, start
from api.store.migrate import migrate
from tests.hostile.door import Door
from tests.http.conftest import Client
from tests.serving import ROOT, launch, serving

if TYPE_CHECKING:
    from tests.http.conftest import Answer, Served

SAMPLE = Path(__file__).parents[2] / "api" / "sample"
LIST = "/v1/events?limit=5"
LOCK = "lock table store.event in access exclusive mode"
WRITES = "select count(*) from pg_locks where relation = 'store.change'::regclass and mode = 'RowExclusiveLock'"
NUMBERS = itertools.count()
OURS = "from pg_stat_activity where application_name = 'briefing'"


def fresh(path: str = LIST) -> str:
    """The path as a request like no other: what was answered before does not answer it."""
    return f"{path}&updated_at_gte=2000-01-01T00:00:00.{next(NUMBERS):06d}Z"


@dataclass
class Cluster:
    """A Postgres of this module's own, which can be stopped and started."""

    folder: Path
    server: Embedded

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server = start(self.folder)


@dataclass
class Traffic:
    """Clients that ask without a pause; what they got, and how long the slowest waited."""

    door: Door
    paths: tuple[str, ...] = (LIST, "/v1/quotes?q=a&limit=3", "/v1/figures?limit=2&include=event")
    statuses: dict[int, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    refusals: set[str] = field(default_factory=set)
    slowest: float = 0.0
    over: bool = False

    def run(self) -> None:
        while not self.over:
            for path in self.paths:
                begun = time.monotonic()
                try:
                    answer = self.door.get(fresh(path))
                except Exception as error:
                    self.failures.append(repr(error))
                    continue
                self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
                if answer.status != 200:
                    self.refusals.add(answer.problem["detail"])
                self.slowest = max(self.slowest, time.monotonic() - begun)


@contextmanager
def traffic(door: Door, clients: int = 4) -> Iterator[Traffic]:
    busy = Traffic(door)
    threads = [threading.Thread(target=busy.run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield busy
    finally:
        busy.over = True
        for thread in threads:
            thread.join()


def timed(door: Door, path: str = "") -> tuple[float, Answer]:
    begun = time.monotonic()
    answer = door.get(path or fresh())
    return time.monotonic() - begun, answer


def until(true: Callable[[], bool], within: float) -> float:
    """How long it took to come true."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < within, f"not within {within} s"
        time.sleep(0.01)
    return time.monotonic() - begun


@pytest.fixture(scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    folder = tmp_path_factory.mktemp("faults")
    made = Cluster(folder, start(folder))
    try:
        await migrate(made.server.url)
        await load([str(SAMPLE)], made.server.url)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def service(cluster: Cluster) -> Iterator[Served]:
    with serving(cluster.server.url) as served:
        until(lambda: Door(served.port).get("/readyz").status == 200, 5)
        yield served


@pytest.fixture
def near(service: Served) -> Door:
    """The door of the service over the module's own Postgres, which answers."""
    door = Door(service.port)
    until(lambda: door.get(fresh()).status == 200, 5)
    return door


def loading(url: str, path: Path) -> subprocess.Popen[bytes]:
    """`briefing load` in a process of its own."""
    command = [sys.executable, "-c", "from api.cli import main; main()", "load", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BRIEFING_DATABASE_URL": url}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@asynccontextmanager
async def connected(cluster: Cluster) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(cluster.server.url)
    try:
        yield connection
    finally:
        await connection.close()


async def backends(connection: Any, state: str = "") -> list[int]:
    rows = await connection.fetch(f"select pid {OURS}" + (f" and state = '{state}'" if state else ""))
    return [row["pid"] for row in rows]


async def test_backends_that_are_terminated_cost_no_client_an_error(cluster: Cluster, near: Door) -> None:
    async with connected(cluster) as connection:
        with traffic(near) as busy:
            for _ in range(6):
                time.sleep(0.1)
                await connection.fetch(f"select pg_terminate_backend(pid) {OURS}")
            time.sleep(0.1)
    assert (busy.failures, busy.refusals) == ([], set())
    assert busy.statuses[200] > 20


async def test_a_backend_that_is_killed_costs_no_client_an_error(cluster: Cluster, near: Door) -> None:
    async with connected(cluster) as connection:
        victim = (await backends(connection))[0]
        await connection.execute("checkpoint")  # so that there is little to recover
    with traffic(near) as busy:
        time.sleep(0.2)
        os.kill(victim, signal.SIGKILL)
        recovered = await recovery(cluster)
        time.sleep(0.3)
    assert (busy.failures, set(busy.statuses) - {503}) == ([], {200})
    assert busy.slowest < 3.2
    # Requests wait for Postgres to recover, as long as a request may take; a busy machine may take longer over it.
    assert recovered > 2 or busy.refusals == set()


async def recovery(cluster: Cluster) -> float:
    """How long Postgres takes until it lets somebody in again."""
    begun = time.monotonic()
    await asyncio.sleep(0.1)
    while True:
        try:
            async with connected(cluster):
                return time.monotonic() - begun
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.01)


def test_postgres_stopped_is_a_503_at_once_and_a_200_soon_after_it_is_back(cluster: Cluster, near: Door) -> None:
    cluster.stop()
    try:
        for path in (fresh(), LIST, fresh("/v1/quotes?q=a"), "/readyz"):
            took, answer = timed(near, path)
            assert (answer.status, answer.problem["code"], answer.fields["retry-after"]) == (503, "unavailable", "1")
            assert took < 0.25
        assert near.ask("{events(first:1){nodes{id}}}").status == 503
        for path, status in (("/healthz", 200), ("/nothing", 404), ("/v1/events?limit=x", 400)):
            assert near.get(path).status == status
    finally:
        cluster.start()
    assert until(lambda: near.get(fresh()).status == 200, 1) < 1


def test_postgres_stopped_under_load_is_a_503_and_nothing_else(cluster: Cluster, near: Door) -> None:
    with traffic(near) as busy:
        time.sleep(0.1)
        cluster.stop()
        time.sleep(0.1)
        cluster.start()
        time.sleep(0.3)
    assert not busy.failures
    assert set(busy.statuses) <= {200, 503}
    assert near.get(fresh()).status == 200


def test_a_service_may_start_before_its_postgres(cluster: Cluster) -> None:
    cluster.stop()
    try:
        with serving(cluster.server.url) as served:
            door = Door(served.port)
            assert door.get("/healthz").status == 200
            answer = door.get("/readyz")
            assert (answer.status, answer.fields["retry-after"]) == (503, "1")
            assert door.get(fresh()).status == 503
            cluster.start()
            assert until(lambda: door.get("/readyz").status == 200, 2) < 2
            assert door.get(fresh()).status == 200
    finally:
        if cluster.server is None:
            cluster.start()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("/briefing?", "/nowhere?"), 'database "nowhere" does not exist'),
        (("briefing@", "nobody@"), 'role "nobody" does not exist'),
        (("briefing@", "guarded:wrong@"), 'password authentication failed for user "guarded"'),
    ],
)
async def test_a_service_that_postgres_refuses_says_so_and_ends(
    cluster: Cluster, wrong: tuple[str, str], said: str
) -> None:
    access = cluster.folder / "postgres" / "pg_hba.conf"
    rules = access.read_text()
    if "guarded" in said:
        access.write_text(f"local all guarded scram-sha-256\n{rules}")
        async with connected(cluster) as connection:
            await connection.execute("create role guarded login password 'right'; select pg_reload_conf()")
    try:
        with launch(cluster.server.url.replace(*wrong)) as process:
            threading.Timer(30, process.kill).start()
            _, told = process.communicate()
    finally:
        access.write_text(rules)
    assert process.returncode == 2
    assert said in told and "BRIEFING_DATABASE_URL" in told
    assert "Traceback" not in told and "wrong@" not in told


async def test_frozen_backends_hold_no_request_longer_than_3_seconds(cluster: Cluster, near: Door) -> None:
    async with connected(cluster) as connection:
        with traffic(near, 2) as busy:
            time.sleep(0.2)
            frozen = await backends(connection)
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            try:
                busy.slowest = 0
                time.sleep(1.5)
                assert timed(near, "/healthz")[0] < 0.25
                time.sleep(1.7)
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)
    assert not busy.failures
    assert set(busy.statuses) <= {200, 503}
    assert busy.slowest < 3
    assert until(lambda: near.get(fresh()).status == 200, 1) < 1


async def test_a_frozen_postgres_holds_no_request_longer_than_3_seconds(cluster: Cluster, near: Door) -> None:
    async with connected(cluster) as connection:
        frozen = [cluster.server.pid, *await backends(connection)]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        took = []
        threads = [threading.Thread(target=lambda: took.append(timed(near))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    assert {answer.status for _, answer in took} == {503}
    assert max(seconds for seconds, _ in took) < 3.1
    assert until(lambda: near.get(fresh()).status == 200, 2) < 2


async def test_no_connection_free_is_a_503_and_what_needs_none_is_answered(cluster: Cluster) -> None:
    async with connected(cluster) as connection:
        with serving(cluster.server.url, pool_size=2, pool_wait=0.2) as served:
            door = Door(served.port)
            until(lambda: door.get(fresh()).status == 200, 5)
            async with connection.transaction():
                await connection.execute(LOCK)
                waiting = [Client(served.port) for _ in range(2)]
                for client in waiting:
                    client.ask("GET", fresh())
                time.sleep(0.1)
                took, answer = timed(door)
                assert (answer.status, answer.problem["code"], answer.fields["retry-after"]) == (
                    503,
                    "unavailable",
                    "1",
                )
                assert 0.15 < took < 0.5
                for path, status in (("/healthz", 200), ("/nothing", 404), ("/v1/events?limit=x", 400)):
                    took, answer = timed(door, path)
                    assert (answer.status, took < 0.1) == (status, True)
                assert door.get(LIST, method="DELETE").status == 405
                assert door.get("/v1/events/x").status == 404
            for client in waiting:
                assert client.answer().status == 200
                client.close()


async def test_a_statement_that_takes_too_long_is_a_503_of_its_own(cluster: Cluster) -> None:
    async with connected(cluster) as connection:
        with serving(cluster.server.url, statement_timeout=0.3) as served:
            door = Door(served.port)
            until(lambda: door.get(fresh()).status == 200, 5)
            async with connection.transaction():
                await connection.execute(LOCK)
                took, answer = timed(door)
            assert (answer.status, answer.problem["code"]) == (503, "timed_out")
            assert 0.25 < took < 0.8
            assert answer.fields["retry-after"]
            assert door.get(fresh()).status == 200


@pytest.mark.parametrize("half", [False, True], ids=["closed", "half closed"])
async def test_a_client_that_goes_away_takes_its_query_with_it(cluster: Cluster, near: Door, half: bool) -> None:
    async with connected(cluster) as connection, connected(cluster) as watching, connection.transaction():
        await connection.execute(LOCK)
        clients = [Client(near.port) for _ in range(4)]
        for client in clients:
            client.ask("GET", fresh())
        while len(await backends(watching, "active")) < 4:
            time.sleep(0.01)
        for client in clients:
            client.socket.shutdown(1) if half else client.close()
        begun = time.monotonic()
        while await backends(watching, "active"):
            assert time.monotonic() - begun < 0.5
            time.sleep(0.01)
        assert near.get(fresh("/v1/places?limit=1")).status == 200, "and a connection is free"
        for client in clients:
            client.close()


async def test_a_migration_under_traffic_costs_no_client_an_error(cluster: Cluster, near: Door) -> None:
    async with connected(cluster) as connection:
        with traffic(near) as busy:
            for number in range(4):
                await connection.execute("delete from migration.applied where name = 'v1'")
                assert await migrate(cluster.server.url) == ["v1"]
                await connection.execute(f"alter table store.event add column later_{number} text not null default ''")
            time.sleep(0.1)
        for number in range(4):
            await connection.execute(f"alter table store.event drop column later_{number}")
    assert (busy.failures, busy.refusals) == ([], set())


def told(count: int, version: str) -> str:
    """A file of events, as lines."""
    event = {"kind": "other", "title": version, "time_precision": "unknown", "status": "occurred", "tags": ["loads"]}
    lines = ({"resource": "event", "dataset": "loads", "key": str(number), **event} for number in range(count))
    return "".join(json.dumps(line) + "\n" for line in lines)


async def test_readers_see_a_load_whole_or_not_at_all_even_where_it_is_killed(cluster: Cluster, near: Door) -> None:
    path, seen, over = cluster.folder / "loads.ndjson", set(), threading.Event()

    def read() -> None:
        while not over.is_set():
            body = json.loads(near.get("/v1/events?tag=loads&limit=200&count=exact").body)
            seen.add((body["page"]["total"], *{event["title"] for event in body["data"]}))

    readers = [threading.Thread(target=read) for _ in range(3)]
    watching = await asyncpg.connect(cluster.server.url)
    for reader in readers:
        reader.start()
    try:
        for version, killed in (("first", False), ("second", True), ("third", True), ("last", False)):
            path.write_text(told(1500, version))
            with loading(cluster.server.url, path) as process:
                while killed and process.poll() is None and not await watching.fetchval(WRITES):
                    time.sleep(0.01)
                if killed:
                    process.kill()
                assert process.wait(20) in (0, -signal.SIGKILL)
        until(lambda: (1500, "last") in seen, 5)  # An answer may be 250 ms old.
    finally:
        over.set()
        for reader in readers:
            reader.join()
        await watching.close()
    assert seen <= {(0,), (1500, "first"), (1500, "second"), (1500, "third"), (1500, "last")}
    assert {(1500, "first"), (1500, "last")} <= seen


async def test_a_lock_held_for_a_moment_is_waited_for(cluster: Cluster, near: Door) -> None:
    async with connected(cluster) as connection:
        with traffic(near) as busy:
            for _ in range(3):
                async with connection.transaction():
                    await connection.execute(LOCK)
                    time.sleep(0.2)
                time.sleep(0.1)
    assert (busy.failures, busy.refusals) == ([], set())


async def test_several_workers_take_over_from_each_other_and_drain_as_one_does(cluster: Cluster) -> None:
    with serving(cluster.server.url, workers=2, pool_size=4) as served:
        door = Door(served.port)
        until(lambda: door.get("/readyz").status == 200, 5)
        with traffic(door, 2) as busy:
            time.sleep(0.3)
            children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children")
            victim = int(children.read_text().split()[0])
            os.kill(victim, signal.SIGKILL)
            until(lambda: len(now := children.read_text().split()) == 2 and str(victim) not in now, 2)
            time.sleep(0.5)
        # Whom it was answering when it was killed it cannot tell; there were two clients.
        assert len(busy.failures) <= 2
        assert set(busy.statuses) == {200}
        async with connected(cluster) as connection:
            async with connection.transaction():
                await connection.execute(LOCK)
                client = Client(served.port)
                client.ask("GET", fresh())
                time.sleep(0.1)
                served.process.send_signal(signal.SIGTERM)
                until(lambda: door.get("/readyz").status == 503, 1)
            assert client.answer().status == 200
            client.close()
        assert served.process.wait(10) == 0


async def test_sigterm_turns_readyz_away_and_finishes_what_is_in_flight(cluster: Cluster) -> None:
    async with connected(cluster) as connection:
        with serving(cluster.server.url) as served:
            door = Door(served.port)
            until(lambda: door.get("/readyz").status == 200, 5)
            async with connection.transaction():
                await connection.execute(LOCK)
                client = Client(served.port)
                client.ask("GET", fresh())
                time.sleep(0.1)
                served.process.send_signal(signal.SIGTERM)
                until(lambda: door.get("/readyz").status == 503, 1)
                assert door.get("/v1/places?limit=1").status == 200, "still taken, until balancers have seen it"
            assert client.answer().status == 200
            client.close()
            assert served.process.wait(5) == 0
