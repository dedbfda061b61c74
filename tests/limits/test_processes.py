"""Limits between processes and machines, while Redis or the store is away, and for clients that leave."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import httpx2

from tests.access.limits.server import RedisServer
from tests.limits.conftest import Access, Client, client_of, limited_client
from tests.serving import serving


def head(path: str, key: dict[str, str]) -> bytes:
    """Return a request as bytes."""
    return f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: {key['authorization']}\r\n\r\n".encode()


def spread(client: Client, path: str, key: dict[str, str], count: int) -> list[int]:
    """Send many requests at once, each on a connection of its own, and return their statuses. A request that gets no
    place on a busy machine costs nothing, and is sent again."""

    def send(_: int) -> int:
        status = 503
        with httpx2.Client(base_url=client.http.base_url, timeout=20) as other:
            for _ in range(20):
                status = other.get(path, headers=key).status_code
                if status != 503:
                    break
        return status

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(send, range(count)))


async def make_known(client: Client, path: str, access: Access) -> None:
    """Make a request known to each worker. An unknown request pays a point before it is read, so several at once may
    use up the points that one of them needs."""
    assert set(spread(client, path, await access.key(), 60)) == {200}


async def test_two_workers_grant_what_one_would(store: str, access: Access) -> None:
    key = await access.key(burst=100, points_minute=2, at_once=1000)
    with limited_client(store, workers=2) as client:
        await make_known(client, "/v1/sources?limit=10", access)
        statuses = spread(client, "/v1/sources?limit=10", key, 60)
        expected = 100 // int(client.get("/v1/sources?limit=10", await access.key()).headers["ratelimit-cost"])
    assert statuses.count(200) == expected and statuses.count(429) == 60 - expected


async def test_two_services_over_redis_grant_what_one_would(
    store: str, access: Access, redis_server: RedisServer
) -> None:
    key = await access.key(burst=100, points_minute=2, at_once=1000)
    with (
        limited_client(store, redis_url=redis_server.url) as first,
        limited_client(store, redis_url=redis_server.url, limit_processes=2) as second,
    ):
        statuses = [(first, second)[n % 2].get("/v1/sources?limit=10", key).status_code for n in range(24)]
    # If Redis answers too late on a busy machine, a process grants its own share and no more.
    assert 10 <= statuses.count(200) <= 15


async def test_while_redis_is_away_each_process_grants_its_share(
    store: str, access: Access, redis_server: RedisServer
) -> None:
    key = await access.key(burst=100, points_minute=2)
    with limited_client(store, redis_url="redis://127.0.0.1:9/0", limit_processes=4) as client:
        statuses = [client.get("/v1/sources?limit=5", key).status_code for _ in range(12)]
        answer = client.get("/v1/sources?limit=5", key)
    assert statuses == [200] * 5 + [429] * 7
    assert answer.json()["limit"] == "minute" and int(answer.headers["retry-after"]) > 60


async def test_workers_grant_a_plan_once_while_redis_is_away(store: str, access: Access) -> None:
    key = await access.key(burst=100, points_minute=2, at_once=1000)
    with limited_client(store, redis_url="redis://127.0.0.1:9/0", workers=4) as client:
        await make_known(client, "/v1/sources?limit=10", access)
        statuses = spread(client, "/v1/sources?limit=10", key, 60)
        expected = 100 // int(client.get("/v1/sources?limit=10", await access.key()).headers["ratelimit-cost"])
    assert statuses.count(200) == expected and statuses.count(429) == 60 - expected


async def test_a_store_that_is_away_costs_no_more_than_reading_the_request(store: str, access: Access) -> None:
    key = await access.key(burst=1000, points_minute=17, points_day=1000)
    connection = await asyncpg.connect(store)
    try:
        with limited_client(store, answer_memory=0, pool_size=1, pool_wait=0.1, statement_timeout=0.25) as client:
            assert client.get("/v1/sources?limit=2", key).status_code == 200
            before = client.get("/v1/me", key).json()["data"]["limits"][1]["remaining"]
            lock = connection.transaction()
            await lock.start()
            await connection.execute("lock table store.source in access exclusive mode")
            with ThreadPoolExecutor(6) as pool:
                paths = [f"/v1/sources?limit={n}" for n in range(3, 9)]
                answers = list(pool.map(lambda path: client.get(path, key), paths))
            await lock.rollback()
            after = client.get("/v1/me", key).json()["data"]["limits"][1]["remaining"]
    finally:
        await connection.close()
    codes = [answer.json()["code"] for answer in answers]
    assert codes.count("timed_out") == 1 and codes.count("unavailable") == 5
    costs = {answer.json()["code"]: int(answer.headers["ratelimit-cost"]) for answer in answers}
    assert costs["unavailable"] == 1, "the point for reading a request that was not seen before"
    assert 3 <= costs["timed_out"] <= 8, "what ran out of time was work"
    # Points that come back while several requests run are not refunded twice. That may cost the last whole point.
    assert before - after - 5 * costs["unavailable"] - costs["timed_out"] in (0, 1)
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)


async def test_a_locked_table_costs_its_time_and_clients_that_leave_free_their_places(
    store: str, access: Access
) -> None:
    key = await access.key(at_once=3)
    connection = await asyncpg.connect(store)
    try:
        with (
            serving(store, limits="true", answer_memory=0, statement_timeout=20) as server,
            client_of(server) as client,
        ):
            assert client.get("/v1/sources?limit=2", key).status_code == 200
            lock = connection.transaction()
            await lock.start()
            await connection.execute("lock table store.source in access exclusive mode")
            sockets = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
            for n, client_socket in enumerate(sockets):
                client_socket.sendall(head(f"/v1/sources?limit={n + 190}", key))  # its price allows two seconds
            time.sleep(0.4)
            answer = client.get("/v1/places?limit=1", key)
            assert (answer.status_code, answer.json()["limit"]) == (429, "at_once")
            for client_socket in sockets:
                client_socket.close()
            time.sleep(0.6)
            assert client.get("/v1/places?limit=1", key).status_code == 200, "three places are free again"
            await lock.rollback()
    finally:
        await connection.close()


async def test_an_export_holds_its_place_until_its_end(store: str, access: Access) -> None:
    key = await access.key(at_once=1)
    connection = await asyncpg.connect(store)
    try:
        with serving(store, limits="true") as server, client_of(server) as client:
            # An export that has ended gives its place back.
            assert client.get("/v1/sources.ndjson?limit=5", key).status_code == 200
            lock = connection.transaction()
            await lock.start()
            await connection.execute("lock table store.source in access exclusive mode")
            with socket.create_connection(("127.0.0.1", server.port)) as client_socket:
                client_socket.sendall(head("/v1/sources.ndjson?limit=5", key))
                time.sleep(0.4)
                assert client.get("/v1/places?limit=1", key).json()["limit"] == "at_once"
                await lock.rollback()
                client_socket.settimeout(10)
                content = b""
                while b"\r\n0\r\n" not in content:
                    content += client_socket.recv(65536)
                assert client.get("/v1/places?limit=1", key).status_code == 200
    finally:
        await connection.close()
