"""Find the processes of a Postgres on a folder of data, and clear lock files that name none of them.

A lock file contains a process id. After a crash any other process may have that id. Postgres then refuses to start,
because it only checks that such a process exists. Here a lock counts only if its process is a Postgres that works in
the folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL

from api.errors import SettingsError

PID_FILE = "postmaster.pid"
SOCKET_LOCK = ".s.PGSQL.5432.lock"
# The names of the program in the kernel's list of processes; distributions once linked it as `postmaster`.
PROGRAMS = ("postgres", "postmaster")
PROC = Path("/proc")


def clear_locks(data: Path, sockets: Path, hint: str) -> None:
    """Remove lock files whose process is not a Postgres on this data. SettingsError if one is."""
    for file in (data / PID_FILE, sockets / SOCKET_LOCK):
        with suppress(FileNotFoundError):
            pid = _read_pid(file)
            if pid and _is_postgres_on(data, PROC / pid):
                raise SettingsError(f"Another Postgres (process {pid}) runs on {data}.", hint)
            file.unlink()


def end_rest(data: Path) -> bool:
    """Kill the processes that a server left when its first process died. Return True if none was left.

    Each of them would end by itself, but only after the statement that it runs. Killing them loses nothing, because the
    next server replays the log in any case.
    """
    pids = [pid for pid in _list_pids() if _is_postgres_on(data, PROC / pid)]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(int(pid), SIGKILL)
    _reap_adopted()
    return not pids


def _read_pid(file: Path) -> str:
    """Return the process id in a lock file, or an empty text. A server in single-user mode writes a minus before it."""
    words = file.read_text(errors="replace").split()
    if not words:
        return ""
    pid = words[0].removeprefix("-")
    return pid if pid.isascii() and pid.isdecimal() else ""


def _is_postgres_on(data: Path, process: Path) -> bool:
    """Return True if this is a Postgres that works in the folder. Such a Postgres runs as the folder's owner, so a
    process that we may not read is another one."""
    try:
        return (process / "comm").read_text().strip() in PROGRAMS and (process / "cwd").samefile(data)
    except (FileNotFoundError, ProcessLookupError, PermissionError):  # ended, not yet reaped, or of another account
        return False


def _list_pids() -> Iterator[str]:
    return (process.name for process in PROC.iterdir() if process.name.isdecimal())


def _reap_adopted() -> None:
    """Reap processes of a dead server that became our children, as they do if we are process 1 of a container."""
    for pid in _list_pids():
        with suppress(FileNotFoundError, ProcessLookupError, ChildProcessError):
            name, _, rest = (PROC / pid / "stat").read_text().rpartition(")")
            state, parent = rest.split()[:2]
            if state == "Z" and int(parent) == os.getpid() and name.partition("(")[2] in PROGRAMS:
                os.waitpid(int(pid), os.WNOHANG)
