"""All that is installed is pinned: packages by hash (the build backend and uv, too), the base image by digest."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements"
FOLDERS = (REQUIREMENTS, ROOT / "openapi", ROOT / "tests")
LOCKED = sorted(
    [*REQUIREMENTS.glob("*.txt"), *(file.with_suffix(".txt") for root in FOLDERS for file in root.rglob("*.in"))]
)
NPM_LOCKED = sorted(
    file for root in FOLDERS for file in root.rglob("package-lock.json") if "node_modules" not in file.parts
)
HASHED = re.compile(r"^[\w.-]+==[^ ]+(?: ; [^\\]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+$")
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def requirements(file: Path) -> list[str]:
    """Return the requirements of a file, each with the lines that belong to it."""
    text = re.sub(r"^ *#.*\n", "", file.read_text(encoding="utf-8"), flags=re.M)
    return [requirement.strip() for requirement in re.split(r"\n(?=\S)", text) if requirement.strip()]


def installs(recipe: str) -> Iterator[list[str]]:
    """Yield the words of each `pip install`, `uv pip install` and `pip wheel` of a Makefile or Dockerfile."""
    text = recipe.replace("\\\n", " ").replace("$(PIP)", "pip")
    for command in re.split(r"&&|\|\||[;{}\n]", text):
        if match := re.search(r"\bpip (?:install|wheel)\b.*", command):
            yield shlex.split(match[0], comments=True)


def trusts_nothing_unpinned(words: list[str]) -> bool:
    """Return True if all that a command fetches has a hash. A command that installs only this project must not fetch a
    build backend."""
    if "--require-hashes" in words:
        return True
    return "--no-deps" in words and ("--no-build-isolation" in words or "--no-index" in words)


@pytest.mark.parametrize("file", LOCKED, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_requirement_has_its_hashes(file: Path) -> None:
    found_requirements = requirements(file)
    assert (
        found_requirements
        and [requirement for requirement in found_requirements if not HASHED.match(requirement)] == []
    )


@pytest.mark.parametrize("file", NPM_LOCKED, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_npm_package_has_its_hash(file: Path) -> None:
    packages = json.loads(file.read_text(encoding="utf-8"))["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert installed and [name for name, package in installed.items() if "integrity" not in package] == []


@pytest.mark.parametrize("file", [*LOCKED, *NPM_LOCKED], ids=lambda file: str(file.relative_to(ROOT)))
def test_no_lock_file_names_an_address(file: Path) -> None:
    """A lock file has to work with any registry. npm also writes addresses of funding."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if "://" in line]
    assert lines == [], "Remove `resolved` and `funding`, and addresses in `deprecated`."


def test_make_lock_writes_every_requirement_file() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (listed,) = re.findall(r"^LOCKED := (.*)$", recipe, re.M)
    assert sorted(listed.split()) == [str(file.relative_to(ROOT)) for file in LOCKED]
    assert {words[words.index("-o") + 1] for words in map(str.split, re.findall(r"\$\(COMPILE\) .*", recipe))} == {
        *listed.split()
    }


@pytest.mark.parametrize(("name", "least"), [("Makefile", 6), ("Dockerfile", 4)])
def test_nothing_is_installed_without_a_hash(name: str, least: int) -> None:
    commands = list(installs((ROOT / name).read_text(encoding="utf-8")))
    assert len(commands) >= least
    assert [words for words in commands if not trusts_nothing_unpinned(words)] == []


@pytest.mark.parametrize(
    "recipe",
    [
        "\t@$(BIN)/python -m pip install --quiet 'uv==0.13.9'",
        "RUN pip install --no-deps .",
        "RUN pip install --require-hashes -r a.txt && pip install wheel",
        "\t$(PIP) install --no-deps -e .",
    ],
)
def test_an_install_without_a_hash_is_seen(recipe: str) -> None:
    assert [words for words in installs(recipe) if not trusts_nothing_unpinned(words)]


def test_the_build_backend_is_the_one_with_the_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed_packages = project["build-system"]["requires"]
    pinned_packages = {requirement.split(" ")[0] for requirement in requirements(REQUIREMENTS / "build.txt")}
    assert needed_packages and set(needed_packages) <= pinned_packages


def test_packages_that_two_environments_share_have_one_version() -> None:
    tests = dict(requirement.split(" ")[0].split("==") for requirement in requirements(REQUIREMENTS / "bench.txt"))
    build = dict(requirement.split(" ")[0].split("==") for requirement in requirements(REQUIREMENTS / "build.txt"))
    assert tests.keys() & build.keys()
    assert {name: tests.get(name, version) for name, version in build.items()} == build


def test_the_base_image_is_named_by_its_digest() -> None:
    stages: set[str] = set()
    images = 0
    for image, name in re.findall(r"^FROM (\S+)(?: AS (\S+))?$", (ROOT / "Dockerfile").read_text("utf-8"), re.M):
        assert image in stages or DIGEST.search(image), image
        images += image not in stages
        stages.add(name)
    assert images == 1
