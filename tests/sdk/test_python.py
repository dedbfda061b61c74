"""The Python client as it is installed, against the real service."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from api.http.problems import PROBLEMS
from tests.clients import CLEAN, run
from tests.sdk.between import Between
from tests.sdk.cases import differing, once
from tests.sdk.conftest import HERE, Run

# The modules that are written by hand, and the generated ones between them and the callers. mypy sees only those
# generated models that the sample uses: a model that has a field of its own name is no type error to its users.
CHECKED = (
    *("answer", "cache", "client", "errors", "query", "terms", "transport", "v1.events", "v1.quotes"),
    *("v1.graphql.graphql_base", "v1.graphql.client", "v1.graphql.async_client"),
)


def test_every_operation_of_each_contract_can_be_asked_and_both_ways_of_waiting_get_the_same(
    in_python: Run, served: str, offered: list[dict[str, Any]], operation_ids: dict[str, set[str]]
) -> None:
    told = in_python("operations.py", served, json.dumps(offered))
    assert {version: set(gave) for version, gave in told["waiting"].items()} == operation_ids
    # Nothing of the sample is withdrawn.
    gave = {name: one for version in told["waiting"].values() for name, one in version.items()}
    assert [name for name, one in gave.items() if not one and "withdrawals" not in name] == []
    assert told["awaiting"] == told["waiting"]


def test_a_use_as_one_writes_it_is_typed_strictly_and_runs(in_python: Run, python_home: Path, served: str) -> None:
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
    told = in_python("sample.py", BRIEFING_URL=served)
    assert told["titles"] and told["figures"] > 0 and told["linked"] > 0
    assert told["asked"] and told["later"] == 0


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
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=CLEAN).stdout
    assert all(f"wrong.py:{line}: error" in said for line in (2, 3, 4, 5)), said


def test_ten_thousand_records_are_walked_page_by_page(in_python: Run, crowded: str) -> None:
    assert in_python("walk.py", crowded) == {"records": 10_000, "distinct": 10_000, "awaited": 10_000}


def test_what_goes_wrong_is_told_as_what_it_is(in_python: Run, served: str, changed: Between) -> None:
    told = in_python("errors.py", served, changed.url)
    assert not differing(told) and once(told)
    assert told["graphql older"]["class"] == "Unreadable"
    for case in ("nobody", "slow", "html"):
        assert told[f"awaited {case}"]["class"] == told[case]["class"]


def test_a_refusal_by_a_limit_is_obeyed(in_python: Run, limited: str) -> None:
    told = in_python("limited.py", limited)
    assert told["refusal"]["limit"] and told["refusal"]["retry_after"] >= 1 and told["refusal"]["status"] == 429
    assert told["records"] > 10 and 1 <= told["seconds"] < 60


def test_a_newer_service_is_survived_and_answers_that_did_not_change_are_not_sent_again(
    in_python: Run, changed: Between
) -> None:
    told = in_python("manners.py", changed.url)
    assert told["newer"] == {
        **{"kind": "cyber_attack", "sentiment": {"score": 0.5}, "again": True},
        **{"graphql": ["CYBER_ATTACK", False], "status": [True]},
    }
    assert changed.statuses["kept"][-2:] == [200, 304] and len(set(told["unchanged"])) == 1
    assert changed.statuses["busy"][-3:] == [503, 503, 200] and told["busy"] == 2
    assert told["written"] == {"name": '"Smith, ""Joe""",x', "figures.measure": "killed", "bbox": "1,2.5,3,4"}


def test_each_code_has_a_class_of_its_own(python_home: Path) -> None:
    told = run(python_home / "bin" / "python", "-c", "import briefing_sdk as b; print(*b.Problem.codes)")
    assert set(told.split()) == PROBLEMS.keys()
