"""Texts are stored in NFC, whatever their form in a file. A record keeps its id."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from unicodedata import is_normalized, normalize

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import LoadError
from api.ingest import record_reader
from api.ingest.identity import public_id
from api.ingest.load import LoadOptions, load
from api.ingest.nfc import in_nfc
from api.ingest.record_reader import read
from api.store.migrate import migrate

TOWN = "Bogotá"
DECOMPOSED = normalize("NFD", TOWN)
# Neither form: the first letter is decomposed, the other one is not.
MIXED = "e\u0301 Bogot\u00e1"
ANGSTROM, ANGSTROM_NFC = "\u212bngstr\u00f6m", "Ångström"


def place(key: str, **fields: Any) -> dict[str, Any]:
    return {"resource": "place", "dataset": "t", "key": key, "name": key, **fields}


def event(key: str, **fields: Any) -> dict[str, Any]:
    kind = {"kind": "other", "title": key, "status": "occurred", "time_precision": "unknown"}
    return {"resource": "event", "dataset": "t", "key": key, **kind, **fields}


class Store:
    """A store, and a folder for the files that are loaded into it."""

    def __init__(self, url: str, folder: Path, connection: asyncpg.Connection[Any]) -> None:
        self.url = url
        self.folder = folder
        self.connection = connection

    async def load(self, *records: dict[str, Any], complete: bool = False) -> dict[str, dict[str, int]]:
        """Load records, and return the counts of what was done, by resource."""
        file = self.folder / "records.ndjson"
        file.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
        summary = await load([str(file)], self.url, options=LoadOptions(complete=complete, yes=True))
        return {name: {action: n for action, n in counts.items() if n} for name, counts in summary.counts.items()}

    async def load_as_before(self, monkeypatch: pytest.MonkeyPatch, *records: dict[str, Any]) -> None:
        """Load records as earlier releases did, which kept each text as it was written."""
        with monkeypatch.context() as before:
            before.setattr(record_reader, "in_nfc", lambda value: value)
            await self.load(*records)

    async def ids(self, table: str) -> set[str]:
        return {
            row["id"] for row in await self.connection.fetch(f"select id from store.{table} where withdrawn is null")
        }


@pytest.fixture
async def store(database: str, tmp_path: Path) -> AsyncIterator[Store]:
    await migrate(database)
    connection = await asyncpg.connect(database)
    yield Store(database, tmp_path, connection)
    await connection.close()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
VALUES = st.recursive(
    TEXTS | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=8
)


@given(VALUES)
def test_every_text_of_a_value_comes_out_in_nfc(value: Any) -> None:
    nfc_value = in_nfc(value)
    assert all(is_normalized("NFC", text) for text in texts(nfc_value))
    assert in_nfc(nfc_value) == nfc_value


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in [*value, *(value.values() if isinstance(value, dict) else ())]:
            yield from texts(part)


def test_a_record_is_the_same_in_either_form() -> None:
    line = event("Elección en Bogotá", place=TOWN, tags=["elección"], identifiers=[{"scheme": "glide", "value": "é1"}])
    other = {name: _decomposed(value) for name, value in line.items()}
    assert other != line
    assert (read(other).id, read(other).body) == (read(line).id, read(line).body)


def _decomposed(value: Any) -> Any:
    return json.loads(normalize("NFD", json.dumps(value, ensure_ascii=False)))


@pytest.mark.parametrize("complete", [False, True])
async def test_keys_that_are_equal_in_nfc_are_one_record(store: Store, complete: bool) -> None:
    with pytest.raises(LoadError) as exc_info:
        await store.load(place(TOWN), place(DECOMPOSED), complete=complete)
    assert "stands in the file already, at line 1" in exc_info.value.faults[0]
    assert await store.load(place(TOWN), event("e", place=DECOMPOSED)) == {
        "place": {"created": 1},
        "event": {"created": 1},
    }


@pytest.mark.parametrize("key", [DECOMPOSED, MIXED, ANGSTROM, "\u212a"])
@pytest.mark.parametrize("dataset", ["t", "données", normalize("NFD", "données")])
async def test_a_record_keeps_the_id_that_was_made_from_its_raw_key(
    store: Store, monkeypatch: pytest.MonkeyPatch, key: str, dataset: str
) -> None:
    records = [place(key, dataset=dataset), event(f"in {key}", place=key, dataset=dataset)]
    await store.load_as_before(monkeypatch, *records)
    assert await store.ids("place") == {public_id(dataset, "place", key)}
    before = await store.ids("event")
    counts = await store.load(*records, complete=True)
    assert all(not {"created", "withdrawn"} & actions.keys() for actions in counts.values()), counts
    assert await store.ids("place") == {public_id(dataset, "place", key)}
    assert await store.ids("event") == before
    assert await store.load(*records) == {"place": {"unchanged": 1}, "event": {"unchanged": 1}}


async def test_a_record_keeps_the_id_of_its_decomposed_key_if_that_is_composed_now(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.load_as_before(monkeypatch, place(DECOMPOSED, name=TOWN), event("e", place=DECOMPOSED))
    counts = await store.load(place(TOWN), event("e", place=TOWN), complete=True)
    assert counts == {"place": {"unchanged": 1}, "event": {"unchanged": 1}}


async def test_a_new_record_gets_the_id_of_its_key_in_nfc(store: Store) -> None:
    await store.load(place(DECOMPOSED), place(ANGSTROM), place(MIXED))
    expected = {public_id("t", "place", normalize("NFC", key)) for key in (DECOMPOSED, ANGSTROM, MIXED)}
    assert await store.ids("place") == expected


async def test_the_id_of_a_key_in_nfc_counts_before_that_of_a_form_which_the_file_does_not_have(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.load_as_before(monkeypatch, place(DECOMPOSED), place(TOWN))
    assert await store.load(place(TOWN)) == {"place": {"unchanged": 1}}
    assert await store.load(place(DECOMPOSED)) == {"place": {"updated": 1}}


async def test_links_of_the_whole_file_lead_to_the_id_that_is_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.load_as_before(monkeypatch, place(MIXED))
    await store.load(event("composed", place=normalize("NFC", MIXED)), place(MIXED), event("mixed", place=MIXED))
    links = await store.connection.fetch("select place_id from store.event")
    assert {row["place_id"] for row in links} == {public_id("t", "place", MIXED)}


async def test_a_record_can_be_withdrawn_by_either_form_of_its_key(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.load_as_before(monkeypatch, place(DECOMPOSED))
    withdrawal = {"resource": "place", "dataset": "t", "key": TOWN, "withdrawn": {"reason": "wrong"}}
    assert await store.load(withdrawal) == {"place": {"withdrawn": 1}}
    assert await store.ids("place") == set()


MAPPING = """
dataset = "towns"
container = ["csv", "json", "ndjson"]
[[record]]
resource = "place"
once = true
key = "{Población}"
name = "{Población}"
country = "{País|map:countries}"
[[record]]
resource = "event"
key = "{n}"
kind = "other"
title = "{Población|short:6}"
status = "occurred"
time_precision = "unknown"
place = "{Población}"
[maps.countries]
"Perú" = "PE"
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    file = tmp_path / "towns.toml"
    file.write_text(MAPPING, encoding="utf-8")
    return file


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("suffix", ["csv", "json", "ndjson"])
async def test_a_mapping_reads_rows_of_either_form(store: Store, mapping: Path, form: Any, suffix: str) -> None:
    rows = [{"Población": TOWN, "País": "Perú", "n": n} for n in (1, 2)]
    rows[1]["Población"] = DECOMPOSED
    texts = {
        "csv": "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]),
        "json": json.dumps(rows, ensure_ascii=False),
        "ndjson": "\n".join(json.dumps(row, ensure_ascii=False) for row in rows),
    }
    file = store.folder / f"rows.{suffix}"
    file.write_text(normalize(form, texts[suffix]), encoding="utf-8")
    mapping.write_text(normalize("NFD" if form == "NFC" else "NFC", MAPPING), encoding="utf-8")
    summary = await load([str(file)], store.url, options=LoadOptions(format=str(mapping)))
    assert {name: counts["created"] for name, counts in summary.counts.items()} == {"place": 1, "event": 2}
    assert await store.connection.fetchval("select count(distinct place_id) from store.event") == 1
    assert await store.connection.fetchval("select distinct title from store.event") == TOWN


async def test_rows_keep_the_ids_that_a_mapping_made_of_their_raw_texts(
    store: Store, mapping: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = store.folder / "rows.csv"
    file.write_text(f"Población,País,n\n{MIXED * 40},Perú,{DECOMPOSED}\n", encoding="utf-8")
    with monkeypatch.context() as before:
        before.setattr(record_reader, "in_nfc", lambda value: value)
        before.setattr("api.ingest.mapped_file.in_nfc", lambda value: value)
        await load([str(file)], store.url, options=LoadOptions(format=str(mapping)))
    ids = await store.ids("place") | await store.ids("event")
    summary = await load([str(file)], store.url, options=LoadOptions(format=str(mapping), complete=True, yes=True))
    assert [counts["created"] for counts in summary.counts.values()] == [0, 0]
    assert await store.ids("place") | await store.ids("event") == ids


@pytest.mark.parametrize("suffix", ["json", "ndjson"])
async def test_a_name_that_stands_twice_in_two_forms_is_refused(store: Store, mapping: Path, suffix: str) -> None:
    row = json.dumps({"Población": TOWN, "n": 1, normalize("NFD", "Población"): "Cali"}, ensure_ascii=False)
    file = store.folder / f"rows.{suffix}"
    file.write_text(f"[{row}]" if suffix == "json" else row, encoding="utf-8")
    with pytest.raises(LoadError) as exc_info:
        await load([str(file)], store.url, options=LoadOptions(format=str(mapping)))
    assert "twice" in str(exc_info.value.faults)
