"""The poller recovers from every failure: it is the only way by which a process learns of changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial

import asyncpg
import pytest

from api.store import poller as module
from api.store.poller import Poller, PollTarget

TARGET = PollTarget(
    "the test", "briefing_reader", "briefing_change", "select pg_backend_pid() as pid", interval=0.05, fresh_seconds=5.0
)
OnRows = Callable[[list[asyncpg.Record]], None]


@pytest.fixture
async def start(empty_store: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[OnRows], Poller]]:
    """A function that starts a poller, which is stopped at the end."""
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)
    pollers: list[Poller] = []

    def start_one(on_rows: OnRows) -> Poller:
        poller = Poller(empty_store, TARGET, on_rows)
        poller.start()
        pollers.append(poller)
        return poller

    yield start_one
    for poller in pollers:
        await poller.stop()


async def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until the condition holds. TimeoutError after ten seconds."""
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.01)


def is_other(pids: list[int], pid: int) -> bool:
    """Return True if the last poll came from another backend."""
    return pids[-1] != pid


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        ConnectionResetError(),
        AttributeError("'NoneType' object has no attribute 'is_closing'"),
        KeyError("a column that a migration took away"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_the_poller_recovers_from_any_error(error: Exception, start: Callable[[OnRows], Poller]) -> None:
    polls = 0

    def on_rows(rows: list[asyncpg.Record]) -> None:
        nonlocal polls
        polls += 1
        if polls == 2:
            raise error

    poller = start(on_rows)
    await wait_until(lambda: polls > 2 and poller.is_fresh)


async def test_the_poller_recovers_from_connections_that_are_ended_at_any_moment(
    empty_store: str, start: Callable[[OnRows], Poller]
) -> None:
    pids: list[int] = []
    poller = start(lambda rows: pids.append(rows[0]["pid"]))
    administrator = await asyncpg.connect(empty_store)
    try:
        for number in range(20):
            await wait_until(lambda: poller.is_fresh)
            before = pids[-1]
            await asyncio.sleep(number * 0.003)
            await administrator.execute("select pg_terminate_backend($1)", before)
            await wait_until(partial(is_other, pids, before))
    finally:
        await administrator.close()
    await wait_until(lambda: poller.is_fresh)
