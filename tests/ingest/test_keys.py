"""The key of a record is its identity: it is stored and shown beside the dataset, and is not a part of its content."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from api.errors import LoadError
from api.ingest.identity import public_id
from api.ingest.load import load
from api.store.snapshot import snapshot

Put = Callable[[str, Any], str]
Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
BODY = {"name": "Agency", "kind": "news_agency"}
ID = public_id("d", "source", "agency")
BY_KEY = {"resource": "source", "dataset": "d", "key": "agency", **BODY}
BY_ID = {"resource": "source", "dataset": "d", "id": ID, **BODY}
STORED = "select key, dataset, revision, digest from store.source"


async def test_a_load_by_key_stores_the_key(store: str, rows: Rows, put: Put) -> None:
    await load([put("a.ndjson", [BY_KEY])], store)
    (row,) = await rows(STORED)
    assert (row["key"], row["dataset"], row["revision"]) == ("agency", "d", 1)


async def test_a_record_gets_its_key_later_without_a_revision(store: str, rows: Rows, put: Put) -> None:
    await load([put("a.ndjson", [BY_ID])], store)
    (before,) = await rows(STORED)
    latest = "select seq, changed_us from store.latest where resource = 'source'"
    (first_change,) = await rows(latest)
    summary = await load([put("b.ndjson", [BY_KEY])], store)
    (after,) = await rows(STORED)
    assert before["key"] is None and after["key"] == "agency"
    assert (after["revision"], after["digest"]) == (1, before["digest"])
    assert summary.counts["source"]["unchanged"] == 1
    assert len(await rows("select from store.change")) == 1
    (last_change,) = await rows(latest)
    assert last_change["seq"] == first_change["seq"] and last_change["changed_us"] > first_change["changed_us"], (
        "answers show the key"
    )
    await load([put("b.ndjson", [BY_KEY])], store)
    assert await rows(latest) == [last_change], "nothing is different the second time"


async def test_a_record_that_is_loaded_by_its_id_keeps_its_key(store: str, rows: Rows, put: Put) -> None:
    await load([put("a.ndjson", [BY_KEY])], store)
    await load([put("b.ndjson", [BY_ID | {"name": "The agency"}])], store)
    (row,) = await rows(STORED)
    assert (row["key"], row["revision"]) == ("agency", 2)


async def test_the_key_of_another_dataset_is_not_kept(store: str, rows: Rows, put: Put) -> None:
    await load([put("a.ndjson", [BY_KEY])], store)
    await load([put("b.ndjson", [BY_ID | {"dataset": "other"}])], store)
    (row,) = await rows(STORED)
    assert (row["key"], row["dataset"]) == (None, "other")


async def test_a_record_may_have_both_its_id_and_its_key(store: str, rows: Rows, put: Put) -> None:
    await load([put("a.ndjson", [BY_KEY | {"id": ID}])], store)
    (row,) = await rows(STORED)
    assert row["key"] == "agency"
    with pytest.raises(LoadError) as exc_info:
        await load([put("b.ndjson", [BY_ID | {"key": "another", "name": "Another"}])], store)
    assert "expected the id that dataset and key give" in exc_info.value.faults[0]


async def test_the_key_of_an_unchanged_record_is_not_replaced_by_that_of_another(
    store: str, rows: Rows, put: Put
) -> None:
    await load([put("a.ndjson", [BY_KEY])], store)
    await load([put("b.ndjson", [BY_ID | {"key": "another"}])], store)
    (row,) = await rows(STORED)
    assert row["key"] == "agency"


async def test_a_key_in_another_form_is_stored_in_nfc(store: str, rows: Rows, put: Put) -> None:
    await load([put("a.ndjson", [BY_KEY | {"key": "Zu\u0308rich"}])], store)
    (row,) = await rows(STORED)
    assert row["key"] == "Z\u00fcrich"


async def test_a_snapshot_has_the_keys(store: str, put: Put) -> None:
    withdrawal = {
        "resource": "source",
        "dataset": "d",
        "key": "gone",
        **BODY,
        "withdrawn": {"reason": "There is none."},
    }
    await load([put("a.ndjson", [BY_KEY, withdrawal])], store)
    pieces: list[bytes] = []

    async def take(piece: bytes) -> None:
        pieces.append(piece)

    async with snapshot(store, lambda _: None) as state:
        await state.records(take)
    lines = [json.loads(line) for line in b"".join(pieces).splitlines()]
    assert {line["id"]: line["key"] for line in lines} == {ID: "agency", public_id("d", "source", "gone"): "gone"}
