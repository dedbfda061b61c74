"""A rehearsal of the end of a version: in a copy of the tree without the oldest one everything else works."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from api.catalog import VERSIONS
from api.ingest.load import load
from api.store.migrate import migrate
from tests.lifecycle.trees import ROOT, briefing, copy_tree, serve_tree, suites

pytestmark = pytest.mark.full

RETIRED, KEPT = list(VERSIONS)[:2]
PARTS = (
    "api/catalog/{}",
    "sql/{}",
    "api/graphql/assets/examples/{}",
    "api/sample/answers/{}.json",
    "openapi/{}.json",
    "openapi/{}.graphql",
)
MIGRATION = f"drop schema if exists {RETIRED}_at cascade;\ndrop schema if exists {RETIRED} cascade;\n"
# The suites that concern no version or every version, run in the copy.
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


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree without the version: its files, its row in the registry, and its views in the store."""
    copy = copy_tree(tmp_path_factory.mktemp("tree"))
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


def test_the_contracts_are_released_without_the_retired_version(tree: Path) -> None:
    assert "the whole contract: is gone" in briefing(tree, "contract").stderr
    result = briefing(tree, "contract", "release", "--retire", RETIRED)
    assert result.returncode == 0, result.stderr
    checked = briefing(tree, "contract", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert not (tree / "openapi" / "released" / f"{RETIRED}.json").exists()


async def test_a_store_that_showed_it_is_migrated_served_and_written_down(
    tree: Path, fresh_database: Callable[[], Awaitable[str]], tmp_path: Path
) -> None:
    url, other = await fresh_database(), await fresh_database()
    await migrate(url)
    await load([str(ROOT / "api" / "sample")], url)
    migration = briefing(tree, "migrate", url=url)
    assert migration.returncode == 0, migration.stderr
    again = briefing(tree, "load", "--quiet", str(tree / "api" / "sample"), url=url)
    assert again.returncode == 0, again.stderr
    snapshot = tmp_path / "snapshot"
    export_result = briefing(tree, "export", "--quiet", "--out", str(snapshot), url=url)
    assert export_result.returncode == 0, export_result.stderr
    assert json.loads((snapshot / "manifest.json").read_text("utf-8"))["contract"] == list(VERSIONS)[-1]
    assert briefing(tree, "migrate", url=other).returncode == 0
    load_result = briefing(tree, "load", "--quiet", str(snapshot), url=other)
    assert load_result.returncode == 0, load_result.stderr
    paths = (f"/{RETIRED}/events", f"/{KEPT}/events?subject=medtop:16000000", "/versions")
    for store in (url, other):
        with serve_tree(tree, store) as base:
            answers = {path: httpx2.get(base + path).status_code for path in paths}
        assert answers == {f"/{RETIRED}/events": 404, f"/{KEPT}/events?subject=medtop:16000000": 200, "/versions": 200}


def test_the_other_tests_pass_without_the_retired_version(tree: Path, postgres_url: str) -> None:
    result = suites(tree, postgres_url, *SUITES)
    assert result.returncode == 0, result.stdout[-6000:]
