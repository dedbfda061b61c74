"""The mappings that ship, on made-up rows and, where it is there, on the real data; editions, checks and set-asides."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.errors import LoadError
from api.ingest.load import Manner, Summary, load

Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
Put = Callable[[str, Any], str]
FORMATS = Path(__file__).parent / "formats"
REAL = Path(os.environ.get("BRIEFING_REAL_DATA") or Path(__file__).parents[3] / "shared" / "data")

UCDP = {
    "id": "7001",
    "relid": "MADE-UP-1",
    "year": "2014",
    "active_year": "1",
    "code_status": "Clear",
    "type_of_violence": "3",
    "conflict_dset_id": "900",
    "conflict_new_id": "901",
    "conflict_name": "Northland: Government",
    "dyad_dset_id": "902",
    "dyad_new_id": "903",
    "dyad_name": "River Front - Civilians",
    "side_a_dset_id": "904",
    "side_a_new_id": "905",
    "side_a": "River Front",
    "side_b_dset_id": "906",
    "side_b_new_id": "907",
    "side_b": "Civilians",
    "number_of_sources": "2",
    "source_article": '"An Agency,2014-01-29,Attack; many dead";"A Paper,2014-01-30,Village burnt"',
    "source_office": "An Agency;A Paper",
    "source_date": "2014-01-29;2014-01-30",
    "source_headline": "Attack, many dead;Village burnt",
    "source_original": "a priest",
    "where_prec": "2",
    "where_coordinates": "Ford village",
    "where_description": "5 km west of Ford, village",
    "adm_1": "West province",
    "adm_2": "",
    "latitude": "6.5",
    "longitude": "20.25",
    "geom_wkt": "POINT (20.25 6.5)",
    "priogrid_gid": "1",
    "country": "Central African Republic",
    "country_id": "482",
    "region": "Africa",
    "event_clarity": "1",
    "date_prec": "2",
    "date_start": "2014-01-26 00:00:00.000",
    "date_end": "2014-01-28 00:00:00.000",
    "deaths_a": "0",
    "deaths_b": "0",
    "deaths_civilians": "12",
    "deaths_unknown": "0",
    "best": "12",
    "high": "20",
    "low": "9",
    "gwnoa": "",
    "gwnob": "",
}
ACLED = {
    "event_id_cnty": "XXX1",
    "event_date": "31 January 2024",
    "year": "2024",
    "time_precision": "1",
    "disorder_type": "Political violence",
    "event_type": "Explosions/Remote violence",
    "sub_event_type": "Shelling/artillery/missile attack",
    "actor1": "Military Forces of Northland",
    "assoc_actor_1": "",
    "inter1": "State forces",
    "actor2": "Civilians (Northland)",
    "assoc_actor_2": "Farmers (Northland); Traders (Northland)",
    "inter2": "Civilians",
    "interaction": "State forces-Civilians",
    "civilian_targeting": "Civilian targeting",
    "iso": "804",
    "region": "Europe",
    "country": "Ukraine",
    "admin1": "West",
    "admin2": "",
    "admin3": "",
    "location": "Ford",
    "latitude": "48.5",
    "longitude": "35.25",
    "geo_precision": "1",
    "source": "An Agency; A Paper",
    "source_scale": "National-International",
    "notes": "Made up.",
    "fatalities": "2",
    "tags": "",
    "timestamp": "1700000000",
}


def table(*rows: dict[str, str], hxl: bool = False) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    if hxl:
        writer.writerow({name: f"#x+{name}" for name in rows[0]})
    writer.writerows(rows)
    return stream.getvalue().encode()


def done(summary: Summary) -> dict[str, int]:
    total: dict[str, int] = {}
    for counts in summary.counts.values():
        for action, count in counts.items():
            total[action] = total.get(action, 0) + count
    return {action: count for action, count in total.items() if count}


def real(name: str) -> str:
    if not (REAL / name).exists():
        pytest.skip(f"the real data is not at BRIEFING_REAL_DATA: {name}")
    return str(REAL / name)


async def test_ucdp(store: str, rows: Rows, put: Put) -> None:
    summary = await load([put("ged.csv", table(UCDP, hxl=True))], store, manner=Manner("ucdp-ged"))
    assert not [note for note in summary.notes if "not mapped" in note]
    (event,) = await rows("select * from v1.event")
    assert (event["kind"], event["time_precision"], event["status"]) == ("attack", "week", "occurred")
    assert [str(event[name])[:10] for name in ("starts_at", "ends_at")] == ["2014-01-26", "2014-01-29"]
    (place,) = await rows("select * from v1.place")
    assert (place["geo_precision"], place["country"], place["latitude"]) == ("near", "CF", 6.5)
    figures = await rows("select * from v1.figure order by population nulls first")
    assert [(one["population"], int(one["value"])) for one in figures] == [
        (None, 12),
        ("civilians", 12),
        ("fighters of side A", 0),
        ("fighters of side B", 0),
        ("people of unknown status", 0),
    ]
    assert (int(figures[0]["value_low"]), int(figures[0]["value_high"])) == (9, 20)
    people = await rows("select name, role, source_id is null as civil from v1.participant order by position")
    assert [tuple(one) for one in people] == [("River Front", "initiator", False), ("Civilians", "target", True)]
    chain = await rows(
        "select coalesce(source.name, source.description) as said, via.name as office, document.title "
        "from v1.citation join v1.source on source.id = source_id left join v1.source as via on via.id = via_ids[1] "
        "left join v1.document on document.id = document_id where record_id = $1 order by position",
        event["id"],
    )
    assert [tuple(one) for one in chain] == [
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
    await load([put("a.csv", table(row))], store, manner=Manner(format))
    (briefing,) = await rows("select briefing.*, name from v1.briefing join v1.source on source.id = publisher_id")
    assert briefing["licence"] == licence
    assert briefing["name"] in briefing["attribution"]
    belonging = await rows("select briefing_id from v1.event union all select briefing_id from v1.figure")
    assert {one["briefing_id"] for one in belonging} == {briefing["id"]}


async def test_bounds_that_do_not_enclose_the_best_estimate_are_kept_in_words(store: str, rows: Rows, put: Put) -> None:
    path = put("ged.csv", table(UCDP | {"high": "10"}))
    await load([path], store, manner=Manner("ucdp-ged"))
    (figure,) = await rows("select * from v1.figure where caveat is not null")
    assert (int(figure["value"]), figure["value_low"], "9 and a high one of 10" in figure["caveat"]) == (12, None, True)


async def test_acled(store: str, rows: Rows, put: Put) -> None:
    summary = await load([put("a.csv", table(ACLED))], store, manner=Manner("acled"))
    assert not [note for note in summary.notes if "not mapped" in note]
    (event,) = await rows("select * from v1.event")
    assert (event["kind"], str(event["starts_at"])[:10]) == ("shelling", "2024-01-31")
    assert "Civilian targeting" in event["tags"]
    assert [one["name"] for one in await rows("select name from v1.participant order by position")] == [
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
        [put("a.csv", table(ACLED | {"event_date": date, "time_precision": code}))], store, manner=Manner("acled")
    )
    (event,) = await rows("select * from v1.event")
    (figure,) = await rows("select *, period_end + 1 as after from v1.figure")
    assert event["time_precision"] == precision
    assert tuple(str(event[name])[:10] for name in ("starts_at", "ends_at")) == window
    assert tuple(str(figure[name]) for name in ("period_start", "after")) == window
    assert (figure["as_of"], figure["status"]) == (figure["period_end"], "estimated")


@pytest.mark.parametrize("sea", ["Red Sea", "Gulf of Aden", "Akrotiri and Dhekelia"])
async def test_a_place_of_acled_at_sea_is_in_no_country(store: str, rows: Rows, put: Put, sea: str) -> None:
    await load([put("a.csv", table(ACLED | {"country": sea, "admin1": ""}))], store, manner=Manner("acled"))
    (place,) = await rows("select * from v1.place")
    assert (place["name"], place["country"]) == ("Ford", None)


async def test_a_newer_edition_revises_and_one_that_is_complete_withdraws(store: str, rows: Rows, put: Put) -> None:
    other = UCDP | {"id": "7002"}
    manner, whole = Manner("ucdp-ged"), Manner("ucdp-ged", complete=True, yes=True)
    await load([put("1.csv", table(UCDP, other))], store, manner=manner)
    assert set(done(await load([put("1.csv", table(UCDP, other))], store, manner=whole))) == {"unchanged"}
    newer = put("2.csv", table(UCDP | {"best": "13"}))
    assert done(await load([newer], store, manner=manner))["updated"] == 1
    found = await load([newer], store, manner=whole)
    assert {name: counts["withdrawn"] for name, counts in found.counts.items() if counts["withdrawn"]} == {
        "event": 1,
        "figure": 5,
        "source": 1,
        "document": 2,
    }
    assert {one["reason"] for one in await rows("select reason from store.withdrawal")} == {
        "It is no longer in the dataset ucdp-ged."
    }
    assert set(done(await load([newer], store, manner=whole))) == {"unchanged"}
    again = await load([put("3.csv", table(UCDP | {"best": "13"}, other))], store, manner=whole)
    assert done(again) == {"restored": 9, "unchanged": done(again)["unchanged"]}
    assert not await rows("select * from store.withdrawal")


async def test_another_dataset_is_not_touched_by_a_complete_one(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    await load([put("a.json", briefing)], store)
    await load([put("1.csv", table(UCDP))], store, manner=Manner("ucdp-ged", complete=True, yes=True))
    assert not await rows("select * from store.withdrawal")
    gone = briefing["quotes"].pop()
    assert gone
    assert done(await load([put("a.json", briefing)], store, manner=Manner(complete=True, yes=True)))["withdrawn"] == 1


async def test_a_check_says_what_would_be_done_and_writes_nothing(store: str, rows: Rows, put: Put) -> None:
    summary = await load([put("1.csv", table(UCDP))], store, manner=Manner("ucdp-ged", check=True))
    assert summary.counts["event"]["created"] == 1
    assert not await rows("select * from store.change")
    assert not await rows("select * from v1.event")


async def test_bad_rows_are_set_aside_and_the_rest_is_loaded(store: str, rows: Rows, put: Put, tmp_path: Path) -> None:
    path = put("1.csv", table(UCDP | {"best": "1,200"}, UCDP | {"id": "7002"}, UCDP | {"id": "7002"}))
    with pytest.raises(LoadError):
        await load([path], store, manner=Manner("ucdp-ged"))
    aside = tmp_path / "bad.ndjson"
    summary = await load([path], store, manner=Manner("ucdp-ged", skip_bad=str(aside)))
    assert summary.counts["event"]["created"] == 1
    assert any("2 rows set aside" in note for note in summary.notes)
    first, second = [json.loads(line) for line in aside.read_text().splitlines()]
    assert (first["line"], first["row"]["id"], second["line"]) == (2, "7001", 4)
    assert 'column best: expected a number such as 1234.5, got "1,200"' in first["reason"]


@pytest.mark.parametrize(
    ("files", "manner"),
    [
        (1, Manner("ucdp-ged", complete=True, yes=True, skip_bad="unused")),
        (2, Manner("ucdp-ged", complete=True, yes=True)),
    ],
)
async def test_what_is_not_all_of_a_dataset_is_not_taken_for_it(
    store: str, put: Put, files: int, manner: Manner
) -> None:
    paths = [put(f"{number}.csv", table(UCDP)) for number in range(files)]
    with pytest.raises(LoadError, match="complete"):
        await load(paths, store, manner=manner)


async def test_a_folder_is_read_through_a_mapping(store: str, put: Put, tmp_path: Path) -> None:
    put("1.csv", table(UCDP))
    put("2.csv", table(UCDP | {"id": "7002"}))
    assert (await load([str(tmp_path)], store, manner=Manner("ucdp-ged"))).counts["event"]["created"] == 2


async def test_rows_are_set_aside_only_through_a_mapping(store: str, put: Put, briefing: dict[str, Any]) -> None:
    with pytest.raises(LoadError, match="that a mapping reads"):
        await load([put("a.json", briefing)], store, manner=Manner(skip_bad="x"))


@pytest.mark.parametrize(
    ("format", "name", "events", "figures"),
    [
        ("ucdp-ged", "ucdp-ged/GEDEvent_v23_1_CAR.geojson", 1848, 9240),
        (str(FORMATS / "aec.toml"), "ucdp-ged/aec_test.jsonl", 648, 3240),
        (str(FORMATS / "aec.toml"), "ucdp-ged/aec_validation.jsonl", 651, 3255),
        (str(FORMATS / "current-events.toml"), "wikipedia-current-events/wikitimes_CEP.json", 428, 0),
        (str(FORMATS / "losses-personnel.toml"), "ukraine-losses/russia_losses_personnel.json", 0, 1688),
        (str(FORMATS / "losses-equipment.toml"), "ukraine-losses/russia_losses_equipment.json", 0, 20687),
        (str(FORMATS / "losses-correction.toml"), "ukraine-losses/russia_losses_equipment_correction.json", 0, 86),
        (str(FORMATS / "losses-oryx.toml"), "ukraine-losses/russia_losses_equipment_oryx.json", 0, 338),
    ],
)
async def test_real_data_is_loaded_whole_and_again_changes_nothing(
    store: str, rows: Rows, format: str, name: str, events: int, figures: int
) -> None:
    path = real(name)
    summary = await load([path], store, manner=Manner(format))
    assert not [note for note in summary.notes if "not mapped" in note]
    counted = await rows("select (select count(*) from v1.event), (select count(*) from v1.figure)")
    assert tuple(counted[0]) == (events, figures)
    assert set(done(await load([path], store, manner=Manner(format, complete=True, yes=True)))) == {"unchanged"}


async def test_two_counts_of_the_same_losses_stand_beside_each_other(store: str, rows: Rows) -> None:
    for format, name in (("equipment", "equipment"), ("oryx", "equipment_oryx")):
        path = real(f"ukraine-losses/russia_losses_{name}.json")
        await load([path], store, manner=Manner(str(FORMATS / f"losses-{format}.toml")))
    found = await rows(
        "select distinct source.name, figure.status from v1.figure join v1.citation on record_id = figure.id "
        "join v1.source on source.id = source_id where population = 'tanks' order by 1"
    )
    assert [tuple(one) for one in found] == [
        ("General Staff of the Armed Forces of Ukraine", "claimed"),
        ("Oryx", "verified"),
    ]
