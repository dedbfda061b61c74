"""Programs that check the files of docs/deploy, and that run in front of the service."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients import CLEAN, ROOT, run
from tests.debian import Program, ProgramUnavailable, program
from tests.sharing import once

DEPLOY = ROOT / "docs" / "deploy"


@pytest.fixture(scope="session")
def debian() -> Callable[..., Program]:
    """`debian("promtool", "prometheus")` returns a program of a package of Debian, or skips the test."""

    def find(name: str, package: str = "") -> Program:
        try:
            return program(name, package)
        except ProgramUnavailable as error:
            pytest.skip(f"Debian's {package or name} is not available: {error}")

    return find


@pytest.fixture(scope="session")
def validators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands that know the schemas of Compose and Kubernetes."""
    return once(tmp_path_factory, "validators", _install_validators) / "bin"


def _install_validators(home: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    venv.create(home, with_pip=not uv.exists())
    python = home / "bin" / "python"
    install: list[str | Path] = [python, "-m", "pip", "install"]
    if uv.exists():
        install = [uv, "pip", "install", "--python", python]
    run(*install, "--quiet", "--require-hashes", "-r", Path(__file__).with_name("requirements.txt"))


def check(tool: Program | str | Path, *arguments: str | Path, at: Path = DEPLOY) -> tuple[int, str]:
    """Run a program that checks files. Return its exit code and its output."""
    environment = CLEAN
    path = str(tool)
    if isinstance(tool, Program):
        environment, path = dict(tool.environment), tool.path
    done = subprocess.run(
        [path, *map(str, arguments)], cwd=at, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout
