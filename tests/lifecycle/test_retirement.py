"""The end of a version, rehearsed: in a copy of the tree without the oldest one everything else works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from api.catalog import VERSIONS
from api.ingest.load import load
from api.store.migrate import migrate

pytestmark = pytest.mark.full

ROOT = Path(__file__).parents[2]
RETIRED, KEPT = list(VERSIONS)[:2]
COPIED = ("api", "sql", "openapi", "tests", "pyproject.toml", "CHANGELOG.md", "README.md", "docs")
PARTS = (
    "api/catalog/{}",
    "sql/{}",
    "api/graphql/assets/examples/{}",
    "api/sample/answers/{}.json",
    "openapi/{}.json",
    "openapi/{}.graphql",
)
MIGRATION = f"drop schema if exists {RETIRED}_at cascade;\ndrop schema if exists {RETIRED} cascade;\n"
# The suites of what has no version or each of them, run in the copy.
SUITES = (
    "tests/golden",
    "tests/catalog/test_declaration.py",
    "tests/catalog/test_vocabularies.py",
    "tests/store/test_model.py",
    "tests/store/test_columns.py",
    "tests/ingest/test_keys.py",
    "tests/ingest/test_withdrawals.py",
    "tests/test_export_command.py",
)
SERVE = """
import sys
from tests.serving import serving
with serving(sys.argv[1]) as server:
    print(server.port, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree without the version: its files, its row in the registry, and its views in the store."""
    copy = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", "dist", "*.egg-info")
    for name in COPIED:
        there = ROOT / name
        if there.is_dir():
            shutil.copytree(there, copy / name, ignore=ignored)
        else:
            shutil.copy(there, copy / name)
    for part in PARTS:
        path = copy / part.format(RETIRED)
        assert path.exists(), f"a version has no {part} any more: the list of its parts is wrong"
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    registry = copy / "api" / "catalog" / "__init__.py"
    constant = RETIRED.upper()
    text = registry.read_text("utf-8")
    text = re.sub(rf"^from api\.catalog\.{RETIRED} import {constant}\n", "", text, flags=re.MULTILINE)
    text = re.sub(rf'^ +"{constant}",\n', "", text, flags=re.MULTILINE)
    text = re.sub(rf"\b{constant}, ?(\w+)\)", r"\1,)", text)
    registry.write_text(text, "utf-8")
    (copy / "sql" / "migrations" / "9999_retired.sql").write_text(MIGRATION, "utf-8")
    return copy


def run(tree: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Python in the copy."""
    environment = {**os.environ, "PYTHONPATH": str(tree), **settings}
    return subprocess.run(
        [sys.executable, *command], cwd=tree, env=environment, capture_output=True, text=True, timeout=800
    )


def briefing(tree: Path, *arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
    """Run the program of the copy."""
    command = "from api.cli import main; main()"
    return run(tree, "-c", command, *arguments, **({"BRIEFING_DATABASE_URL": url} if url else {}))


def test_the_contracts_are_released_without_it(tree: Path) -> None:
    assert "the whole contract: is gone" in briefing(tree, "contract").stderr
    done = briefing(tree, "contract", "release", "--retire", RETIRED)
    assert done.returncode == 0, done.stderr
    checked = briefing(tree, "contract", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert not (tree / "openapi" / "released" / f"{RETIRED}.json").exists()


async def test_a_store_that_showed_it_is_migrated_served_and_written_down(
    tree: Path, fresh_database: Callable[[], Awaitable[str]], tmp_path: Path
) -> None:
    url, other = await fresh_database(), await fresh_database()
    await migrate(url)
    await load([str(ROOT / "api" / "sample")], url)
    migrated = briefing(tree, "migrate", url=url)
    assert migrated.returncode == 0, migrated.stderr
    again = briefing(tree, "load", "--quiet", str(tree / "api" / "sample"), url=url)
    assert again.returncode == 0, again.stderr
    snapshot = tmp_path / "snapshot"
    exported = briefing(tree, "export", "--quiet", "--out", str(snapshot), url=url)
    assert exported.returncode == 0, exported.stderr
    assert json.loads((snapshot / "manifest.json").read_text("utf-8"))["contract"] == list(VERSIONS)[-1]
    assert briefing(tree, "migrate", url=other).returncode == 0
    restored = briefing(tree, "load", "--quiet", str(snapshot), url=other)
    assert restored.returncode == 0, restored.stderr
    for store in (url, other):
        answers = served(tree, store)
        assert answers == {f"/{RETIRED}/events": 404, f"/{KEPT}/events?subject=medtop:16000000": 200, "/versions": 200}


def served(tree: Path, url: str) -> dict[str, int]:
    """The statuses of some paths, from the service of the copy."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    command = [sys.executable, "-c", SERVE, url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tree, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin and process.stdout
        base = f"http://127.0.0.1:{int(process.stdout.readline())}"
        paths = (f"/{RETIRED}/events", f"/{KEPT}/events?subject=medtop:16000000", "/versions")
        found = {path: httpx2.get(base + path).status_code for path in paths}
        process.stdin.close()
    return found


def test_the_tests_of_the_rest_pass_without_it(tree: Path, postgres_url: str) -> None:
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITES)
    done = run(tree, *command, BRIEFING_TEST_DATABASE_URL=postgres_url)
    assert done.returncode == 0, done.stdout[-6000:]
