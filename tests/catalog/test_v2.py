"""Version 2 says what version 1 says, in objects; what becomes of a dispute is told again from its citations."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from api.catalog import V1, V2
from api.catalog.declaration import field, group, one, revised
from api.catalog.version import version

RECORDS = ("events", "figures", "quotes")
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
        "amount": ["value", "low", "high", "quantifier", "unit", "unit_code", "text"],
        "dispute": ["status", "stances"],
    },
    "quotes": {"original": ["text", "language"], "dispute": ["status", "stances"]},
}
# What version 2 shows beside what version 1 has.
ADDED = {"figures": ["effective_place_id"]}
EMBEDDED = {"events": "place", "figures": "", "quotes": "speaker"}


def listed(served: str, path: str) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = httpx2.get(served + path).raise_for_status().json()["data"]
    return data


@pytest.mark.parametrize("plural", RECORDS)
def test_nothing_is_lost_and_nothing_added_but_what_is_named(served: str, plural: str) -> None:
    include = f"&include={EMBEDDED[plural]}" if EMBEDDED[plural] else ""
    before = {one["id"]: one for one in listed(served, f"/v1/{plural}?limit=200{include}")}
    after = listed(served, f"/v2/{plural}?limit=200")
    assert len(after) == len(before) > 5
    for record in after:
        assert {name: list(record[name]) for name in KEYS[plural]} == KEYS[plural]
        flat = {**record}
        for name, (object_, key) in MOVED[plural].items():
            flat[name] = record[object_][key]
        dispute = flat.pop("dispute")
        for name in ADDED.get(plural, ()):
            del flat[name]
        for name in KEYS[plural].keys() - {"dispute"}:
            del flat[name]
        assert flat | {"disputed": dispute["status"] != "undisputed"} == before[record["id"]]


@pytest.mark.parametrize("plural", RECORDS)
def test_a_dispute_is_what_the_citations_come_to(served: str, plural: str) -> None:
    found: set[str] = set()
    for record in listed(served, f"/v2/{plural}?limit=200"):
        cited = record["citations"]["data"]
        against = {one["stance"] for one in cited} & {"denies", "disputes", "retracts"}
        blamed = len({one["blames_id"] for one in cited if one["stance"] == "blames"}) > 1
        status = "disputed" if against else "blame_disputed" if blamed else "undisputed"
        assert record["dispute"] == {"status": status, "stances": sorted(against | ({"blames"} if blamed else set()))}
        found.add(status)
    assert found >= {"undisputed"} | ({"blame_disputed"} if plural == "events" else set())


def test_filters_and_orders_keep_their_names() -> None:
    for name in V1.resources:
        added = {("unit_code", "in")} if name == "figure" else set()
        assert V2.conditions[name].keys() == V1.conditions[name].keys() | added
        assert V2[name].sortable == V1[name].sortable


def test_a_record_that_would_show_itself_without_end_is_refused() -> None:
    @revised(V1["event"], embedded="briefing")
    class Event:
        """It shows its briefing."""

    @revised(V1["source"], embedded="affiliation")
    class Source:
        """It shows that of which it is a part, and so on."""

    others = [one for one in (*V1.resources.values(), *V1.children.values()) if one.name not in ("event", "source")]
    assert version("v0", [Event, V1["source"], *others])["event"].links["briefing"].embedded
    with pytest.raises(TypeError, match="without end"):
        version("v0", [V1["event"], Source, *others])


@pytest.mark.parametrize(
    ("path", "problem"), [("briefing.publisher", "falls back to a source"), ("citations", "is no link to one")]
)
def test_a_fallback_leads_by_links_to_one_to_the_same_resource(path: str, problem: str) -> None:
    @revised(V1["figure"])
    class Figure:
        """Its place falls back to something else."""

        place = one("place", "The place that it is for.", by="place_id", fallback=path)

    others = [each for each in (*V1.resources.values(), *V1.children.values()) if each.name != "figure"]
    with pytest.raises(TypeError, match=problem):
        version("v0", [Figure, *others])


def test_a_resource_has_one_collated_text_at_most() -> None:
    @revised(V1["source"])
    class Source:
        """It has two of them."""

        role: str | None = field("Its role.", sort=True, collated="role_key")

    collated = V1["source"].collated
    assert collated is not None and collated.name == "name"
    with pytest.raises(TypeError, match="two collated fields, name and role"):
        Source.collated  # noqa: B018 - it is looked up for its error


def test_a_group_of_what_is_not_shown_is_refused() -> None:
    with pytest.raises(TypeError, match="secret"):

        @revised(V1["event"])
        class Event:
            """It groups what is hidden."""

            secret: str = field("It is not shown.", hidden=True)
            told = group("Told", "What is told.", one="secret")

    with pytest.raises(TypeError, match="nothing"):
        revised(V1["event"], without="nothing")
