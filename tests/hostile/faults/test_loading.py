"""Readers see whole loads: if a load is killed, has no disk left, is refused or meets another, or if tables change."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from api.store.embedded import start
from api.store.load_transaction import writing
from api.store.migrate import migrate
from tests.hostile.faults.cluster import (
    Cluster,
    connect_to,
    fresh,
    traffic,
    until,
)
from tests.hostile.faults.disk import Disk
from tests.hostile.raw_client import RawClient
from tests.serving import COMMAND, ROOT, serving

pytestmark = pytest.mark.fault
WRITES = "select count(*) from pg_locks where relation = 'store.change'::regclass and mode = 'RowExclusiveLock'"


async def test_a_migration_under_traffic_costs_no_client_an_error(cluster: Cluster, near: RawClient) -> None:
    async with connect_to(cluster) as connection:
        with traffic(near) as busy:
            for number in range(4):
                await connection.execute("delete from migration.applied where name = 'v1'")
                assert await migrate(cluster.server.url) == ["v1"]
                await connection.execute(f"alter table store.event add column later_{number} text not null default ''")
            time.sleep(0.1)
        for number in range(4):
            await connection.execute(f"alter table store.event drop column later_{number}")
    assert (busy.failures, busy.refusals) == ([], set())


def loading(url: str, path: Path, stderr: int = subprocess.DEVNULL, *how: str) -> subprocess.Popen[bytes]:
    """Start `briefing load` in a process of its own."""
    command = [sys.executable, "-c", COMMAND, "load", "--quiet", *how, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BRIEFING_DATABASE_URL": url}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)


def event_lines(count: int, version: str, summary: str | None = None) -> str:
    """Return the lines of a file of events."""
    event = {"kind": "other", "title": version, "time_precision": "unknown", "status": "occurred", "tags": ["loads"]}
    event |= {"summary": summary} if summary else {}
    lines = ({"resource": "event", "dataset": "loads", "key": str(number), **event} for number in range(count))
    return "".join(json.dumps(line) + "\n" for line in lines)


async def test_readers_see_a_load_whole_or_not_at_all_even_where_it_is_killed(
    cluster: Cluster, near: RawClient
) -> None:
    path, observations, over = cluster.folder / "loads.ndjson", set(), threading.Event()

    def poll() -> None:
        while not over.is_set():
            body = json.loads(near.get("/v1/events?tag=loads&limit=200&count=exact").body)
            observations.add((body["page"]["total"], *{event["title"] for event in body["data"]}))

    readers = [threading.Thread(target=poll) for _ in range(3)]
    watching = await asyncpg.connect(cluster.server.url)
    for reader in readers:
        reader.start()
    try:
        for version, is_killed in (("first", False), ("second", True), ("third", True), ("last", False)):
            path.write_text(event_lines(1500, version))
            with loading(cluster.server.url, path) as process:
                while is_killed and process.poll() is None and not await watching.fetchval(WRITES):
                    time.sleep(0.01)
                if is_killed:
                    process.kill()
                assert process.wait(20) in (0, -signal.SIGKILL)
        until(lambda: (1500, "last") in observations, 5)  # An answer may be 250 ms old.
    finally:
        over.set()
        for reader in readers:
            reader.join()
        await watching.close()
    assert observations <= {(0,), (1500, "first"), (1500, "second"), (1500, "third"), (1500, "last")}
    assert {(1500, "first"), (1500, "last")} <= observations


def total(raw_client: RawClient) -> int:
    """Return how many of these events readers see."""
    body = json.loads(raw_client.get(fresh("/v1/events?tag=loads&limit=1&count=exact")).body)
    return int(body["page"]["total"])


def run_load(url: str, path: Path, *how: str) -> tuple[int, str]:
    """Run a load, and return its exit code and its error output."""
    with loading(url, path, subprocess.PIPE, *how) as process:
        message = process.communicate(timeout=60)[1].decode()
    return process.returncode, message


async def test_a_load_that_fills_the_disk_is_69_and_readers_see_nothing_of_it(cluster: Cluster, disk: Disk) -> None:
    path = cluster.folder / "large.ndjson"
    path.write_text(event_lines(10, "before"))
    assert run_load(disk.url, path)[0] == 0
    with serving(disk.url) as server:
        raw_client = RawClient(server.port)
        until(lambda: raw_client.get("/readyz").status == 200, 10)
        path.write_text(event_lines(8_000, "too many"))
        code, message = run_load(disk.url, path)
        assert code == 69
        assert "No space left on device" in message and "no room left" in message and "Nothing was loaded" in message
        assert total(raw_client) == 10
        disk.grow()
        assert run_load(disk.url, path)[0] == 0, "its lock is free, and there is room"
        assert total(raw_client) == 8_000


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Limit the files of processes that start meanwhile to this many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_load_whose_files_may_not_grow_is_69_and_leaves_nothing(tmp_path: Path) -> None:
    # Like a quota, but on any machine. The files of Postgres' own log have 16 MiB.
    with files_up_to(2**24):
        server = start(tmp_path)
    with server:
        await migrate(server.url)
        path = tmp_path / "large.ndjson"
        path.write_text(event_lines(3000, "large", random.Random(1).randbytes(3500).hex()))
        code, message = run_load(server.url, path)
        assert code == 69 and "File too large" in message and "Nothing was loaded" in message, message
        path.write_text(event_lines(10, "small"))
        assert run_load(server.url, path)[0] == 0
        connection = await asyncpg.connect(server.url)
        rows = await connection.fetch("select title, count(*) from store.event group by 1")
        assert [tuple(row) for row in rows] == [("small", 10)]
        await connection.close()


async def test_a_bad_row_is_65_and_a_second_loader_75_and_neither_is_seen(cluster: Cluster, near: RawClient) -> None:
    path = cluster.folder / "refused.ndjson"
    before = total(near)
    path.write_text(event_lines(200, "bad") + '{"resource": "event", "dataset": "loads", "key": "x", "kind": "none"}\n')
    code, message = run_load(cluster.server.url, path)
    assert code == 65 and ":201:" in message
    path.write_text(event_lines(200, "second"))
    async with writing(cluster.server.url, 5):
        code, message = run_load(cluster.server.url, path, "--wait", "0.1")
        assert code == 75 and "Another load is running" in message
    assert total(near) == before
