"""A break of each kind is refused, with what broke and what to do instead. Additions are accepted."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from graphql import build_client_schema, build_schema, introspection_from_schema, print_schema

from api.contracts import contracts
from api.contracts.breaks import breaks, gone
from api.contracts.corrections import read_corrections, without_corrections
from tests.contracts.changes import ADDITIONS, BREAKS

CURRENT = contracts()
REST, ADMIN, LOAD = (json.loads(CURRENT[f"{name}.json"]) for name in ("v1", "admin", "load"))
PLANS = "/admin/plans"


# Without descriptions, so that each declaration is one line.
SDL = print_schema(build_client_schema(introspection_from_schema(build_schema(CURRENT["v1.graphql"]), False)))


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_refused(name: str) -> None:
    change = BREAKS[name]
    messages = reported_breaks("v1.json", REST, change.make)
    assert any(change.message in message for message in messages), messages
    assert all(". Instead, " in message and "new version" in message for message in messages)


@pytest.mark.parametrize("name", ADDITIONS)
def test_an_addition_is_no_break(name: str) -> None:
    assert reported_breaks("v1.json", REST, ADDITIONS[name]) == []


def test_a_break_is_reported_once_at_its_origin() -> None:
    assert len(reported_breaks("v1.json", REST, BREAKS["a field is gone"].make)) == 1


@pytest.mark.parametrize("name", CURRENT)
def test_a_contract_breaks_itself_in_nothing(name: str) -> None:
    assert breaks(name, CURRENT[name], CURRENT[name] + "\n") == []


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda body: body["properties"].pop("name"), "PlanWanted.name: is gone"),
        (lambda body: body["properties"]["name"].update(maxLength=2), "PlanWanted.name: its maxLength was"),
        (lambda body: body["properties"]["name"].update(pattern="^x$"), "PlanWanted.name: its pattern was"),
        (lambda body: body["properties"].update(mood={"type": "string"}) or body["required"].append("mood"),
         "PlanWanted.mood: must now be given"),
        (lambda body: body["properties"]["burst"].update(type="string"), "PlanWanted.burst: its type was"),
    ],
)  # fmt: skip
def test_a_narrower_body_is_refused(make: Callable[[Any], Any], expected: str) -> None:
    def change(document: Any) -> None:
        make(document["components"]["schemas"]["PlanWanted"])

    assert any(expected in message for message in reported_breaks("admin.json", ADMIN, change))


def test_requiring_or_removing_a_body_is_refused() -> None:
    optional = deepcopy(ADMIN)
    optional["paths"][PLANS]["post"]["requestBody"]["required"] = False
    assert any("body: must now be given" in message for message in between("admin.json", optional, ADMIN))
    assert any("body: is gone" in message for message in reported_breaks("admin.json", ADMIN, without_body))
    assert between("admin.json", ADMIN, optional) == []


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda definitions: definitions["Event"]["properties"].pop("title"), "Event.title: is gone"),
        (lambda definitions: definitions["Citation"]["required"].append("via"), "Citation.via: must now be given"),
        (
            lambda definitions: definitions["Event"]["properties"]["title"].update(maxLength=9),
            "Event.title: its maxLength was",
        ),
        (
            lambda definitions: definitions["Event"]["properties"]["summary"].update(anyOf=[{"type": "string"}]),
            "no longer be null",
        ),
    ],
)
def test_a_load_file_that_was_right_stays_right(make: Callable[[Any], Any], expected: str) -> None:
    assert any(
        expected in message for message in reported_breaks("load.json", LOAD, lambda document: make(document["$defs"]))
    )


def test_a_load_file_may_say_more() -> None:
    def change(document: Any) -> None:
        document["$defs"]["Event"]["properties"]["mood"] = {"type": "string"}
        document["$defs"]["Event"]["properties"]["title"]["maxLength"] += 1

    assert reported_breaks("load.json", LOAD, change) == []


@pytest.mark.parametrize(
    ("where", "before", "now", "expected"),
    [
        ("type Event implements", "  title: String!", "", "Event.title was removed"),
        ("type Event implements", "  title: String!", "  title: String", "Event.title changed type from String!"),
        ("enum EventKind", "  AIR_STRIKE\n", "", "EventKind.AIR_STRIKE was removed"),
        ("type Place", " implements Node", "", "implemented interface removed"),
        ("type Query", "  event(", "  occurrence(", "Query.event was removed"),
        ("input EventFilter", "{\n", "{\n  mood: String!\n", "required input field added"),
        ("input EventFilter", "  kind: EventKindTest\n", "", "EventFilter.kind was removed"),
        ("type Query", "  event(", "  event(mood: String!, ", "required arg added"),
        ("type Query", "(first: Int", "(most: Int", "arg removed"),
        ("type Event implements", "first: Int! = 10", "first: Int! = 9", "default"),
        ("type Query", "first: Int", "first: Int!", "arg changed kind"),
    ],
)
def test_a_break_of_the_graphql_schema_is_refused(where: str, before: str, now: str, expected: str) -> None:
    at = SDL.index(before, SDL.index(where))
    new_schema = SDL[:at] + now + SDL[at + len(before) :]
    messages = [str(difference) for difference in breaks("v1.graphql", SDL, new_schema)]
    assert any(expected in message and "Instead, " in message for message in messages), messages


def test_an_addition_to_the_graphql_schema_is_no_break() -> None:
    larger_sdl = SDL.replace("  AIR_STRIKE\n", "  AIR_STRIKE\n  TRUCE_TALKS\n", 1)
    larger_sdl = larger_sdl.replace("input EventFilter {", "input EventFilter {\n  mood: String\n", 1)
    at = larger_sdl.index("\n}", larger_sdl.index("type Event implements"))
    larger_sdl = (
        larger_sdl[:at] + '\n  mood(of: String = "x"): String @deprecated(reason: "Use none.")' + larger_sdl[at:]
    )
    assert larger_sdl.count("mood") == 2
    assert breaks("v1.graphql", SDL, larger_sdl) == []


def test_a_contract_that_is_gone_says_how_a_version_retires() -> None:
    assert "--retire v1" in str(gone("v1.json"))


def test_the_files_that_are_committed_break_none_that_was_released() -> None:
    folder = Path(__file__).parents[2] / "openapi"
    released_files = [
        contract for contract in (folder / "released").iterdir() if contract.suffix in (".json", ".graphql")
    ]
    assert {"v1.json", "v1.graphql", "admin.json", "load.json"} <= {contract.name for contract in released_files}
    for contract in released_files:
        changes = breaks(contract.name, contract.read_text(), (folder / contract.name).read_text())
        assert [str(each) for each in without_corrections(changes, read_corrections(folder))] == []


def without_body(document: Any) -> None:
    del document["paths"][PLANS]["post"]["requestBody"]


def reported_breaks(name: str, document: Any, make: Callable[[Any], Any]) -> list[str]:
    """Return the reported breaks of the change."""
    new_document = deepcopy(document)
    make(new_document)
    assert new_document != document
    return between(name, document, new_document)


def between(name: str, before: Any, now: Any) -> list[str]:
    return [str(difference) for difference in breaks(name, json.dumps(before), json.dumps(now))]
