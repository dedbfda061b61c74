"""Copies of the tree that a test changes, and the programs of such a copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("api", "sql", "openapi", "tests", "pyproject.toml", "CHANGELOG.md", "README.md", "LICENSE", "docs")
SERVE = """
import sys
from tests.serving import serving
with serving(sys.argv[1]) as server:
    print(server.port, flush=True)
    sys.stdin.read()
"""


def copy_tree(copy: Path, source: Path = ROOT) -> Path:
    """Copy the tree, or a copy of it, into a folder."""
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", "dist", "*.egg-info")
    for name in COPIED:
        path = source / name
        if path.is_dir():
            shutil.copytree(path, copy / name, ignore=ignored)
        else:
            copy.mkdir(exist_ok=True)
            shutil.copy(path, copy / name)
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


def suites(tree: Path, postgres_url: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run tests of the copy."""
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)
    return run(tree, *command, BRIEFING_TEST_DATABASE_URL=postgres_url, **settings)


@contextmanager
def serve_tree(tree: Path, url: str) -> Iterator[str]:
    """The base URL of the service of the copy."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    command = [sys.executable, "-c", SERVE, url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tree, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin and process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
