"""The clients are built from the contracts. A file that was broken by hand is named, and nothing is built from it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients import CLEAN, ROOT

WRONG: dict[str, tuple[Callable[[str], str], str]] = {
    "no JSON": (lambda text: text[:-100], "v1.json is no contract of this project (JSONDecodeError"),
    "no document": (lambda _: "[]", "v1.json is no contract of this project (TypeError"),
    "no paths": (lambda text: text.replace('"paths"', '"ways"', 1), "v1.json is no contract of this project (KeyError"),
    "another path": (
        lambda text: text.replace('"/v1/events.csv"', '"/v1/elsewhere"', 1),
        "these belong to no list: /v1/elsewhere",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the contracts of version 1."""
    for name in ("v1.json", "v1.graphql"):
        shutil.copy(ROOT / "openapi" / name, tmp_path)
    return tmp_path


def generate(folder: Path) -> tuple[int, str]:
    """Build the clients of the contracts in a folder, and return the exit status and the error output."""
    program = ROOT / ".venv" / "sdk" / "bin" / "python"
    places = ["--contracts", folder, "--into", folder / "dist", "--build", folder / "build"]
    command = [str(part) for part in (program, "openapi/sdk/generate", *places)]
    result = subprocess.run(command, cwd=ROOT, env=CLEAN, capture_output=True, text=True, timeout=300)
    return result.returncode, result.stderr


@pytest.mark.parametrize("change", WRONG)
def test_a_contract_that_was_broken_by_hand_is_named(sdk_packages: Path, folder: Path, change: str) -> None:
    make, expected = WRONG[change]
    file = folder / "v1.json"
    file.write_text(make(file.read_text(encoding="utf-8")), encoding="utf-8")
    status, message = generate(folder)
    assert status == 1 and expected in message and "Traceback" not in message
    assert not [*(folder / "dist").glob("*")]


def test_a_contract_without_its_schema_is_named(sdk_packages: Path, folder: Path) -> None:
    (folder / "v1.graphql").unlink()
    status, message = generate(folder)
    assert status == 1 and "v1.json is no contract" in message and "v1.graphql" in message


def test_a_folder_without_contracts_is_reported(sdk_packages: Path, tmp_path: Path) -> None:
    assert generate(tmp_path) == (1, f"There are no contracts in {tmp_path}: expected vN.json.\n")
