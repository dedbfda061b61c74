"""Run the Postgres that comes with the package. `start` runs it as a child that cannot outlive its owner.

<data_dir>/lock            locked by the service that owns the folder; contains its process id
<data_dir>/pgpass          the password that every connection needs
<data_dir>/postgres/       the data, and the socket
<data_dir>/postgres.new/   data that is being created; cleared at the next start
<data_dir>/postgres.log    the log of the server; locked while any of its processes lives
<data_dir>/socket          a link to the folder of the socket, only if the path above is no address for a socket
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
from api.store.cluster import OWN_SERVER, Account, Tools, account_for, prepare_data, programs_for
from api.store.postgres_server import PATIENCE, PostgresServer
from api.store.processes import clear_locks
from api.store.supervise import supervise

MAX_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")
MAX_LOG = 1 << 20


class Embedded:
    """A running server. As a context manager it stops at the end."""

    def __init__(self, url: str, server: PostgresServer, resources: ExitStack) -> None:
        self.url = url
        self._server = server
        self._resources = resources

    @property
    def pid(self) -> int:
        """The id of the server's first process. Each restart changes it."""
        return self._server.pid

    async def supervise(self) -> BriefingError:
        """Restart the server each time it ends. Return the error when it has ended too often."""
        return await supervise(self._server)

    def stop(self) -> None:
        """Shut the server down and cut off its clients. Further calls do nothing."""
        self._resources.close()

    def __enter__(self) -> Embedded:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(data_dir: Path, connections: int = 100) -> Embedded:
    """Run the server on this folder, which the first start creates. Block until the server is ready. SettingsError if
    it cannot run. Call it in the main thread, because the server ends with the thread that started it."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("the embedded Postgres would end with this thread: start it from the main one")
    if sys.platform != "linux":
        raise SettingsError("The embedded Postgres runs on Linux.", OWN_SERVER)
    folder = data_dir.resolve()
    data = folder / "postgres"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as resources:
            account = account_for(data)
            resources.enter_context(_lock_folder(folder, account))
            programs = programs_for(account)
            log = resources.enter_context(_open_log(folder, account))
            tools = Tools(programs, account, log)
            prepare_data(data, tools)
            sockets = resources.enter_context(_socket_folder(folder, account))
            clear_locks(data, data / sockets, OWN_SERVER)
            password.require_password(folder, data, tools)
            server = PostgresServer(data, tools, sockets, connections)
            resources.callback(server.stop)
            server.start()
            return Embedded(_url(folder), server, resources.pop_all())
    except OSError as error:
        raise SettingsError(
            f"The embedded Postgres cannot use {folder} (as uid {os.geteuid()}): {error}.",
            f"Name a folder that this account may write to in BRIEFING_DATA_DIR. {OWN_SERVER}",
        ) from error


def running(data_dir: Path) -> str | None:
    """Return the URL of the server that another service runs on this folder now; None if there is none."""
    folder = data_dir.resolve()
    with suppress(FileNotFoundError, PermissionError), (folder / "lock").open("rb") as lock:
        is_free = _try_lock(lock, fcntl.LOCK_SH)
        if not is_free:
            return _url(folder)
    return None


def _url(folder: Path) -> str:
    link = folder / "socket"
    host = link.readlink() if link.is_symlink() else folder / "postgres"
    return (
        f"postgresql://{password.ROLE}@/briefing?host={quote(str(host))}&port=5432"
        f"&passfile={quote(str(folder / password.FILE))}"
    )


def _try_lock(file: IO[bytes], kind: int = fcntl.LOCK_EX, patience: float = 0.0) -> bool:
    """Lock a file, and return True. False if it is not free within `patience` seconds."""
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
def _open_to_append(path: Path, account: Account) -> Iterator[IO[bytes]]:
    """Open a file to append. A link is not followed: the folder may belong to another account, and we may be root."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    with open(path, "ab+", opener=lambda name, _: os.open(name, flags, 0o600)) as file:
        account.own(file.fileno())
        yield file


@contextmanager
def _lock_folder(folder: Path, account: Account) -> Iterator[None]:
    """Lock the folder for this service. The kernel frees the lock when this process ends, even after a crash.
    SettingsError if another service has it."""
    with _open_to_append(folder / "lock", account) as lock:
        if not _try_lock(lock, patience=0.05):  # Wait a moment, because `running` takes the lock for a moment.
            lock.seek(0)
            pid = lock.read().decode().strip()
            raise SettingsError(
                f"Another service (process {pid}) keeps its data in {folder}.",
                f"Stop it, or name another folder in BRIEFING_DATA_DIR. {OWN_SERVER}",
            )
        lock.truncate(0)
        lock.write(b"%d\n" % os.getpid())
        lock.flush()
        yield


@contextmanager
def _open_log(folder: Path, account: Account) -> Iterator[IO[bytes]]:
    """Open the log and lock it. All processes of a server inherit the lock, so when it is free, no process of an
    earlier server is left. SettingsError if an earlier server does not end."""
    with _open_to_append(folder / "postgres.log", account) as log:
        if not _try_lock(log, patience=PATIENCE):
            raise SettingsError(f"The server that an earlier service left in {folder} does not end.", OWN_SERVER)
        if os.fstat(log.fileno()).st_size > MAX_LOG:
            log.truncate(0)
        yield log


@contextmanager
def _socket_folder(folder: Path, account: Account) -> Iterator[str]:
    """Yield the folder of the server's socket, as the server names it: the folder of its data, unless no client could
    name that."""
    link = folder / "socket"
    if link.is_symlink():  # A service that was killed has left it.
        with suppress(OSError):
            link.readlink().rmdir()
        link.unlink()
    data = str(folder / "postgres")
    if len(os.fsencode(data)) <= MAX_SOCKET_FOLDER and "," not in data:  # asyncpg reads a comma as the end of a host.
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
