"""Newer and complete files of a data set, checks, and rows that are set aside."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.errors import LoadError
from api.ingest.load import LoadOptions, load
from tests.ingest.outcomes import action_counts
from tests.ingest.rows_of_formats import UCDP, table

Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
Put = Callable[[str, Any], str]


async def test_a_newer_edition_revises_and_one_that_is_complete_withdraws(store: str, rows: Rows, put: Put) -> None:
    other = UCDP | {"id": "7002"}
    options, whole = LoadOptions("ucdp-ged"), LoadOptions("ucdp-ged", complete=True, yes=True)
    await load([put("1.csv", table(UCDP, other))], store, options=options)
    assert set(action_counts(await load([put("1.csv", table(UCDP, other))], store, options=whole))) == {"unchanged"}
    newer = put("2.csv", table(UCDP | {"best": "13"}))
    assert action_counts(await load([newer], store, options=options))["updated"] == 1
    summary = await load([newer], store, options=whole)
    assert {name: counts["withdrawn"] for name, counts in summary.counts.items() if counts["withdrawn"]} == {
        "event": 1,
        "figure": 5,
        "source": 1,
        "document": 2,
    }
    assert {row["reason"] for row in await rows("select reason from store.withdrawal")} == {
        "It is no longer in the dataset ucdp-ged."
    }
    assert set(action_counts(await load([newer], store, options=whole))) == {"unchanged"}
    again = await load([put("3.csv", table(UCDP | {"best": "13"}, other))], store, options=whole)
    assert action_counts(again) == {"restored": 9, "unchanged": action_counts(again)["unchanged"]}
    assert not await rows("select * from store.withdrawal")


async def test_another_dataset_is_not_touched_by_a_complete_one(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    await load([put("a.json", briefing)], store)
    await load([put("1.csv", table(UCDP))], store, options=LoadOptions("ucdp-ged", complete=True, yes=True))
    assert not await rows("select * from store.withdrawal")
    quote = briefing["quotes"].pop()
    assert quote
    assert (
        action_counts(await load([put("a.json", briefing)], store, options=LoadOptions(complete=True, yes=True)))[
            "withdrawn"
        ]
        == 1
    )


async def test_a_dry_run_reports_the_changes_and_writes_nothing(store: str, rows: Rows, put: Put) -> None:
    summary = await load([put("1.csv", table(UCDP))], store, options=LoadOptions("ucdp-ged", check=True))
    assert summary.counts["event"]["created"] == 1
    assert not await rows("select * from store.change")
    assert not await rows("select * from v1.event")


async def test_bad_rows_are_set_aside_and_the_rest_is_loaded(store: str, rows: Rows, put: Put, tmp_path: Path) -> None:
    path = put("1.csv", table(UCDP | {"best": "1,200"}, UCDP | {"id": "7002"}, UCDP | {"id": "7002"}))
    with pytest.raises(LoadError):
        await load([path], store, options=LoadOptions("ucdp-ged"))
    aside = tmp_path / "bad.ndjson"
    summary = await load([path], store, options=LoadOptions("ucdp-ged", skip_bad=str(aside)))
    assert summary.counts["event"]["created"] == 1
    assert any("2 rows set aside" in note for note in summary.notes)
    first, second = [json.loads(line) for line in aside.read_text().splitlines()]
    assert (first["line"], first["row"]["id"], second["line"]) == (2, "7001", 4)
    assert 'column best: expected a number such as 1234.5, got "1,200"' in first["reason"]


@pytest.mark.parametrize(
    ("files", "options"),
    [
        (1, LoadOptions("ucdp-ged", complete=True, yes=True, skip_bad="unused")),
        (2, LoadOptions("ucdp-ged", complete=True, yes=True)),
    ],
)
async def test_part_of_a_dataset_is_not_accepted_as_complete(
    store: str, put: Put, files: int, options: LoadOptions
) -> None:
    paths = [put(f"{number}.csv", table(UCDP)) for number in range(files)]
    with pytest.raises(LoadError, match="complete"):
        await load(paths, store, options=options)


async def test_a_folder_is_read_through_a_mapping(store: str, put: Put, tmp_path: Path) -> None:
    put("1.csv", table(UCDP))
    put("2.csv", table(UCDP | {"id": "7002"}))
    assert (await load([str(tmp_path)], store, options=LoadOptions("ucdp-ged"))).counts["event"]["created"] == 2


async def test_rows_are_set_aside_only_through_a_mapping(store: str, put: Put, briefing: dict[str, Any]) -> None:
    with pytest.raises(LoadError, match="that a mapping reads"):
        await load([put("a.json", briefing)], store, options=LoadOptions(skip_bad="x"))
