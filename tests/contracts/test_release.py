"""`briefing contract` and `briefing contract release`, run as commands."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from api.catalog import V2, VERSIONS
from api.cli import main
from api.contracts import contracts
from api.contracts import release as release_module
from api.contracts.breaks import breaks
from api.contracts.release import DAYS, SUMS, days, find_wrong_dates, gate, read_released, release
from api.errors import ContractError

ROOT = Path(__file__).parents[2]
CURRENT = contracts()
COMPARED = cache(breaks)
TODAY = date(2027, 1, 2)


CHANGES = {"v1.json": ("maximum", "Maximum"), DAYS: ("2026", "2020"), SUMS: ("a", "b")}


class CommandResult(NamedTuple):
    """The exit code and the output of a command."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., CommandResult]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the files that the commands work on."""
    shutil.copytree(ROOT / "openapi", tmp_path / "openapi")
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def compare_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare equal texts once: most tests compare the current contracts with the released ones, for half a second."""
    monkeypatch.setattr(release_module, "breaks", COMPARED)


@pytest.fixture
def run(checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("--check")` runs `briefing contract --check` in the copy."""
    monkeypatch.chdir(checkout)

    def start(*arguments: str) -> CommandResult:
        monkeypatch.setattr(sys, "argv", ["briefing", "contract", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        output = capsys.readouterr()
        return CommandResult(int(end.value.code or 0), output.out, output.err)

    return start


def test_committed_contracts_are_current_compatible_and_as_released(run: Run) -> None:
    result = run("--check")
    assert (result.returncode, result.stderr) == (0, "")


def test_a_stale_file_is_reported_and_then_written(run: Run, checkout: Path) -> None:
    path = checkout / "openapi" / "v1.graphql"
    path.write_text("type Query", encoding="utf-8")
    result = run("--check")
    assert (result.returncode, result.stdout) == (1, "stale: openapi/v1.graphql\n")
    assert "openapi/v1.graphql is not current" in run("release").stderr
    assert run().returncode == 0
    assert path.read_text(encoding="utf-8") == CURRENT["v1.graphql"]


@pytest.mark.parametrize("name", ["v1.json", DAYS, SUMS])
def test_a_released_file_that_was_edited_is_noticed(run: Run, checkout: Path, name: str) -> None:
    path = checkout / "openapi" / "released" / name
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(*CHANGES[name]), encoding="utf-8")
    for arguments in (["--check"], [], ["release"]):
        result = run(*arguments)
        assert result.returncode != 0
        assert "was changed by hand" in result.stderr
        assert "the last commit" in result.stderr


@pytest.mark.parametrize("change", ["remove", "add", "forget"])
def test_a_released_file_that_went_or_came_is_noticed(checkout: Path, change: str) -> None:
    folder = checkout / "openapi" / "released"
    if change == "remove":
        (folder / "v1.json").unlink()
    elif change == "add":
        (folder / "v9.json").write_text("{}", encoding="utf-8")
    else:
        (folder / SUMS).unlink()
    with pytest.raises(ContractError, match=r"missing|by hand"):
        read_released(folder)


def test_a_break_is_refused_with_its_remedy_and_nothing_is_released(run: Run, checkout: Path) -> None:
    folder = checkout / "openapi" / "released"
    shutil.rmtree(folder)
    old_contracts = CURRENT | {"v1.json": CURRENT["v1.json"].replace('"maximum": 200', '"maximum": 900')}
    release(folder, old_contracts, checkout / "CHANGELOG.md", TODAY)
    contents = {file.name: file.read_bytes() for file in folder.iterdir()}
    for arguments in (["--check"], [], ["release"]):
        result = run(*arguments)
        assert result.returncode == 1
        assert (
            "breaks: v1.json: GET /v1/events, query parameter limit: its maximum was 900 and is 200." in result.stderr
        )
        assert "new version" in result.stderr
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == contents


def test_the_first_release_of_a_version_breaks_nobody_and_is_noted(run: Run, checkout: Path) -> None:
    folder = checkout / "openapi" / "released"
    shutil.rmtree(folder)
    without = {name: text for name, text in CURRENT.items() if not name.startswith("v1.")}
    release(folder, without, checkout / "CHANGELOG.md", TODAY)
    result = run("release")
    assert result.returncode == 0
    assert result.stdout.startswith("Released: first release of `v1.graphql`, `v1.json`.\n")
    assert read_released(folder) == CURRENT
    assert run("release").stdout.startswith("Nothing has changed since the last release.\n")
    notes = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    assert notes.count(": first release of `v1.graphql`, `v1.json`.\n") == 1
    assert notes.index("first release of `v1.graphql`, `v1.json`.") < notes.index("- 2027-01-02: ")


def test_additions_are_released_with_a_line_of_their_own(checkout: Path) -> None:
    folder, notes = checkout / "openapi" / "released", checkout / "CHANGELOG.md"
    release(folder, CURRENT, notes, TODAY)
    larger_contracts = CURRENT | {"v1.json": CURRENT["v1.json"].replace('"maximum": 200', '"maximum": 900')}
    assert gate(folder, larger_contracts) == []
    assert str(release(folder, larger_contracts, notes, TODAY)) == "additions to `v1.json`"
    assert read_released(folder) == larger_contracts
    assert "\n- 2027-01-02: additions to `v1.json`.\n" in notes.read_text(encoding="utf-8")


def test_the_line_finds_its_place_in_a_changelog_without_headings(checkout: Path) -> None:
    notes = checkout / "CHANGELOG.md"
    notes.write_text("# Changelog\n", encoding="utf-8")
    release(checkout / "new", CURRENT, notes, TODAY)
    assert "# Changelog\n## Releases of the contracts\n\n- 2027-01-02: first release" in notes.read_text("utf-8")


def test_a_version_is_removed_only_where_stated(checkout: Path) -> None:
    folder, notes = checkout / "openapi" / "released", checkout / "CHANGELOG.md"
    release(folder, CURRENT | {"v0.json": CURRENT["v1.json"], "v0.graphql": "type Query { a: Int }"}, notes, TODAY)
    assert {difference.contract for difference in gate(folder, CURRENT)} == {"v0.json", "v0.graphql"}
    assert gate(folder, CURRENT, "v0") == []
    assert str(release(folder, CURRENT, notes, TODAY, "v0")) == "retired `v0.graphql`, `v0.json`"
    assert read_released(folder) == CURRENT


def test_a_version_that_leaves_takes_its_paths_of_access_with_it(checkout: Path) -> None:
    folder, notes = checkout / "openapi" / "released", checkout / "CHANGELOG.md"
    access = json.loads(CURRENT["admin.json"])
    before = access | {"paths": access["paths"] | {"/v0/me": access["paths"]["/v2/me"]}}
    release(folder, CURRENT | {"admin.json": json.dumps(before), "v0.json": CURRENT["v1.json"]}, notes, TODAY)
    assert [difference.where for difference in gate(folder, CURRENT) if difference.contract == "admin.json"] == [
        "GET /v0/me"
    ]
    assert gate(folder, CURRENT, "v0") == []
    paths = {path: item for path, item in access["paths"].items() if path not in ("/v2/me", "/v0/me")}
    without = CURRENT | {"admin.json": json.dumps(access | {"paths": paths})}
    assert [difference.where for difference in gate(folder, without, "v0")] == ["GET /v2/me"]


def test_the_day_of_the_first_release_stays(checkout: Path) -> None:
    folder, notes, later = checkout / "new", checkout / "CHANGELOG.md", TODAY.replace(year=2028)
    first = {name: text for name, text in CURRENT.items() if not name.startswith("v2.")}
    release(folder, first, notes, TODAY)
    assert days(folder) == {"v1": TODAY}
    release(folder, CURRENT, notes, later)
    assert days(folder) == {"v1": TODAY, "v2": later}
    release(folder, first, notes, later, "v2")
    assert days(folder) == {"v1": TODAY, "v2": later}


def test_a_wrong_release_day_is_reported_with_the_right_one(
    run: Run, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = checkout / "openapi" / "released"
    assert find_wrong_dates(folder, {"v1": days(folder)["v1"], "v9": None}) == []
    assert find_wrong_dates(folder, {"v9": TODAY}) == [
        "v9 was never released, and its lifecycle says 2027-01-02: leave `released` out"
    ]
    monkeypatch.setitem(VERSIONS, "v2", replace(V2, lifecycle=replace(V2.lifecycle, released=None)))
    for arguments in (["--check"], []):
        result = run(*arguments)
        assert result.returncode == 1
        assert "v2 was first released on 2026-11-23, and its lifecycle says None" in result.stderr
        assert "write released=datetime.date(2026, 11, 23)" in result.stderr


@pytest.mark.parametrize("name", ["v1", "v7", "openapi"])
def test_served_or_unknown_versions_cannot_retire(run: Run, name: str) -> None:
    result = run("release", "--retire", name)
    assert result.returncode == 64
    assert f"There is nothing of {name} to retire" in result.stderr
