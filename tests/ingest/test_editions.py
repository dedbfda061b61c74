"""Older editions of GED and ACLED, and the answers of their APIs, load with the mappings that ship."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from api.ingest.load import LoadOptions, load
from api.ingest.mapping import SHIPPED

Put = Callable[[str, Any], str]
Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
ReadRows = Callable[..., tuple[list[dict[str, Any]], list[str], list[str], list[dict[str, Any]]]]
ReadAs = Callable[..., list[dict[str, Any]]]

# The values of the columns of each edition. Columns that are not listed are empty.
GED = {
    "id": "7001",
    "year": "2014",
    "active_year": "1",
    "code_status": "Clear",
    "type_of_violence": "1",
    "conflict_name": "Northland: Government",
    "conflict_new_id": "5",
    "conflict_id": "5",
    "dyad_name": "Government of Northland - River Front",
    "dyad_new_id": "6",
    "dyad_id": "6",
    "side_a": "Government of Northland",
    "side_a_new_id": "7",
    "side_a_id": "7",
    "side_b": "River Front",
    "side_b_new_id": "8",
    "side_b_id": "8",
    "source_article": "An Agency, 29 January 2014",
    "where_prec": "2",
    "where_coordinates": "Ford village",
    "adm_1": "West province",
    "latitude": "6.5",
    "longitude": "20.25",
    "country": "Central African Republic",
    "event_clarity": "1",
    "date_prec": "1",
    "date_start": "2014-01-26",
    "date_end": "2014-01-26",
    "deaths_a": "0",
    "deaths_b": "3",
    "deaths_civilians": "0",
    "deaths_unknown": "0",
    "best": "3",
    "low": "3",
    "high": "5",
    "best_est": "3",
    "low_est": "3",
    "high_est": "5",
}
ACLED = {
    "event_id_cnty": "1CAR",
    "event_id_no_cnty": "1",
    "event_date": "26/01/2014",
    "year": "2014",
    "time_precision": "1",
    "event_type": "Battle-No change of territory",
    "actor1": "Military Forces of Northland",
    "ally_actor_1": "Police Forces of Northland",
    "assoc_actor_1": "Police Forces of Northland",
    "inter1": "1",
    "actor2": "River Front",
    "inter2": "2",
    "interaction": "12",
    "country": "Central African Republic",
    "iso": "140",
    "iso3": "CAF",
    "gwno": "482",
    "region": "Middle Africa",
    "admin1": "West province",
    "adm_level_1": "West province",
    "location": "Ford village",
    "latitude": "6.5",
    "longitude": "20.25",
    "geo_precision": "2",
    "geo_precis": "2",
    "source": "An Agency",
    "source_scale": "National",
    "notes": "Made up.",
    "fatalities": "3",
    "timestamp": "1700000000",
    "population_best": "1200",
}

# The headers of the editions, with the columns in their order.
GED_PARTIES = (
    "conflict_dset_id,conflict_new_id,conflict_name,dyad_dset_id,dyad_new_id,dyad_name,"
    "side_a_dset_id,side_a_new_id,side_a,side_b_dset_id,side_b_new_id,side_b"
)
GED_SOURCES = "number_of_sources,source_article,source_office,source_date,source_headline,source_original"
GED_PLACE = "where_prec,where_coordinates,where_description,adm_1,adm_2,latitude,longitude,geom_wkt,priogrid_gid"
GED_TIME = "country,country_id,region,event_clarity,date_prec,date_start,date_end"
GED_DEATHS = "deaths_a,deaths_b,deaths_civilians,deaths_unknown"
GED_BEGIN = "id,relid,year,active_year,code_status,type_of_violence"
GED_17 = f"{GED_BEGIN},{GED_PARTIES},{GED_SOURCES},{GED_PLACE},{GED_TIME},{GED_DEATHS},best,high,low,gwnoa,gwnob"
GED_EDITIONS = {
    "5.0": f"id,relid,year,active_year,type_of_violence,{GED_PARTIES},number_of_sources,source_article,source_original,"
    f"{GED_PLACE},{GED_TIME},{GED_DEATHS},best_est,high_est,low_est",
    "17.1 to 25.1": GED_17,
    "19.1": GED_17.replace("where_description,", ""),
    "new ids under old names": GED_17.replace("_new_id", "_id").replace("code_status,", ""),
}
ACLED_2016 = (
    "GWNO,EVENT_ID_CNTY,EVENT_ID_NO_CNTY,EVENT_DATE,YEAR,TIME_PRECISION,EVENT_TYPE,ACTOR1,ALLY_ACTOR_1,INTER1,ACTOR2,"
    "ALLY_ACTOR_2,INTER2,INTERACTION,COUNTRY,ADMIN1,ADMIN2,ADMIN3,LOCATION,LATITUDE,LONGITUDE,GEO_PRECISION,SOURCE,NOTES,"
    "FATALITIES"
)
ACLED_2018 = (
    "ISO,EVENT_ID_CNTY,EVENT_ID_NO_CNTY,EVENT_DATE,YEAR,TIME_PRECISION,EVENT_TYPE,SUB_EVENT_TYPE,ACTOR1,ASSOC_ACTOR_1,"
    "INTER1,ACTOR2,ASSOC_ACTOR_2,INTER2,INTERACTION,REGION,COUNTRY,ADMIN1,ADMIN2,ADMIN3,LOCATION,LATITUDE,LONGITUDE,"
    "GEO_PRECISION,SOURCE,SOURCE_SCALE,NOTES,FATALITIES"
)
ACLED_2023 = (
    "event_id_cnty,event_date,year,time_precision,disorder_type,event_type,sub_event_type,actor1,assoc_actor_1,inter1,"
    "actor2,assoc_actor_2,inter2,interaction,civilian_targeting,iso,region,country,admin1,admin2,admin3,location,latitude,"
    "longitude,geo_precision,source,source_scale,notes,fatalities,tags,timestamp"
)
ACLED_EDITIONS = {
    "2016": ACLED_2016,
    "2016, with short names": ACLED_2016.replace("GEO_PRECISION", "GEO_PRECIS"),
    "the API of 2016": ACLED_2016.lower().replace("admin", "adm_level_"),
    "2018": ACLED_2018,
    "2019 to 2022": f"data_id,{ACLED_2018.lower()},timestamp,iso3",
    "since March 2023": ACLED_2023,
    "with the population near": f"{ACLED_2023},population_1km,population_2km,population_5km,population_best",
}


def table(row: dict[str, str]) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(row))
    writer.writeheader()
    writer.writerow(row)
    return stream.getvalue().encode()


def row_of(header: str, values: dict[str, str], **others: str) -> dict[str, str]:
    """Return a row with the columns of a header, in its letter case."""
    return {name: (values | others).get(name.lower(), "") for name in header.split(",")}


def of(lines: list[dict[str, Any]], resource: str) -> list[dict[str, Any]]:
    """Return the records of a resource."""
    return [line for line in lines if line["resource"] == resource]


@pytest.fixture
def read_as(read_rows: ReadRows) -> Callable[..., list[dict[str, Any]]]:
    """`read_as(format, rows)` returns the records that a shipped mapping makes. Each column has to be mapped."""

    def read_file(format: str, content: bytes, name: str = "a.csv") -> list[dict[str, Any]]:
        lines, faults, notes, _ = read_rows(content, name, using=(SHIPPED / f"{format}.toml").read_text("utf-8"))
        assert faults == []
        assert not [note for note in notes if "not mapped" in note]
        return lines

    return read_file


@pytest.mark.parametrize("change", [str, str.upper, str.title])
@pytest.mark.parametrize("edition", GED_EDITIONS)
def test_a_row_of_each_ged_edition_becomes_the_same_records(
    read_as: ReadAs, edition: str, change: Callable[[str], str]
) -> None:
    row = {change(name): value for name, value in row_of(GED_EDITIONS[edition], GED).items()}
    lines = read_as("ucdp-ged", table(row))
    (event,) = of(lines, "event")
    assert [identifier["value"] for identifier in event["identifiers"]] == ["7001", "5", "6"]
    figure, *parts = of(lines, "figure")
    assert [figure[name] for name in ("value", "value_low", "value_high")] == [3, 3, 5]
    assert {figure["population"]: figure["value"] for figure in parts}["fighters of side B"] == 3


@pytest.mark.parametrize(("status", "tagged"), [("Clear", False), ("Check dyad", True), ("", False)])
def test_a_candidate_event_of_ged_is_tagged(read_as: ReadAs, status: str, tagged: bool) -> None:
    (event,) = of(read_as("ucdp-ged", table(row_of(GED_17, GED, code_status=status))), "event")
    assert ("candidate" in event["tags"]) is tagged


def test_an_answer_of_the_ged_api_without_a_point_has_a_place_without_coordinates(read_as: ReadAs) -> None:
    text_row = row_of(GED_17, GED, date_start="2014-01-26T00:00:00", date_end="2014-01-26T00:00:00")
    numbers = {name: int(value) if value.isdigit() else value for name, value in text_row.items()}
    row = {name: value for name, value in numbers.items() if name not in ("latitude", "longitude", "geom_wkt")}
    answer = {"TotalCount": 1, "NextPageUrl": "", "Result": [row]}
    (place,) = of(read_as("ucdp-ged", json.dumps(answer).encode(), "ged.json"), "place")
    assert (place["name"], place.get("latitude")) == ("Ford village", None)


@pytest.mark.parametrize("change", [str, str.upper, str.lower, str.title])
@pytest.mark.parametrize("edition", ACLED_EDITIONS)
def test_a_row_of_each_acled_edition_becomes_the_same_records(
    read_as: ReadAs, edition: str, change: Callable[[str], str]
) -> None:
    row = {change(name): value for name, value in row_of(ACLED_EDITIONS[edition], ACLED).items()}
    lines = read_as("acled", table(row))
    (event,) = of(lines, "event")
    assert (event["kind"], event["starts_at"]) == ("clash", "2014-01-26T00:00:00Z")
    assert event["title"] == "Battle-No change of territory: Ford village"
    names = [participant["name"] for participant in event["participants"]]
    assert names == ["Military Forces of Northland", "River Front", "Police Forces of Northland"]
    (place,) = of(lines, "place")
    assert (place["admin1"], place["geo_precision"], place["country"]) == ("West province", "near", "CF")


@pytest.mark.parametrize("date", ["2014-01-26", "26 January 2014", "26-January-2014", "26/01/2014"])
def test_a_date_of_acled_is_read_in_each_of_its_forms(read_as: ReadAs, date: str) -> None:
    (event,) = of(read_as("acled", table(row_of(ACLED_2018, ACLED, event_date=date))), "event")
    assert (event["starts_at"], event["ends_at"]) == ("2014-01-26T00:00:00Z", "2014-01-27T00:00:00Z")


@pytest.mark.parametrize(
    ("event_type", "sub_event_type", "kind"),
    [
        ("Battle-No Change Of Territory", "", "clash"),
        ("Violence Against Civilians", "", "attack"),
        ("Riots/protests", "", "protest"),
        ("Strategic Developments", "", "other"),
        ("Non-violent activity by a conflict actor", "", "other"),
        ("Explosions/Remote Violence", "Remote explosive/Landmine/IED", "explosion"),
        ("Protests", "Excessive force against protestors", "protest"),
    ],
)
def test_types_of_acled_in_any_letter_case(read_as: ReadAs, event_type: str, sub_event_type: str, kind: str) -> None:
    row = row_of(ACLED_2018, ACLED, event_type=event_type, sub_event_type=sub_event_type)
    (event,) = of(read_as("acled", table(row)), "event")
    assert event["kind"] == kind
    assert event_type in event["tags"]


@pytest.mark.parametrize(
    ("code", "kind"), [("1", "military"), ("State Forces", "military"), ("rebel groups", "armed_group"), ("7", "other")]
)
def test_parties_of_acled_in_any_letter_case(read_as: ReadAs, code: str, kind: str) -> None:
    lines = read_as("acled", table(row_of(ACLED_2018, ACLED, inter1=code)))
    (party,) = [line for line in of(lines, "source") if line["name"] == ACLED["actor1"]]
    assert party["kind"] == kind


async def test_the_answer_of_the_api_of_acled(store: str, put: Put) -> None:
    row = row_of(ACLED_2023, ACLED, event_date="2014-01-26")
    answer = {"status": 200, "success": True, "messages": [], "data": [row], "filename": ""}
    summary = await load([put("acled.json", json.dumps(answer).encode())], store, options=LoadOptions("acled"))
    assert summary.counts["event"]["created"] == 1


async def test_an_answer_of_acled_with_the_fields_that_were_asked_for(store: str, rows: Rows, put: Put) -> None:
    row = {"event_id_cnty": "CAR9", "event_date": "2024-02-03", "notes": "Made up."}
    answer = {"status": 200, "success": True, "count": 1, "data": [row]}
    summary = await load([put("acled.json", answer)], store, options=LoadOptions("acled"))
    (event,) = await rows("select * from v1.event")
    assert (event["title"], event["summary"], event["kind"]) == ("ACLED event CAR9", "Made up.", "other")
    assert (str(event["starts_at"])[:10], event["time_precision"]) == ("2024-02-03", "unknown")
    assert event["place_id"] is None
    assert not await rows("select * from v1.figure")
    (lacking,) = [note for note in summary.notes if "does not have" in note]
    assert "fatalities" in lacking
    assert "event_type" in lacking
    assert "notes" not in lacking
