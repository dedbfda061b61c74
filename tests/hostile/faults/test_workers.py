"""Workers are killed, frozen or left without a supervisor, and a service ends."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.hostile.faults.cluster import LOCK, LONG, Cluster, backends, connect_to, fresh, metrics, traffic, until
from tests.hostile.raw_client import RawClient
from tests.http.conftest import Client, ServerProcess
from tests.http.test_workers import has_ended
from tests.ports import free_port
from tests.serving import serving

pytestmark = pytest.mark.fault


def workers(service: ServerProcess) -> list[int]:
    """Return the process ids of the workers."""
    parent = service.process.pid
    return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


async def test_several_workers_take_over_from_each_other_and_drain_as_one_does(cluster: Cluster) -> None:
    with serving(cluster.server.url, workers=2, pool_size=4) as server:
        raw_client = RawClient(server.port)
        until(lambda: raw_client.get("/readyz").status == 200, 5)
        with traffic(raw_client, 2) as busy:
            time.sleep(0.3)
            victim = workers(server)[0]
            os.kill(victim, signal.SIGKILL)
            until(lambda: len(now := workers(server)) == 2 and victim not in now, 2)
            time.sleep(0.5)
        # A killed worker leaves the requests unanswered that it was answering, at most one of each of the two clients.
        assert len(busy.failures) <= 2
        assert set(busy.statuses) == {200}
        async with connect_to(cluster) as connection:
            async with connection.transaction():
                await connection.execute(LOCK)
                client = Client(server.port)
                client.ask("GET", fresh(LONG))
                time.sleep(0.1)
                server.process.send_signal(signal.SIGTERM)
                until(lambda: raw_client.get("/readyz").status == 503, 1)
            assert client.answer().status == 200
            client.close()
        assert server.process.wait(10) == 0


async def test_sigterm_turns_readyz_away_and_finishes_what_is_in_flight(cluster: Cluster) -> None:
    async with connect_to(cluster) as connection:
        with serving(cluster.server.url) as server:
            raw_client = RawClient(server.port)
            until(lambda: raw_client.get("/readyz").status == 200, 5)
            async with connection.transaction():
                await connection.execute(LOCK)
                client = Client(server.port)
                client.ask("GET", fresh(LONG))
                time.sleep(0.1)
                server.process.send_signal(signal.SIGTERM)
                until(lambda: raw_client.get("/readyz").status == 503, 1)
                assert raw_client.get("/v1/places?limit=1").status == 200, "still taken, until balancers have seen it"
            assert client.answer().status == 200
            client.close()
            assert server.process.wait(5) == 0


async def test_a_worker_that_is_frozen_is_killed_and_another_takes_its_place(cluster: Cluster) -> None:
    port = free_port()
    with serving(cluster.server.url, workers=2, worker_timeout=1, pool_size=4, metrics_port=port) as server:
        raw_client = RawClient(server.port)
        until(lambda: raw_client.get("/readyz").status == 200, 10)
        # Both workers have shown that they run. A worker that is still starting has more time to do so.
        until(lambda: "\nbriefing_workers 2" in metrics(port), 10)
        victim = workers(server)[0]
        os.kill(victim, signal.SIGSTOP)
        # A second until the fault is noticed, and two until the next worker serves.
        until(lambda: has_ended(victim) and len(workers(server)) == 2, 3 + 2)
        with traffic(raw_client, 2) as busy:
            time.sleep(0.5)
        assert not busy.failures and set(busy.statuses) == {200}


async def test_workers_whose_parent_is_killed_end_within_5_seconds(cluster: Cluster) -> None:
    async with connect_to(cluster) as connection:
        # The backends of the package's own service, if an earlier test has started it.
        others = set(await backends(connection))
        with serving(cluster.server.url, workers=2, pool_size=4) as server:
            raw_client = RawClient(server.port)
            until(lambda: raw_client.get("/readyz").status == 200, 10)
            until(lambda: len(workers(server)) == 2, 10)
            pids = workers(server)
            os.kill(pids[0], signal.SIGSTOP)
            server.process.kill()
            server.process.wait()
            assert until(lambda: all(has_ended(pid) for pid in pids), 5) < 5
            with pytest.raises(ConnectionError):
                raw_client.get("/healthz")
        start_time = time.monotonic()
        while set(await backends(connection)) - others:
            assert time.monotonic() - start_time < 5, "and hold nothing in Postgres"
            time.sleep(0.05)
