"""Properties of the differences between any two states of a list, over HTTP and a store with random editions.

Records are added, changed, withdrawn and restored, their links are moved, and places change their country, so that
records enter and leave filters with and without a change of their own.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.catalog import VERSIONS
from api.ingest.identity import public_id
from tests.rest.conftest import opened
from tests.rest.histories import HELD, History, look, write
from tests.walking import bounded_walk

VERSION = next(version for version in VERSIONS.values() if version.history)
EDITIONS = 8
COUNTS = {"source": 4, "place": 6, "event": 12, "figure": 14, "quote": 6}
COUNTRIES = ("BY", "PL", "UA")
SOURCED = f"source_id={public_id('d', 'source', 'source1')}"
FILTERS = {
    "sources": ("", "kind=outlet", "q=amended", "country=PL"),
    "places": ("", "country=PL", "q=amended", "bbox=20,50,30,55", "events.kind=shelling"),
    "events": (
        *("", "kind=negotiation", "country=PL", "tag=a", "tag=a&country=BY", "q=amended", "disputed=true"),
        *("citations.stance=denies", SOURCED, "figures.measure=killed&figures.value_gte=50"),
        *("place_id_null=true", "participants.role=mediator"),
    ),
    "figures": (
        *("", "measure=killed&value_gte=50", "country=PL", "event.status=occurred"),
        "event.country=UA&status=claimed",
    ),
    "quotes": ("", "speaker.country=BY", "q=amended", "event.country=PL"),
}
LISTS = [(path, filters) for path, choices in FILTERS.items() for filters in choices]
# What is different in each revision, and what is never.
NOT_COMPARED = ("id", "revision", "created_at", "updated_at")
EACH = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
Content = dict[str, Any]
Change = dict[str, Any]


class Author:
    """An author of random records. Each has a key by which others link to it."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.records: dict[tuple[str, str], dict[str, Any]] = {}

    def edition(self) -> list[dict[str, Any]]:
        """Return the records of a load: all of them the first time, then some that changed, were withdrawn or restored,
        and some that stay as they are."""
        is_first = not self.records
        loaded = []
        for resource, count in COUNTS.items():
            for number in range(count):
                name = resource, f"{resource}{number}"
                event = self.records.get(name, {}).get("event")
                # A record cannot stay where what it belongs to is withdrawn.
                must_change = event is not None and ("event", event) not in self.records
                if is_first or must_change or self._random.random() < 0.35:
                    loaded += self._load(*name)
        return loaded

    def _load(self, resource: str, key: str) -> list[dict[str, Any]]:
        heading = HELD | {"resource": resource, "key": key}
        if resource not in ("source", "place") and self._random.random() < 0.2:
            # A record that was not loaded yet, or is withdrawn, comes later.
            known = self.records.pop((resource, key), None)
            return [heading | {"withdrawn": {"reason": "Reported twice."}}] if known else []
        self.records[resource, key] = heading | getattr(self, f"_{resource}")()
        return [self.records[resource, key]]

    def _pick(self, *choices: Any) -> Any:
        return self._random.choice(choices)

    def _link(self, resource: str) -> str:
        known = sorted(key for name, key in self.records if name == resource)
        return known[self._random.randrange(len(known))]

    def _text(self) -> Any:
        return self._pick("Words", "Words, amended", "=words", "Other words")

    def _source(self) -> Content:
        return {"name": self._text(), "kind": self._pick("outlet", "person"), "country": self._pick(*COUNTRIES)}

    def _place(self) -> Content:
        latitude, longitude = self._pick((52.4, 31), (51.5, 23.7), (50.45, 30.52))
        position = {"latitude": latitude, "longitude": longitude, "geo_precision": "exact"}
        return {"name": self._text(), "country": self._pick(*COUNTRIES), **position}

    def _citations(self) -> list[Content]:
        stances = self._pick((), ("asserts",), ("asserts", "denies"))
        return [{"source": f"source{number}", "stance": stance} for number, stance in enumerate(stances)]

    def _event(self) -> Content:
        event = {
            **{"kind": self._pick("negotiation", "shelling"), "title": self._text()},
            **{"status": self._pick("occurred", "failed"), "time_precision": "unknown"},
            **{"tags": self._pick([], ["a"], ["a", "b"]), "citations": self._citations()},
        }
        if self._random.random() < 0.8:
            event["place"] = self._link("place")
        if self._random.random() < 0.5:
            event["participants"] = [{"name": self._text(), "source": self._link("source"), "role": "mediator"}]
        return event

    def _figure(self) -> Content:
        figure = {
            **{
                "measure": self._pick("killed", "injured"),
                "value": self._pick(1, 49, 50, 364),
                "quantifier": "exact",
            },
            **{"status": self._pick("claimed", "confirmed"), "unit": "persons", "event": self._link("event")},
            **{"citations": self._citations()},
        }
        if self._random.random() < 0.5:
            figure["place"] = self._link("place")
        return figure

    def _quote(self) -> Content:
        quote = {
            **{"text": self._text(), "quote_type": "direct"},
            "citations": [{"source": self._link("source"), "stance": "asserts"}],
            **{"speaker": self._link("source"), "event": self._link("event")},
        }
        if self._random.random() < 0.5:
            quote |= {"text_original": self._pick("Словы", "Слова"), "language_original": self._pick("be", "ru")}
        return quote


@pytest.fixture(scope="module")
async def history(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[History]:
    url = await new_store()
    folder: Path = tmp_path_factory.mktemp("random")
    author = Author(19)
    for _ in range(EDITIONS):
        await write(folder, url, *author.edition())
    with opened(url, *await look(url)) as opened_history:
        assert len(opened_history.numbers) == EDITIONS
        yield opened_history


class Lists:
    """The states of lists and their differences, each requested once."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._answers: dict[str, list[Any]] = {}

    def state(self, path: str, filters: str, edition: int) -> dict[str, Content]:
        """Return the records of a list, by id."""
        records = self._pages(f"/{path}?{filters}&known_at=e{self._history.numbers[edition]}")
        return {record["id"]: record for record in records}

    def diff(self, path: str, filters: str, earlier: int, later: int, limit: int = 200) -> dict[str, Change]:
        """Return the differences between two states of a list, by id."""
        changes = self._pages(self.url(f"{path}/diff", filters, earlier, later), limit)
        by_id = {change["id"]: change for change in changes}
        assert len(by_id) == len(changes)
        return by_id

    def url(self, path: str, filters: str, earlier: int, later: int) -> str:
        numbers = self._history.numbers
        return f"/{path}?{filters}&from=e{numbers[earlier]}&to=e{numbers[later]}"

    def text(self, url: str) -> str:
        answer = self._history.get(url)
        assert answer.status_code == 200, answer.text
        return answer.text

    def _pages(self, url: str, limit: int = 200) -> list[Any]:
        url = f"{url}&limit={limit}"
        if url in self._answers:
            return self._answers[url]
        rows: list[Any] = []
        cursor = ""
        for _ in bounded_walk():
            answer = json.loads(self.text(f"{url}{cursor}"))
            rows += answer["data"]
            if answer["page"]["next_cursor"] is None:
                break
            cursor = f"&cursor={answer['page']['next_cursor']}"
        self._answers[url] = rows
        return rows


@pytest.fixture(scope="module")
def lists(history: History) -> Lists:
    return Lists(history)


def content(name: str, record: Content) -> Content:
    """Return what is compared of a record, by path: its own fields, the ids of its links, and its children."""
    resource = VERSION[name]
    values: Content = {}
    for key, value in record.items():
        field, link = resource.fields.get(key), resource.links.get(key)
        if key in NOT_COMPARED or (link and not link.owned) or (field and field.effective):
            continue
        if link:
            assert value["has_more"] is False
            child = VERSION[link.target]
            values[key] = [
                {name: part for name, part in row.items() if name not in child.links} for row in value["data"]
            ]
        elif key in resource.groups:
            values |= {f"{key}.{part}": inner for part, inner in value.items()}
        else:
            values[key] = value
    return {path: value for path, value in values.items() if value is not None}


def apply(before: dict[str, Content], changes: dict[str, Change]) -> dict[str, Content]:
    """Return a list after these differences."""
    after = dict(before)
    for identifier, change in changes.items():
        fields = change["fields"]
        if change["change"] in ("added", "entered"):
            assert identifier not in before
            after[identifier] = {}
        else:
            # Each field had the value that the difference says.
            assert {path: before[identifier].get(path) for path in fields} == {
                path: values["from"] for path, values in fields.items()
            }
        if change["change"] in ("removed", "left"):
            del after[identifier]
            continue
        fields_after = {path: values["to"] for path, values in fields.items()}
        merged = {**after[identifier], **fields_after}
        after[identifier] = {path: value for path, value in merged.items() if value is not None}
    return after


def editions(count: int) -> st.SearchStrategy[list[int]]:
    """Return the indexes of editions, in order."""
    return st.lists(st.integers(0, EDITIONS - 1), min_size=count, max_size=count).map(sorted)


@EACH
@given(st.sampled_from(LISTS), editions(3))
def test_a_list_with_its_differences_is_the_later_list(
    lists: Lists, listed: tuple[str, str], between: list[int]
) -> None:
    path, filters = listed
    earlier, _, later = between
    name = path.removesuffix("s")
    before, after = (
        {identifier: content(name, record) for identifier, record in lists.state(path, filters, edition).items()}
        for edition in (earlier, later)
    )
    changes = lists.diff(path, filters, earlier, later)
    assert apply(before, changes) == after
    # No difference is one that is none.
    everything = {edition: lists.state(path, "", edition) for edition in (earlier, later)}
    for identifier, change in changes.items():
        was, became = everything[earlier].get(identifier), everything[later].get(identifier)
        assert change["from_revision"] == (was and was["revision"])
        assert change["to_revision"] == (became and became["revision"])
        kinds = {
            "added": was is None and identifier in after,
            "removed": identifier in before and became is None,
            "entered": was is not None and identifier not in before and identifier in after,
            "left": identifier in before and became is not None and identifier not in after,
            "changed": identifier in before and identifier in after and before[identifier] != after[identifier],
        }
        assert [kind for kind, holds in kinds.items() if holds] == [change["change"]]


@EACH
@given(st.sampled_from(LISTS), editions(3))
def test_two_differences_in_a_row_make_the_one_of_both(
    lists: Lists, listed: tuple[str, str], between: list[int]
) -> None:
    earlier, middle, later = between
    first, second, joined = (
        lists.diff(*listed, *ends) for ends in ((earlier, middle), (middle, later), (earlier, later))
    )
    assert join(first, second) == {identifier: effect(change) for identifier, change in joined.items()}


def effect(change: Change) -> tuple[str, Content]:
    """Return what a difference does to the list: the values that records get, and of those that stay also the earlier
    ones."""
    fields = change["fields"]
    if change["change"] in ("removed", "left"):
        return "out", {}
    if change["change"] in ("added", "entered"):
        return "in", {path: values["to"] for path, values in fields.items() if values["to"] is not None}
    return "changed", {path: (values["from"], values["to"]) for path, values in fields.items()}


def join(first: dict[str, Change], second: dict[str, Change]) -> dict[str, tuple[str, Content]]:
    """Return the effects of two differences, one after the other."""
    joined: dict[str, tuple[str, Content]] = {}
    for identifier in {*first, *second}:
        first_change, second_change = first.get(identifier), second.get(identifier)
        # A record that only one of the two has was, in the other, where it is at the end that they share.
        was_listed = (first_change or second_change or {})["change"] not in ("added", "entered")
        is_listed_now = (second_change or first_change or {})["change"] not in ("removed", "left")
        earlier, later = (change["fields"] if change else {} for change in (first_change, second_change))
        values = {}
        for path in {*earlier, *later}:
            begun = earlier.get(path) or later[path]
            ended = later.get(path) or earlier[path]
            values[path] = (begun["from"], ended["to"])
        if was_listed and is_listed_now:
            differing = {path: (was, became) for path, (was, became) in values.items() if was != became}
            if differing:
                joined[identifier] = ("changed", differing)
        elif was_listed:
            joined[identifier] = ("out", {})
        elif is_listed_now:
            joined[identifier] = ("in", {path: became for path, (_, became) in values.items() if became is not None})
    return joined


@pytest.mark.parametrize("path", FILTERS)
def test_a_state_does_not_differ_from_itself(lists: Lists, path: str) -> None:
    for filters in FILTERS[path]:
        for edition in range(EDITIONS):
            assert lists.diff(path, filters, edition, edition) == {}


@EACH
@given(st.sampled_from(LISTS), editions(2), st.integers(1, 7))
def test_pages_of_any_size_and_files_have_the_same_differences_in_order(
    lists: Lists, listed: tuple[str, str], between: list[int], limit: int
) -> None:
    path, filters = listed
    earlier, later = between
    changes = list(lists.diff(path, filters, earlier, later).values())
    assert list(lists.diff(path, filters, earlier, later, limit).values()) == changes
    ndjson = lists.text(lists.url(f"{path}/diff.ndjson", filters, earlier, later))
    assert [json.loads(line) for line in ndjson.splitlines()] == changes
    table = lists.text(lists.url(f"{path}/diff.csv", filters, earlier, later))
    rows = csv.DictReader(io.StringIO(table, newline=""))
    cells = [(row["id"], row["change"], row["field"]) for row in rows]
    assert cells == [(change["id"], change["change"], name) for change in changes for name in change["fields"] or ("",)]


def test_the_random_store_has_all_kinds_of_differences(lists: Lists) -> None:
    """Otherwise the property tests would have nothing to compare."""
    kinds: dict[str, set[tuple[str, bool]]] = {}
    for path, filters in LISTS:
        pairs = [(earlier, later) for later in range(1, EDITIONS) for earlier in {0, later - 1}]
        for earlier, later in pairs:
            for change in lists.diff(path, filters, earlier, later).values():
                is_own = change["from_revision"] != change["to_revision"]
                kinds.setdefault(path, set()).add((change["change"], is_own))
    everything = {(kind, True) for kind in ("added", "changed", "removed", "entered", "left")}
    for path in ("events", "figures", "quotes"):
        assert kinds[path] == {*everything, ("entered", False), ("left", False)}, path
