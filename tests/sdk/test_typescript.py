"""The TypeScript client as it is installed, in Node, against the real service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from api.http.problems import PROBLEMS
from tests.clients import run
from tests.sdk.between import Between
from tests.sdk.cases import states_fault_once, unexpected_errors
from tests.sdk.conftest import ROOT, Run


def test_every_operation_of_each_contract_can_be_called(
    in_node: Run, service_url: str, offered_resources: list[dict[str, Any]], operation_ids: dict[str, set[str]]
) -> None:
    report = in_node("operations.mjs", service_url, json.dumps(offered_resources))
    assert {version: set(answers_of_version) for version, answers_of_version in report.items()} == operation_ids
    # Nothing of the sample is withdrawn.
    answers = {name: answer for version in report.values() for name, answer in version.items()}
    assert [name for name, answer in answers.items() if not answer and "withdrawals" not in name] == []


def test_the_sample_program_passes_strict_typing_and_runs(
    in_node: Run, typescript_home: Path, node_home: Path, service_url: str
) -> None:
    compiler = ROOT / "build" / "sdk" / "npm" / "node_modules" / "typescript" / "bin" / "tsc"
    run(node_home / "bin" / "node", compiler, "--project", "tsconfig.json", at=typescript_home)
    report = in_node("sample.ts", BRIEFING_URL=service_url)
    assert report["titles"] and report["figures"] > 0 and report["linked"] > 0 and report["total"] > 0
    assert report["same_ids"]


def test_ten_thousand_records_are_walked_page_by_page(in_node: Run, crowded_url: str) -> None:
    assert in_node("walk.mjs", crowded_url) == {"records": 10_000, "distinct": 10_000}


def test_each_error_has_its_class_and_text_as_in_python(
    in_node: Run, service_url: str, changed_service: Between
) -> None:
    report = in_node("errors.mjs", service_url, changed_service.url)
    assert not unexpected_errors(report["errors"]) and states_fault_once(report["errors"])
    assert report["errors"]["slow export"]["class"] == "TooSlow"
    assert set(report["codes"]) == PROBLEMS.keys()


def test_the_client_obeys_limits_accepts_newer_services_and_reuses_unchanged_answers(
    in_node: Run, changed_service: Between, limited_url: str
) -> None:
    report = in_node("manners.mjs", changed_service.url, limited_url)
    assert report["newer"] == {"kind": "cyber_attack", "sentiment": {"score": 0.5}, "graphql": "CYBER_ATTACK"}
    assert changed_service.statuses["kept"][-2:] == [200, 304] and len(set(report["unchanged"])) == 1
    assert changed_service.statuses["busy"][-3:] == [503, 503, 200] and report["busy"] == 2
    refusal = report["limited"]["refusal"]
    assert refusal["limit"] and refusal["retry_after"] >= 1 and refusal["status"] == 429
    assert report["limited"]["records"] > 10 and 0.5 <= report["limited"]["seconds"] < 60
    assert report["url_parameters"] == {
        **{"speaker_role": '"Smith, ""Joe""",x', "figures.measure": "killed"},
        **{"bbox": "1,2.5", "at": "2022-03-06T12:00:00.000Z"},
    }
