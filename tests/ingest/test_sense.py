"""Contradictions are refused in new and changed records, and kept in those that a store or its snapshot has."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.errors import LoadError
from api.ingest import record_reader
from api.ingest.load import PLAIN, LoadOptions, load
from api.ingest.rule import OF_PERSONS
from api.ingest.snapshot_files import is_vouched
from api.model.vocabularies import Measure
from api.snapshot.progress import SnapshotProgress
from api.snapshot.take import export
from api.store.cycles import in_circles

Put = Callable[[str, Any], str]
Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
Database = Callable[[], Awaitable[str]]

BOUNDS = {"bounds_basis": "stated"}
FIGURE = {"resource": "figure", "dataset": "d", "measure": "killed", "unit": "persons", "value": 10}
BAD: list[tuple[dict[str, Any], str]] = [
    ({"value": 2.5}, "value: expected a whole number that is not negative"),
    ({"value": -1}, "value: expected a whole number that is not negative"),
    ({"value": 2.5, "unit": "people"}, "value: expected a whole number"),
    ({"value": 2.5, "unit": "Persons"}, "value: expected a whole number"),
    ({"value": -3, "unit": "deaths"}, "value: expected a number that is not negative"),
    ({"value": -2.5, "unit": "households", "measure": "displaced"}, "value: expected a number that is not negative"),
    ({"value_low": -3, **BOUNDS}, "value_low: expected a whole number"),
    ({"value_high": 11.5, **BOUNDS}, "value_high: expected a whole number"),
    ({"value": None, "value_low": 0.5, **BOUNDS}, "value_low: expected a whole number"),
    ({"measure": "share", "unit": "%", "value": 101}, "value: expected a share from 0 to 100"),
    ({"measure": "share", "unit": "%", "value": -0.1}, "value: expected a share from 0 to 100"),
    ({"measure": "share", "unit": "%", "value_high": 120, **BOUNDS}, "value_high: expected a share"),
    ({"quantifier": "at_least", "value_low": 5, **BOUNDS}, "value_low: expected at least the value"),
    ({"quantifier": "more_than", "value_low": 9, **BOUNDS}, "value_low: expected at least the value"),
    ({"quantifier": "at_most", "value_high": 15, **BOUNDS}, "value_high: expected at most the value"),
    ({"quantifier": "less_than", "value_high": 11, **BOUNDS}, "value_high: expected at most the value"),
    ({"value_low": 11, **BOUNDS}, "value: expected a value from value_low to value_high"),
    ({"value_high": 9, **BOUNDS}, "value: expected a value from value_low to value_high"),
    ({"quantifier": "at_least", "value": None, "value_high": 9, **BOUNDS}, "value: expected a value or value_low"),
    ({"quantifier": "at_most", "value": None, "value_low": 9, **BOUNDS}, "value: expected a value or value_high"),
]
GOOD: list[dict[str, Any]] = [
    {"value": 0},
    {"value": 10.0},
    {"value": 2.5, "unit": "kg", "measure": "mass"},
    {"value": 2.5, "unit": "thousand persons"},
    {"value": -5, "unit": "items", "measure": "equipment_lost"},
    {"value": -2.5, "unit": "USD", "measure": "money"},
    {"measure": "share", "unit": "%", "value": 100},
    {"measure": "share", "unit": "%", "value": 250, "value_text": "two and a half times as much"},
    {"quantifier": "at_least", "value_low": 10, "value_high": 20, **BOUNDS},
    {"quantifier": "more_than", "value_low": 10, **BOUNDS},
    {"quantifier": "at_most", "value_high": 10, **BOUNDS},
    {"quantifier": "approximately", "value_low": 5, **BOUNDS},
    {"quantifier": "at_least", "value": None, "value_low": 10, **BOUNDS},
]


async def load_faults(path: str, url: str, options: LoadOptions = PLAIN) -> list[str]:
    with pytest.raises(LoadError) as exc_info:
        await load([path], url, options=options)
    return [fault.removeprefix(f"{path}:") for fault in exc_info.value.faults]


async def test_impossible_figures_are_refused_with_line_and_field(store: str, put: Put) -> None:
    lines = [FIGURE | {"key": f"bad {number}"} | changes for number, (changes, _) in enumerate(BAD)]
    faults = await load_faults(put("a.ndjson", lines), store)
    for number, (changes, detail) in enumerate(BAD, 1):
        assert any(fault.startswith(f'{number}: figure "bad {number - 1}", {detail}') for fault in faults), changes


async def test_plausible_figures_are_loaded(store: str, put: Put) -> None:
    lines = [FIGURE | {"key": f"good {number}"} | changes for number, changes in enumerate(GOOD)]
    assert (await load([put("a.ndjson", lines)], store)).counts["figure"]["created"] == len(GOOD)


MAPPING = """
dataset = "m"
container = "csv"
[[record]]
resource = "figure"
key = "{id}"
measure = "killed"
unit = "persons"
value = "{dead}"
"""


async def test_rows_of_a_mapping_follow_the_same_rules(store: str, put: Put, tmp_path: Path) -> None:
    path, mapping = put("a.csv", b"id,dead\n1,3\n2,2.5\n3,-1\n"), put("m.toml", MAPPING.encode())
    detail = "expected a whole number that is not negative, as it counts persons (from dead)"
    assert await load_faults(path, store, LoadOptions(mapping)) == [
        f'3: figure "2", value: {detail}',
        f'4: figure "3", value: {detail}',
    ]
    bad = tmp_path / "bad"
    summary = await load([path], store, options=LoadOptions(mapping, skip_bad=str(bad)))
    assert summary.counts["figure"]["created"] == 1
    assert [json.loads(line)["line"] for line in bad.read_text().splitlines()] == [3, 4]


@pytest.fixture
async def older(store: str, put: Put, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of a file that an earlier release loaded into the store: it accepted half a person, and circles."""
    events = [event("a", part_of="b"), event("b", part_of="a")]
    path = put("old.ndjson", [FIGURE | {"key": "half", "value": 2.5}, *events])
    with monkeypatch.context() as earlier:
        earlier.setattr(record_reader, "CHANGES", dict.fromkeys(record_reader.CHANGES, ()))
        earlier.setattr("api.ingest.load.CIRCULAR", ())
        await load([path], store)
    return path


def event(key: str, **relations: str) -> dict[str, Any]:
    return {
        "resource": "event",
        "dataset": "d",
        "key": key,
        "kind": "other",
        "title": key,
        "time_precision": "unknown",
        "status": "occurred",
        "related": [{"relation": relation, "event": other} for relation, other in relations.items()],
    }


async def test_stored_records_that_break_a_newer_rule_load_again_unchanged(store: str, older: str) -> None:
    summary = await load([older], store)
    assert {name: dict(counts)["unchanged"] for name, counts in summary.counts.items()} == {"figure": 1, "event": 2}


async def test_a_changed_record_has_to_pass_the_rules(store: str, put: Put, older: str) -> None:
    new_figure = FIGURE | {"key": "half", "value": 2.5, "status": "confirmed"}
    (fault,) = await load_faults(put("b.ndjson", [new_figure]), store)
    assert "expected a whole number" in fault
    (fault,) = await load_faults(put("c.ndjson", [event("a", part_of="b") | {"title": "Another"}]), store)
    assert fault == '1: event "a", related[0].event: expected no circle: through others, the event is part_of itself'


async def test_a_snapshot_of_an_older_store_loads_into_an_empty_one(
    store: str, older: str, tmp_path: Path, new_store: Database
) -> None:
    folder = tmp_path / "snapshot"
    await asyncio.to_thread(export, store, folder, SnapshotProgress())
    records = folder / "records.ndjson"
    assert is_vouched(str(records))
    url = await new_store()
    summary = await load([str(folder)], url)
    assert {name: counts["created"] for name, counts in summary.counts.items()} == {"figure": 1, "event": 2}


async def test_a_file_that_differs_from_its_manifest_is_no_snapshot(
    store: str, older: str, tmp_path: Path, new_store: Database
) -> None:
    folder = tmp_path / "snapshot"
    await asyncio.to_thread(export, store, folder, SnapshotProgress())
    records = folder / "records.ndjson"
    records.write_text(re.sub(r"2\.5", "3.5", records.read_text()))
    assert not is_vouched(str(records))
    url = await new_store()
    with pytest.raises(LoadError, match="1 fault"):
        await load([str(folder)], url)


@pytest.mark.parametrize("manifest", [None, b"{", b"[]", b'{"format": "other", "files": []}', b'{"files": 5}'])
def test_a_file_without_a_manifest_that_names_it_is_no_snapshot(tmp_path: Path, manifest: bytes | None) -> None:
    (tmp_path / "records.ndjson").write_bytes(b"{}\n")
    if manifest is not None:
        (tmp_path / "manifest.json").write_bytes(manifest)
    assert not is_vouched(str(tmp_path / "records.ndjson"))
    assert not is_vouched("-")


@pytest.mark.parametrize("relation", ["part_of", "follows"])
async def test_circles_of_events_are_refused_through_what_the_store_has_as_well(
    store: str, put: Put, relation: str
) -> None:
    chain = [event("a", **{relation: "b"}), event("b", **{relation: "c"}), event("c"), event("d", **{relation: "a"})]
    await load([put("a.ndjson", chain)], store)
    faults = await load_faults(put("b.ndjson", [event("c", **{relation: "a"}), event("e", **{relation: "d"})]), store)
    assert faults == [
        f'1: event "c", related[0].event: expected no circle: through others, the event is {relation} itself'
    ]
    whole = [event("x", **{relation: "y"}), event("y", **{relation: "x"}), event("z", **{relation: "x"})]
    assert len(await load_faults(put("c.ndjson", whole), store)) == 2


async def test_replies_to_replies_are_not_a_circle(store: str, put: Put) -> None:
    events = [event("a", responds_to="b", part_of="c"), event("b", responds_to="a", follows="c"), event("c")]
    assert (await load([put("a.ndjson", events)], store)).counts["event"]["created"] == 3


def test_only_edges_on_circles_are_found_however_long_the_chain() -> None:
    chain = [(str(number), str(number + 1)) for number in range(50_000)]
    assert in_circles(chain) == []
    back = ("49999", "10")
    edges = in_circles([*chain, back, ("50000", "a"), ("a", "b"), ("b", "a"), ("b", "c")])
    assert sorted(edges) == sorted([*chain[10:49_999], back, ("a", "b"), ("b", "a")])


def test_every_measure_that_counts_persons_is_one_of_the_vocabulary() -> None:
    assert set(Measure.terms()) >= OF_PERSONS
