"""Links of records in files: the records that they lead to, and reports of links that lead nowhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from api.ingest.identity import public_id
from api.ingest.load import load
from tests.ingest.outcomes import action_counts, load_faults

Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
Put = Callable[[str, Any], str]


async def test_a_broken_link_names_line_record_field_and_key(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    briefing["events"][0]["place"] = "nowhere"
    briefing["events"][0]["citations"][0]["via"] = ["nobody"]
    briefing["quotes"][0]["speaker"] = unknown = public_id("other", "source", "unknown")
    faults = await load_faults(put("a.json", briefing), store)
    assert [fault.partition(": ")[2] for fault in faults] == [
        'event "shelling", citations[0].via: there is no source "nobody", in this file or in the store',
        'event "shelling", place: there is no place "nowhere", in this file or in the store',
        f'quote "words", speaker: there is no source "{unknown}", in this file or in the store',
    ]
    assert faults[1].startswith("a.json:56:13:")
    assert await rows("select * from store.change") == []


async def test_links_lead_to_what_another_file_brought(store: str, put: Put, briefing: dict[str, Any]) -> None:
    await load([put("a.json", briefing)], store)
    event = {"resource": "event", "kind": "other", "title": "T", "time_precision": "unknown", "status": "planned"}
    by_key = event | {"dataset": "small", "key": "more", "place": "town", "briefing": "one"}
    by_id = event | {"id": public_id("x", "event", "y"), "place": public_id("small", "place", "town")}
    assert action_counts(await load([put("b.ndjson", [by_key, by_id])], store)) == {"created": 2}


async def test_a_link_by_key_needs_a_dataset(store: str, put: Put) -> None:
    line = {"resource": "document", "id": public_id("x", "document", "y"), "kind": "post", "publisher": "agency"}
    (fault,) = await load_faults(put("a.ndjson", [line]), store)
    assert fault.endswith('dataset: expected, as the link to "agency" is by key')


async def test_an_event_is_not_related_to_itself(store: str, put: Put, briefing: dict[str, Any]) -> None:
    briefing["events"][1]["related"][0]["event"] = "talks"
    (fault,) = await load_faults(put("a.json", briefing), store)
    assert 'event "talks", related[0].event: expected another event than this one' in fault
