"""One line of the log for each request: it contains what operators ask for, and no secret of the caller."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any

import asyncpg
import httpx2
import pytest

from api import __version__
from api.observability.access_log import line
from api.settings import without_secrets
from api.store.statements import migrations
from tests.http.conftest import Client
from tests.http.requests import make_caller, make_request
from tests.operate.conftest import Log, caller
from tests.serving import serving

KEY = "bak_live_0123456789abcdefghijABCDEFGHIJ_0aB1cD"


def of(lines: list[dict[str, Any]], route: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["route"] == route]


def test_a_request_is_a_line_with_what_it_cost(sample: str, log: Log) -> None:
    with serving(sample, log.file, log_format="json") as server, caller(server) as client:
        first = client.get("/v1/events?limit=3", headers={"user-agent": "x" * 500})
        client.get("/v1/events?limit=3", headers={"if-none-match": first.headers["etag"]})
        client.post("/v1/graphql", json={"query": "{quotes(first:2){nodes{id}}}"})
        export = client.get("/v1/places.csv", headers={"accept-encoding": "identity"})
        client.get("/v1/events/ev_nothing")
        client.get("/nothing/here")
        sparse = client.get("/v1/events?limit=40&include=figures&kind=ceasefire")
        wrong = client.get("/v1/events?limt=1")
        lines = log.requests(9)
    list_line, same, *others = of(lines, "/v1/events")
    assert [line["price"] for line in others] == [int(answer.headers["ratelimit-cost"]) for answer in (sparse, wrong)]
    assert others[0]["price"] < 40 and others[1]["price"] == 1, "what it cost, and not what it could have"
    assert datetime.fromisoformat(list_line["timestamp"]).utcoffset() is not None
    assert list_line["request_id"] == first.headers["x-request-id"]
    assert (list_line["level"], list_line["method"], list_line["status"], list_line["cache"]) == (
        "info",
        "GET",
        200,
        "miss",
    )
    assert list_line["bytes"] == first.num_bytes_downloaded
    assert list_line["price"] == int(first.headers["ratelimit-cost"]) == 3
    assert 0 < list_line["store_ms"] <= list_line["ms"] < 5000
    assert list_line["agent"] == "x" * 200
    assert (same["status"], same["cache"], same["price"], same["bytes"]) == (304, "unchanged", 0, 0)
    (graphql_line,) = of(lines, "/v1/graphql")
    assert (graphql_line["method"], graphql_line["cache"], graphql_line["status"]) == ("POST", "miss", 200)
    assert graphql_line["price"] >= 2
    (whole,) = of(lines, "/v1/places.csv")
    assert whole["bytes"] == len(export.content)
    assert "cut" not in whole
    (missing,) = of(lines, "/v1/events/{identifier}")
    assert missing["status"] in (400, 404)
    assert of(lines, "")[0]["status"] == 404


def test_a_cached_answer_is_logged_as_a_hit(sample: str, log: Log) -> None:
    with serving(sample, log.file, log_format="json") as server, caller(server) as client:
        for _ in range(20):
            client.get("/v1/quotes?limit=2")
        cache_states = {line["cache"] for line in of(log.requests(21), "/v1/quotes")}
    assert cache_states == {"hit", "miss"}


async def test_a_client_that_goes_away_is_a_499(sample: str, log: Log) -> None:
    holder = await asyncpg.connect(sample)
    try:
        with serving(sample, log.file, log_format="json") as server, caller(server):
            async with holder.transaction():
                await holder.execute("lock table store.event in access exclusive mode")
                client = Client(server.port)
                client.ask("GET", "/v1/events?limit=200")
                while not await holder.fetchval("select count(*) from pg_locks where not granted"):
                    await asyncio.sleep(0.02)
                client.close()
                (cancelled_line,) = of(log.requests(2), "/v1/events")
    finally:
        await holder.close()
    assert (cancelled_line["status"], cancelled_line["bytes"], cancelled_line["cache"]) == (499, 0, "miss")


def test_no_key_and_no_value_of_a_query_is_ever_written(sample: str, log: Log) -> None:
    with serving(sample, log.file, log_format="json") as server, caller(server) as client:
        paths = (f"/v1/events?q={KEY}", f"/v1/events/{KEY}", f"/{KEY}", f"/v1/events?{KEY}=1", f"/v1/{KEY}?{KEY}")
        names = ("authorization", "x-api-key", "user-agent", "x-request-id", "referer", "cookie")
        response_headers = [client.get(path, headers={name: KEY}).headers for path in paths for name in names]
        client.post("/v1/graphql", json={"query": f'{{events(filter:{{q:"{KEY}"}}){{nodes{{id}}}}}}'})
        client.post("/v1/graphql", content=KEY, headers={"content-type": "application/json"})
        for request in (f"GET /{KEY} HTTP/3.0\r\nX: {KEY}\r\n\r\n", f"GET /{KEY} HTTP/1.1\r\nHost : {KEY}\r\n\r\n"):
            bad = Client(server.port)
            bad.send(request.encode())
            assert bad.answer().status == 400
            bad.close()
        assert len(log.requests(33)) >= 33
        log_text = log.text()
    assert "0123456789abcdefghij" not in log_text
    assert not any("0123456789abcdefghij" in str(headers) for headers in response_headers)


@pytest.mark.parametrize(("settings", "lines"), [({"log_format": "json", "access_log": "false"}, 0), ({}, 0)])
def test_request_lines_are_logged_if_switched_on(sample: str, log: Log, settings: dict[str, str], lines: int) -> None:
    with serving(sample, log.file, **settings) as server, caller(server) as client:
        client.get("/v1/events")
    assert log.text().count("request_id") == lines


def test_the_request_log_can_be_switched_on_in_text(sample: str, log: Log) -> None:
    with serving(sample, log.file, access_log="true") as server, caller(server) as client:
        client.get("/v1/events")
        response: httpx2.Response = client.get("/v1/events")
        log.until(response.headers["x-request-id"])
    assert "route=/v1/events" in log.text()


def test_caller_and_remaining_points_are_logged_if_known() -> None:
    request = make_request()
    context = request.context
    context.begun, context.ended = 1.0, 1.5
    context.caller, context.charge = make_caller(points=12)
    log_line = line(request)
    assert (log_line["caller"], log_line["plan"], log_line["points_left"], log_line["ms"]) == (
        "key:k1",
        "free",
        12,
        500,
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_line_says_what_is_served_and_with_what(sample: str, log: Log, workers: int) -> None:
    own = migrations()
    settings = {
        "log_format": "json",
        "workers": workers,
        "limits": "true",
        "redis_url": "redis://:s3cret@127.0.0.1:1/0",
    }
    with serving(sample, log.file, **settings) as served, caller(served):
        lines = [json.loads(line) for line in log.text().splitlines()]
    started = [line for line in lines if line["event"] == "starting"]
    assert len(started) == 1
    del started[0]["timestamp"]
    assert started[0] == {
        "event": "starting",
        "level": "info",
        "version": __version__,
        "store": without_secrets(sample),
        "migrations": f"{len(own)}, up to {own[-1].name}",
        "workers": workers,
        "limits": "redis://127.0.0.1:1/0",
    }
    assert "s3cret" not in log.text()
