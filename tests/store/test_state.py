"""The state of a store is compared with what the migrations make: roles, grants, owners, extensions and objects."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from api.errors import SettingsError
from api.store import state
from api.store.migrate import migrate
from api.store.state import Difference, expected, find_difference, read_facts
from api.store.statements import versions

HEAD = """\
# What stands in a store after all migrations and versions of this release: see api/store/state.py.
# WRITE_GOLDEN=1 pytest tests/store/test_state.py -k recorded
"""
SCHEMAS = "select nspname from pg_namespace where nspname !~ '^(pg_.*|information_schema|public|migration)$'"
GRANTEES = """
    select distinct grantee::regrole::text from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    cross join aclexplode(relacl) where nspname = any($1) and grantee not in (0, relowner)
"""


@pytest.fixture
async def store(new_store: Callable[[], Awaitable[str]]) -> str:
    """An empty store of the test's own."""
    return await new_store()


@pytest.fixture
async def owner(store: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(store)
    yield connection
    await connection.close()


def account(url: str, name: str) -> str:
    """Return the address for another account, whose password is x."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}:x@{parts.netloc.rpartition('@')[2]}"))


async def test_the_recorded_state_is_what_the_migrations_make(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # An old record must not decide what is recorded.
    monkeypatch.setattr(state, "expected", frozenset)
    await migrate(database)
    connection = await asyncpg.connect(database)
    schemas = [row["nspname"] for row in await connection.fetch(SCHEMAS)]
    roles = [row["grantee"] for row in await connection.fetch(GRANTEES, schemas)]
    facts = await read_facts(connection, schemas, roles)
    await connection.close()
    text = HEAD + "".join(f"{fact}\n" for fact in sorted(facts))
    if os.environ.get("WRITE_GOLDEN"):
        state.RECORDED.write_text(text, encoding="utf-8")
    assert state.RECORDED.read_text("utf-8") == text, "record it: WRITE_GOLDEN=1 pytest tests/store/test_state.py"


async def test_a_new_store_differs_in_nothing(owner: asyncpg.Connection) -> None:
    difference = await find_difference(owner)
    assert not difference
    assert {script.name for script in versions()} < {fact.partition(" ")[2] for fact in expected()}


# What may be lost, and what `migrate` says that it has put back.
MENDED = [
    ("revoke usage on schema store from briefing_reader", "grants (1)"),
    ("revoke select on v1.event, v2.event from briefing_reader", "grants (2)"),
    ("grant select on store.event to briefing_reader", "grants (1)"),
    ("grant select on access.key to public", "grants (1)"),
    ("grant execute on all functions in schema store to public", "grants ("),
    ("revoke select on access.epoch from briefing_access", "grants (1)"),
    ("drop view v1.place cascade", "v1"),
    ("drop schema v2_at cascade", "v2"),
    ("drop schema v1, v2 cascade", "v1"),
    ("alter view v1.place owner to briefing_access", "owners (1)"),
    ("alter table store.event owner to briefing_access", "owners (1)"),
    ("alter function store.refresh_counted() owner to briefing_access", "owners (1)"),
    ("alter role briefing_reader createdb", "roles (1)"),
]


@pytest.mark.parametrize(("fault", "expected"), MENDED, ids=[fault for fault, _ in MENDED])
async def test_migrate_puts_back_what_is_its_own(
    store: str, owner: asyncpg.Connection, fault: str, expected: str
) -> None:
    await owner.execute(fault)
    assert await find_difference(owner)
    done = await migrate(store)
    assert done and done[0].startswith(expected)
    assert not await find_difference(owner)
    assert await migrate(store) == []


# What may be lost, and what `migrate` names because it cannot put it back.
NAMED = [
    ("drop table store.erased cascade", "table store.erased"),
    ("drop function store.search_words(text, text) cascade", "function store.search_words(text,text)"),
    ("drop trigger append_only on access.audit", "trigger append_only on access.audit"),
    ("alter table access.audit disable trigger append_only", "trigger append_only on access.audit"),
    ("drop index store.event_place", "index store.event_place"),
    ("update pg_index set indisvalid = false where indexrelid = 'store.event_place'::regclass", "event_place"),
    ("alter table access.key drop constraint key_plan_fkey", "constraint key_plan_fkey on access.key"),
    ("drop schema past cascade", "past"),
    ("alter text search configuration store.en rename to english", "text search configuration store.en"),
]


@pytest.mark.parametrize(("fault", "expected"), NAMED, ids=[fault for fault, _ in NAMED])
async def test_migrate_names_what_it_cannot_put_back(
    store: str, owner: asyncpg.Connection, fault: str, expected: str
) -> None:
    await owner.execute(fault)
    with pytest.raises(SettingsError) as refused:
        await migrate(store)
    assert "The store is not complete" in refused.value.message and expected in refused.value.message
    assert "restore it again" in refused.value.hint


async def test_what_the_operator_added_stays(store: str, owner: asyncpg.Connection) -> None:
    await owner.execute("""
        drop role if exists briefing_monitor; create role briefing_monitor;
        create view store.mine as select 1; grant select on store.mine to public, briefing_reader;
        grant select on store.event to briefing_monitor; create index theirs on store.event (updated_at);
        create extension if not exists pg_trgm
    """)
    try:
        assert await migrate(store) == []
        assert await owner.fetchval("select has_table_privilege('briefing_monitor', 'store.event', 'select')")
    finally:
        await owner.execute("drop owned by briefing_monitor; drop role briefing_monitor")


async def test_an_account_without_rights_serves_a_complete_store_and_is_told_what_lacks_otherwise(
    store: str, owner: asyncpg.Connection
) -> None:
    await owner.execute("""
        drop role if exists briefing_serving; create role briefing_serving login password 'x';
        grant briefing_reader, briefing_access to briefing_serving with set true;
        grant usage on schema migration to briefing_serving; grant select on migration.applied to briefing_serving
    """)
    url = account(store, "briefing_serving")
    try:
        assert await migrate(url) == []
        await owner.execute("revoke select on v1.event from briefing_reader")
        with pytest.raises(SettingsError) as refused:
            await migrate(url)
        assert "grant select on table v1.event to briefing_reader" in refused.value.message
        assert "`briefing migrate --owner briefing_serving`" in refused.value.hint
        await owner.execute("grant select on v1.event to briefing_reader; revoke briefing_reader from briefing_serving")
        with pytest.raises(SettingsError) as refused:
            await migrate(url)
        assert "briefing_serving may not take on roles: briefing_reader" in refused.value.message
        assert 'grant briefing_reader to "briefing_serving" with set true' in refused.value.hint
        await migrate(store, owner="briefing_serving")
        assert await migrate(url) == []
        assert await state.read_owner(owner) == "briefing_serving"
        assert (await find_difference(owner)).foreign == ()
    finally:
        await owner.execute("reassign owned by briefing_serving to current_user; drop owned by briefing_serving")
        await owner.execute("drop role briefing_serving")


async def test_a_store_is_given_only_to_a_role_that_exists(store: str) -> None:
    with pytest.raises(SettingsError, match="There is no role briefing_absent"):
        await migrate(store, owner="briefing_absent")


def test_facts_of_a_retired_version_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    expected.cache_clear()
    monkeypatch.setattr(state, "versions", lambda: tuple(script for script in versions() if script.name != "v1"))
    try:
        left = expected()
    finally:
        monkeypatch.undo()
        expected.cache_clear()
    gone = expected() - left
    assert {"schema v1", "schema v1_at", "grant usage on schema v1 to briefing_reader"} < gone
    assert all("v1" in fact for fact in gone) and not any(" v1." in fact or " v1_at." in fact for fact in left)


def test_a_grant_on_what_is_lost_is_not_named_beside_it() -> None:
    difference = Difference(
        "a", "a", missing=("view v1.event", "grant select on table v1.event to x", "grant usage on schema v1 to x")
    )
    assert difference.grants == ["grant usage on schema v1 to x"]
    assert difference.broken_versions() == ["v1"]
