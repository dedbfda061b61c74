"""News events of Wikipedia's Current Events portal, compared row by row with what is stored of them."""

from __future__ import annotations

from pathlib import Path

from tests.ingest.real.conftest import Load, assert_unchanged
from tests.ingest.real.records import Record, assert_same, midnight, stored_events
from tests.real_data import read_rows

FILE = "wikipedia-current-events/wikitimes_CEP.json"
MAPPING = Path(__file__).parents[1] / "formats" / "current-events.toml"
KIND = {"War_Conflict": "attack", "Disaster_Accident": "disaster", "Law_Crime": "arrest"}


async def test_each_row_is_stored_as_it_is(load_file: Load) -> None:
    file_rows = read_rows(FILE)
    file = await load_file(str(MAPPING), FILE)
    rows = file.rows
    assert not [note for note in file.summary.notes if "not mapped" in note or "leave out" in note]
    assert_same(await stored_events(rows), {row["id"]: _event(row) for row in file_rows})
    assert len(file_rows) == 428
    names = {row["name"] for row in await rows("select name from v1.source")}
    assert names == {outlet["sourceName"] for row in file_rows for outlet in row["source"]}
    assert len(await rows("select * from v1.document")) == sum(len(row["source"]) for row in file_rows)


async def test_the_same_file_again_changes_nothing(load_file: Load) -> None:
    await assert_unchanged(await load_file(str(MAPPING), FILE))


def _event(row: Record) -> Record:
    summary = " ".join(row["description"].split()).strip(" ,")
    story = row.get("belongsToStory")
    identifiers = [("wikitimes", row["id"])]
    identifiers += [("wikipedia-story", story["wikipediaUrl"])] if story else []
    identifiers += [("wikipedia", entity["wikiURL"]) for entity in row["entity"]]
    return {
        "kind": KIND.get(row["category"]["name"], "other"),
        "title": summary if len(summary) <= 200 else summary[:199].rstrip() + "…",
        "summary": summary,
        "starts_at": midnight(row["date"]),
        "ends_at": midnight(row["date"], later=1),
        "time_precision": "day",
        "status": "occurred",
        "tags": [row["category"]["name"], *([story["name"]] if story else [])],
        "identifiers": [{"scheme": scheme, "value": value} for scheme, value in identifiers],
        "place": None,
        "participants": [
            {"name": entity["name"], "role": "participant", "source": None, "kind": None, "identifiers": None}
            for entity in row["entity"]
        ],
        "citations": [
            {
                "stance": "asserts",
                "source": outlet["sourceName"],
                "description": None,
                "kind": "outlet",
                "via": [],
                "document": None,
                "document_kind": "article",
                "url": outlet["url"],
                "published_at": None,
                "publisher": outlet["sourceName"],
            }
            for outlet in row["source"]
        ],
    }
