"""Withdrawals that a file does not name: records missing from a complete file, and dependants of withdrawn records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from io import StringIO
from typing import Any

import asyncpg
import pytest

from api.errors import LoadError
from api.ingest.load import LoadOptions, load
from api.ingest.report import SilentReport

Put = Callable[[str, Any], str]
Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
WHOLE = LoadOptions(complete=True)


def sources(*numbers: int, dataset: str = "d") -> list[dict[str, Any]]:
    return [
        {"resource": "source", "dataset": dataset, "key": str(number), "name": f"Source {number}", "kind": "other"}
        for number in numbers
    ]


async def test_a_complete_edition_that_withdraws_more_than_a_tenth_needs_a_yes(
    store: str, rows: Rows, put: Put
) -> None:
    await load([put("a.ndjson", sources(*range(20)) + sources(*range(5), dataset="other"))], store)
    fewer = put("b.ndjson", sources(*range(17)))
    with pytest.raises(LoadError) as exc_info:
        await load([fewer], store, options=WHOLE)
    assert exc_info.value.message == (
        f"{fewer} withdraws 3 of the 20 records of the dataset d, because it does not contain them."
    )
    assert "--yes" in exc_info.value.hint
    assert not await rows("select * from store.withdrawal")
    summary = await load([fewer], store, options=LoadOptions(complete=True, yes=True))
    assert summary.counts["source"]["withdrawn"] == 3


async def test_a_tenth_is_withdrawn_without_a_question(store: str, put: Put) -> None:
    await load([put("a.ndjson", sources(*range(20)))], store)
    summary = await load([put("b.ndjson", sources(*range(18)))], store, options=WHOLE)
    assert summary.counts["source"]["withdrawn"] == 2


async def test_a_dry_run_says_that_confirmation_is_needed(store: str, put: Put) -> None:
    await load([put("a.ndjson", sources(*range(4)))], store)
    summary = await load([put("b.ndjson", sources(0))], store, options=LoadOptions(complete=True, check=True))
    assert summary.notes[0].endswith("This withdraws 3 of the 4 records of the dataset d: a load asks, or takes --yes.")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class Paused(SilentReport):
    def __init__(self) -> None:
        self.pauses = 0

    def paused(self) -> AbstractContextManager[None]:
        self.pauses += 1
        return nullcontext()


@pytest.mark.parametrize(("answer", "withdrawn"), [("y\n", 3), ("yes\n", 3), ("\n", 0), ("no\n", 0), ("", 0)])
async def test_at_a_terminal_the_operator_is_asked(
    store: str, put: Put, monkeypatch: pytest.MonkeyPatch, answer: str, withdrawn: int
) -> None:
    await load([put("a.ndjson", sources(*range(4)))], store)
    report, terminal = Paused(), Terminal()
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr("sys.stderr", terminal)
    fewer = put("b.ndjson", sources(0))
    with nullcontext() if withdrawn else pytest.raises(LoadError, match="was not loaded"):
        summary = await load([fewer], store, report, options=WHOLE)
        assert summary.counts["source"]["withdrawn"] == withdrawn
    assert "withdraws 3 of the 4 records of the dataset d" in terminal.getvalue()
    assert report.pauses == 1


def withdrawal(resource: str, key: str) -> dict[str, Any]:
    return {"resource": resource, "dataset": "small", "key": key, "withdrawn": {"reason": "It never happened."}}


async def test_figures_and_quotes_of_a_withdrawn_event_are_reported(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any]
) -> None:
    await load([put("a.json", briefing)], store)
    path = put("b.ndjson", [withdrawal("event", "shelling")])
    summary = await load([path], store)
    (note,) = summary.notes
    assert note.endswith("2 records of withdrawn events stand as before. With --cascade they are withdrawn, too.")
    standing = "select id from store.{} where withdrawn is null"
    assert len(await rows(" union all ".join(standing.format(name) for name in ("figure", "quote")))) == 3
    assert not (await load([path], store)).notes


@pytest.mark.parametrize("before", [False, True])
async def test_with_cascade_they_are_withdrawn_with_the_same_reason(
    store: str, rows: Rows, put: Put, briefing: dict[str, Any], before: bool
) -> None:
    await load([put("a.json", briefing)], store)
    path = put("b.ndjson", [withdrawal("event", "shelling")])
    if before:
        await load([path], store)
    summary = await load([path], store, options=LoadOptions(cascade=True))
    assert {name: counts["withdrawn"] for name, counts in summary.counts.items()} == {
        "event": 0 if before else 1,
        "figure": 1,
        "quote": 1,
    }
    assert not summary.notes
    reasons = await rows("select resource, reason from store.withdrawal order by resource")
    assert [tuple(row) for row in reasons] == [
        (resource, "It never happened.") for resource in ("event", "figure", "quote")
    ]


async def test_a_withdrawn_briefing_takes_with_it_all_that_belongs_to_it(
    store: str, put: Put, briefing: dict[str, Any]
) -> None:
    await load([put("a.json", briefing)], store)
    other = {"resource": "figure", "dataset": "other", "key": "f", "measure": "killed", "unit": "persons", "value": 1}
    (event,) = await _ids(store, "event", "Shelling of the town")
    await load([put("c.ndjson", [other | {"event": event}])], store)
    summary = await load([put("b.ndjson", [withdrawal("briefing", "one")])], store, options=LoadOptions(cascade=True))
    assert {name: counts["withdrawn"] for name, counts in summary.counts.items()} == {
        "briefing": 1,
        "event": 2,
        "figure": 3,
        "quote": 1,
    }


async def test_records_of_the_file_itself_are_not_withdrawn_by_a_cascade(
    store: str, put: Put, briefing: dict[str, Any]
) -> None:
    await load([put("a.json", briefing)], store)
    figure = {"resource": "figure", "dataset": "small", "key": "killed", "event": "shelling", "measure": "killed"}
    lines = [withdrawal("event", "shelling"), {**figure, "unit": "persons", "value": 365}]
    path = put("b.ndjson", lines)
    summary = await load([path], store, options=LoadOptions(cascade=True))
    assert (summary.counts["figure"]["withdrawn"], summary.counts["quote"]["withdrawn"]) == (0, 1)
    assert "1 records of withdrawn events stand as before." in summary.notes[0]


async def _ids(url: str, resource: str, title: str) -> list[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(f"select id from store.{resource} where withdrawn is null and title = $1", title)
    await connection.close()
    return [row["id"] for row in rows]
