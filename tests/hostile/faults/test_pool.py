"""What happens where no connection is free, a statement takes too long, or the client goes away."""

from __future__ import annotations

import time

import pytest

from tests.hostile.door import Door
from tests.hostile.faults.cluster import (
    LIST,
    LOCK,
    Cluster,
    backends,
    connected,
    fresh,
    timed,
    until,
)
from tests.http.conftest import Client
from tests.serving import serving

pytestmark = pytest.mark.fault


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
