"""A primary and its replicas, from the embedded programs: streaming replication as operators have it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from api.store.cluster import HERE, INITDB, SINGLE, Tools, account_for, programs_for
from api.store.postgres_server import SETTINGS

FLAGS = {
    **SETTINGS,
    **{"max_connections": "60", "shared_buffers": "16MB", "fsync": "off", "full_page_writes": "off"},
    # There are no slots. On a machine that stalls, the primary would remove what a replica has not received yet.
    "wal_keep_size": "1GB",
    **{"wal_receiver_timeout": "2s", "wal_retrieve_retry_interval": "100ms", "max_standby_streaming_delay": "100ms"},
}
# Accounts without a password are let in, but for one.
RULES = "local all guarded scram-sha-256\nlocal all all trust\nlocal replication all trust\n"
PATIENCE = 60.0


class Server:
    """A server with data of its own. It is the primary, a replica, or a replica that was promoted."""

    def __init__(self, folder: Path, tools: Tools) -> None:
        self.folder = folder
        # Not in the folder of the data, which a replica copies.
        self.sockets = folder.with_name(f"{folder.name}-sockets")
        self._tools = tools
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://briefing@/briefing?host={self.sockets}&port=5432"

    def beside(self, folder: Path) -> Server:
        """Return another server, with the same programs and account."""
        return Server(folder, self._tools)

    @property
    def has_ended(self) -> bool:
        """True if it ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def as_account(self, account: str) -> str:
        """Return the URL for another account, such as `name:password`."""
        return self.url.replace("briefing@", f"{account}@")

    def create(self) -> None:
        """Create the data of a primary."""
        self._tools.run("initdb", *INITDB, cwd=self._new_folder())
        (self.folder / "pg_hba.conf").write_text(RULES)
        self._tools.run("postgres", *SINGLE, cwd=self.folder, text=b"create database briefing\n")

    def copy(self, primary: Server) -> None:
        """Create the data of a replica."""
        source = ("-h", str(primary.sockets), "-p", "5432", "-U", "briefing")
        options = ("-D", HERE, "-R", "-X", "stream", "-c", "fast")
        self._tools.run("pg_basebackup", *options, *source, cwd=self._new_folder())

    def follow(self, primary: Server) -> None:
        """Make a replica that is stopped follow another primary."""
        line = f"primary_conninfo = 'user=briefing host={primary.sockets} port=5432'\n"
        with (self.folder / "postgresql.auto.conf").open("a") as settings:
            settings.write(line)

    def start(self) -> None:
        settings = FLAGS | {"unix_socket_directories": str(self.sockets)}
        flags = [f"-c{name}={value}" for name, value in settings.items()]
        self.process = self._tools.spawn("postgres", "-D", HERE, *flags, cwd=self.folder, death_signal=signal.SIGINT)
        end = time.monotonic() + PATIENCE
        while not self._is_ready():
            assert self.process.poll() is None, self._tools.failure("postgres ended").message
            assert time.monotonic() < end, "postgres does not get ready"
            time.sleep(0.01)

    def stop(self, signal_number: int = signal.SIGINT) -> None:
        """Stop it with its clients cut off. SIGQUIT leaves no time for anything, as a crash does."""
        if self.process is None:
            return
        self.thaw()
        self.process.send_signal(signal_number)
        self.process.wait(PATIENCE)
        self.process = None

    def kill(self) -> None:
        """End all of its processes at once."""
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait(PATIENCE)
        self.process = None

    def freeze(self) -> None:
        """Stop all of its processes. Their sockets stay open."""
        for pid in self._processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def promote(self) -> None:
        self._tools.run("pg_ctl", "promote", "-D", HERE, "-w", "-t", "30", cwd=self.folder)

    def client_seconds(self) -> float:
        """Return the user and system time of the processes that serve clients, those that still run."""
        total = 0
        for pid in self._processes():
            with suppress(FileNotFoundError, ProcessLookupError):
                title = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                # postgres: briefing briefing [local] idle
                if title.startswith("postgres: briefing briefing "):
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def _new_folder(self) -> Path:
        for folder in (self.folder, self.sockets):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            self._tools.account.own(folder)
        return self.folder

    def _is_ready(self) -> bool:
        assert self.process is not None
        with suppress(FileNotFoundError):
            lines = (self.folder / "postmaster.pid").read_text().split("\n")
            return lines[0] == str(self.process.pid) and len(lines) > 7 and lines[7].strip() in ("ready", "standby")
        return False

    def _processes(self) -> list[int]:
        if self.process is None or self.process.poll() is not None:
            return []
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]


@contextmanager
def replicated(replicas: int) -> Iterator[list[Server]]:
    """Run a primary, the first in the list, and this many replicas that follow it."""
    # Not in a folder of pytest: the server's account may be unable to enter it, and its socket has a short name.
    with tempfile.TemporaryDirectory(prefix="replicas-", dir="/tmp") as name, _log(Path(name)) as log:
        folder = Path(name)
        folder.chmod(0o755)
        account = account_for(folder / "primary")
        tools = Tools(programs_for(account), account, log)
        servers = [Server(folder / f"s{number}", tools) for number in range(replicas + 1)]
        primary = servers[0]
        try:
            primary.create()
            primary.start()
            for replica in servers[1:]:
                replica.copy(primary)
                replica.start()
            yield servers
        finally:
            for server in servers:
                with suppress(ProcessLookupError):
                    server.stop(signal.SIGQUIT)


@contextmanager
def _log(folder: Path) -> Iterator[IO[bytes]]:
    with (folder / "log").open("wb") as log:
        yield log
