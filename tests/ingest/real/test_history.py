"""Daily counts of losses, loaded as the archive that they are: one edition for each day, compared with its row.

The counts are restated each day, some of them downwards, and columns come and go. Each column is one figure, so the
history of a figure is the history of its column.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.ingest.identity import public_id
from api.ingest.load import LoadOptions, load
from tests.real_data import read_rows
from tests.rest.conftest import run
from tests.walking import bounded_walk

PERSONNEL, EQUIPMENT, CORRECTIONS = (
    f"ukraine-losses/russia_losses_{name}.json" for name in ("personnel", "equipment", "equipment_correction")
)
WORDS = {"about": "approximately", "more": "more_than"}
OTHER = ("date", "day", "greatest losses direction", "personnel*")
DATASET = "losses"
# The days that are loaded: the first ones, those around corrections, and of the others one in so many. Each load is an
# edition, and all 1,626 take minutes.
FIRST_DAYS = 15
SOME, ALL = (8, 1000), (0, 1)
GRAPHQL = '{ figures(first: 50, knownAt: "%s") { edition nodes { key amount { value quantifier } } } }'

pytestmark = pytest.mark.timeout(3600)

Counts = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Archive:
    """A client of a service over the editions, and the row of each in the order of their moments."""

    client: httpx2.Client
    days: dict[datetime, Counts]

    def listed(self, known_at: str) -> Counts:
        """Return the figures that REST lists as they were known."""
        answer = self.client.get(f"/v2/figures?limit=50&known_at={known_at}").raise_for_status()
        return {figure["key"]: counted(figure) for figure in answer.json()["data"]}

    def selected(self, known_at: str) -> Counts:
        """Return the figures that GraphQL lists as they were known."""
        answer = self.client.post("/v2/graphql", json={"query": GRAPHQL % known_at}).json()
        return {figure["key"]: counted(figure) for figure in answer["data"]["figures"]["nodes"]}


def counted(figure: dict[str, Any]) -> tuple[int, str]:
    return figure["amount"]["value"], figure["amount"]["quantifier"].lower()


def rows() -> dict[datetime, Counts]:
    """Return the counts of each day with the words that bind them, by the moment when they were reported."""
    revisions: dict[datetime, Counts] = {}
    for row in (*read_rows(EQUIPMENT), *read_rows(PERSONNEL)):
        counts = revisions.setdefault(moment(row["date"]), {})
        for column in row.keys() - set(OTHER):
            word = WORDS[row["personnel*"]] if column == "personnel" else "exact"
            counts[column.lower().replace(" ", "-")] = (row[column], word)
    return dict(sorted(revisions.items()))


def moment(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T06:00:00+00:00").astimezone(UTC)


def choose(days: dict[datetime, Counts], corrections: int, step: int) -> dict[datetime, Counts]:
    """Return the first days, the days before and of the first corrections, and every `step`-th day."""
    moments = list(days)
    corrected = [moments.index(moment(row["date"])) for row in read_rows(CORRECTIONS)[:corrections]]
    indexes = {*range(FIRST_DAYS), *corrected, *(index - 1 for index in corrected), *range(0, len(moments), step)}
    return {moments[index]: days[moments[index]] for index in sorted(indexes)}


def lines(counts: Counts) -> Iterator[str]:
    """Yield the figures of a day in the load format."""
    common = {"resource": "figure", "dataset": DATASET, "status": "claimed"}
    for key, (value, quantifier) in sorted(counts.items()):
        persons = key in ("personnel", "pow")
        measured = {"measure": "captured" if key == "pow" else "killed_or_injured", "unit": "persons"}
        measured = measured if persons else {"measure": "equipment_lost", "unit": "items"}
        yield json.dumps(common | measured | {"key": key, "value": value, "quantifier": quantifier}) + "\n"


@pytest.fixture(scope="module", params=[SOME, pytest.param(ALL, marks=pytest.mark.full)], ids=["some", "all"])
async def archive(
    request: pytest.FixtureRequest,
    new_store: Callable[[], Awaitable[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    """The editions, in a store of their own."""
    days = choose(rows(), *request.param)
    url = await new_store()
    file: Path = tmp_path_factory.mktemp("archive") / "day.ndjson"
    for known_at, counts in days.items():
        file.write_text("".join(lines(counts)), encoding="utf-8")
        await load([str(file)], url, options=LoadOptions(complete=True, yes=True, known_at=known_at))
    with run(url) as client:
        yield Archive(client, days)


def test_each_day_is_read_as_it_was_reported(archive: Archive) -> None:
    for known_at, counts in archive.days.items():
        assert archive.listed(f"{known_at:%Y-%m-%d}") == counts
        # The last microsecond before is still of the day before.
        assert archive.selected(f"{known_at:%Y-%m-%dT%H:%M:%SZ}") == counts
    for before, after in pairwise(archive.days):
        last = f"{after - timedelta(microseconds=1):%Y-%m-%dT%H:%M:%S.%fZ}"
        assert archive.listed(last) == archive.days[before]


def test_the_last_day_is_the_present(archive: Archive) -> None:
    known_at = list(archive.days)[-1]
    answer = archive.client.get("/v2/figures?limit=50")
    assert {figure["key"]: counted(figure) for figure in answer.json()["data"]} == archive.days[known_at]
    assert archive.listed(f"e{answer.headers['edition']}") == archive.days[known_at]


def test_the_revisions_of_each_figure_are_the_history_of_its_column(archive: Archive) -> None:
    keys = {key for counts in archive.days.values() for key in counts}
    assert len(keys) > 10
    for key in sorted(keys):
        expected: list[tuple[str, tuple[int, str] | None]] = []
        for known_at, counts in archive.days.items():
            if counts.get(key) != (expected[-1][1] if expected else None):
                expected.append((f"{known_at:%Y-%m-%dT%H:%M:%SZ}", counts.get(key)))
        identifier = public_id(DATASET, "figure", key)
        assert list(revisions(archive, f"/v2/figures/{identifier}/revisions?record=full&limit=100")) == expected[::-1]


def revisions(archive: Archive, path: str) -> Iterator[tuple[str, tuple[int, str] | None]]:
    """Yield when each revision of a figure was known first and what it said, newest first. It says nothing if it is a
    withdrawal."""
    cursor = ""
    for _ in bounded_walk():
        page = archive.client.get(f"{path}{cursor}").raise_for_status().json()
        for revision in page["data"]:
            withdrawn = revision["action"] == "withdrawn"
            yield revision["known_from"], None if withdrawn else counted(revision["record"])
        if not page["page"]["has_more"]:
            return
        cursor = f"&cursor={page['page']['next_cursor']}"


def test_counts_were_restated_downwards(archive: Archive) -> None:
    """The data still has what this is about."""
    days = list(archive.days.values())
    fallen = [
        (key, value, after[key][0])
        for before, after in pairwise(days)
        for key, (value, _) in before.items()
        if key in after and after[key][0] < value
    ]
    assert ("apc", 5181, 5167) in fallen
