"""Programs of Debian's packages: installed ones, or fetched and unpacked into the environment by any account."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.serving import ROOT

UNPACKED = ROOT / ".venv" / "debian"
# Installed packages are not fetched. The lists of packages are fetched, because those of the system may be old.
STATUS = "/var/lib/dpkg/status"
PATHS = f"{os.environ['PATH']}:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Program:
    """The path of a program, and the environment that it runs in."""

    path: str
    environment: Mapping[str, str]


class ProgramUnavailable(Exception):
    """The system is not Debian, or its packages cannot be fetched."""


def program(name: str, package: str = "") -> Program:
    """Return a program of a package, which has the same name unless it is given. ProgramUnavailable, with the reason,
    if there is none."""
    if installed := shutil.which(name, path=PATHS):
        return Program(installed, os.environ)
    folder = UNPACKED / (package or name)
    if not (folder / "complete").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Another process of the same run may need the same package.
        with (folder.parent / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "complete").exists():
                _fetch(folder.name, folder)
    (path,) = (folder / "usr").glob(f"*bin/{name}")
    libraries = ":".join(str(library) for library in (folder / "usr" / "lib").glob("*-linux-*"))
    return Program(str(path), {**os.environ, "LD_LIBRARY_PATH": libraries})


def _fetch(name: str, folder: Path) -> None:
    if not Path(STATUS).exists() or not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise ProgramUnavailable("there is no apt-get here")
    shutil.rmtree(folder, ignore_errors=True)
    for directory in ("state/lists/partial", "cache/archives/partial"):
        (folder / directory).mkdir(parents=True)
    options = {"Dir::State": folder / "state", "Dir::State::status": STATUS, "Dir::Cache": folder / "cache"}
    options |= {"APT::Sandbox::User": "", "Debug::NoLocking": 1, "APT::Install-Recommends": 0}
    apt = ["apt-get", "-q", *(f"-o{option}={value}" for option, value in options.items())]
    _run(*apt, "update")
    lines = _run(*apt, "--simulate", "install", name).splitlines()
    packages = [line.split()[1] for line in lines if line.startswith("Inst ")]
    _run(*apt, "download", *packages, cwd=folder / "cache")
    for package in (folder / "cache").glob("*.deb"):
        _run("dpkg-deb", "-x", str(package), str(folder))
    for directory in ("state", "cache"):
        shutil.rmtree(folder / directory)
    (folder / "complete").touch()


def _run(*command: str, cwd: Path = ROOT) -> str:
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)
    if result.returncode:
        raise ProgramUnavailable(f"{command[0]} {command[-1]}: {result.stderr.strip()[-500:]}")
    return result.stdout
