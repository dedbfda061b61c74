"""An operator who follows a page: the programs of Postgres, and a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

from api.store.cluster import account_for, programs_for
from tests.clients import CLEAN, ROOT
from tests.guide.blocks import Step
from tests.guide.reader import GO_ON
from tests.ports import free_port
from tests.serving import COMMAND

# Ports that the pages name. Each becomes one that is free.
PORTS = ("5433", "5434", "8003")
CHECKOUT = ("api", "docs")
# Programs that refuse to run as root, or whose files belong to the server.
SERVERS = ("initdb", "pg_ctl", "pg_basebackup")


@dataclass(frozen=True)
class Operator:
    """Runs the steps of one page in a folder."""

    folder: Path
    ports: dict[str, str]

    @staticmethod
    def at(folder: Path) -> Operator:
        """Return an operator with a checkout in the folder, which exists and is empty. If the tests run as root, the
        servers of Postgres run as another account."""
        account = account_for(folder / "data")
        programs = programs_for(account)
        (home := folder / "checkout").mkdir()
        (folder / "programs").mkdir()
        for name in CHECKOUT:
            (home / name).symlink_to(ROOT / name)
        own = {path.name: f'"{path}"' for path in programs.iterdir()}
        if account.uid is not None:
            account.own(home)
            for name in SERVERS:
                own[name] = f"setpriv --reuid={account.uid} --regid={account.gid} --clear-groups {own[name]}"
        own["briefing"] = f'env PYTHONPATH="{ROOT}" {sys.executable} -c "{COMMAND}"'
        for name, runs in own.items():
            (path := folder / "programs" / name).write_text(f'#!/bin/sh\nexec {runs} "$@"\n')
            path.chmod(0o755)
        return Operator(folder, {port: str(free_port()) for port in PORTS})

    def run_step(self, step: Step) -> tuple[int, str]:
        """Run a step. Return its exit code (0 if it succeeded) and its output."""
        environment = CLEAN | {
            "PATH": f"{self.folder / 'programs'}:{CLEAN['PATH']}",
            "STATE": str(self.folder / "state"),
            "TZ": "UTC",
        }
        text = step.text
        for port_of_page, port in self.ports.items():
            text = text.replace(port_of_page, port)
        # The account of the servers writes into folders that the steps make.
        done = subprocess.run(
            ["bash", "-c", GO_ON + text], cwd=self.folder / "checkout", env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, umask=0,
        )  # fmt: skip
        return done.returncode, done.stdout

    def end(self) -> None:
        """End what a page that failed has left running: servers of Postgres, and instances of the service."""
        home = self.folder / "checkout"
        for path in (*home.glob("*/postmaster.pid"), *home.glob("*.pid")):
            pid = int(path.read_text().split()[0])
            if Path(f"/proc/{pid}").exists() and str(home) in str(Path(f"/proc/{pid}/cwd").readlink()):
                os.kill(pid, SIGKILL)
