"""Answers to clients while Postgres is away, also from a service that starts meanwhile."""

from __future__ import annotations

import threading
import time

import pytest

from tests.hostile.faults.cluster import (
    LIST,
    Cluster,
    connect_to,
    fresh,
    measure_request,
    traffic,
    until,
)
from tests.hostile.raw_client import RawClient
from tests.serving import launch, serving

pytestmark = pytest.mark.fault


def test_postgres_stopped_is_a_503_at_once_and_a_200_soon_after_it_is_back(cluster: Cluster, near: RawClient) -> None:
    cluster.stop()
    try:
        quickest = min(measure_request(near)[0] for _ in range(10))
        assert quickest < 0.05, "the others, on a busy machine, are given more"
        for path in (fresh(), LIST, fresh("/v1/quotes?q=a"), "/readyz"):
            duration, answer = measure_request(near, path)
            assert (answer.status, answer.problem["code"], answer.fields["retry-after"]) == (503, "unavailable", "1")
            assert duration < 0.25
        assert near.ask("{events(first:1){nodes{id}}}").status == 503
        for path, status in (("/healthz", 200), ("/nothing", 404), ("/v1/events?limit=x", 400)):
            assert near.get(path).status == status
    finally:
        cluster.start()
    assert until(lambda: near.get(fresh()).status == 200, 1) < 1


def test_postgres_stopped_under_load_is_a_503_and_nothing_else(cluster: Cluster, near: RawClient) -> None:
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
        with serving(cluster.server.url) as server:
            raw_client = RawClient(server.port)
            assert raw_client.get("/healthz").status == 200
            answer = raw_client.get("/readyz")
            assert (answer.status, answer.fields["retry-after"]) == (503, "1")
            assert raw_client.get(fresh()).status == 503
            cluster.start()
            assert until(lambda: raw_client.get("/readyz").status == 200, 2) < 2
            assert raw_client.get(fresh()).status == 200
    finally:
        if cluster.server is None:
            cluster.start()


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_service_that_finds_a_store_of_a_newer_release_later_says_so_and_ends(
    cluster: Cluster, workers: int
) -> None:
    async with connect_to(cluster) as connection:
        await connection.execute("insert into migration.applied (name, checksum) values ('0999_next', 'x')")
    cluster.stop()
    try:
        with launch(cluster.server.url, workers=workers) as process:
            threading.Timer(60, process.kill).start()
            assert process.stdout is not None and process.stdout.readline().startswith("Serving on")
            cluster.start()
            _, errors = process.communicate()
        assert process.returncode == 78, errors
        assert "migrated to 0999_next" in errors and "Traceback" not in errors
    finally:
        async with connect_to(cluster) as connection:
            await connection.execute("delete from migration.applied where name = '0999_next'")


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (("/briefing?", "/nowhere?"), 'database "nowhere" does not exist'),
        (("briefing@", "nobody:any@"), 'password authentication failed for user "nobody"'),
        (("briefing@", "guarded:wrong@"), 'password authentication failed for user "guarded"'),
    ],
)
async def test_a_service_that_postgres_refuses_says_so_and_ends(
    cluster: Cluster, wrong: tuple[str, str], expected: str
) -> None:
    if "guarded" in expected:
        async with connect_to(cluster) as connection:
            await connection.execute("create role guarded login password 'right'")
    with launch(cluster.server.url.replace(*wrong)) as process:
        threading.Timer(30, process.kill).start()
        _, message = process.communicate()
    assert process.returncode == 78
    assert expected in message and "BRIEFING_DATABASE_URL" in message
    assert "Traceback" not in message and "wrong@" not in message
