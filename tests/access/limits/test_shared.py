"""The table that the workers of a machine share is exact between processes, and forgets a process that was killed."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import pytest

from api.access.limits import open_limits
from api.access.limits.gcra import Bucket
from api.access.limits.limits import AT_ONCE, Quota
from api.access.limits.shared_table import PAGE, SharedTable
from api.settings import Settings
from tests.access.limits.server import RedisServer
from tests.access.limits.worker import IDENTITIES, MANY, NARROW
from tests.access.limits.workers import results, working

SLOW = Quota((Bucket("minute", 100, 1, 60),), 10)


@pytest.fixture
async def table() -> AsyncIterator[SharedTable]:
    """The table of a supervisor, for four workers."""
    parent = SharedTable.create(1000, workers=4)
    yield parent
    await parent.close()


def test_four_processes_allow_what_one_would(table: SharedTable) -> None:
    where = f"shared:{table.fileno()}"
    with working(*[(where, "hits")] * 3, (where, "hits", "ahead")) as workers:
        results_by_process = results(workers)
    assert {name: sum(counts[name] for counts in results_by_process) for name in IDENTITIES} == dict.fromkeys(
        IDENTITIES, MANY
    )
    assert sum(any(counts.values()) for counts in results_by_process) > 1, "they ran beside each other"


async def test_a_worker_that_is_killed_leaves_neither_lock_nor_place(table: SharedTable) -> None:
    where = f"shared:{table.fileno()}"
    chance = random.Random(4)
    with working(*[(where, "storm")] * 4) as workers:
        for worker in workers:
            worker.go()
        for worker in workers:
            time.sleep(chance.uniform(0.01, 0.05))
            worker.kill()
    ours = SharedTable.attach(os.dup(table.fileno()))
    for identity in IDENTITIES:
        decisions = [await ours.begin(identity, NARROW, 1) for _ in range(NARROW.at_once + 1)]
        assert [decision.hit for decision in decisions] == [None] * NARROW.at_once + [AT_ONCE]
    assert ours.unlocked == 0


async def test_places_of_a_killed_worker_are_free_though_nobody_replaced_it(table: SharedTable) -> None:
    ours = SharedTable.attach(os.dup(table.fileno()))
    with working((f"shared:{table.fileno()}", "hold")) as (worker,):
        worker.go()
        assert worker.line() == "held"
        assert (await ours.begin(IDENTITIES[0], NARROW, 1)).hit == AT_ONCE, "it lives"
        worker.kill()
        for identity in IDENTITIES:
            assert (await ours.begin(identity, NARROW, 1)).allowed


async def test_a_worker_that_is_stopped_holding_a_lock_does_not_stop_the_others(table: SharedTable) -> None:
    ours = SharedTable.attach(os.dup(table.fileno()))
    fd = table.fileno()
    program = f"import fcntl; fcntl.lockf({fd}, fcntl.LOCK_EX, {PAGE}, {PAGE}); print('locked', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], pass_fds=[fd], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        holder.send_signal(signal.SIGSTOP)
        os.waitpid(holder.pid, os.WUNTRACED)
        start_time = time.monotonic()
        assert (await ours.begin("key:a", NARROW, 1)).allowed
        assert 0.02 < time.monotonic() - start_time < 1
        assert ours.unlocked == 1
        holder.kill()
        holder.wait(10)
    assert (await ours.begin("key:a", NARROW, 1)).allowed
    assert ours.unlocked == 1, "the killed one let go"


async def test_more_workers_than_columns_are_refused() -> None:
    small = SharedTable.create(16, workers=2)
    with (
        working(*[(f"shared:{small.fileno()}", "hold")] * 4),
        pytest.raises(RuntimeError, match="more workers"),
    ):
        SharedTable.attach(os.dup(small.fileno()))
    await small.close()


async def test_the_settings_name_the_store(table: SharedTable, redis_server: RedisServer) -> None:
    stores = [
        open_limits(Settings()),
        open_limits(Settings(), os.dup(table.fileno())),
        open_limits(Settings(redis_url=redis_server.url, limit_processes=8)),
    ]
    assert [type(store).__name__ for store in stores] == ["SharedTable", "SharedTable", "Fallback"]
    for store in stores:
        assert (await store.begin("key:a", SLOW, 1)).allowed
        await store.close()


async def test_a_full_set_gives_up_its_least_indebted_entry() -> None:
    table = SharedTable.alone(16)
    for n in range(16):
        decision = await table.begin(f"key:{n}", SLOW, 50 - n)
        assert decision.reservation is not None
        if n != 15:
            await table.end(decision.reservation)
    assert (await table.begin("key:new", SLOW, 30)).allowed
    assert table.evicted == 1
    remaining = [(await table.look(f"key:{n}", SLOW)).remaining[0] for n in range(16)]
    assert remaining == [*range(50, 64), 100, 65], "the last had fewer debts, but is under way"
    await table.close()


async def test_entries_that_are_full_again_make_room() -> None:
    now = 1_000_000
    table = SharedTable.alone(16, lambda: now * 1000)
    for _ in range(100):
        for n in range(4):
            decision = await table.begin(f"key:{now}:{n}", SLOW, 100)
            assert decision.reservation is not None
            await table.end(decision.reservation)
        now += 2000 * 1_000_000
    assert table.evicted == 0
    await table.close()


def test_a_file_without_a_table_is_refused() -> None:
    fd = os.memfd_create("other")
    os.ftruncate(fd, PAGE)
    with pytest.raises(ValueError, match="no table"):
        SharedTable.attach(fd)
    os.close(fd)


async def test_two_tables_hide_their_identities_differently(table: SharedTable) -> None:
    """An attacker who could aim at a set of the table would push other callers out of it."""
    other = SharedTable.create(1000, workers=4)
    leases = [(await shared_table.begin("key:a", SLOW, 1)).reservation for shared_table in (table, other)]
    assert leases[0] is not None and leases[1] is not None
    assert leases[0].token != leases[1].token
    await other.close()


async def test_columns_are_claimed_for_as_long_as_a_process_lives(table: SharedTable) -> None:
    with working((f"shared:{table.fileno()}", "hold")), pytest.raises(OSError):
        fcntl.lockf(table.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
