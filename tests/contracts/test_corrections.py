"""Each correction of a released contract is needed and explains itself. No other break passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.contracts import contracts
from api.contracts.breaks import Break, breaks
from api.contracts.corrections import FILE, Correction, read_corrections, without_corrections
from api.contracts.release import gate, read_released
from api.errors import ContractError

OPENAPI = Path(__file__).parents[2] / "openapi"
CORRECTIONS = read_corrections(OPENAPI)
EXAMPLE = Correction(("v2.json",), "GET /v2/events, answer .*", "its format was .*", "a reason", "an effect")


def test_the_gate_lets_corrections_pass_and_nothing_else() -> None:
    current = contracts()
    assert gate(OPENAPI / "released", current) == []
    document = json.loads(current["v2.json"])
    document["components"]["schemas"]["FigureAmount"]["properties"]["value"]["type"] = ["string", "null"]
    differences = gate(OPENAPI / "released", current | {"v2.json": json.dumps(document)})
    assert {change.what for change in differences} == {"its type was number and is string"}


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda correction: correction.reason[:40])
def test_each_correction_says_why_and_what_it_does_to_clients(correction: Correction) -> None:
    assert correction.contracts and correction.where
    assert correction.reason.endswith(".") and correction.effect.endswith(".")


def test_each_correction_is_needed_until_the_next_release() -> None:
    current = contracts()
    changes: list[Break] = []
    for name, text in read_released(OPENAPI / "released").items():
        changes += breaks(name, text, current[name])
    if not changes:
        return  # The corrections are released.
    for correction in CORRECTIONS:
        assert not correction.what or any(correction.allows(change) for change in changes), correction


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        (Break("v2.json", "GET /v2/events, answer 200", "its format was not set and is double", ""), True),
        (Break("v1.json", "GET /v2/events, answer 200", "its format was not set and is double", ""), False),
        (Break("v2.json", "GET /v2/places, answer 200", "its format was not set and is double", ""), False),
        (Break("v2.json", "GET /v2/events, answer 200", "is gone", ""), False),
    ],
)
def test_a_correction_is_for_its_contracts_its_places_and_its_change(change: Break, allowed: bool) -> None:
    assert without_corrections([change], (EXAMPLE,)) == ([] if allowed else [change])


def test_an_incomplete_correction_is_refused(tmp_path: Path) -> None:
    assert read_corrections(tmp_path) == ()
    (tmp_path / FILE).write_text('[[correction]]\ncontracts = ["v1.json"]\nwhere = ".*"\nwhat = ".*"\n')
    with pytest.raises(ContractError, match="has \\['contracts', 'what', 'where'\\]"):
        read_corrections(tmp_path)
