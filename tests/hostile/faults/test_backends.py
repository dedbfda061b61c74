"""Answers to clients while backends of Postgres are killed or frozen, or wait for a lock."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time

import asyncpg
import pytest

from tests.hostile.faults.cluster import (
    LOCK,
    OURS,
    Cluster,
    backends,
    connect_to,
    fresh,
    measure_request,
    traffic,
    until,
)
from tests.hostile.raw_client import RawClient

pytestmark = pytest.mark.fault
# The refusals of requests that cannot wait any longer for Postgres to recover.
UNAVAILABLE = {"The store is starting.", "The store does not answer.", "All connections to the store are busy."}


async def test_backends_that_are_terminated_cost_no_client_an_error(cluster: Cluster, near: RawClient) -> None:
    async with connect_to(cluster) as connection:
        with traffic(near) as busy:
            for _ in range(6):
                busy.wait_for_answers(6)
                await connection.fetch(f"select pg_terminate_backend(pid) {OURS}")
            busy.wait_for_answers(6)
    assert (busy.failures, busy.refusals) == ([], set())
    assert set(busy.statuses) == {200}


async def test_a_backend_that_is_killed_costs_no_client_an_error(cluster: Cluster, near: RawClient) -> None:
    async with connect_to(cluster) as connection:
        victim = (await backends(connection))[0]
        await connection.execute("checkpoint")  # so that there is little to recover
    with traffic(near) as busy:
        time.sleep(0.2)
        os.kill(victim, signal.SIGKILL)
        recovered = await recovery(cluster)
        time.sleep(0.3)
    assert (busy.failures, set(busy.statuses) - {503}) == ([], {200})
    assert busy.slowest < 3.2
    # Requests wait for Postgres to recover for as long as a request may take. A busy machine may need more time for it.
    assert busy.refusals <= (set() if recovered <= 2 else UNAVAILABLE)


async def recovery(cluster: Cluster) -> float:
    """Return the seconds until Postgres accepts connections again."""
    start_time = time.monotonic()
    await asyncio.sleep(0.1)
    while True:
        try:
            async with connect_to(cluster):
                return time.monotonic() - start_time
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.01)


async def test_frozen_backends_hold_no_request_longer_than_3_seconds(cluster: Cluster, near: RawClient) -> None:
    async with connect_to(cluster) as connection:
        with traffic(near, 2) as busy:
            time.sleep(0.2)
            frozen = await backends(connection)
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            try:
                busy.slowest = 0
                time.sleep(1.5)
                assert measure_request(near, "/healthz")[0] < 0.25
                time.sleep(1.7)
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)
    assert not busy.failures
    assert set(busy.statuses) <= {200, 503}
    assert busy.slowest < 3
    assert until(lambda: near.get(fresh()).status == 200, 1) < 1


async def test_a_frozen_postgres_holds_no_request_longer_than_3_seconds(cluster: Cluster, near: RawClient) -> None:
    async with connect_to(cluster) as connection:
        frozen = [cluster.server.pid, *await backends(connection)]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        timings = []
        threads = [threading.Thread(target=lambda: timings.append(measure_request(near))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    assert {answer.status for _, answer in timings} == {503}
    assert max(seconds for seconds, _ in timings) < 3.1
    assert until(lambda: near.get(fresh()).status == 200, 2) < 2


async def test_a_lock_held_for_a_moment_is_waited_for(cluster: Cluster, near: RawClient) -> None:
    async with connect_to(cluster) as connection:
        with traffic(near) as busy:
            for _ in range(3):
                async with connection.transaction():
                    await connection.execute(LOCK)
                    time.sleep(0.1)
                time.sleep(0.1)
    assert (busy.failures, busy.refusals) == ([], set())
