"""Version 2 groups the fields of version 1 into objects. The status of a dispute is recomputed here from the
citations."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import httpx2
import pytest

from api.catalog import V1, V2

RECORDS = ("events", "figures", "quotes")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
# Where version 2 has what version 1 has elsewhere.
MOVED = {
    "events": {
        "starts_at": ("time", "starts_at"),
        "ends_at": ("time", "ends_at"),
        "time_precision": ("time", "precision"),
        "time_text": ("time", "text"),
    },
    "figures": {
        "value": ("amount", "value"),
        "value_low": ("amount", "low"),
        "value_high": ("amount", "high"),
        "quantifier": ("amount", "quantifier"),
        "unit": ("amount", "unit"),
        "value_text": ("amount", "text"),
    },
    "quotes": {"text_original": ("original", "text"), "language_original": ("original", "language")},
}
KEYS = {
    "events": {"time": ["starts_at", "ends_at", "precision", "text"], "dispute": ["status", "stances"]},
    "figures": {
        "amount": ["value", "low", "high", "quantifier", "unit", "unit_code", "text", "decimals"],
        "dispute": ["status", "stances"],
    },
    "quotes": {"original": ["text", "language"], "dispute": ["status", "stances"]},
}
# What version 2 shows beside what version 1 has.
ADDED = {
    "events": ["key", "dataset", "subjects"],
    "figures": ["key", "dataset", "effective_place_id"],
    "quotes": ["key", "dataset", "subjects"],
}
EMBEDDED = {"events": "place", "figures": "", "quotes": "speaker"}


def list_records(service_url: str, path: str) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = httpx2.get(service_url + path).raise_for_status().json()["data"]
    return data


def in_utc(value: Any) -> Any:
    """Return the record with its times as moments: version 2 writes UTC as `Z`, and version 1 as `+00:00`."""
    if isinstance(value, dict):
        return {name: in_utc(element) for name, element in value.items()}
    if isinstance(value, list):
        return [in_utc(element) for element in value]
    if isinstance(value, str) and TIME.fullmatch(value):
        return datetime.fromisoformat(value)
    return value


def test_times_are_equal_once_parsed_and_end_with_z(service_url: str) -> None:
    for plural in RECORDS:
        before, after = (
            httpx2.get(f"{service_url}/{version}/{plural}.ndjson?sort=id").text for version in ("v1", "v2")
        )
        for text, end in ((before, "+00:00"), (after, "Z")):
            times = re.findall(r'"(\d{4}-\d\d-\d\dT[^"]*)"', text)
            assert times and all(TIME.fullmatch(time) and time.endswith(end) for time in times)


def test_numbers_that_a_double_holds_have_no_decimals(service_url: str) -> None:
    assert all(record["amount"]["decimals"] is None for record in list_records(service_url, "/v2/figures?limit=200"))


@pytest.mark.parametrize("plural", RECORDS)
def test_nothing_is_lost_and_nothing_added_but_what_is_named(service_url: str, plural: str) -> None:
    include = f"&include={EMBEDDED[plural]}" if EMBEDDED[plural] else ""
    before = {record["id"]: record for record in list_records(service_url, f"/v1/{plural}?limit=200{include}")}
    after = list_records(service_url, f"/v2/{plural}?limit=200")
    assert len(after) == len(before) > 5
    for record in after:
        assert {name: list(record[name]) for name in KEYS[plural]} == KEYS[plural]
        flat = {**record}
        for name, (object_, key) in MOVED[plural].items():
            flat[name] = record[object_][key]
        dispute = flat.pop("dispute")
        for name in ADDED[plural]:
            del flat[name]
        if embedded := flat.get(EMBEDDED[plural]):
            flat[EMBEDDED[plural]] = {name: embedded[name] for name in embedded if name not in ("key", "dataset")}
        for name in KEYS[plural].keys() - {"dispute"}:
            del flat[name]
        assert in_utc(flat) | {"disputed": dispute["status"] != "undisputed"} == in_utc(before[record["id"]])


@pytest.mark.parametrize("plural", RECORDS)
def test_a_dispute_is_what_the_citations_come_to(service_url: str, plural: str) -> None:
    statuses: set[str] = set()
    for record in list_records(service_url, f"/v2/{plural}?limit=200"):
        citations = record["citations"]["data"]
        against = {citation["stance"] for citation in citations} & {"denies", "disputes", "retracts"}
        has_several_blames = (
            len({citation["blames_id"] for citation in citations if citation["stance"] == "blames"}) > 1
        )
        status = "disputed" if against else "blame_disputed" if has_several_blames else "undisputed"
        assert record["dispute"] == {
            "status": status,
            "stances": sorted(against | ({"blames"} if has_several_blames else set())),
        }
        statuses.add(status)
    assert statuses >= {"undisputed"} | ({"blame_disputed"} if plural == "events" else set())


def test_filters_and_orders_keep_their_names() -> None:
    for name in V1.resources:
        new_filters = {"figure": {("unit_code", "in")}}.get(
            name, {("subjects", "subject")} & V2.conditions[name].keys()
        )
        assert V2.conditions[name].keys() == V1.conditions[name].keys() | new_filters
        assert V2[name].sortable == V1[name].sortable
