"""The page for Prometheus: its counts, its own port, and one page for any number of processes."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import httpx2
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.parser import text_string_to_metric_families

from api.observability.metrics import Metrics
from api.observability.metrics_aggregate import MetricTotals, dump_metrics
from tests.http.conftest import Client, ServerProcess
from tests.operate.conftest import caller
from tests.ports import free_port
from tests.serving import launch, serving

Page = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(port: int) -> Page:
    answer = httpx2.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(page: Page, name: str, **labels: str) -> float:
    """Return the sum of all series of this name that have these labels."""
    return sum(
        number for (series, own), number in page.items() if series == name and labels.items() <= dict(own).items()
    )


def eventually(port: int, name: str, expected: float, **labels: str) -> Page:
    start_time = time.monotonic()
    while value(page := scrape(port), name, **labels) != expected:
        assert time.monotonic() - start_time < 8, (name, labels, value(page, name, **labels))
        time.sleep(0.1)
    return page


def ask(client: httpx2.Client, count: int = 1) -> None:
    """Send the same request `count` times, each on a connection of its own."""
    for _ in range(count):
        client.get("/v1/events?limit=3", headers={"connection": "close"})


@pytest.mark.parametrize("workers", [1, 2])
def test_requests_are_counted_by_what_they_are(sample: str, workers: int) -> None:
    port = free_port()
    with serving(sample, metrics_port=port, workers=workers) as server, caller(server) as client:
        ask(client, 8)
        tag = client.get("/v1/places").headers["etag"]
        assert client.get("/v1/places", headers={"if-none-match": tag}).status_code == 304
        client.post("/v1/graphql", json={"query": "{quotes(first:2){nodes{id}}}"})
        client.get("/v1/events.csv")
        client.get("/v1/nothing/1")
        client.get("/v1/nothing/2")
        bad = Client(server.port)
        bad.send(b"nonsense\r\n\r\n")
        bad.answer()
        bad.close()
        page = eventually(port, "briefing_refusals_total", 1, code="invalid_request")
        page = eventually(port, "briefing_requests_total", 2, route="none", status="404")
        # A worker that a busy machine delayed reads the change log late, and reports that for a moment.
        sure = eventually(port, "briefing_change_log_sure", 1)
    get = {"door": "rest", "method": "GET"}
    assert value(page, "briefing_requests_total", route="/v1/events", status="200", **get) == 8
    assert value(page, "briefing_requests_total", route="/v1/places", status="304", **get) == 1
    assert value(page, "briefing_requests_total", door="graphql", method="POST") == 1
    assert value(page, "briefing_requests_total", door="export", route="/v1/events.csv") == 1
    assert value(page, "briefing_request_seconds_count", route="/v1/events") == 8
    assert value(page, "briefing_request_seconds_bucket", route="/v1/events", le="+Inf") == 8
    cached = {
        state: value(page, "briefing_answers_total", door="rest", cache=state) for state in ("hit", "miss", "unchanged")
    }
    assert cached["unchanged"] == 1
    assert cached["hit"] + cached["miss"] == 9
    assert cached["miss"] == value(page, "briefing_store_seconds_count", door="rest") >= 2
    assert value(page, "briefing_price_points_total", door="rest") >= 8 * 3
    assert value(page, "briefing_response_bytes_total", door="export") > 1000
    assert value(page, "briefing_requests_in_flight") == 0
    assert value(page, "briefing_pool_idle", pool="read") >= 1
    assert value(sure, "briefing_change_log_age_seconds") < 1
    assert value(page, "briefing_build_info") == 1
    assert value(page, "process_cpu_seconds_total") > 0
    assert value(page, "briefing_workers") == (workers if workers > 1 else 0)
    assert not any("/v1/nothing" in str(series) for series in page), "a label is never the caller's to choose"


def test_a_worker_that_died_leaves_its_counts_and_no_gauges(sample: str) -> None:
    port = free_port()
    with serving(sample, metrics_port=port, workers=2) as server, caller(server) as client:
        ask(client, 12)
        eventually(port, "briefing_requests_total", 12, route="/v1/events")
        os.kill(_child(server), signal.SIGKILL)
        eventually(port, "briefing_workers_replaced_total", 1, reason="died")
        page = eventually(port, "briefing_workers", 2)
        assert value(page, "briefing_requests_total", route="/v1/events") == 12, "counters never go back"
        assert value(page, "briefing_build_info") == 1
        assert value(page, "briefing_requests_in_flight") == 0
        ask(client, 3)
        eventually(port, "briefing_requests_total", 15, route="/v1/events")


def _child(service_url: ServerProcess) -> int:
    """Return the process id of a worker. All children of the parent are workers."""
    return int(Path(f"/proc/{service_url.process.pid}/task/{service_url.process.pid}/children").read_text().split()[0])


def test_the_page_is_all_there_is_on_its_port_and_is_not_on_the_callers(sample: str) -> None:
    port = free_port()
    with serving(sample, metrics_port=port) as server, caller(server) as client:
        assert httpx2.get(f"http://127.0.0.1:{port}/v1/events").status_code == 404
        assert httpx2.post(f"http://127.0.0.1:{port}/metrics").status_code == 405
        assert client.get("/metrics").status_code == 404
        idle = [Client(port) for _ in range(20)]
        assert scrape(port)
        for connection in idle:
            connection.close()


def test_a_metrics_port_in_use_ends_the_start_with_a_message(sample: str) -> None:
    port = free_port()
    with serving(sample, metrics_port=port), launch(sample, metrics_port=port) as second:
        message = second.communicate(timeout=20)[1]
    assert second.returncode == 78
    assert f"Cannot listen on 127.0.0.1:{port}" in message and "BRIEFING_METRICS_PORT" in message


def test_no_port_is_opened_unless_it_is_asked_for(sample: str) -> None:
    with serving(sample) as server, caller(server):
        assert listening(server.process.pid) == {server.port}
    port = free_port()
    with serving(sample, metrics_port=port) as server, caller(server):
        assert listening(server.process.pid) == {server.port, port}


def listening(pid: int) -> set[int]:
    """Return the ports on which a process listens."""
    own = {descriptor.readlink().name for descriptor in Path(f"/proc/{pid}/fd").iterdir()}
    table = Path(f"/proc/{pid}/net/tcp").read_text()
    rows = re.findall(r":([0-9A-F]{4}) 00000000:0000 0A .*? 0 +(\d+) \d ", table)
    return {int(port, 16) for port, inode in rows if f"socket:[{inode}]" in own}


def dump_counts(requests: int, gauge: float) -> bytes:
    registry = CollectorRegistry()
    Counter("briefing_things", "Things.", ["kind"], registry=registry).labels("a").inc(requests)
    Gauge("briefing_now", "Now.", registry=registry).set(gauge)
    return dump_metrics(registry)


def test_counts_are_summed_over_workers_that_run_or_ended() -> None:
    totals = MetricTotals()
    assert b'briefing_things_total{kind="a"} 5.0' in totals.page([dump_counts(2, 1), dump_counts(3, 10)])
    totals.bury(dump_counts(3, 10))
    for _ in range(2):
        page = totals.page([dump_counts(2, 1), b"\n", dump_counts(0, 4)])
        assert b'briefing_things_total{kind="a"} 5.0' in page
        assert b"briefing_now 5.0" in page


def test_components_can_add_metrics_of_their_own() -> None:
    metrics = Metrics()
    metrics.follow("gauge", "limiter_away", "1 while the shared limits are out of reach.", lambda: 1)
    metrics.follow("counter", "limited", "Requests refused by a limit.", lambda: {"minute": 3, "day": 1}, "limit")
    page = MetricTotals().page([dump_metrics(metrics.registry)])
    assert b"briefing_limiter_away 1.0" in page
    assert b'briefing_limited_total{limit="minute"} 3.0' in page
