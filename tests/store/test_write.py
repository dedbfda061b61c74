"""One load is one transaction, and one loader runs at a time. Readers always see the state before or after it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg
import pytest

from api.errors import BriefingError, Busy, LoadError, SettingsError, Unavailable
from api.store.collation import sort_key
from api.store.load_transaction import LoadTransaction, writing
from api.store.staged import Staged

LOADER = "import sys; from api.ingest.load import run_load; from api.settings import Settings; " + (
    "sys.exit(run_load(['-'], Settings(database_url=sys.argv[1])))"
)
LOADERS = """
    pg_locks join pg_database on pg_database.oid = database
    where locktype = 'advisory' and datname = current_database()
"""
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def source(number: int) -> Staged:
    identifier = "src_" + "".join(DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
    body = {"resource": "source", "id": identifier, "name": f"Source {number}", "kind": "ngo", "reliability": "f"}
    return Staged("source", identifier, f"s{number}", ("d",), None, json.dumps(body).encode(), sort_key(body["name"]))


async def rows(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield source(number).row(number)


async def write(store: LoadTransaction, count: int) -> None:
    await store.stage(rows(count))
    await store.merge()


@pytest.fixture
async def store(new_store: Callable[[], Awaitable[str]]) -> str:
    url = await new_store()
    return url


@pytest.fixture
async def connection(store: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(store)
    yield connection
    await connection.close()


async def test_readers_see_the_store_before_a_load_or_after_it(store: str, connection: Any) -> None:
    counts: set[tuple[int, int]] = set()
    stop = asyncio.Event()

    async def poll() -> None:
        while not stop.is_set():
            counts.add(
                tuple(await connection.fetchrow("select (select count(*) from v1.source), seq from store.last_change"))
            )

    reader = asyncio.create_task(poll())
    async with writing(store, 0) as writer:
        await write(writer, 3_000)
    await asyncio.sleep(0.05)
    stop.set()
    await reader
    assert counts == {(0, 0), (3_000, 3_000)}


async def test_a_second_loader_is_refused_while_another_runs(store: str) -> None:
    async with writing(store, 0):
        start = monotonic()
        with pytest.raises(Busy):
            async with writing(store, 0.3):
                pass
        assert 0.3 <= monotonic() - start < 2


async def test_a_second_loader_that_waits_gets_its_turn(store: str, connection: Any) -> None:
    async def load(first: bool) -> None:
        async with writing(store, 10) as writer:
            await write(writer, 5)
            await asyncio.sleep(0.3 * first)

    await asyncio.gather(load(True), load(False))
    assert await connection.fetchval("select count(*) from store.change") == 5


async def test_an_error_in_the_middle_leaves_nothing_and_frees_the_lock(store: str, connection: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        async with writing(store, 0) as writer:
            await write(writer, 5)
            raise ZeroDivisionError
    assert await connection.fetchval("select count(*) from store.source") == 0
    async with writing(store, 0) as writer:
        await write(writer, 5)
    assert await connection.fetchval("select count(*) from store.source") == 5


async def test_a_loader_that_is_cancelled_leaves_nothing_and_frees_the_lock(store: str, connection: Any) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for number in range(1_000_000):
            yield source(number).row(number)
            await asyncio.sleep(0)

    async def load() -> None:
        async with writing(store, 0) as writer:
            await writer.stage(endless())

    task = asyncio.create_task(load())
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with writing(store, 1) as writer:
        await write(writer, 5)
    assert await connection.fetchval("select count(*) from store.source") == 5


async def test_a_record_that_only_a_digest_says_is_different_is_unchanged(store: str, connection: Any) -> None:
    """An earlier release took the digest of -0.0. The log contains 0.0, and so does a snapshot."""

    def place(latitude: str) -> Staged:
        body = f'{{"resource":"place","id":"plc_{"0" * 26}","name":"N","geo_precision":"exact",'
        body += f'"latitude":{latitude},"longitude":1.5}}'
        return Staged("place", f"plc_{'0' * 26}", "p", ("d",), None, body.encode(), sort_key("N"))

    async def load(record: Staged) -> dict[str, dict[str, int]]:
        async def row_stream() -> AsyncIterator[bytes]:
            yield record.row(0)

        async with writing(store, 0) as writer:
            await writer.stage(row_stream())
            await writer.merge()
            return writer.counts

    await load(place("-0.0"))
    digest = await connection.fetchval("select digest from store.place")
    await load(place("0.0"))
    assert await connection.fetchrow("select revision, digest from store.place") == (1, digest)
    assert await connection.fetchval("select count(*) from store.change") == 1
    await load(place("0.5"))
    assert await connection.fetchval("select revision from store.place") == 2


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
async def test_a_killed_loader_leaves_nothing_and_frees_the_lock(store: str, connection: Any, how: int) -> None:
    root, pipe = Path(__file__).parents[2], asyncio.subprocess.PIPE
    loader = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOADER, store, stdin=pipe, stderr=pipe, cwd=root
    )
    assert loader.stdin
    line = {"resource": "source", "dataset": "d", "name": "N", "kind": "ngo"}
    for number in range(20_000):
        loader.stdin.write(json.dumps(line | {"key": f"k{number}"}).encode() + b"\n")
    await loader.stdin.drain()
    assert await connection.fetchval(f"select count(*) from {LOADERS}") == 1
    loader.send_signal(how)
    loader.stdin.close()  # Ctrl-C takes effect when the read that is under way returns
    await loader.wait()
    async with writing(store, 5) as writer:
        await write(writer, 5)
    assert await connection.fetchval("select count(*) from store.source") == 5
    assert await connection.fetchval("select count(*) from store.change") == 5


async def test_a_loader_whose_connection_is_cut_says_that_the_store_went_away(store: str, connection: Any) -> None:
    with pytest.raises(Unavailable):
        async with writing(store, 0) as writer:
            await writer.stage(rows(5))
            await connection.execute(f"select pg_terminate_backend(pid) from {LOADERS}")
            await writer.merge()
    assert await connection.fetchval("select count(*) from store.change") == 0


async def test_the_log_cannot_be_rewritten(store: str, connection: Any) -> None:
    async with writing(store, 0) as writer:
        await write(writer, 5)
    for statement in ("delete from store.change", "update store.change set id = 'x'", "truncate store.change"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(statement)


async def test_a_database_without_tables_says_what_to_run(fresh_database: Callable[[], Awaitable[str]]) -> None:
    with pytest.raises(SettingsError) as exc_info:
        async with writing(await fresh_database(), 0) as writer:
            await write(writer, 5)
    assert "briefing migrate" in exc_info.value.hint


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (asyncpg.DiskFullError("No space left on device"), Unavailable),
        (asyncpg.OutOfMemoryError("out of memory"), Unavailable),
        (asyncpg.CheckViolationError("value violates"), LoadError),
        (asyncpg.ProgramLimitExceededError("index row size"), LoadError),
        (asyncpg.InsufficientPrivilegeError("permission denied"), SettingsError),
        (ConnectionResetError("reset"), Unavailable),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
async def test_errors_of_postgres_become_readable_messages(
    store: str, raised: Exception, expected: type[BriefingError]
) -> None:
    with pytest.raises(expected) as exc_info:
        async with writing(store, 0):
            raise raised
    assert type(exc_info.value) is expected
    assert str(raised) in exc_info.value.message


async def test_text_goes_through_copy_as_it_is(store: str, connection: Any) -> None:
    strange = 'back\\slash \\N \\. "quotes" tab\there\nnew line \r\n — \u4e00 \U0001f600'
    body = json.dumps({**json.loads(source(1).body), "name": strange}).encode()
    record = Staged("source", source(1).id, strange, ("d", strange), None, body, sort_key(strange))

    async def some() -> AsyncIterator[bytes]:
        yield record.row(7)

    async with writing(store, 0) as writer:
        await writer.stage(some())
        await writer.merge()
    assert await connection.fetchval("select name from store.source") == strange
