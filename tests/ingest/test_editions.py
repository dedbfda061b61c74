"""Older editions of GED and ACLED, and the answers of their APIs, load with the mappings that ship."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from api.ingest.load import Manner, load

Put = Callable[[str, Any], str]
Rows = Callable[..., Awaitable[list[asyncpg.Record]]]

GED = {
    "id": "7001",
    "year": "2014",
    "active_year": "1",
    "type_of_violence": "1",
    "conflict_name": "Northland: Government",
    "dyad_name": "Government of Northland - River Front",
    "side_a": "Government of Northland",
    "side_b": "River Front",
    "source_article": "An Agency, 29 January 2014",
    "where_prec": "2",
    "where_coordinates": "Ford village",
    "adm_1": "West province",
    "latitude": "6.5",
    "longitude": "20.25",
    "country": "Central African Republic",
    "date_prec": "1",
    "date_start": "2014-01-26",
    "date_end": "2014-01-26",
    "deaths_a": "0",
    "deaths_b": "3",
    "deaths_civilians": "0",
    "deaths_unknown": "0",
}
ESTIMATES = {"best": "3", "low": "3", "high": "5"}
ACLED = {
    "GWNO": "482",
    "EVENT_ID_CNTY": "1CAR",
    "EVENT_ID_NO_CNTY": "1",
    "EVENT_DATE": "26/01/2014",
    "YEAR": "2014",
    "TIME_PRECISION": "1",
    "EVENT_TYPE": "Battle-No change of territory",
    "ACTOR1": "Military Forces of Northland",
    "ALLY_ACTOR_1": "Police Forces of Northland",
    "INTER1": "1",
    "ACTOR2": "River Front",
    "ALLY_ACTOR_2": "",
    "INTER2": "2",
    "INTERACTION": "12",
    "COUNTRY": "Central African Republic",
    "ADMIN1": "West province",
    "ADMIN2": "",
    "ADMIN3": "",
    "LOCATION": "Ford village",
    "LATITUDE": "6.5",
    "LONGITUDE": "20.25",
    "GEO_PRECISION": "2",
    "SOURCE": "An Agency",
    "NOTES": "Made up.",
    "FATALITIES": "3",
}


def table(row: dict[str, str]) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(row))
    writer.writeheader()
    writer.writerow(row)
    return stream.getvalue().encode()


@pytest.mark.parametrize(
    "row",
    [
        GED | ESTIMATES,
        GED | {f"{name}_est": value for name, value in ESTIMATES.items()},
        {name.upper(): value for name, value in (GED | ESTIMATES).items()},
        GED | ESTIMATES | {"conflict_id": "5", "dyad_id": "6", "side_a_id": "7", "side_b_id": "8"},
    ],
)
async def test_older_editions_of_ged(store: str, rows: Rows, put: Put, row: dict[str, str]) -> None:
    summary = await load([put("ged.csv", table(row))], store, manner=Manner("ucdp-ged"))
    assert summary.counts["event"]["created"] == 1
    assert not [note for note in summary.notes if "not mapped" in note]
    (figure,) = await rows("select * from v1.figure where value_high is not null")
    assert (int(figure["value"]), int(figure["value_high"])) == (3, 5)
    schemes = await rows("select jsonb_path_query(to_jsonb(identifiers), '$[*].scheme') #>> '{}' from v1.event")
    assert len(schemes) == (3 if "conflict_id" in row else 1)


async def test_the_answer_of_the_api_of_ged_without_a_point(store: str, rows: Rows, put: Put) -> None:
    numbers = {name: int(value) if value.isdigit() else value for name, value in (GED | ESTIMATES).items()}
    row = {name: value for name, value in numbers.items() if name not in ("latitude", "longitude")}
    row |= {"date_start": "2014-01-26T00:00:00", "date_end": "2014-01-26T00:00:00"}
    answer = {"TotalCount": 1, "NextPageUrl": "", "Result": [row]}
    await load([put("ged.json", answer)], store, manner=Manner("ucdp-ged"))
    (place,) = await rows("select * from v1.place")
    assert (place["name"], place["latitude"]) == ("Ford village", None)


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title])
async def test_older_editions_of_acled(store: str, rows: Rows, put: Put, change: Callable[[str], str]) -> None:
    row = {change(name): value for name, value in ACLED.items()}
    summary = await load([put("acled.csv", table(row))], store, manner=Manner("acled"))
    assert not [note for note in summary.notes if "not mapped" in note]
    (event,) = await rows("select * from v1.event")
    assert (event["kind"], str(event["starts_at"])[:10]) == ("clash", "2014-01-26")
    assert event["title"] == "Battle-No change of territory: Ford village"
    names = [one["name"] for one in await rows("select name from v1.participant order by position")]
    assert names == ["Military Forces of Northland", "River Front", "Police Forces of Northland"]


async def test_the_answer_of_the_api_of_acled(store: str, rows: Rows, put: Put) -> None:
    row = {name.lower(): value for name, value in ACLED.items()} | {"event_date": "2014-01-26"}
    answer = {"status": 200, "success": True, "messages": [], "data": [row], "filename": ""}
    path = put("acled.json", json.dumps(answer).encode())
    assert (await load([path], store, manner=Manner("acled"))).counts["event"]["created"] == 1
