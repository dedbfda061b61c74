"""Events of UCDP with names in place of codes, compared row by row with what is stored of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ingest.real.conftest import Load, assert_unchanged
from tests.ingest.real.records import Record, assert_same, midnight, stored_events, stored_figures
from tests.real_data import read_rows

MAPPING = Path(__file__).parents[1] / "formats" / "aec.toml"

# The codes of ISO 3166-1 by the names that UCDP writes, as a person would look them up.
COUNTRIES = {
    "Afghanistan": "AF",
    "Algeria": "DZ",
    "Azerbaijan": "AZ",
    "Bangladesh": "BD",
    "Brazil": "BR",
    "Burkina Faso": "BF",
    "Cameroon": "CM",
    "Central African Republic": "CF",
    "Chad": "TD",
    "Colombia": "CO",
    "DR Congo (Zaire)": "CD",
    "Ecuador": "EC",
    "Egypt": "EG",
    "El Salvador": "SV",
    "Ethiopia": "ET",
    "India": "IN",
    "Indonesia": "ID",
    "Iran": "IR",
    "Iraq": "IQ",
    "Israel": "IL",
    "Ivory Coast": "CI",
    "Kenya": "KE",
    "Kingdom of eSwatini (Swaziland)": "SZ",
    "Libya": "LY",
    "Mali": "ML",
    "Mexico": "MX",
    "Morocco": "MA",
    "Mozambique": "MZ",
    "Myanmar (Burma)": "MM",
    "Nepal": "NP",
    "Niger": "NE",
    "Nigeria": "NG",
    "Pakistan": "PK",
    "Papua New Guinea": "PG",
    "Peru": "PE",
    "Philippines": "PH",
    "Russia (Soviet Union)": "RU",
    "Saudi Arabia": "SA",
    "Sierra Leone": "SL",
    "Somalia": "SO",
    "South Sudan": "SS",
    "Sudan": "SD",
    "Syria": "SY",
    "Tajikistan": "TJ",
    "Thailand": "TH",
    "Tunisia": "TN",
    "Turkey": "TR",
    "Ukraine": "UA",
    "United Kingdom": "GB",
    "Yemen (North Yemen)": "YE",
}
DEATHS = {
    "fighters of side A": "deaths_side_a",
    "fighters of side B": "deaths_side_b",
    "civilians": "deaths_civilian",
    "people of unknown status": "deaths_unknown",
}


@pytest.mark.parametrize(("name", "count"), [("aec_test", 648), ("aec_validation", 651)])
async def test_each_row_is_stored_as_it_is(load_file: Load, name: str, count: int) -> None:
    path = f"ucdp-ged/{name}.jsonl"
    file_rows = read_rows(path)
    file = await load_file(str(MAPPING), path)
    assert not [note for note in file.summary.notes if "not mapped" in note or "leave out" in note]
    assert_same(await stored_events(file.rows), {str(row["id"]): _event(row) for row in file_rows})
    figures = {key: figure for row in file_rows for key, figure in _figures(row).items()}
    assert_same(await stored_figures(file.rows, "event", "population"), figures)
    assert (len(file_rows), len(figures)) == (count, 5 * count)


@pytest.mark.parametrize("name", ["aec_test", "aec_validation"])
async def test_the_same_file_again_changes_nothing(load_file: Load, name: str) -> None:
    await assert_unchanged(await load_file(str(MAPPING), f"ucdp-ged/{name}.jsonl"))


def _event(row: Record) -> Record:
    admin2, admin1, country = row["location_adm2_name"], row["location_adm1_name"], row["location_root_name"]
    return {
        "kind": "clash",
        "title": f"{row['side_a_name']} - {row['side_b_name']}: {row['location_where_name'] or 'place unknown'}",
        "summary": None,
        "starts_at": midnight(row["start_date"]),
        "ends_at": midnight(row["end_date"], later=1),
        "time_precision": "day",
        "status": "occurred",
        "tags": [admin2] if admin2 else [],
        "identifiers": [{"scheme": "ucdp", "value": str(row["id"])}],
        "place": row["location_where_name"] or admin2 or admin1 or country,
        "country": COUNTRIES[country],
        "admin1": admin1 or None,
        "latitude": None,
        "longitude": None,
        "geo_precision": "unknown",
        "participants": [
            {"name": row[side], "role": "participant", "source": None, "kind": None, "identifiers": None}
            for side in ("side_a_name", "side_b_name")
        ],
        "citations": [_citation(row)],
    }


def _citation(row: Record) -> Record:
    return {
        "stance": "asserts",
        "source": "Uppsala Conflict Data Program",
        "description": None,
        "kind": "academic",
        "via": [],
        "document": row["source_article"],
        "document_kind": "article",
        "url": None,
        "published_at": datetime.strptime(row["source_date"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC),
        "publisher": None,
    }


def _figures(row: Record) -> dict[tuple[str, str | None], Record]:
    event = str(row["id"])
    common: Record = {"measure": "killed", "unit": "persons", "status": "estimated", "citations": [_citation(row)]}
    low, high = row["deaths_low"], row["deaths_high"]
    bounds = {"value_low": low, "value_high": high, "bounds_basis": "stated", "quantifier": "between"}
    exact = {"value_low": None, "value_high": None, "bounds_basis": None, "quantifier": "exact"}
    return {
        (event, None): common | bounds | {"value": None},
        **{(event, who): common | exact | {"value": row[column]} for who, column in DEATHS.items()},
    }
