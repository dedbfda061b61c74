"""Content is read as a role that can see the views, the withdrawals and the last change, and nothing else. Plans and
keys are reached as another role, which sees nothing of the content."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from api.catalog import VERSIONS, Version


@pytest.fixture
async def reader(empty_store: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(empty_store, server_settings={"role": "briefing_reader"})
    yield connection
    await connection.close()


@pytest.fixture
async def access(empty_store: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(empty_store, server_settings={"role": "briefing_access"})
    yield connection
    await connection.close()


async def relations(owner: asyncpg.Connection, schema: str) -> list[str]:
    rows = await owner.fetch(
        "select relname from pg_class where relnamespace = $1::regnamespace and relkind in ('r','v')", schema
    )
    return [row["relname"] for row in rows]


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)
async def test_the_reader_sees_every_view_of_the_version(
    owner: asyncpg.Connection, reader: asyncpg.Connection, version: Version
) -> None:
    names = await relations(owner, version.name)
    assert set(names) == version.lists.keys() | version.children.keys()
    for name in names:
        await reader.fetch(f"select * from {version.name}.{name} limit 1")


async def test_the_reader_sees_nothing_of_the_store_but_withdrawals_the_last_change_and_its_indexes(
    owner: asyncpg.Connection, reader: asyncpg.Connection
) -> None:
    names = []
    for name in await relations(owner, "store"):
        try:
            await reader.fetch(f"select * from store.{name} limit 1")
            names.append(name)
        except asyncpg.InsufficientPrivilegeError:
            pass
    assert sorted(names) == ["counted", "earlier_mark", "identity", "last_change", "latest", "withdrawal"]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into v1.source (id) values ('src_1')",
        "update v1.event set title = 'x'",
        "delete from v1.event",
        "create table v1.mine (id int)",
        "create table store.mine (id int)",
        "drop view v1.event",
        "select store.refuse_rewrite()",
        "insert into store.change (resource, id, revision, action, record) values ('event', 'x', 1, 'created', '{}')",
    ],
)
async def test_the_reader_can_change_nothing(reader: asyncpg.Connection, statement: str) -> None:
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.FeatureNotSupportedError)):
        await reader.execute(statement)


async def test_the_access_role_reaches_no_content(owner: asyncpg.Connection, access: asyncpg.Connection) -> None:
    for schema in (*VERSIONS, "store"):
        names = await relations(owner, schema)
        assert names
        for name in names:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await access.fetch(f"select * from {schema}.{name} limit 1")


@pytest.mark.parametrize(
    "statement", ["update store.change set reason = 'x'", "delete from store.change", "truncate store.change"]
)
async def test_nobody_rewrites_the_change_log(owner: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(statement)


async def test_the_reader_reaches_no_plan_key_document_and_log(
    owner: asyncpg.Connection, reader: asyncpg.Connection
) -> None:
    names = await relations(owner, "access")
    assert sorted(names) == ["audit", "epoch", "key", "outdated", "plan", "secret", "trusted_document"]
    for name in names:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch(f"select * from access.{name} limit 1")


async def test_the_access_role_reaches_all_of_access(owner: asyncpg.Connection, access: asyncpg.Connection) -> None:
    names = await relations(owner, "access")
    assert len(names) > 3
    for name in names:
        await access.fetch(f"select * from access.{name} limit 1")


@pytest.mark.parametrize(
    "statement",
    [
        "delete from access.key",
        "truncate access.key",
        "insert into access.audit (actor, subject, id, action, detail) values ('me', 'key', 'x', 'created', '{}')",
        "update access.audit set actor = 'nobody'",
        "delete from access.audit",
        "update access.epoch set number = 0",
        "update access.secret set value = sha256('')",
        "update access.trusted_document set name = 'x'",
        "create table access.mine (id int)",
        "select access.advance()",
        "select access.note()",
    ],
)
async def test_the_access_role_takes_nothing_back(access: asyncpg.Connection, statement: str) -> None:
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.FeatureNotSupportedError)):
        await access.execute(statement)
