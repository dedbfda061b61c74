"""The reader of a page: a checkout, a shell that keeps its state between steps, and the service at another address."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import httpx2

from tests.clients import CLEAN, ROOT, run
from tests.guide.blocks import Step
from tests.serving import COMMAND

ADDRESS = "http://127.0.0.1:8000"
NEWEST = "v2"
# The parts of a checkout that commands find.
CHECKOUT = ("api", "dist", "docs", "openapi")
# Files that the pages expect their reader to have.
STAND_INS = {
    "my-briefing.json": "api/sample/rferl-2022-03-06.json",
    "GEDEvent_v23_1.csv": "docs/ged-example.csv",
}
# Each step begins where the one before it ended: in its folder, with its exported variables.
GO_ON = """
[ ! -f "$STATE" ] || . "$STATE"; cd "${AT:-.}"
trap 'AT="$PWD"; export AT; export -p > "$STATE"' EXIT
set -euo pipefail
"""
PROGRAMS = {"python": "python - < {}", "ts": "cp {} .block.mts && node .block.mts"}


# A machine may have no curl.
STAND_IN_CURL = f"{sys.executable} {ROOT / 'tests' / 'guide' / 'curl.py'}"


@dataclass(frozen=True)
class Machine:
    """The folders of the clients and of Node, and the file that pins the packages that a page installs itself."""

    python: Path
    node: Path
    node_modules: Path
    pins: Path

    def check(self, folder: Path, language: str) -> None:
        """Check the types of the programs in a folder strictly."""
        if language == "python":
            run(self.python, "-m", "mypy", "--strict", "--cache-dir", self.python.parent.parent / "mypy", folder)
            return
        (folder / "node_modules").symlink_to(self.node_modules)
        settings = json.loads((ROOT / "tests/sdk/typescript/tsconfig.json").read_text())
        (folder / "tsconfig.json").write_text(
            json.dumps(settings | {"files": sorted(file.name for file in folder.glob("*.mts"))})
        )
        compiler = ROOT / "build/sdk/npm/node_modules/typescript/bin/tsc"
        run(self.node / "bin" / "node", compiler, "--project", "tsconfig.json", at=folder)


class Reader:
    """Runs the steps of one page in a folder of its own, with the service at `served` over the store at `database`."""

    def __init__(self, folder: Path, machine: Machine, service_url: str, database: str) -> None:
        self.folder, self.served = folder, service_url
        self.home = home = folder / "checkout"
        node, npm = machine.node / "bin" / "node", machine.node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        briefing = f'env PYTHONPATH={ROOT} {sys.executable} -c "{COMMAND}"'
        self.provide("briefing", briefing)
        self.provide("../checkout/.venv/bin/briefing", briefing)
        for name in ("python", "python3"):
            self.provide(name, str(machine.python))
        self.provide("node", str(node))
        self.provide("npm", f"{node} {npm}")
        if not which("curl"):
            self.provide("curl", STAND_IN_CURL)
        for name in CHECKOUT:
            (home / name).symlink_to(ROOT / name)
        for name, stand_in in STAND_INS.items():
            (home / name).write_bytes((ROOT / stand_in).read_bytes())
        (home / "node_modules").symlink_to(machine.node_modules)
        self.environment = CLEAN | {
            "PATH": f"{folder / 'programs'}:{CLEAN['PATH']}",
            "STATE": str(folder / "state"),
            "BRIEFING_DATABASE_URL": database,
            "PIP_CONSTRAINT": str(machine.pins),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def provide(self, name: str, runs: str) -> None:
        """Install a program of this name that runs this command. It comes before the programs of the machine."""
        path = self.folder / "programs" / name
        (self.folder / "programs").mkdir(exist_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\nexec {runs} "$@"\n')
        path.chmod(0o755)

    def run_step(self, step: Step) -> tuple[int, str]:
        """Run a step. Return its exit code (0 if it succeeded) and its output."""
        text = step.text.replace(ADDRESS, self.served)
        if step.file:
            where = Path(self._shell("pwd")[1].strip())
            (where / step.file).write_text(text, encoding="utf-8")
            return 0, ""
        if step.language == "graphql":
            answer = httpx2.post(f"{self.served}/{NEWEST}/graphql", json={"query": text})
            return answer.status_code // 100 - 2, answer.text
        if step.language in PROGRAMS:
            (block := self.folder / "block").write_text(text, encoding="utf-8")
            text = PROGRAMS[step.language].format(block)
        code, output = self._shell(text)
        return code, output.replace(self.served, ADDRESS)

    def _shell(self, text: str) -> tuple[int, str]:
        result = subprocess.run(
            ["bash", "-c", GO_ON + text],
            cwd=self.home, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=300,
        )  # fmt: skip
        return result.returncode, result.stdout
