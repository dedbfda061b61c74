"""Each version answers byte for byte as recorded in `vN.json`.

`WRITE_GOLDEN=1` records the answers anew. Do so if answers were meant to change: the diff of the file shows the change
as callers see it. The `Vary` header and `extensions.cost` have a line of their own in each record, because they may
change while everything else stays.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.catalog import VERSIONS
from tests.golden.requests import requests

HERE = Path(__file__).parent
# The sample is about 2022. Any later time is the time at which it was loaded.
LOADED = re.compile(r"20(?:2[3-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(\+00:00|Z)")
# The mark of the store in permalinks, which each store has of its own.
MARK = re.compile(r"(?<=known_at=e)(\d+)-[0-9a-z]{6}")
COST = re.compile(r'(?<="extensions":\{"cost":)\{[^{}]*\}')
HEADERS = ("content-type", "link", "cache-control", "deprecation", "sunset", "deprecated-use")
REQUESTS = [(version, request) for version in VERSIONS for request in requests(version)]

Record = dict[str, Any]


def record(answer: httpx2.Response) -> Record:
    """Return the record of an answer: all that callers see, except what depends on when the sample was loaded."""
    body = MARK.sub(r"\1-k3x9ma", LOADED.sub(r"2022-03-07T06:00:00\1", answer.text))
    cost = COST.search(body)
    return {
        "status": answer.status_code,
        "vary": answer.headers.get("vary"),
        "cost": cost and cost[0],
        "headers": {name: answer.headers[name] for name in HEADERS if name in answer.headers},
        "body": COST.sub("…", body, count=1),
    }


def ask(service_url: str, request: str) -> Record:
    """Send a request and record its answer."""
    return record(httpx2.get(f"{service_url}{request}", headers={"X-Request-Id": "golden"}))


@pytest.fixture(scope="session")
def golden(service_url: str) -> dict[str, dict[str, Record]]:
    """Return the recorded answers, by version and request."""
    if os.environ.get("WRITE_GOLDEN"):
        for version in VERSIONS:
            answers = {request: ask(service_url, request) for request in requests(version)}
            text = json.dumps(answers, indent=1, ensure_ascii=False)
            (HERE / f"{version}.json").write_text(f"{text}\n", encoding="utf-8")
    return {version: json.loads((HERE / f"{version}.json").read_text(encoding="utf-8")) for version in VERSIONS}


@pytest.mark.parametrize(("version", "request_"), REQUESTS, ids=[request[:70] for _, request in REQUESTS])
def test_a_version_answers_as_recorded(
    service_url: str, golden: dict[str, dict[str, Record]], version: str, request_: str
) -> None:
    assert ask(service_url, request_) == golden[version][request_]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_record_belongs_to_a_request(golden: dict[str, dict[str, Record]], version: str) -> None:
    assert list(golden[version]) == requests(version)


def test_vary_and_cost_are_recorded_apart_from_the_rest() -> None:
    def answer(vary: str, cost: str, title: str = "Talks") -> Record:
        body = f'{{"data":{{"event":{{"title":"{title}"}}}},"extensions":{{"cost":{cost},"deprecated":[]}}}}'
        return record(httpx2.Response(200, headers={"vary": vary}, text=body))

    before = answer("accept", '{"requested":3,"actual":1}')
    after = answer("accept, origin", '{"requested":5,"actual":2}')
    assert {name for name in before if before[name] != after[name]} == {"vary", "cost"}
    other = answer("accept", '{"requested":3,"actual":1}', title="Shelling")
    assert {name for name in before if before[name] != other[name]} == {"body"}
