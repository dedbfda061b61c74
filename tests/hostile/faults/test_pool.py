"""Answers to clients while no connection is free, a statement takes too long, or another client goes away."""

from __future__ import annotations

import time

import pytest

from api.access.keys import Keys, NewKey
from api.store.access import AccessStore
from tests.hostile.faults.cluster import (
    LIST,
    LOCK,
    LONG,
    Cluster,
    backends,
    connect_to,
    fresh,
    measure_request,
    until,
)
from tests.hostile.raw_client import RawClient
from tests.http.conftest import Client
from tests.serving import serving

pytestmark = pytest.mark.fault


async def test_without_a_free_connection_queries_get_503_and_the_rest_is_answered(cluster: Cluster) -> None:
    async with connect_to(cluster) as connection:
        # Two of the three connections are for callers without a key.
        with serving(cluster.server.url, pool_size=3, pool_wait=1) as server:
            raw_client = RawClient(server.port)
            until(lambda: raw_client.get(fresh()).status == 200, 5)
            async with connection.transaction():
                await connection.execute(LOCK)
                waiting = [Client(server.port) for _ in range(2)]
                for client in waiting:
                    client.ask("GET", fresh(LONG))
                time.sleep(0.1)
                duration, answer = measure_request(raw_client)
                assert (answer.status, answer.problem["code"], answer.fields["retry-after"]) == (
                    503,
                    "unavailable",
                    "1",
                )
                assert 0.9 < duration < 1.5
                for path, status in (("/healthz", 200), ("/nothing", 404), ("/v1/events?limit=x", 400)):
                    duration, answer = measure_request(raw_client, path)
                    assert (answer.status, duration < 0.5) == (status, True), "it does not wait for a connection"
                assert raw_client.get(LIST, method="DELETE").status == 405
                assert raw_client.get("/v1/events/x").status == 404
            for client in waiting:
                assert client.answer().status == 200
                client.close()


async def test_a_caller_with_a_key_is_answered_while_anonymous_ones_hold_all_places_that_they_may(
    cluster: Cluster,
) -> None:
    store = AccessStore(cluster.server.url)
    new_key = await Keys(store, "live", "test").create(NewKey("honest", "internal"))
    await store.close()
    async with connect_to(cluster) as connection, connect_to(cluster) as watching:
        with serving(cluster.server.url, pool_size=4, pool_wait=2) as server:
            raw_client = RawClient(server.port)
            until(lambda: raw_client.get(fresh()).status == 200, 5)
            async with connection.transaction():
                await connection.execute(LOCK)
                anonymous = [Client(server.port) for _ in range(12)]
                for client in anonymous:
                    client.ask("GET", fresh(LONG))
                while len(await backends(watching, "active")) < 3:
                    time.sleep(0.01)
                client_with_key = Client(server.port)
                for _ in range(20):
                    client_with_key.ask(
                        "GET", fresh("/v1/places?limit=1"), f"Authorization: Bearer {new_key.secret.text}"
                    )
                    assert client_with_key.answer().status == 200
                assert len(await backends(watching, "active")) == 3
            for client in (*anonymous, client_with_key):
                client.close()


async def test_a_statement_that_takes_too_long_is_a_503_of_its_own(cluster: Cluster) -> None:
    async with connect_to(cluster) as connection:
        with serving(cluster.server.url, statement_timeout=0.3) as server:
            raw_client = RawClient(server.port)
            until(lambda: raw_client.get(fresh()).status == 200, 5)
            async with connection.transaction():
                await connection.execute(LOCK)
                duration, answer = measure_request(raw_client)
            assert (answer.status, answer.problem["code"]) == (503, "timed_out")
            # The time limit of the settings, not the usual one of 2.5 s.
            assert 0.25 < duration < 2
            assert answer.fields["retry-after"]
            # A busy machine may take 0.3 s for any statement.
            until(lambda: raw_client.get(fresh()).status == 200, 5)


@pytest.mark.parametrize("half", [False, True], ids=["closed", "half closed"])
async def test_a_client_that_goes_away_takes_its_query_with_it(cluster: Cluster, near: RawClient, half: bool) -> None:
    async with connect_to(cluster) as connection, connect_to(cluster) as watching, connection.transaction():
        await connection.execute(LOCK)
        clients = [Client(near.port) for _ in range(4)]
        for client in clients:
            client.ask("GET", fresh(LONG))
        while len(await backends(watching, "active")) < 4:
            time.sleep(0.01)
        for client in clients:
            client.socket.shutdown(1) if half else client.close()
        start_time = time.monotonic()
        while await backends(watching, "active"):
            assert time.monotonic() - start_time < 0.5
            time.sleep(0.01)
        assert near.get(fresh("/v1/places?limit=1")).status == 200, "and a connection is free"
        for client in clients:
            client.close()
