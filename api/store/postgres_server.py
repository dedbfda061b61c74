"""Start and stop one Postgres server on a folder of data, and check if it is ready or has ended."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGINT, SIGQUIT, Signals

from api.store.cluster import HERE, OWN_SERVER, Tools
from api.store.processes import PID_FILE, clear_locks

PATIENCE = 60.0  # Seconds for a server to shut down: a fast shutdown writes a checkpoint first.
RECOVERY = 600.0  # Seconds for a server to start: after a crash it reads its log again.

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "shared_buffers": "128MB",
    "fsync": "on",
    "jit": "off",
    "timezone": "UTC",
    "client_connection_check_interval": "500ms",
    "restart_after_crash": "on",
    # Clients get their own errors. Without them in the log, clients cannot make it large.
    "log_min_messages": "log",
    "log_checkpoints": "off",
}


class PostgresServer:
    """A server that can be started again after it has ended. `sockets` is the folder of its socket, as its settings
    name it."""

    def __init__(self, data: Path, tools: Tools, sockets: str, connections: int) -> None:
        self.data = data
        self.tools = tools
        self._sockets = sockets
        settings = SETTINGS | {"unix_socket_directories": sockets, "max_connections": str(connections)}
        self._flags = [f"-c{name}={value}" for name, value in settings.items()]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The id of the server's first process, which is our child; 0 before the first start."""
        return self._process.pid if self._process else 0

    def spawn(self) -> None:
        """Start the server without waiting for it. When we die, the kernel sends it SIGINT, a fast shutdown."""
        clear_locks(self.data, self.data / self._sockets, OWN_SERVER)
        self._process = self.tools.spawn("postgres", "-D", HERE, *self._flags, cwd=self.data, death_signal=SIGINT)

    def start(self) -> None:
        """Start the server and wait until it is ready. SettingsError if it ends or takes too long."""
        self.spawn()
        deadline = time.monotonic() + RECOVERY
        while not self.ready():
            reason = self.ended()
            if reason:
                raise self.tools.failure(f"postgres ended with {reason}")
            if time.monotonic() > deadline:
                raise self.tools.failure("postgres does not get ready")
            time.sleep(0.002)

    def ready(self) -> bool:
        """Return True if it accepts connections. As pg_ctl does, read the eighth line of postmaster.pid, if the first
        line is the id of our child."""
        with suppress(FileNotFoundError):
            lines = (self.data / PID_FILE).read_text().split("\n")
            return lines[0] == str(self.pid) and len(lines) > 7 and lines[7].strip() == "ready"
        return False

    def ended(self) -> str:
        """Return the way in which it ended, such as `exit 1` or `SIGKILL`; empty while it runs. This reaps an ended
        child."""
        if self._process is None:
            return ""
        code = self._process.poll()
        if code is None:
            return ""
        if code < 0:
            return Signals(-code).name
        return f"exit {code}"

    def stop(self) -> None:
        """Shut the server down and cut off its clients."""
        if self._process is None:
            return
        for signal in (SIGINT, SIGQUIT):
            self._process.send_signal(signal)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE / 2)
                return
        self.kill()
        self._process.wait()

    def kill(self) -> None:
        """Kill its first process, as a crash would."""
        if self._process is not None:
            self._process.kill()
