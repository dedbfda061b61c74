"""No version is special: nothing outside a version's own files names one, and no version knows another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.catalog import VERSIONS

ROOT = Path(__file__).parents[2]
SEARCHED = ("api", "sql", "openapi/sdk", "Makefile", "Dockerfile", "pyproject.toml")
NAMED = re.compile(r"(?<!\w)[vV]\d+(?!\w|\.\d)")
# The files of a version: its catalog and views, the examples and answers that are kept of it.
OWN = re.compile(
    r"(api/catalog|sql|api/graphql/assets/examples)/v\d+/.*|api/sample/answers/v\d+\.json",
)
# What other people wrote, bundled files, and documents, whose examples are of a version.
FOREIGN = re.compile(r"api/(graphql|pages)/assets/.*\.(js|css|txt)|.*/node_modules/.*|openapi/sdk/.*lock.*|.*\.md")
# Everything else that names a version, with the reason.
EXCEPTIONS = {
    "api/catalog/__init__.py": "the registry",
    "api/observability/tracing.py": "the path of OTLP, whose version that is",
    "sql/state.txt": "what stands in a store, as a test records it; that of a retired version does not count",
    "sql/migrations/0002_domains.sql": "a comment on where vocabularies stood: an applied migration does not change",
}


def files() -> Iterator[Path]:
    """The files of the tree that are searched."""
    for name in SEARCHED:
        path = ROOT / name
        yield from [path] if path.is_file() else (file for file in path.rglob("*") if file.is_file())


def version_lines() -> dict[str, list[str]]:
    """The lines that name a version, by file."""
    lines_by_name: dict[str, list[str]] = {}
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if "__pycache__" in name or OWN.fullmatch(name) or FOREIGN.fullmatch(name):
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        if lines := [line.strip() for line in text.splitlines() if NAMED.search(line)]:
            lines_by_name[name] = lines
    return lines_by_name


def test_nothing_else_names_a_version() -> None:
    names = version_lines()
    assert {name: lines for name, lines in names.items() if name not in EXCEPTIONS} == {}
    assert names.keys() == EXCEPTIONS.keys(), "an exception is no longer needed"


def imported_modules(path: Path) -> set[str]:
    """The modules that a file imports."""
    tree = ast.parse(path.read_text("utf-8"))
    modules = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    return modules | {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_knows_no_other(version: str) -> None:
    for path in (ROOT / "api" / "catalog" / version).rglob("*.py"):
        others = {name for name in imported_modules(path) if re.match(r"api\.catalog\.v\d", name)}
        assert all(re.match(rf"api\.catalog\.{version}(\.|$)", name) for name in others), path.name
        assert "api.catalog" not in imported_modules(path), (
            f"{path.name} imports the registry, which knows all versions"
        )
    for path in (ROOT / "sql" / version).glob("*.sql"):
        views = set(re.findall(r"\bv\d+(?=\.\w)", path.read_text("utf-8")))
        assert views <= {version}, path.name
