"""One word has one meaning: no two public classes of the package share a name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import api

PACKAGE = Path(api.__file__).parent
# Names that two modules share, with the reason.
SHARED = {"Plan": "access/plan.py declares it, and rest/access/bodies.py names the schema of the contract after it"}


def test_no_two_public_classes_share_a_name() -> None:
    modules = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        for name in _classes(path):
            modules[name].append(module)
    shared_names = {
        name: places for name, places in modules.items() if len(places) > 1 and not _declares_one_record(places)
    }
    assert shared_names.keys() == SHARED.keys(), shared_names


def _classes(path: Path) -> list[str]:
    """Return the names of the public classes that a module defines."""
    body = ast.parse(path.read_text()).body
    return [node.name for node in body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]


def _declares_one_record(modules: list[str]) -> bool:
    """Return True for a record of the model and what each version shows of it: they have one name on purpose."""
    return all(module.startswith(("model/", "catalog/v")) for module in modules)
