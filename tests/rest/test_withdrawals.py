"""Withdrawn records are listed in the order of their changes, so that a client that follows changes misses none."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.catalog import V2
from api.compiler import compile_query
from api.ingest.load import load
from api.rest.request import list_query
from tests.rest.conftest import run
from tests.serving import OLDEST
from tests.walking import bounded_walk

KEYS = [f"k{number}" for number in range(5)]
Row = dict[str, Any]


@dataclass
class Store:
    """A service over places and events of five keys. At first none of them is withdrawn."""

    client: httpx2.Client
    url: str
    folder: Path
    loads: int = 0

    async def write(self, *lines: Row) -> None:
        """Load these lines, and wait until the service gives no older answer."""
        self.loads += 1
        file = self.folder / f"{self.loads}.ndjson"
        file.write_text("".join(json.dumps({"dataset": "t"} | line) + "\n" for line in lines), encoding="utf-8")
        await load([str(file)], self.url)
        await asyncio.sleep(OLDEST)

    async def withdraw(self, resource: str, *keys: str, reason: str = "wrong") -> None:
        """Withdraw the records with these keys."""
        await self.write(*({"resource": resource, "key": key, "withdrawn": {"reason": reason}} for key in keys))

    def rows(self, query: str = "", limit: int = 2) -> list[Row]:
        """Return the rows of the list, read page after page."""
        withdrawals: list[Row] = []
        cursor = ""
        for _ in bounded_walk():
            answer = self.client.get(f"/v2/withdrawals?{query}&limit={limit}{cursor}").raise_for_status().json()
            withdrawals += answer["data"]
            if not answer["page"]["has_more"]:
                return withdrawals
            cursor = f"&cursor={answer['page']['next_cursor']}"
        raise AssertionError


def place(key: str, **fields: Any) -> Row:
    return {"resource": "place", "key": key, "name": f"Place {key}", **fields}


def event(key: str) -> Row:
    about = {"kind": "other", "status": "occurred", "time_precision": "unknown"}
    return {"resource": "event", "key": key, "title": f"Event {key}", "place": key, **about}


@pytest.fixture
async def store(new_store: Callable[[], Awaitable[str]], tmp_path: Path) -> AsyncIterator[Store]:
    url = await new_store()
    with run(url) as client:
        store = Store(client, url, tmp_path)
        await store.write(*map(place, KEYS), *map(event, KEYS))
        yield store


def record_ids(store: Store, plural: str) -> dict[str, str]:
    """Return the ids of the records that are not withdrawn, by key."""
    records = store.client.get(f"/v2/{plural}?limit=200").json()["data"]
    return {(record.get("title") or record["name"]).split()[1]: record["id"] for record in records}


async def test_each_withdrawn_record_is_listed_with_its_change_and_reason(store: Store) -> None:
    assert store.rows() == []
    events, places = record_ids(store, "events"), record_ids(store, "places")
    await store.withdraw("event", "k1", "k3", reason="counted twice")
    await store.withdraw("place", "k0")
    rows = store.rows()
    assert {(withdrawal["resource"], withdrawal["id"], withdrawal["reason"]) for withdrawal in rows} == {
        ("event", events["k1"], "counted twice"),
        ("event", events["k3"], "counted twice"),
        ("place", places["k0"], "wrong"),
    }
    changes = [withdrawal["change"] for withdrawal in rows]
    assert changes == sorted(changes) and rows[-1]["resource"] == "place"
    for row in rows:
        answer = store.client.get(f"/v2/{row['resource']}s/{row['id']}")
        assert answer.status_code == 410 and row["reason"] in answer.json()["detail"]
    assert [withdrawal["change"] for withdrawal in store.rows("sort=-change")] == changes[::-1]


async def test_filters_narrow_the_list(store: Store) -> None:
    await store.withdraw("event", "k1")
    first = store.rows()
    await store.withdraw("place", "k0", "k2")
    rows = store.rows()
    assert store.rows("resource=event") == first
    assert store.rows("resource=event,place") == rows
    assert store.rows(f"after={first[-1]['change']}") == rows[1:]
    assert store.rows(f"after={rows[-1]['change']}") == []
    assert store.rows(f"ids={rows[1]['id']}") == [rows[1]]
    later = rows[1]["withdrawn_at"].replace("+00:00", "Z")
    assert store.rows(f"withdrawn_at_gte={later}") == rows[1:]
    assert store.rows(f"withdrawn_at_lt={later}") == first
    page = store.client.get("/v2/withdrawals?count=exact&limit=1").json()["page"]
    assert page["total"] == 3


WRONG = ["after=x", "after=-1", "after=1.5", "resource=citation", "ids=evt_1", "q=x", "include=x"]


@pytest.mark.parametrize("query", WRONG)
async def test_unknown_parameters_of_the_list_are_refused(store: Store, query: str) -> None:
    answer = store.client.get(f"/v2/withdrawals?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, query.partition("=")[0])


async def test_a_record_that_is_loaded_again_is_no_longer_listed(store: Store) -> None:
    await store.withdraw("event", "k1", "k2")
    before = store.rows()
    await store.write(event("k1"))
    withdrawals = store.rows()
    assert len(withdrawals) == 1 and withdrawals[0] in before
    await store.withdraw("event", "k1", reason="again")
    assert [withdrawal["reason"] for withdrawal in store.rows()] == ["wrong", "again"]


async def test_a_cached_answer_lasts_until_something_is_withdrawn(store: Store) -> None:
    assert store.client.get("/v2/withdrawals").json()["data"] == []
    assert compile_query(list_query(V2, V2["withdrawal"], b"")).reads == tuple(sorted(V2.resources))
    answer = store.client.get("/v2/withdrawals")
    tag = {"If-None-Match": answer.headers["etag"]}
    assert store.client.get("/v2/withdrawals", headers=tag).status_code == 304
    await store.withdraw("place", "k4")
    assert store.client.get("/v2/withdrawals").json()["data"] != []
    assert store.client.get("/v2/withdrawals", headers=tag).status_code == 200


async def test_graphql_and_exports_have_the_same_rows(store: Store) -> None:
    await store.withdraw("event", *KEYS)
    rows = store.rows()
    query = """query ($after: Int, $cursor: String) {
      withdrawals(first: 2, after: $cursor, filter: {change: {after: $after}, resource: {in: [EVENT]}}) {
        nodes { change resource id withdrawnAt reason } pageInfo { hasNextPage endCursor } totalCount
      }
    }"""
    nodes: list[Row] = []
    variables: Row = {"after": 0}
    for _ in bounded_walk():
        answer = store.client.post("/v2/graphql", json={"query": query, "variables": variables}).json()
        page = answer["data"]["withdrawals"]
        assert page["totalCount"] == len(KEYS)
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        variables["cursor"] = page["pageInfo"]["endCursor"]
    assert [(node["change"], node["resource"], node["id"]) for node in nodes] == [
        (withdrawal["change"], "EVENT", withdrawal["id"]) for withdrawal in rows
    ]
    lines = store.client.get("/v2/withdrawals.ndjson?sort=-change").text.splitlines()
    assert [json.loads(line) for line in lines] == rows[::-1]
    table = list(csv.DictReader(io.StringIO(store.client.get("/v2/withdrawals.csv").text)))
    assert [(int(line["change"]), line["id"], line["reason"]) for line in table] == [
        (withdrawal["change"], withdrawal["id"], withdrawal["reason"]) for withdrawal in rows
    ]


async def test_following_changes_as_the_guide_says_misses_no_move_and_no_withdrawal(store: Store) -> None:
    """Keep a copy of the events with their places, as docs/pages.md describes it."""
    last = store.client.get("/v2/events?sort=-updated_at&limit=1").json()["data"][0]["updated_at"]
    events = {record["id"]: record for record in store.client.get("/v2/events").json()["data"]}
    await store.write(place("k1", name="Moved"))
    await store.withdraw("event", "k2")
    since = last.replace("+00:00", "Z")
    places = {record["id"]: record for record in store.client.get(f"/v2/places?updated_at_gte={since}").json()["data"]}
    moved_ids = [name for name, record in places.items() if record["revision"] > 1]
    again = store.client.get(f"/v2/events?place_id={','.join(moved_ids)}").json()["data"]
    events |= {record["id"]: record for record in again}
    for row in store.rows("after=0&resource=event"):
        del events[row["id"]]
    assert events == {record["id"]: record for record in store.client.get("/v2/events").json()["data"]}
    assert [record["place"]["name"] for record in events.values()].count("Moved") == 1
