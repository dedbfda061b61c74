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
    return [one for one in lines if one["route"] == route]


def test_a_request_is_a_line_with_what_it_cost(sample: str, log: Log) -> None:
    with serving(sample, log.file, log_format="json") as served, caller(served) as client:
        first = client.get("/v1/events?limit=3", headers={"user-agent": "x" * 500})
        client.get("/v1/events?limit=3", headers={"if-none-match": first.headers["etag"]})
        client.post("/v1/graphql", json={"query": "{quotes(first:2){nodes{id}}}"})
        export = client.get("/v1/places.csv", headers={"accept-encoding": "identity"})
        client.get("/v1/events/ev_nothing")
        client.get("/nothing/here")
        sparse = client.get("/v1/events?limit=40&include=figures&kind=ceasefire")
        wrong = client.get("/v1/events?limt=1")
        lines = log.requests(9)
    listed, same, *others = of(lines, "/v1/events")
    assert [one["price"] for one in others] == [int(one.headers["ratelimit-cost"]) for one in (sparse, wrong)]
    assert others[0]["price"] < 40 and others[1]["price"] == 1, "what it cost, and not what it could have"
    assert datetime.fromisoformat(listed["timestamp"]).utcoffset() is not None
    assert listed["request_id"] == first.headers["x-request-id"]
    assert (listed["level"], listed["method"], listed["status"], listed["cache"]) == ("info", "GET", 200, "miss")
    assert listed["bytes"] == first.num_bytes_downloaded
    assert listed["price"] == int(first.headers["ratelimit-cost"]) == 3
    assert 0 < listed["store_ms"] <= listed["ms"] < 5000
    assert listed["agent"] == "x" * 200
    assert (same["status"], same["cache"], same["price"], same["bytes"]) == (304, "unchanged", 0, 0)
    (asked,) = of(lines, "/v1/graphql")
    assert (asked["method"], asked["cache"], asked["status"]) == ("POST", "miss", 200)
    assert asked["price"] >= 2
    (whole,) = of(lines, "/v1/places.csv")
    assert whole["bytes"] == len(export.content)
    assert "cut" not in whole
    (missing,) = of(lines, "/v1/events/{identifier}")
    assert missing["status"] in (400, 404)
    assert of(lines, "")[0]["status"] == 404


def test_an_answer_that_is_kept_is_told_from_one_that_is_read(sample: str, log: Log) -> None:
    with serving(sample, log.file, log_format="json") as served, caller(served) as client:
        for _ in range(20):
            client.get("/v1/quotes?limit=2")
        told = {one["cache"] for one in of(log.requests(21), "/v1/quotes")}
    assert told == {"hit", "miss"}


async def test_a_client_that_goes_away_is_a_499(sample: str, log: Log) -> None:
    holder = await asyncpg.connect(sample)
    try:
        with serving(sample, log.file, log_format="json") as served, caller(served):
            async with holder.transaction():
                await holder.execute("lock table store.event in access exclusive mode")
                client = Client(served.port)
                client.ask("GET", "/v1/events?limit=200")
                while not await holder.fetchval("select count(*) from pg_locks where not granted"):
                    await asyncio.sleep(0.02)
                client.close()
                (gone,) = of(log.requests(2), "/v1/events")
    finally:
        await holder.close()
    assert (gone["status"], gone["bytes"], gone["cache"]) == (499, 0, "miss")


def test_no_key_and_no_value_of_a_query_is_ever_written(sample: str, log: Log) -> None:
    with serving(sample, log.file, log_format="json") as served, caller(served) as client:
        paths = (f"/v1/events?q={KEY}", f"/v1/events/{KEY}", f"/{KEY}", f"/v1/events?{KEY}=1", f"/v1/{KEY}?{KEY}")
        names = ("authorization", "x-api-key", "user-agent", "x-request-id", "referer", "cookie")
        said = [client.get(path, headers={name: KEY}).headers for path in paths for name in names]
        client.post("/v1/graphql", json={"query": f'{{events(filter:{{q:"{KEY}"}}){{nodes{{id}}}}}}'})
        client.post("/v1/graphql", content=KEY, headers={"content-type": "application/json"})
        for sent in (f"GET /{KEY} HTTP/3.0\r\nX: {KEY}\r\n\r\n", f"GET /{KEY} HTTP/1.1\r\nHost : {KEY}\r\n\r\n"):
            bad = Client(served.port)
            bad.send(sent.encode())
            assert bad.answer().status == 400
            bad.close()
        assert len(log.requests(33)) >= 33
        written = log.text()
    assert "0123456789abcdefghij" not in written
    assert not any("0123456789abcdefghij" in str(headers) for headers in said)


@pytest.mark.parametrize(("settings", "lines"), [({"log_format": "json", "access_log": "false"}, 0), ({}, 0)])
def test_the_line_can_be_had_or_not(sample: str, log: Log, settings: dict[str, str], lines: int) -> None:
    with serving(sample, log.file, **settings) as served, caller(served) as client:
        client.get("/v1/events")
    assert log.text().count("request_id") == lines


def test_people_get_it_where_they_ask(sample: str, log: Log) -> None:
    with serving(sample, log.file, access_log="true") as served, caller(served) as client:
        client.get("/v1/events")
        answered: httpx2.Response = client.get("/v1/events")
        log.until(answered.headers["x-request-id"])
    assert "route=/v1/events" in log.text()


def test_who_asked_and_what_is_left_are_told_where_they_are_known() -> None:
    request = make_request()
    context = request.context
    context.begun, context.ended = 1.0, 1.5
    context.caller, context.charge = make_caller(points=12)
    told = line(request)
    assert (told["caller"], told["plan"], told["points_left"], told["ms"]) == ("key:k1", "free", 12, 500)


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
