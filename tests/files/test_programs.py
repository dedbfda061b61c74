"""Programs that people open exported files with read each row, with the types that its columns have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.clients import run
from tests.files.conftest import EVENTS, FIGURES, TITLES, VALUES
from tests.walking import bounded_walk

pytestmark = pytest.mark.full
Row = dict[str, Any]
PROGRAM = Path(__file__).parent / "programs" / "read.py"
READS_EVENTS = (
    *("pandas events.csv", "pandas events_bom.csv", "pandas events.parquet", "pandas events.ndjson"),
    *("duckdb events.csv", "duckdb events_bom.csv", "duckdb events.parquet", "duckdb events.ndjson"),
    *("geopandas events.geojson", "gdal events.csv", "gdal events_bom.csv"),
)
READS_FIGURES = (
    *("pandas figures.csv", "pandas figures.parquet", "duckdb figures.csv", "duckdb figures.parquet"),
    "geopandas figures.geojson",
)


@pytest.fixture(scope="module")
def rows_read(folder: Path, programs: Path) -> dict[str, list[Row]]:
    """The rows that each program read of each file."""
    printed = run(programs / "bin" / "python", PROGRAM, folder)
    return dict(json.loads(line) for line in printed.splitlines())


@pytest.fixture(scope="module")
def events(client: httpx2.Client) -> list[Row]:
    """The events, as a program should read them."""
    return [event_row(event) for event in walk(client, "/v2/events?limit=200")]


@pytest.fixture(scope="module")
def figures(client: httpx2.Client) -> list[Row]:
    """The figures, as a program should read them."""
    return [figure_row(figure) for figure in walk(client, "/v2/figures?limit=200")]


def walk(client: httpx2.Client, path: str) -> Iterator[Row]:
    """Yield the records of all pages."""
    cursor = ""
    for _ in bounded_walk():
        page = client.get(path + cursor).json()
        yield from page["data"]
        if not page["page"]["has_more"]:
            return
        cursor = f"&cursor={page['page']['next_cursor']}"


def event_row(event: Row) -> Row:
    """Return the columns of an event."""
    place = event["place"] or {}
    return {
        **{name: event[name] for name in ("id", "kind", "title", "summary", "key")},
        "revision": number(event["revision"]),
        "created_at": time(event["created_at"]),
        "starts_at": time(event["time"]["starts_at"]),
        "place_name": place.get("name"),
        "place_latitude": number(place.get("latitude")),
        "place_longitude": number(place.get("longitude")),
    }


def figure_row(figure: Row) -> Row:
    """Return the columns of a figure."""
    amount = figure["amount"]
    return {
        "id": figure["id"],
        "measure": figure["measure"],
        "value": number(amount["value"]),
        "value_low": number(amount["low"]),
        "value_high": number(amount["high"]),
        "quantifier": amount["quantifier"],
        "as_of": figure["as_of"] and {"date": figure["as_of"]},
        "value_text": amount["text"],
        "decimals.value": (amount["decimals"] or {}).get("value"),
    }


def number(value: float | None) -> Row | None:
    return None if value is None else {"number": float(value)}


def time(text: str | None) -> Row | None:
    return None if text is None else {"time": datetime.fromisoformat(text).isoformat()}


def test_the_store_has_what_is_hard_to_read(events: list[Row], figures: list[Row]) -> None:
    assert len(events) > EVENTS and len(figures) > FIGURES
    assert {event["title"] for event in events} >= set(TITLES.values())
    assert [figure for figure in figures if figure["decimals.value"]]
    assert {row["number"] for figure in figures if (row := figure["value"])} >= {value for value in VALUES if value}


@pytest.mark.parametrize("name", READS_EVENTS)
def test_a_program_reads_each_event(rows_read: dict[str, list[Row]], events: list[Row], name: str) -> None:
    if name.startswith("gdal"):
        # GDAL writes the line ends within a text in one way.
        events = [event | {"summary": (event["summary"] or "").replace("\r\n", "\n") or None} for event in events]
    check(rows_read[name], events, milliseconds=name.startswith(("geopandas", "gdal")))


@pytest.mark.parametrize("name", READS_FIGURES)
def test_a_program_reads_each_figure(rows_read: dict[str, list[Row]], figures: list[Row], name: str) -> None:
    if name.endswith(".csv"):
        # A spreadsheet would run this text as a formula, so CSV has an apostrophe in front.
        figures = [figure | {"value_text": figure["value_text"].replace("-3,", "'-3,")} for figure in figures]
    check(rows_read[name], figures)


@pytest.mark.parametrize("name", ["pandas figures.parquet", "duckdb figures.parquet"])
def test_parquet_has_exact_decimals(rows_read: dict[str, list[Row]], name: str) -> None:
    exact = {Decimal(value["exact"]) for row in rows_read[name] if (value := row["value"])}
    assert exact >= {Decimal(str(value)) for value in (12.5, 0.000001, -3)} | {Decimal("123456789012345.25")}


def check(rows: list[Row], expected: list[Row], *, milliseconds: bool = False) -> None:
    """Compare the rows with the expected ones. A file may lack a column that a program does not read. GDAL keeps the
    `milliseconds` of a time, some rounded and some cut off."""
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        compared = {name: inexact(value) for name, value in row.items()}
        if milliseconds:
            for name in ("created_at", "starts_at"):
                if is_within_a_millisecond(row[name], wanted[name]):
                    compared[name] = wanted[name]
        assert compared == {name: wanted[name] for name in row}


def is_within_a_millisecond(value: Row | None, wanted: Row | None) -> bool:
    if value is None or wanted is None:
        return False
    difference = datetime.fromisoformat(value["time"]) - datetime.fromisoformat(wanted["time"])
    return abs(difference) <= timedelta(milliseconds=1)


def inexact(value: Any) -> Any:
    if isinstance(value, dict) and "exact" in value:
        return {"number": value["number"]}
    return value
