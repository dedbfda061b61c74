"""The shipped mappings on made-up rows: their records, editions, checks and rows that are set aside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from api.ingest.load import LoadOptions, load
from tests.ingest.rows_of_formats import ACLED, UCDP, table

Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
Put = Callable[[str, Any], str]


async def test_a_ucdp_row_becomes_its_records(store: str, rows: Rows, put: Put) -> None:
    summary = await load([put("ged.csv", table(UCDP, hxl=True))], store, options=LoadOptions("ucdp-ged"))
    assert not [note for note in summary.notes if "not mapped" in note]
    (event,) = await rows("select * from v1.event")
    assert (event["kind"], event["time_precision"], event["status"]) == ("attack", "week", "occurred")
    assert [str(event[name])[:10] for name in ("starts_at", "ends_at")] == ["2014-01-26", "2014-01-29"]
    (place,) = await rows("select * from v1.place")
    assert (place["geo_precision"], place["country"], place["latitude"]) == ("near", "CF", 6.5)
    figures = await rows("select * from v1.figure order by population nulls first")
    assert [(figure["population"], int(figure["value"])) for figure in figures] == [
        (None, 12),
        ("civilians", 12),
        ("fighters of side A", 0),
        ("fighters of side B", 0),
        ("people of unknown status", 0),
    ]
    assert (int(figures[0]["value_low"]), int(figures[0]["value_high"])) == (9, 20)
    people = await rows("select name, role, source_id is null as civil from v1.participant order by position")
    assert [tuple(row) for row in people] == [("River Front", "initiator", False), ("Civilians", "target", True)]
    chain = await rows(
        "select coalesce(source.name, source.description) as said, via.name as office, document.title "
        "from v1.citation join v1.source on source.id = source_id left join v1.source as via on via.id = via_ids[1] "
        "left join v1.document on document.id = document_id where record_id = $1 order by position",
        event["id"],
    )
    assert [tuple(row) for row in chain] == [
        ("a priest", "An Agency", "Attack, many dead"),
        ("a priest", "A Paper", "Village burnt"),
        ("Uppsala Conflict Data Program", None, "UCDP Georeferenced Event Dataset"),
    ]


@pytest.mark.parametrize(
    ("format", "row", "licence"),
    [("ucdp-ged", UCDP, "CC-BY-4.0"), ("acled", ACLED, "https://acleddata.com/eula")],
)
async def test_each_record_leads_to_the_licence_of_its_data_set(
    store: str, rows: Rows, put: Put, format: str, row: dict[str, str], licence: str
) -> None:
    await load([put("a.csv", table(row))], store, options=LoadOptions(format))
    (briefing,) = await rows("select briefing.*, name from v1.briefing join v1.source on source.id = publisher_id")
    assert briefing["licence"] == licence
    assert briefing["name"] in briefing["attribution"]
    belonging = await rows("select briefing_id from v1.event union all select briefing_id from v1.figure")
    assert {record["briefing_id"] for record in belonging} == {briefing["id"]}


async def test_bounds_that_do_not_enclose_the_best_estimate_are_kept_in_words(store: str, rows: Rows, put: Put) -> None:
    path = put("ged.csv", table(UCDP | {"high": "10"}))
    await load([path], store, options=LoadOptions("ucdp-ged"))
    (figure,) = await rows("select * from v1.figure where caveat is not null")
    assert (int(figure["value"]), figure["value_low"], "9 and a high one of 10" in figure["caveat"]) == (12, None, True)


async def test_an_acled_row_becomes_its_records(store: str, rows: Rows, put: Put) -> None:
    summary = await load([put("a.csv", table(ACLED))], store, options=LoadOptions("acled"))
    assert not [note for note in summary.notes if "not mapped" in note]
    (event,) = await rows("select * from v1.event")
    assert (event["kind"], str(event["starts_at"])[:10]) == ("shelling", "2024-01-31")
    assert "Civilian targeting" in event["tags"]
    assert [row["name"] for row in await rows("select name from v1.participant order by position")] == [
        "Military Forces of Northland",
        "Civilians (Northland)",
        "Farmers (Northland)",
        "Traders (Northland)",
    ]
    assert len(await rows("select * from v1.citation where record_id = $1", event["id"])) == 3
    assert await rows("select value from v1.figure where measure = 'killed' and value = 2")


@pytest.mark.parametrize(
    ("date", "code", "precision", "window"),
    [
        ("2023-02-15", "1", "day", ("2023-02-15", "2023-02-16")),
        ("1 March 2023", "2", "week", ("2023-02-26", "2023-03-05")),
        ("2024-02-15", "3", "month", ("2024-02-01", "2024-03-01")),
        ("31 December 2023", "3", "month", ("2023-12-01", "2024-01-01")),
    ],
)
async def test_an_event_of_acled_has_the_window_that_its_precision_gives(
    store: str, rows: Rows, put: Put, date: str, code: str, precision: str, window: tuple[str, str]
) -> None:
    await load(
        [put("a.csv", table(ACLED | {"event_date": date, "time_precision": code}))], store, options=LoadOptions("acled")
    )
    (event,) = await rows("select * from v1.event")
    (figure,) = await rows("select *, period_end + 1 as after from v1.figure")
    assert event["time_precision"] == precision
    assert tuple(str(event[name])[:10] for name in ("starts_at", "ends_at")) == window
    assert tuple(str(figure[name]) for name in ("period_start", "after")) == window
    assert (figure["as_of"], figure["status"]) == (figure["period_end"], "estimated")


@pytest.mark.parametrize("sea", ["Red Sea", "Gulf of Aden", "Akrotiri and Dhekelia"])
async def test_a_place_of_acled_at_sea_is_in_no_country(store: str, rows: Rows, put: Put, sea: str) -> None:
    await load([put("a.csv", table(ACLED | {"country": sea, "admin1": ""}))], store, options=LoadOptions("acled"))
    (place,) = await rows("select * from v1.place")
    assert (place["name"], place["country"]) == ("Ford", None)
