"""Migrations: the first process applies each one once. If it cannot be applied, the error says why."""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from api import __version__
from api.errors import SettingsError, Unavailable
from api.store import migrate as module
from api.store.connection import Connection, take_lock
from api.store.migrate import migrate
from api.store.statements import Script, migrations, versions
from tests.command import briefing
from tests.serving import COMMAND, ROOT


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


def script(name: str, text: str) -> Script:
    return Script(name, text, f"checksum of {text}")


async def test_an_empty_database_gets_every_migration_and_version_in_order(database: str) -> None:
    names = await migrate(database)
    assert names == [script.name for script in (*migrations(), *versions())]
    assert names[0] == "0001_words"
    assert names[-2:] == ["v1", "v2"]


async def test_a_second_run_changes_nothing(database: str) -> None:
    await migrate(database)
    assert await migrate(database) == []


async def test_four_at_once_all_succeed_and_one_does_the_work(database: str) -> None:
    names_by_run = await asyncio.gather(*(migrate(database) for _ in range(4)))
    assert sorted(map(len, names_by_run)) == [0, 0, 0, len(migrations()) + len(versions())]


def test_of_two_commands_at_once_one_migrates_and_both_exit_with_0(database: str) -> None:
    command = [sys.executable, "-c", COMMAND, "migrate"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BRIEFING_DATABASE_URL": database}
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = sorted((process.communicate(timeout=120)[0] for process in running), key=len)
    assert [process.returncode for process in running] == [0, 0]
    assert outputs[0] == "Nothing to do.\n" and "0001" in outputs[1]


async def test_the_reader_may_read_what_a_version_shows_and_not_the_store(
    database: str, connection: asyncpg.Connection
) -> None:
    await migrate(database)
    await connection.execute("set role briefing_reader")
    assert await connection.fetch("select * from v1.event") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("select * from store.event")


async def test_a_changed_migration_is_refused_by_name(database: str, connection: asyncpg.Connection) -> None:
    await migrate(database)
    await connection.execute("update migration.applied set checksum = 'other' where name = '0002_domains'")
    with pytest.raises(SettingsError, match="0002_domains") as exc_info:
        await migrate(database)
    assert urlsplit(database).path[1:] in exc_info.value.message, "it says which store"


async def test_a_changed_view_is_made_again(database: str, connection: asyncpg.Connection) -> None:
    await migrate(database)
    await connection.execute("update migration.applied set checksum = 'other' where name = 'v1'")
    await connection.execute("drop view v1.place cascade")
    assert await migrate(database) == ["v1"]
    assert await connection.fetch("select * from v1.place") == []


@pytest.mark.parametrize(("release", "expected"), [("7.1.0", "release 7.1.0"), (None, "a newer release")])
async def test_a_store_of_a_newer_release_is_refused_with_both_versions_and_left_alone(
    database: str, connection: asyncpg.Connection, release: str | None, expected: str
) -> None:
    await migrate(database)
    await connection.execute("insert into migration.applied values ('9999_later', 'x', now(), $1)", release)
    await connection.execute("update migration.applied set checksum = 'other' where name = 'v1'")
    with pytest.raises(SettingsError) as refused:
        await migrate(database)
    assert f"to 9999_later by {expected}. This is release {__version__}" in refused.value.message
    assert migrations()[-1].name in refused.value.message
    assert "--allow-newer-store" in refused.value.hint
    assert await migrate(database, allow_newer=True) == []
    assert await connection.fetchval("select checksum from migration.applied where name = 'v1'") == "other"


async def test_a_ledger_without_releases_gets_them_with_the_next_migration(
    database: str, connection: asyncpg.Connection
) -> None:
    await migrate(database)
    assert await connection.fetchval("select array_agg(distinct release) from migration.applied") == [__version__]
    await connection.execute("alter table migration.applied drop column release")
    assert await migrate(database) == []
    await connection.execute("update migration.applied set checksum = 'other' where name = 'v1'")
    assert await migrate(database) == ["v1"]
    noted = await connection.fetchval("select array_agg(name) from migration.applied where release is not null")
    assert noted == ["v1"]


@pytest.mark.fault
async def test_a_second_migrate_waits_for_the_first_and_exits_with_0(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = threading.Event()

    async def take_noted(connection: Connection, key: int, seconds: float) -> bool:
        if seconds == math.inf:
            waits.set()
        return await take_lock(connection, key, seconds)

    monkeypatch.setattr(module, "PATIENCE", 0.2)
    monkeypatch.setattr(module, "take_lock", take_noted)
    await migrate(database)
    await connection.execute("select pg_advisory_lock($1)", module.LOCK)
    running = asyncio.create_task(asyncio.to_thread(briefing, database, "migrate"))
    assert await asyncio.to_thread(waits.wait, 60)
    assert not running.done()
    await connection.execute("select pg_advisory_unlock($1)", module.LOCK)
    done = await running
    assert (done.returncode, done.stdout) == (0, "Nothing to do.\n")
    assert done.stderr == "Waiting for another migration of this store to end.\n"


async def test_a_failing_migration_leaves_nothing_behind(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "migrations", lambda: (script("0001_bad", "create table half (); select 1/0"),))
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database)
    assert await connection.fetchval("select to_regclass('half')") is None
    assert await connection.fetchval("select count(*) from migration.applied") == 0


@pytest.mark.fault
async def test_a_held_lock_is_waited_out_in_short_steps(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await connection.execute("create table busy (id integer)")
    monkeypatch.setattr(module, "migrations", lambda: (script("0001_alter", "alter table busy add other integer"),))
    monkeypatch.setattr(module, "versions", lambda: ())
    async with connection.transaction():
        await connection.execute("select * from busy")
        running = asyncio.create_task(migrate(database))
        await asyncio.sleep(0.6)
        assert not running.done()
    assert await running == ["0001_alter"]


async def test_missing_rights_are_named_with_the_grant_that_helps(
    database: str, connection: asyncpg.Connection
) -> None:
    await connection.execute("drop role if exists briefing_nobody; create role briefing_nobody login password 'x'")
    parts = urlsplit(database)
    host = parts.netloc.rpartition("@")[2]
    try:
        with pytest.raises(SettingsError) as exc_info:
            await migrate(urlunsplit(parts._replace(netloc=f"briefing_nobody:x@{host}")))
        assert "grant create on database" in exc_info.value.hint
        assert "alter role briefing_nobody createrole" in exc_info.value.hint
    finally:
        await connection.execute("drop role briefing_nobody")


async def test_a_role_that_may_create_roles_and_schemas_is_enough(
    database: str, connection: asyncpg.Connection
) -> None:
    await connection.execute(
        "drop role if exists briefing_owner; create role briefing_owner login createrole password 'x'"
    )
    # Roles that another account has made before, as in this test, have to be granted by that account.
    await migrate(database)
    await connection.execute("grant briefing_reader, briefing_access to briefing_owner with set true")
    await connection.execute("drop schema v1, v2, v1_at, v2_at, access, store, past, migration cascade")
    parts = urlsplit(database)
    await connection.execute(f'grant create on database "{parts.path[1:]}" to briefing_owner')
    host = parts.netloc.rpartition("@")[2]
    try:
        assert "v1" in await migrate(urlunsplit(parts._replace(netloc=f"briefing_owner:x@{host}")))
    finally:
        await connection.execute("drop owned by briefing_owner cascade; drop role briefing_owner")


async def test_an_absent_server_is_unavailable_and_an_absent_database_a_setting() -> None:
    with pytest.raises(Unavailable):
        await migrate("postgresql://briefing@127.0.0.1:1/none")


async def test_an_absent_database_is_a_wrong_setting(postgres_url: str) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        await migrate(urlunsplit(urlsplit(postgres_url)._replace(path="/briefing_absent")))


async def test_an_old_postgres_is_refused(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.store.connection.MINIMUM", 99)
    with pytest.raises(SettingsError, match="99 or later"):
        await migrate(database)
