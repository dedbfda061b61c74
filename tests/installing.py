"""Install pinned packages into folders of their own: generators of clients, and programs that read files."""

from __future__ import annotations

import shutil
import sys
import venv
from pathlib import Path

from tests.clients import run


def install_python_packages(requirements: Path, home: Path) -> None:
    """Make a Python environment in a folder, and install the packages of a file of requirements into it."""
    uv = Path(sys.executable).with_name("uv")
    venv.create(home, with_pip=not uv.exists())
    program = home / "bin" / "python"
    install: list[str | Path] = [program, "-m", "pip", "install"]
    if uv.exists():
        install = [uv, "pip", "install", "--python", program]
    run(*install, "--quiet", "--require-hashes", "-r", requirements)


def install_npm_packages(node_home: Path, package: Path, home: Path) -> None:
    """Install the packages of a lock file, which is in the folder `package`, into another folder."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(package / name, home)
    npm = node_home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    run(node_home / "bin" / "node", npm, "ci", "--no-audit", "--no-fund", at=home)
