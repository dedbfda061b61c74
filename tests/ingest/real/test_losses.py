"""Daily counts of losses, with words that qualify the numbers, corrections and a rival count, compared row by row."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.ingest.load import LoadOptions, load
from tests.ingest.real.conftest import Load, assert_unchanged
from tests.ingest.real.records import Record, Rows, assert_same, stored_figures
from tests.real_data import read_rows, real_file

MAPPINGS = Path(__file__).parents[1] / "formats"
FILES = {
    "personnel": "ukraine-losses/russia_losses_personnel.json",
    "equipment": "ukraine-losses/russia_losses_equipment.json",
    "correction": "ukraine-losses/russia_losses_equipment_correction.json",
    "oryx": "ukraine-losses/russia_losses_equipment_oryx.json",
}
WAR = date(2022, 2, 24)
GENERAL_STAFF = "General Staff of the Armed Forces of Ukraine"
EQUIPMENT = {
    "aircraft": "aircraft",
    "helicopter": "helicopters",
    "tank": "tanks",
    "APC": "armoured personnel carriers",
    "field artillery": "artillery pieces",
    "MRL": "multiple rocket launchers",
    "drone": "drones",
    "naval ship": "ships and boats",
    "submarines": "submarines",
    "anti-aircraft warfare": "air defence systems",
    "special equipment": "special equipment",
    "vehicles and fuel tanks": "vehicles and fuel tanks",
    "cruise missiles": "cruise missiles",
    "military auto": "vehicles",
    "fuel tank": "fuel tanks",
    "mobile SRBM system": "mobile ballistic missile systems",
    "ground robotic systems": "ground robots",
}
CATEGORIES = {
    "Tanks": "tanks",
    "Armoured Personnel Carriers": "armoured personnel carriers",
    "Vehicle and Fuel Tank": "vehicles and fuel tanks",
    "Artillery Systems": "artillery pieces",
    "Special Equipment": "special equipment",
    "Unmanned Aerial Vehicles": "drones",
    "Multiple Rocket Launchers": "multiple rocket launchers",
    "Aircrafts": "aircraft",
    "Helicopters": "helicopters",
    "Warships, Boats": "ships and boats",
    "Anti-aircraft Warfare Systems": "air defence systems",
}


async def test_each_day_of_personnel_is_stored_with_the_word_that_binds_it(load_file: Load) -> None:
    file_rows, rows = await _rows(load_file, "personnel")
    words = {"about": "approximately", "more": "more_than"}
    expected: dict[Any, Record] = {}
    for row in file_rows:
        day = date.fromisoformat(row["date"])
        common = _claimed(day) | {"population": "military personnel of Russia", "unit": "persons"}
        expected[day, "killed_or_injured"] = common | {
            "value": row["personnel"],
            "quantifier": words[row["personnel*"]],
            "value_text": f"{row['personnel*']} {row['personnel']}",
            "series": "general-staff/personnel",
        }
        if "POW" in row:
            exact = {"value": row["POW"], "quantifier": "exact", "value_text": None}
            expected[day, "captured"] = common | exact | {"series": "general-staff/prisoners"}
    assert_same(await stored_figures(rows, "as_of", "measure"), expected)
    assert (len(file_rows), len(expected)) == (1626, 1688)


async def test_each_number_of_each_day_of_equipment_is_stored(load_file: Load) -> None:
    file_rows, rows = await _rows(load_file, "equipment")
    expected = {
        (date.fromisoformat(row["date"]), population): _claimed(date.fromisoformat(row["date"]))
        | {
            "measure": "equipment_lost",
            "value": row[column],
            "quantifier": "exact",
            "unit": "items",
            "series": f"general-staff/{column}",
        }
        for row in file_rows
        for column, population in EQUIPMENT.items()
        if column in row
    }
    assert_same(await stored_figures(rows, "as_of", "population"), expected)
    assert (len(file_rows), len(expected)) == (1626, 20687)
    known_columns = {*EQUIPMENT, "date", "day", "greatest losses direction"}
    assert not {column for row in file_rows for column in row} - known_columns


async def test_each_correction_is_stored_with_its_sign(load_file: Load) -> None:
    file_rows, rows = await _rows(load_file, "correction")
    columns = EQUIPMENT | {"personnel": "military personnel of Russia"}
    expected = {}
    for row in file_rows:
        day = date.fromisoformat(row["date"])
        for column in (name for name in row if name not in ("date", "day") and row[name]):
            persons = column == "personnel"
            expected[day, columns[column]] = _claimed(day) | {
                "measure": "killed_or_injured" if persons else "equipment_lost",
                "unit": "persons" if persons else "items",
                "value": row[column],
                "period_start": day,
                "basis": "flow",
                "series": f"general-staff/{column}/correction",
                "caveat": "A correction of the cumulative count, not losses of this day.",
            }
    assert_same(await stored_figures(rows, "as_of", "population"), expected)
    assert (len(file_rows), len(expected)) == (28, 86)
    assert min(figure["value"] for figure in expected.values()) < 0


async def test_each_model_of_the_rival_count_is_stored(load_file: Load) -> None:
    file_rows, rows = await _rows(load_file, "oryx")
    expected = {
        (f"oryx/{row['equipment_oryx']}/{row['model']}",): {
            "measure": "equipment_lost",
            "population": CATEGORIES[row["equipment_ua"]],
            "value": row["losses_total"],
            "unit": "items",
            "as_of": None,
            "basis": "cumulative",
            "status": "verified",
            "caveat": f"{row['equipment_oryx']}: {row['model']}, made in {row['manufacturer']}",
            "citations": _cited("Oryx", "other"),
        }
        for row in file_rows
    }
    assert_same(await stored_figures(rows, "series"), expected)
    assert len(file_rows) == len(expected) == 338


async def test_two_counts_of_the_same_losses_stand_beside_each_other(store: str, rows: Rows) -> None:
    for name in ("correction", "oryx"):
        await load([str(real_file(FILES[name]))], store, options=LoadOptions(_mapping(name)))
    counts: list[asyncpg.Record] = await rows(
        "select distinct source.name, figure.status from v1.figure join v1.citation on record_id = figure.id "
        "join v1.source on source.id = source_id where population = 'tanks' order by 1"
    )
    assert [tuple(row) for row in counts] == [(GENERAL_STAFF, "claimed"), ("Oryx", "verified")]


@pytest.mark.parametrize("name", FILES)
async def test_the_same_file_again_changes_nothing(load_file: Load, name: str) -> None:
    await assert_unchanged(await load_file(_mapping(name), FILES[name]))


async def _rows(load_file: Load, name: str) -> tuple[list[Record], Rows]:
    """Load one of the files, and return its rows and a way to query the store."""
    file = await load_file(_mapping(name), FILES[name])
    assert not [note for note in file.summary.notes if "not mapped" in note or "leave out" in note]
    return read_rows(FILES[name]), file.rows


def _mapping(name: str) -> str:
    return str(MAPPINGS / f"losses-{name}.toml")


def _claimed(day: date) -> Record:
    return {
        "value_low": None,
        "value_high": None,
        "as_of": day,
        "period_start": WAR,
        "period_end": day,
        "basis": "cumulative",
        "status": "claimed",
        "event": None,
        "place": None,
        "citations": _cited(GENERAL_STAFF, "military"),
    }


def _cited(source: str, kind: str) -> list[Record]:
    empty = dict.fromkeys(("description", "document", "document_kind", "url", "published_at", "publisher"))
    return [{"stance": "asserts", "source": source, "kind": kind, "via": [], **empty}]
