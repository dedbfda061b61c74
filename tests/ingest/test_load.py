"""Loading files into a store: changes of the records, entries of the log, and refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import asyncpg

from api.ingest.identity import public_id
from api.ingest.load import load
from tests.ingest.outcomes import action_counts, load_faults

Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
Put = Callable[[str, Any], str]
SAMPLE = Path(__file__).parents[2] / "api" / "sample" / "rferl-2022-03-06.json"

RECORDS = 10


async def test_a_document_is_loaded_with_all_that_is_in_it(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    assert action_counts(await load([put("a.json", briefing)], store)) == {"created": RECORDS}
    (event,) = await rows(
        "select event.*, place.name as where, briefing.title as told "
        "from v1.event join v1.place on place.id = place_id join v1.briefing on briefing.id = briefing_id "
        "where event.title like 'Shell%'"
    )
    assert (event["where"], event["told"], event["tags"], event["revision"]) == ("Town", "A small briefing", ["war"], 1)
    citations = await rows("select * from v1.citation where record_id = $1 order by position", event["id"])
    assert [row["stance"] for row in citations] == ["asserts", "blames"]
    assert citations[0]["via_ids"] == [public_id("small", "source", "speaker")]
    assert json.loads(citations[0]["excerpt"]) == {"exact": "they shelled us"}
    (quote,) = await rows("select * from v1.quote")
    assert (quote["text"], quote["said_at"].isoformat()) == (
        "They shelled us — again",
        "2022-03-06T14:30:00.500000+00:00",
    )
    (figure,) = await rows("select * from v1.figure where measure = 'money'")
    assert str(figure["value"]) == "12.5"
    assert len(await rows("select * from v1.participant")) == len(await rows("select * from v1.relation")) == 1


async def test_loading_a_file_again_changes_nothing(store: str, rows: Rows, put: Put, briefing: dict[str, Any]) -> None:
    path = put("a.json", briefing)
    await load([path], store)
    before = await rows("select * from store.change"), await rows("select * from store.event order by id")
    assert action_counts(await load([path], store)) == {"unchanged": RECORDS}
    assert before == (await rows("select * from store.change"), await rows("select * from store.event order by id"))


async def test_the_order_of_fields_and_the_way_of_writing_a_value_make_no_difference(
    store: str, put: Put, briefing: dict[str, Any]
) -> None:
    await load([put("a.json", briefing)], store)
    briefing["events"] = [dict(reversed(event.items())) for event in briefing["events"]]
    briefing["briefing"]["published_at"] = "2022-03-06T10:00:00.000Z"
    briefing["figures"][1]["value"] = 12.5000
    briefing["quotes"][0]["cue"] = None
    briefing["sources"][0]["reliability"] = "f"
    assert action_counts(await load([put("a.json", briefing)], store)) == {"unchanged": RECORDS}


async def test_a_changed_record_gets_a_revision_and_its_children_anew(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    await load([put("a.json", briefing)], store)
    (before,) = await rows("select * from store.event where title like 'Shell%'")
    briefing["events"][0]["citations"].pop()
    briefing["events"][0]["participants"].append({"name": "Another"})
    assert action_counts(await load([put("a.json", briefing)], store)) == {"updated": 1, "unchanged": RECORDS - 1}
    (after,) = await rows("select * from store.event where title like 'Shell%'")
    assert (after["revision"], after["created_at"]) == (2, before["created_at"])
    assert after["updated_at"] > before["updated_at"]
    assert len(await rows("select * from store.citation where event_id = $1", after["id"])) == 1
    assert [row["role"] for row in await rows("select role from v1.participant order by position")] == [
        "target",
        "participant",
    ]


async def test_a_withdrawn_record_disappears_and_comes_back(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    await load([put("a.json", briefing)], store)
    line = {"resource": "event", "dataset": "small", "key": "talks", "withdrawn": {"reason": "It was another day."}}
    path = put("b.ndjson", [line])
    assert action_counts(await load([path], store)) == {"withdrawn": 1}
    assert action_counts(await load([path], store)) == {"unchanged": 1}
    assert len(await rows("select * from v1.event")) == 1
    (withdrawal,) = await rows("select * from store.withdrawal")
    assert (withdrawal["resource"], withdrawal["reason"]) == ("event", "It was another day.")
    (change,) = await rows("select * from store.change where action = 'withdrawn'")
    assert (change["revision"], change["reason"]) == (2, "It was another day.")
    assert json.loads(change["record"])["title"] == "Talks about the town"
    assert action_counts(await load([put("a.json", briefing)], store)) == {"restored": 1, "unchanged": RECORDS - 1}
    (event,) = await rows("select * from v1.event where title like 'Talks%'")
    assert event["revision"] == 3
    (change,) = await rows("select * from store.change where revision = 3")
    assert (change["action"], change["reason"]) == ("restored", None)
    assert len(await rows("select * from v1.citation where record_id = $1", event["id"])) == 1


async def test_a_withdrawal_with_fields_is_stored_even_without_the_record(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    briefing["events"][1]["withdrawn"] = {"reason": "No."}
    path = put("a.json", briefing)
    assert action_counts(await load([path], store)) == {"created": RECORDS - 1, "withdrawn": 1}
    assert action_counts(await load([path], store)) == {"unchanged": RECORDS}
    assert [row["revision"] for row in await rows("select * from store.event where withdrawn is not null")] == [1]


async def test_a_record_first_stored_as_withdrawn_can_be_restored(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    briefing["events"][1]["withdrawn"] = {"reason": "No."}
    await load([put("a.json", briefing)], store)
    del briefing["events"][1]["withdrawn"]
    briefing["events"][1]["title"] = "Talks, after all"
    assert action_counts(await load([put("a.json", briefing)], store)) == {"restored": 1, "unchanged": RECORDS - 1}
    (event,) = await rows("select * from v1.event where title like 'Talks%'")
    assert len(await rows("select * from v1.citation where record_id = $1", event["id"])) == 1


async def test_a_withdrawn_briefing_leaves_its_records_and_the_report_says_so(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    await load([put("a.json", briefing)], store)
    line = {"resource": "briefing", "dataset": "small", "key": "one", "withdrawn": {"reason": "Twice."}}
    summary = await load([put("b.ndjson", [line])], store)
    (note,) = summary.notes
    assert note.endswith("5 records of withdrawn briefings stand as before. With --cascade they are withdrawn, too.")
    records = await rows("select briefing_id from v1.event union all select briefing_id from v1.figure")
    assert {row["briefing_id"] for row in records} == {public_id("small", "briefing", "one")}
    assert not (await load([put("b.ndjson", [line])], store)).notes


async def test_a_bare_withdrawal_of_an_unknown_record_is_refused(store: str, put: Put) -> None:
    line = {"resource": "event", "dataset": "small", "key": "talks", "withdrawn": {"reason": "No."}}
    assert await load_faults(put("a.ndjson", [line]), store) == (
        'a.ndjson:1: event "talks", withdrawn: there is no such event that could be withdrawn',
    )


async def test_disputed_is_derived_from_the_citations(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    blames = [{"source": "agency", "stance": "blames", "blames": whom} for whom in ("speaker", "agency")]
    for quote, citations in (
        ("one", blames),
        ("same", blames[:1] * 2),
        ("retracted", [{"source": "agency", "stance": "retracts"}]),
    ):
        briefing["quotes"].append(briefing["quotes"][0] | {"key": quote, "citations": citations})
    await load([put("a.json", briefing)], store)
    disputed_ids = {row["id"] for row in await rows("select id from v1.quote where disputed")}
    assert disputed_ids == {public_id("small", "quote", key) for key in ("one", "retracted")}
    assert [row["title"] for row in await rows("select title from v1.event where disputed")] == ["Talks about the town"]


async def test_the_log_holds_each_record_as_it_is_and_can_be_loaded_elsewhere(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any], new_store: Callable[[], Awaitable[str]]
) -> None:
    """Replay the log in another store: it gives the same records to the digit, and the same log."""

    await load([put("a.json", briefing)], store)
    new_document = deepcopy(briefing)
    new_document["figures"][1]["value_high"] = "exactly"
    new_document["events"][0]["summary"] = 'A "quoted"\tback\\slash\nand a line'
    exact = json.dumps(new_document).replace('"exactly"', "123456789012345.123456").encode()
    await load([put("a.json", exact)], store)
    (figure,) = await rows("select value_high::text from v1.figure where measure = 'money'")
    assert figure["value_high"] == "123456789012345.123456"
    log = await rows("select record::text, action, revision, id from store.change order by seq")
    assert len(log) == RECORDS + 2
    other = await new_store()
    for number, revision in enumerate(({1}, {2})):
        lines = [row["record"] for row in log if row["revision"] in revision]
        await load([put(f"{number}.ndjson", "\n".join(lines).encode())], other)
    connection = await asyncpg.connect(other)
    try:
        assert log == await connection.fetch("select record::text, action, revision, id from store.change order by seq")
        for table in ("source", "place", "document", "briefing", "event", "figure", "quote"):
            # A key is not content, so the log does not contain it.
            query = f"select to_jsonb(t) - 'created_at' - 'updated_at' - 'key' from store.{table} as t order by id"
            assert await rows(query) == await connection.fetch(query)
        for table in ("citation", "participant", "relation"):
            query = f"select to_jsonb(t) from store.{table} as t order by record_id, position"
            assert await rows(query) == await connection.fetch(query)
    finally:
        await connection.close()


async def test_the_log_is_in_an_order_in_which_links_lead_to_what_came_before(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    await load([put("a.json", dict(reversed(briefing.items())))], store)
    names = [row["resource"] for row in await rows("select resource from store.change order by seq")]
    assert list(dict.fromkeys(names)) == ["source", "place", "document", "briefing", "event", "figure", "quote"]


async def test_listeners_are_notified_once_the_load_is_visible(store: str, put: Put, briefing: dict[str, Any]) -> None:
    notifications: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(store)
    try:
        await connection.add_listener("briefing_change", lambda *event: notifications.put_nowait(event[3]))
        await load([put("a.json", briefing)], store)
        seq = await asyncio.wait_for(notifications.get(), 5)
        assert int(seq) == await connection.fetchval("select seq from store.last_change") == RECORDS
        await load([put("a.json", briefing)], store)
        assert notifications.empty()
    finally:
        await connection.close()


async def test_the_same_record_twice_in_a_file_is_refused(store: str, put: Put, briefing: dict[str, Any]) -> None:
    briefing["places"].append(briefing["places"][0])
    (fault,) = await load_faults(put("a.json", briefing), store)
    assert fault.startswith("a.json:")
    assert 'place "town", key: this place stands in the file already, at line' in fault


async def test_each_file_of_a_folder_is_loaded_or_refused_by_itself(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any], tmp_path: Path
) -> None:
    put("1.json", briefing)
    put("2.ndjson", [{"resource": "source", "dataset": "d", "key": "k", "kind": "ngo"}])
    put("3.ndjson", [{"resource": "source", "dataset": "d", "key": "l", "kind": "ngo", "name": "N"}])
    assert (await load_faults(str(tmp_path), store))[0].startswith('2.ndjson:1: source "k", name: expected a name')
    assert len(await rows("select * from store.change")) == RECORDS


async def test_the_sample_is_loaded_and_keeps_every_word(store: str, rows: Rows) -> None:
    """The canonical form of each record in the log equals the sample's own, with ids in place of keys."""
    sample = json.loads(SAMPLE.read_text())
    count = 1 + sum(len(part) for part in sample.values() if isinstance(part, list))
    assert action_counts(await load([str(SAMPLE)], store)) == {"created": count}
    assert action_counts(await load([str(SAMPLE)], store)) == {"unchanged": count}
    for event in sample["events"]:
        (change,) = await rows(
            "select record from store.change where id = $1", public_id(sample["dataset"], "event", event["key"])
        )
        record = json.loads(change["record"])
        assert [record["title"], record.get("summary")] == [event["title"], event.get("summary")]
        assert len(record.get("citations", ())) == len(event.get("citations", ()))
