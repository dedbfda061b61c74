"""The service over replicas, as its clients and its operator see it over HTTP."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.access.keys import Keys, NewKey
from api.access.plan import Plan
from api.access.plans import Plans
from api.store.access import AccessStore
from tests.hostile.faults.cluster import metrics
from tests.ports import free_port
from tests.replicas.conftest import write
from tests.replicas.servers import Server
from tests.serving import serving

LISTS = (
    "/v2/places?limit=2",
    "/v1/sources?limit=2",
    "/v2/graphql?query={sources(first:1){nodes{id}}}",
    "/v2/places.csv",
    "/v2/datapackage.json",
)


def until_used(port: int, used: int) -> None:
    """Wait until the page of metrics shows so many used replicas."""
    end = time.monotonic() + 30
    while metrics(port).count("briefing_replica_used{") != 2 or sum_of(metrics(port), "briefing_replica_used") != used:
        assert time.monotonic() < end, metrics(port)
        time.sleep(0.1)


def sum_of(page: str, name: str, label: str = "") -> float:
    """Return the sum of a metric over its labels, or over those that contain a text."""
    lines = [line for line in page.splitlines() if line.startswith(f"{name}{{") and label in line]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


@pytest.mark.fault
async def test_clients_are_told_while_the_primary_is_away(servers: list[Server], tmp_path: Path) -> None:
    await write(servers[0], tmp_path)
    access = AccessStore(servers[0].url)
    if "served" not in {row["name"] for row in await Plans(access, "test").all()}:
        await Plans(access, "test").create(Plan("served", 10_000, 100_000, 100_000, 50, 200, 10**9, ("csv",)))
    key = (await Keys(access, "live", "test").create(NewKey("test", "served"))).secret.text
    await access.close()
    settings: dict[str, Any] = {
        "read_urls": " ".join(server.url for server in servers[1:]),
        "metrics_port": (port := free_port()),
        "stale_reads": 20,
        "statement_timeout": 2,
        "statement_timeout_floor": 1,
    }
    with (
        serving(servers[0].url, **settings) as served,
        httpx2.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=30) as client,
    ):
        until_used(port, 2)
        for path in LISTS:
            answer = client.get(path)
            assert answer.status_code == 200 and "freshness" not in answer.headers, path
        page = metrics(port)
        # On a machine that stalls, the primary answers some of them.
        assert sum_of(page, "briefing_reads_total", "sockets") >= 1
        assert sum_of(page, "briefing_replica_lag_editions") == 0
        servers[0].kill()
        try:
            time.sleep(0.5)
            for path in LISTS:
                for headers in ({}, {"X-API-Key": key}, {"If-None-Match": '"x"'}):
                    answer = client.get(path, headers=headers)
                    assert answer.status_code == 200, (path, answer.text)
                    assert answer.headers["freshness"] == "unconfirmed", path
                    assert answer.headers["cache-control"] == "no-store", path
                    assert "etag" not in answer.headers, path
            assert client.get("/readyz").status_code == 200
            assert sum_of(metrics(port), "briefing_replica_used") == 2
            beyond = client.get(LISTS[0], headers={"At-Least-Edition": "e999999999"})
            assert (beyond.status_code, beyond.headers["retry-after"]) == (503, "1")
        finally:
            servers[0].start()
        end = time.monotonic() + 30
        while "freshness" in (answer := client.get(LISTS[0])).headers:
            assert answer.status_code == 200 and time.monotonic() < end
            time.sleep(0.1)
        assert "etag" in answer.headers


async def test_workers_read_from_replicas_too(servers: list[Server]) -> None:
    urls = ",".join(server.url for server in servers[1:])
    with (
        serving(servers[0].url, read_urls=urls, workers=2, metrics_port=(port := free_port())) as served,
        httpx2.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=30) as client,
    ):
        until_used(port, 2)
        for number in range(20):
            assert client.get(f"/v2/places?limit={number + 1}").status_code == 200
        end = time.monotonic() + 10
        while sum_of(metrics(port), "briefing_reads_total", "sockets") < 20:
            assert time.monotonic() < end, metrics(port)
            time.sleep(0.1)
