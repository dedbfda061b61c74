"""Loads that name an erased record, and loads that do not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from api.errors import LoadError
from api.ingest.identity import public_id
from api.ingest.load import LoadOptions, load
from api.model import RECORDS
from api.store.connection import connect
from api.store.erase import erase
from api.store.load_transaction import LoadTransaction
from tests.whole_records import content, others

Put = Callable[[str, Any], str]
Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
PLACE = {"resource": "place", "dataset": "d", "key": "p", "name": "Town"}
EVENT = {
    **{"resource": "event", "dataset": "d", "key": "e", "kind": "other", "title": "Talks"},
    **{"time_precision": "unknown", "status": "occurred", "place": "p"},
}
ID = public_id("d", "place", "p")
MAPPING = b"""
container = "csv"
dataset = "d"
[[record]]
resource = "place"
key = "{id}"
name = "{name}"
"""


@pytest.fixture
async def store_after_erasure(store: str, put: Put) -> str:
    """A store with an event at a place that was erased."""
    await load([put("a.ndjson", [PLACE, EVENT])], store)
    await erase(store, ID, "A court ordered it.", 5)
    return store


@pytest.mark.parametrize(
    ("record", "path"),
    [
        (PLACE, "key"),
        ({**PLACE, "name": "Another"}, "key"),
        ({"resource": "place", "id": ID, "name": "Town"}, "id"),
        ({"resource": "place", "dataset": "d", "key": "p", "withdrawn": {"reason": "It was not so."}}, "key"),
        ({"resource": "place", "id": ID, "withdrawn": {"reason": "It was not so."}}, "id"),
    ],
    ids=["again", "changed", "by id", "withdrawn", "withdrawn by id"],
)
@pytest.mark.parametrize("check", [False, True], ids=["load", "check"])
async def test_a_file_that_names_an_erased_record_is_refused_whole(
    store_after_erasure: str, rows: Rows, put: Put, record: dict[str, Any], path: str, check: bool
) -> None:
    before = await rows("select * from store.change order by seq")
    file = put("b.ndjson", [{**PLACE, "key": "q", "name": "Village"}, record])
    with pytest.raises(LoadError) as exc_info:
        await load([file], store_after_erasure, options=LoadOptions(check=check))
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    name = ID if path == "id" else "p"
    assert exc_info.value.faults == (
        f'{file}:2: place "{name}", {path}: the record was erased on {today} and cannot be loaded',
    )
    assert await rows("select * from store.change order by seq") == before


async def test_a_key_in_another_unicode_form_is_known(store: str, rows: Rows, put: Put) -> None:
    composed, decomposed = "Caf\u00e9", "Cafe\u0301"
    await load([put("a.ndjson", [{**PLACE, "key": composed}])], store)
    await erase(store, public_id("d", "place", composed), "A court ordered it.", 5)
    with pytest.raises(LoadError, match="refused") as exc_info:
        await load([put("b.ndjson", [{**PLACE, "key": decomposed}])], store)
    assert "was erased on" in exc_info.value.faults[0]


async def test_a_mapped_row_of_an_erased_record_is_refused(store_after_erasure: str, put: Put) -> None:
    mapping = put("m.toml", MAPPING)
    with pytest.raises(LoadError) as exc_info:
        await load(
            [put("rows.csv", b"id,name\nq,Village\np,Town\n")], store_after_erasure, options=LoadOptions(format=mapping)
        )
    assert "was erased on" in exc_info.value.faults[0]


async def test_a_record_that_links_to_an_erased_one_is_loaded(store_after_erasure: str, rows: Rows, put: Put) -> None:
    by_id = {**EVENT, "key": "f", "place": ID}
    summary = await load([put("b.ndjson", [{**EVENT, "title": "Other talks"}, by_id])], store_after_erasure)
    assert summary.counts["event"]["updated"] == summary.counts["event"]["created"] == 1
    assert [row["place_id"] for row in await rows("select place_id from store.event")] == [ID, ID]


async def test_complete_editions_and_cascades_leave_an_erased_record_alone(
    store_after_erasure: str, rows: Rows, put: Put
) -> None:
    place = "select * from store.place"
    before = await rows(place)
    options = LoadOptions(complete=True, cascade=True, yes=True)
    await load([put("b.ndjson", [{**PLACE, "key": "q", "name": "Village"}])], store_after_erasure, options=options)
    assert [row for row in await rows(place) if row["id"] == ID] == before
    assert [row["action"] for row in await rows("select action from store.change where id = $1 order by seq", ID)] == [
        "created",
        "withdrawn",
    ]


async def test_a_cascade_leaves_erased_dependants_alone(store: str, rows: Rows, put: Put) -> None:
    await load([put("a.ndjson", others())], store)
    event = {"resource": "event", "dataset": "d", "key": "e"} | content(RECORDS["event"], "word", True)
    await load([put("b.ndjson", [event])], store)
    await erase(store, public_id("d", "event", "e"), "A court ordered it.", 5)
    withdrawal = {
        "resource": "briefing",
        "id": public_id("others", "briefing", "one"),
        "withdrawn": {"reason": "Wrong."},
    }
    summary = await load([put("c.ndjson", [withdrawal])], store, options=LoadOptions(cascade=True))
    assert "event" not in summary.counts


async def test_normalization_leaves_an_erased_record_alone(store_after_erasure: str) -> None:
    connection = await connect(store_after_erasure)
    async with connection.transaction():
        assert await LoadTransaction(connection).stage_normalized("place", [ID]) == 0
    await connection.close()
