"""A dump that was restored into another cluster is served after `briefing migrate`, whatever the dump left out."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from api.ingest.load import load
from api.settings import Settings
from api.store.access import AccessStore
from api.store.cluster import Account, programs_for
from api.store.embedded import start
from api.store.postgres_server import SETTINGS
from api.store.reader import Reader
from tests.command import Done, briefing
from tests.conftest import SAMPLE, TEST_SETTINGS
from tests.serving import launch, serving

EVENTS = "select md5(string_agg(event::text, ',' order by id)) from v2.event"
QUERY = "{ events(first: 3) { nodes { id title place { name } } } }"
ROLES = ("briefing_reader", "briefing_access", "desk", "old_reader", "old_access")


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of Postgres."""
    command = [str(programs_for(Account()) / program), *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def account(url: str, name: str) -> str:
    """Return the address for another account, whose password is x."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}:x@{parts.netloc.rpartition('@')[2]}"))


@dataclass(frozen=True)
class Source:
    """A store with the sample: its dump, and a digest of its events."""

    url: str
    dump: str
    events: str


@pytest.fixture(scope="module")
async def source(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Source]:
    url = await new_store()
    await load([str(SAMPLE)], url)
    dump = str(tmp_path_factory.mktemp("dump") / "store.dump")
    done = run("pg_dump", "--format=custom", f"--file={dump}", url)
    assert done.returncode == 0, done.stderr
    connection = await asyncpg.connect(url)
    yield Source(url, dump, await connection.fetchval(EVENTS))
    await connection.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of another cluster, which has never had a store."""
    with patch.dict(SETTINGS, TEST_SETTINGS):
        server = start(tmp_path_factory.mktemp("cluster"))
    with server:
        yield server.url


@pytest.fixture
async def target(cluster: str) -> AsyncIterator[str]:
    """The address of an empty database there. Its superuser is briefing, and `desk` may own databases and make roles.
    Roles of earlier tests are gone."""
    name = f"restored_{uuid4().hex[:8]}"
    await execute(cluster, "create role desk login createrole password 'x'", f"create database {name} owner desk")
    yield urlsplit(cluster)._replace(path=f"/{name}").geturl()
    await execute(cluster, f"drop database {name} with (force)")
    for role in ROLES:
        await execute(cluster, f"drop role if exists {role}")


def restore(url: str, dump: str, *flags: str) -> str:
    """Restore a dump, and return the errors of pg_restore. It goes on after errors, as it does for operators."""
    return run("pg_restore", *flags, f"--dbname={url}", dump).stderr


async def command(url: str, *arguments: str) -> Done:
    """Run `briefing` outside of the loop of this test."""
    if arguments != ("serve",):
        return await asyncio.to_thread(briefing, url, *arguments)
    # This one handles signals, so it needs a process of its own.
    with launch(url) as process:
        out, err = await asyncio.to_thread(process.communicate, timeout=60)
        return Done(process.wait(), out, err)


async def assert_serves(url: str, source: Source) -> None:
    """Check that the service can read everything through its roles, and that migrate finds nothing more to do."""
    again = await command(url, "migrate")
    assert (again.returncode, again.stdout) == (0, "Nothing to do.\n"), again.stderr
    reader, access = Reader(url, Settings()), AccessStore(url)
    try:
        await reader.ready()
        assert len(await access.read("plans")) == 4
    finally:
        await reader.close()
        await access.close()
    connection = await asyncpg.connect(url, server_settings={"role": "briefing_reader"})
    try:
        assert await connection.fetchval(EVENTS) == source.events
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from store.event")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select store.refresh_counted()")
    finally:
        await connection.close()


def answers(url: str) -> list[object]:
    """Return what both APIs answer."""
    with serving(url) as served, httpx2.Client(base_url=f"http://127.0.0.1:{served.port}") as client:
        end = time.monotonic() + 60
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < end, "it is never ready"
            time.sleep(0.05)
        events = client.get("/v2/events?limit=3&include=place").json()["data"]
        return [events, client.post("/v2/graphql", json={"query": QUERY}).json()["data"]]


@pytest.mark.parametrize(
    "flags",
    [
        (),
        pytest.param(("--no-acl",), marks=pytest.mark.full),
        pytest.param(("--no-owner",), marks=pytest.mark.full),
        ("--no-acl", "--no-owner"),
    ],
    ids=lambda flags: " ".join(flags),
)
async def test_a_dump_without_roles_is_served_after_migrate(
    target: str, source: Source, flags: tuple[str, ...]
) -> None:
    output = restore(target, source.dump, *flags)
    assert ('role "briefing_reader" does not exist' in output) == ("--no-acl" not in flags)
    done = await command(target, "migrate")
    assert done.returncode == 0, done.stderr
    assert "role briefing_reader\nrole briefing_access" in done.stdout.replace(
        "role briefing_access\nrole briefing_reader", "role briefing_reader\nrole briefing_access"
    )
    assert "grants (" in done.stdout
    await assert_serves(target, source)


async def test_both_apis_of_a_restored_store_answer_as_those_of_the_first(target: str, source: Source) -> None:
    restore(target, source.dump, "--no-acl", "--no-owner")
    # The service migrates the store itself.
    assert await asyncio.to_thread(answers, target) == await asyncio.to_thread(answers, source.url)


@pytest.mark.full
async def test_a_plain_dump_of_an_owner_without_other_rights_is_served(
    target: str, source: Source, tmp_path: Path
) -> None:
    plain = tmp_path / "store.sql"
    assert run("pg_dump", "--no-acl", "--no-owner", f"--file={plain}", source.url).returncode == 0
    own = account(target, "desk")
    done = run("psql", "--quiet", f"--file={plain}", own)
    assert "ERROR" not in done.stderr.replace("must be owner of extension", ""), done.stderr
    migrated = await command(own, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    await assert_serves(own, source)
    assert (await command(own, "load", "--quiet", str(SAMPLE))).returncode == 0, "its owner may load"


async def test_roles_that_another_account_made_are_named_with_the_grant_that_helps(target: str, source: Source) -> None:
    await execute(target, "create role briefing_reader nologin", "create role briefing_access nologin")
    own = account(target, "desk")
    restore(own, source.dump, "--no-owner")
    refused = await command(own, "migrate")
    assert (refused.returncode, refused.stdout) == (78, ""), refused.stdout
    assert "desk may not take on roles: briefing_access, briefing_reader" in refused.stderr
    remedy = 'grant briefing_access, briefing_reader to "desk" with set true'
    assert f"As a superuser: {remedy}; then `briefing migrate`." in refused.stderr
    served = await command(own, "serve")
    assert served.returncode == 78 and "desk may not take on roles" in served.stderr
    await execute(target, remedy)
    await assert_serves(own, source)


async def test_a_store_of_another_owner_is_given_to_the_account_that_serves_it(target: str, source: Source) -> None:
    restore(target, source.dump, "--no-acl")
    own = account(target, "desk")
    refused = await command(own, "migrate")
    assert refused.returncode == 78 and "may not read the ledger" in refused.stderr
    assert "The store belongs to briefing" in refused.stderr
    assert "`briefing migrate --owner desk`" in refused.stderr
    done = await command(target, "migrate", "--owner", "desk")
    assert done.returncode == 0, done.stderr
    await assert_serves(own, source)
    assert (await command(own, "load", "--quiet", str(SAMPLE))).returncode == 0


@pytest.mark.full
async def test_roles_that_were_renamed_are_made_again(target: str, source: Source) -> None:
    await execute(target, "create role briefing_reader", "create role briefing_access")
    restore(target, source.dump)
    await execute(target, "alter role briefing_reader rename to old_reader")
    await execute(target, "alter role briefing_access rename to old_access")
    migrated = await command(target, "migrate")
    assert migrated.returncode == 0 and "role briefing_reader" in migrated.stdout, migrated.stderr
    await assert_serves(target, source)


@pytest.mark.full
async def test_an_owner_that_is_missing_is_replaced_by_the_account_that_restores(
    target: str, source: Source, cluster: str, tmp_path: Path
) -> None:
    own, dump = account(target, "desk"), str(tmp_path / "desk.dump")
    restore(own, source.dump, "--no-owner", "--no-acl")
    assert (await command(own, "migrate")).returncode == 0
    assert run("pg_dump", "--format=custom", f"--file={dump}", own).returncode == 0
    other = urlsplit(cluster)._replace(path="/elsewhere").geturl()
    await execute(cluster, f"alter database {urlsplit(target).path[1:]} owner to briefing")
    await execute(target, "reassign owned by desk to briefing", "drop owned by desk")
    await execute(cluster, "drop role desk", "create database elsewhere")
    try:
        assert 'role "desk" does not exist' in restore(other, dump)
        assert (await command(other, "migrate")).returncode == 0
        await assert_serves(other, source)
    finally:
        await execute(cluster, "drop database elsewhere with (force)")


async def test_objects_that_a_restore_lost_are_named_and_nothing_is_served(target: str, source: Source) -> None:
    restore(target, source.dump)
    await execute(target, "drop trigger append_only on store.change", "drop index store.event_place")
    for name in ("migrate", "serve"):
        done = await command(target, name)
        assert done.returncode == 78, done.stderr
        assert "objects are missing: index store.event_place, trigger append_only on store.change" in done.stderr
        assert "restore it again" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("migrate",), ("serve",), ("load", str(SAMPLE)), ("export", "--out", "out"), ("keys", "list")]
)
async def test_a_dump_of_a_newer_release_is_refused_with_both_versions(
    target: str, source: Source, arguments: tuple[str, ...]
) -> None:
    restore(target, source.dump, "--no-acl", "--no-owner")
    await execute(target, "insert into migration.applied (name, checksum, release) values ('0999_next', 'x', '9.1.0')")
    done = await command(target, *arguments)
    assert done.returncode == 78, done.stderr
    assert "migrated to 0999_next by release 9.1.0. This is release " in done.stderr
