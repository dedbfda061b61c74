"""A server that ends is restarted while its service runs, and nothing of the dead server is left."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import asyncpg
import pytest

from api.errors import BriefingError, Unavailable
from api.store import supervise
from api.store.embedded import Embedded, start
from tests.store.test_embedded import ask, processes

PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Embedded]:
    with start(tmp_path) as running_server:
        yield running_server


@pytest.fixture
async def supervising(server: Embedded) -> AsyncIterator[asyncio.Task[BriefingError]]:
    task = asyncio.create_task(server.supervise())
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def kill(server: Embedded) -> int:
    """Kill the server's first process; return its id once another has taken its place."""
    pid = server.pid
    os.kill(pid, signal.SIGKILL)
    start_time = monotonic()
    while server.pid == pid:
        assert monotonic() - start_time < 2, "a restart begins within 2 s"
        await asyncio.sleep(0.01)
    return pid


async def answer(url: str, statement: str) -> object:
    """Return the result of a statement, as soon as the server takes connections."""
    start_time = monotonic()
    while True:
        try:
            return await ask(url, statement)
        except (OSError, asyncpg.PostgresError):
            assert monotonic() - start_time < 30
            await asyncio.sleep(0.05)


async def test_a_server_that_is_killed_is_restarted_with_its_data(
    server: Embedded, supervising: asyncio.Task[BriefingError]
) -> None:
    await ask(server.url, "create table kept as select 7 as value")
    pid = await kill(server)
    assert not Path(f"/proc/{pid}").exists(), "the dead child is reaped"
    assert await answer(server.url, "select value from kept") == 7
    assert not supervising.done()


async def test_statements_that_still_run_do_not_hold_up_the_restart(
    server: Embedded, supervising: asyncio.Task[BriefingError], tmp_path: Path
) -> None:
    connection = await asyncpg.connect(server.url)
    running = asyncio.create_task(connection.execute("do $$ begin loop end loop; end $$"))
    await asyncio.sleep(0.1)
    before = set(processes(tmp_path))
    await kill(server)
    assert await answer(server.url, "select 1") == 1
    assert not before & set(processes(tmp_path))
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await running


async def test_orphans_are_reaped_where_they_become_our_children(
    server: Embedded, supervising: asyncio.Task[BriefingError], tmp_path: Path
) -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        before = set(processes(tmp_path))
        await kill(server)
        assert await answer(server.url, "select 1") == 1
        assert not [pid for pid in before if Path(f"/proc/{pid}").exists()]
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0)


async def test_a_lock_file_with_a_strangers_id_does_not_hold_up_the_restart(
    server: Embedded, supervising: asyncio.Task[BriefingError], tmp_path: Path
) -> None:
    (tmp_path / "postgres" / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    await kill(server)
    assert await answer(server.url, "select 1") == 1


async def test_a_server_that_ends_again_and_again_is_given_up_with_the_reason(
    server: Embedded, supervising: asyncio.Task[BriefingError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "PAUSES", (0.0,) * 4)
    for _ in range(supervise.MAX_ENDS - 1):
        await kill(server)
    os.kill(server.pid, signal.SIGKILL)
    error = await asyncio.wait_for(supervising, 10)
    assert isinstance(error, Unavailable)
    assert "ended 5 times within a minute, the last time with SIGKILL" in error.message
    assert "postgres.log ends with" in error.message and "BRIEFING_DATABASE_URL" in error.hint


async def test_ends_that_are_further_apart_are_not_counted_together(
    server: Embedded, supervising: asyncio.Task[BriefingError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "WINDOW_SECONDS", 0.0)
    for _ in range(supervise.MAX_ENDS + 1):
        await kill(server)
        assert await answer(server.url, "select 1") == 1
    assert not supervising.done()


async def test_a_restart_that_is_refused_counts_as_an_end(
    server: Embedded,
    supervising: asyncio.Task[BriefingError],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(supervise, "PAUSES", (0.0,) * 4)
    (tmp_path / "postgres" / "postgresql.auto.conf").write_text("no_such_setting = 1\n")
    os.kill(server.pid, signal.SIGKILL)
    error = await asyncio.wait_for(supervising, 10)
    assert "the last time with exit 1" in error.message and "no_such_setting" in error.message
