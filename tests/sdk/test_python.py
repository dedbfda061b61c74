"""The Python client as it is installed, against the real service."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from api.http.problems import PROBLEMS
from tests.clients import CLEAN, run
from tests.sdk.between import Between
from tests.sdk.cases import states_fault_once, unexpected_errors
from tests.sdk.conftest import HERE, Run

# The modules that are written by hand, and the generated ones between them and the callers. mypy sees only those
# generated models that the sample uses: a model that has a field of its own name is no type error to its users.
CHECKED = (
    *("answer", "cache", "client", "errors", "query", "terms", "transport", "v1.events", "v1.quotes"),
    *("v1.graphql.graphql_base", "v1.graphql.client", "v1.graphql.async_client"),
)


def test_every_operation_of_each_contract_can_be_called_and_both_clients_return_the_same(
    in_python: Run, service_url: str, offered_resources: list[dict[str, Any]], operation_ids: dict[str, set[str]]
) -> None:
    report = in_python("operations.py", service_url, json.dumps(offered_resources))
    assert {
        version: set(answers_of_version) for version, answers_of_version in report["waiting"].items()
    } == operation_ids
    # Nothing of the sample is withdrawn.
    answers = {name: answer for version in report["waiting"].values() for name, answer in version.items()}
    assert [name for name, answer in answers.items() if not answer and "withdrawals" not in name] == []
    assert report["awaiting"] == report["waiting"]


def test_the_sample_program_passes_strict_typing_and_runs(in_python: Run, python_home: Path, service_url: str) -> None:
    mypy: list[str | Path] = [
        python_home / "bin" / "python",
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        python_home / "mypy",
    ]
    modules = [f"-mbriefing_sdk.{name}" for name in CHECKED]
    run(*mypy, *modules, at=python_home)
    run(*mypy, HERE / "python" / "sample.py", at=python_home)
    report = in_python("sample.py", BRIEFING_URL=service_url)
    assert report["titles"] and report["figures"] > 0 and report["linked"] > 0
    assert report["same_ids"] and report["later"] == 0


def test_mypy_refuses_what_the_contract_does_not_have(python_home: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from briefing_sdk import Briefing\n"
        "page = Briefing().v1.events.list(knd=['shelling'])\n"
        "Briefing().v1.events.list(limit='ten')\n"
        "page.data[0].titel\n"
        "Briefing().v1.graphql.events(filtre=None)\n"
    )
    mypy = ["-m", "mypy", "--strict", "--cache-dir", str(python_home / "mypy"), str(wrong)]
    command = [str(python_home / "bin" / "python"), *mypy]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=CLEAN).stdout
    assert all(f"wrong.py:{line}: error" in output for line in (2, 3, 4, 5)), output


def test_ten_thousand_records_are_walked_page_by_page(in_python: Run, crowded_url: str) -> None:
    assert in_python("walk.py", crowded_url) == {"records": 10_000, "distinct": 10_000, "awaited": 10_000}


def test_each_error_has_its_class_and_text(in_python: Run, service_url: str, changed_service: Between) -> None:
    report = in_python("errors.py", service_url, changed_service.url)
    assert not unexpected_errors(report) and states_fault_once(report)
    assert report["graphql older"]["class"] == "Unreadable"
    for case in ("nobody", "slow", "html"):
        assert report[f"awaited {case}"]["class"] == report[case]["class"]


def test_a_refusal_by_a_limit_is_obeyed(in_python: Run, limited_url: str) -> None:
    report = in_python("limited.py", limited_url)
    assert report["refusal"]["limit"] and report["refusal"]["retry_after"] >= 1 and report["refusal"]["status"] == 429
    assert report["records"] > 10 and 1 <= report["seconds"] < 60


def test_the_client_accepts_a_newer_service_and_reuses_unchanged_answers(
    in_python: Run, changed_service: Between
) -> None:
    report = in_python("manners.py", changed_service.url)
    assert report["newer"] == {
        **{"kind": "cyber_attack", "sentiment": {"score": 0.5}, "again": True},
        **{"graphql": ["CYBER_ATTACK", False], "status": [True]},
    }
    assert changed_service.statuses["kept"][-2:] == [200, 304] and len(set(report["unchanged"])) == 1
    assert changed_service.statuses["busy"][-3:] == [503, 503, 200] and report["busy"] == 2
    assert report["url_parameters"] == {"name": '"Smith, ""Joe""",x', "figures.measure": "killed", "bbox": "1,2.5,3,4"}


def test_each_problem_code_has_a_class(python_home: Path) -> None:
    output = run(python_home / "bin" / "python", "-c", "import briefing_sdk as b; print(*b.Problem.codes)")
    assert set(output.split()) == PROBLEMS.keys()
