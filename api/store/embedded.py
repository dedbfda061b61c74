"""The Postgres that comes with the package: `start` runs it as a child that cannot outlive its owner.

<data_dir>/lock            held by the service that owns the folder; holds its process id
<data_dir>/pgpass          the password that every connection needs
<data_dir>/postgres/       the data, and the socket
<data_dir>/postgres.new/   data that is still being made; cleared at the next start
<data_dir>/postgres.log    what the server says; locked while any of its processes lives
<data_dir>/socket          only where the path is no address for a socket: a link to the folder of the socket
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from api.errors import BriefingError, SettingsError
from api.store import password
from api.store.cluster import OWN_SERVER, Account, Tools, account_for, programs_for, settle
from api.store.processes import clear_locks
from api.store.server import PATIENCE, Server
from api.store.supervise import supervise

MAX_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")
MAX_LOG = 1 << 20


class Embedded:
    """A running server: its `url` and `pid`, and `stop`. As a context manager it stops at the end."""

    def __init__(self, url: str, server: Server, held: ExitStack) -> None:
        self.url = url
        self._server = server
        self._held = held

    @property
    def pid(self) -> int:
        """The id of the server's first process; each restart changes it."""
        return self._server.pid

    async def supervise(self) -> BriefingError:
        """Restart the server whenever it ends; return the error when it ends too often."""
        return await supervise(self._server)

    def stop(self) -> None:
        """Shut the server down, cutting off its clients. Again is harmless."""
        self._held.close()

    def __enter__(self) -> Embedded:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(data_dir: Path, connections: int = 100) -> Embedded:
    """Run the server on this folder, made at the first start. Blocks until it answers. SettingsError says why not."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("the embedded Postgres would end with this thread: start it from the main one")
    if sys.platform != "linux":
        raise SettingsError("The embedded Postgres runs on Linux.", OWN_SERVER)
    folder = data_dir.resolve()
    data = folder / "postgres"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as held:
            account = account_for(data)
            held.enter_context(_owned(folder, account))
            tools = Tools(programs_for(account), account, held.enter_context(_log(folder, account)))
            settle(data, tools)
            address = held.enter_context(_address(folder, account))
            clear_locks(data, data / address, OWN_SERVER)
            password.require_password(folder, data, tools)
            server = Server(data, tools, address, connections)
            held.callback(server.stop)
            server.start()
            return Embedded(_url(folder), server, held.pop_all())
    except OSError as error:
        raise SettingsError(
            f"The embedded Postgres cannot use {folder} (as uid {os.geteuid()}): {error}.",
            f"Name a folder that this account may write to in BRIEFING_DATA_DIR. {OWN_SERVER}",
        ) from error


def running(data_dir: Path) -> str | None:
    """The URL of the server that another service runs on this folder now, if one does."""
    folder = data_dir.resolve()
    with suppress(FileNotFoundError, PermissionError), (folder / "lock").open("rb") as lock:
        return None if _locked(lock, fcntl.LOCK_SH) else _url(folder)
    return None


def _url(folder: Path) -> str:
    link = folder / "socket"
    host = link.readlink() if link.is_symlink() else folder / "postgres"
    return (
        f"postgresql://{password.ROLE}@/briefing?host={quote(str(host))}&port=5432"
        f"&passfile={quote(str(folder / password.FILE))}"
    )


def _locked(file: IO[bytes], kind: int = fcntl.LOCK_EX, patience: float = 0.0) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)


@contextmanager
def _opened(path: Path, account: Account) -> Iterator[IO[bytes]]:
    """To append. A link is not followed: the folder may be another account's, and we may be root."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    with open(path, "ab+", opener=lambda name, _: os.open(name, flags, 0o600)) as file:
        account.own(file.fileno())
        yield file


@contextmanager
def _owned(folder: Path, account: Account) -> Iterator[None]:
    """The folder is ours alone. The kernel lets go of it when this process ends, however it ends."""
    with _opened(folder / "lock", account) as lock:
        if not _locked(lock, patience=0.05):  # a moment, because `running` holds it for one
            lock.seek(0)
            raise SettingsError(
                f"Another service (process {lock.read().decode().strip()}) keeps its data in {folder}.",
                f"Stop it, or name another folder in BRIEFING_DATA_DIR. {OWN_SERVER}",
            )
        lock.truncate(0)
        lock.write(b"%d\n" % os.getpid())
        lock.flush()
        yield


@contextmanager
def _log(folder: Path, account: Account) -> Iterator[IO[bytes]]:
    """The log, locked. All processes of a server inherit the lock: when we get it, none of an earlier one is left."""
    with _opened(folder / "postgres.log", account) as log:
        if not _locked(log, patience=PATIENCE):
            raise SettingsError(f"The server that an earlier service left in {folder} does not end.", OWN_SERVER)
        if os.fstat(log.fileno()).st_size > MAX_LOG:
            log.truncate(0)
        yield log


@contextmanager
def _address(folder: Path, account: Account) -> Iterator[str]:
    """Where the server puts its socket, in its own terms: among its data, unless no client could name that."""
    link = folder / "socket"
    if link.is_symlink():  # left by a service that was killed
        with suppress(OSError):
            link.readlink().rmdir()
        link.unlink()
    data = str(folder / "postgres")
    if len(os.fsencode(data)) <= MAX_SOCKET_FOLDER and "," not in data:  # asyncpg reads a comma as two hosts
        yield "."
        return
    private = Path(tempfile.mkdtemp(prefix="briefing-", dir="/tmp"))
    try:
        account.own(private)
        link.symlink_to(private)
        yield str(private)
    finally:
        link.unlink(missing_ok=True)
        shutil.rmtree(private, ignore_errors=True)
