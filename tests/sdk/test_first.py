"""Clients that were made when version 1 was first released still work: the clients of that contract, in both
languages, against the service as it is now."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from api.contracts import contracts
from api.contracts.breaks import breaks
from api.contracts.corrections import read_corrections, without_corrections
from tests.clients import ROOT, python_client, run, typescript_client
from tests.sdk.conftest import HERE, in_environment, in_folder, operations_of, resources_of_contracts, with_scripts


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the contracts of the first release."""
    folder = tmp_path_factory.mktemp("first")
    for archive in (HERE / "first").glob("*.xz"):
        (folder / archive.stem).write_bytes(lzma.decompress(archive.read_bytes()))
    return folder


@pytest.fixture(scope="module")
def packages(first: Path, sdk_packages: Path) -> Path:
    """A folder with the clients of these contracts. The current clients are elsewhere, and know more."""
    packages_folder = first / "packages"
    # `sdk_packages` has installed the tools.
    program = ROOT / ".venv" / "sdk" / "bin" / "python"
    run(program, "openapi/sdk/generate", "--contracts", first, "--into", packages_folder, "--build", first / "build")
    return packages_folder


def test_the_first_contract_differs_and_is_not_broken(first: Path) -> None:
    for name in ("v1.json", "v1.graphql"):
        changes = breaks(name, (first / name).read_text(encoding="utf-8"), contracts()[name])
        assert without_corrections(changes, read_corrections(ROOT / "openapi")) == []
    assert operations_of(ROOT / "openapi")["v1"] - operations_of(first)["v1"] == {"get_me"}


def test_every_operation_of_the_python_client_works(
    packages: Path, first: Path, service_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = python_client(packages, tmp_path_factory.mktemp("first-python"))
    report = in_environment(home)("operations.py", service_url, json.dumps(resources_of_contracts(first)))
    holds(report["waiting"], first)
    assert report["awaiting"] == report["waiting"]


def test_every_operation_of_the_typescript_client_works(
    packages: Path, first: Path, service_url: str, node_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = with_scripts(typescript_client(packages, node_home, tmp_path_factory.mktemp("first-typescript")))
    holds(in_folder(home, node_home)("operations.mjs", service_url, json.dumps(resources_of_contracts(first))), first)


def holds(report: dict[str, Any], first: Path) -> None:
    """Assert that each operation of the contract was called and returned something."""
    assert {version: set(answers) for version, answers in report.items()} == operations_of(first)
    assert all(answers for version in report.values() for answers in version.values())
