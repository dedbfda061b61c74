"""The TypeScript client as it is installed, in Node, against the real service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from api.http.problems import PROBLEMS
from tests.clients import run
from tests.sdk.between import Between
from tests.sdk.cases import differing, once
from tests.sdk.conftest import ROOT, Run


def test_every_operation_of_each_contract_can_be_asked(
    in_node: Run, served: str, offered: list[dict[str, Any]], operation_ids: dict[str, set[str]]
) -> None:
    told = in_node("operations.mjs", served, json.dumps(offered))
    assert {version: set(gave) for version, gave in told.items()} == operation_ids
    # Nothing of the sample is withdrawn.
    gave = {name: one for version in told.values() for name, one in version.items()}
    assert [name for name, one in gave.items() if not one and "withdrawals" not in name] == []


def test_a_use_as_one_writes_it_is_typed_strictly_and_runs(
    in_node: Run, typescript_home: Path, node_home: Path, served: str
) -> None:
    compiler = ROOT / "build" / "sdk" / "npm" / "node_modules" / "typescript" / "bin" / "tsc"
    run(node_home / "bin" / "node", compiler, "--project", "tsconfig.json", at=typescript_home)
    told = in_node("sample.ts", BRIEFING_URL=served)
    assert told["titles"] and told["figures"] > 0 and told["linked"] > 0 and told["later"] > 0
    assert told["asked"]


def test_ten_thousand_records_are_walked_page_by_page(in_node: Run, crowded: str) -> None:
    assert in_node("walk.mjs", crowded) == {"records": 10_000, "distinct": 10_000}


def test_what_goes_wrong_is_told_as_what_it_is_and_as_python_tells_it(
    in_node: Run, served: str, changed: Between
) -> None:
    told = in_node("errors.mjs", served, changed.url)
    assert not differing(told["found"]) and once(told["found"])
    assert told["found"]["slow export"]["class"] == "TooSlow"
    assert set(told["codes"]) == PROBLEMS.keys()


def test_limits_are_obeyed_a_newer_service_is_survived_and_what_did_not_change_is_not_sent_again(
    in_node: Run, changed: Between, limited: str
) -> None:
    told = in_node("manners.mjs", changed.url, limited)
    assert told["newer"] == {"kind": "cyber_attack", "sentiment": {"score": 0.5}, "graphql": "CYBER_ATTACK"}
    assert changed.statuses["kept"][-2:] == [200, 304] and len(set(told["unchanged"])) == 1
    assert changed.statuses["busy"][-3:] == [503, 503, 200] and told["busy"] == 2
    refusal = told["limited"]["refusal"]
    assert refusal["limit"] and refusal["retry_after"] >= 1 and refusal["status"] == 429
    assert told["limited"]["records"] > 10 and 0.5 <= told["limited"]["seconds"] < 60
    assert told["written"] == {
        **{"speaker_role": '"Smith, ""Joe""",x', "figures.measure": "killed"},
        **{"bbox": "1,2.5", "at": "2022-03-06T12:00:00.000Z"},
    }
