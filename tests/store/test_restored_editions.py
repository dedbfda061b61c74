"""Numbers of editions are given once, although a store is restored to an earlier state, and callers keep theirs."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx2
import pytest

from api.ingest.load import load
from api.store import migrate as migrate_module
from api.store.erase import erase
from api.store.statements import migrations
from tests.rest.conftest import run as served
from tests.store.test_restore import cluster, command, execute, restore, run, target

__all__ = ["cluster", "target"]

GAP = 1_000_000
SOURCES = "/v2/sources?limit=1"
IDENTITY = "select mark, (select max(seq) from store.change) as last from store.identity"


async def read(url: str, sql: str) -> asyncpg.Record:
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(sql)
    finally:
        await connection.close()
    assert row is not None
    return row


async def write(url: str, name: str, folder: Path) -> int:
    """Load a source, which is one change, and return its number."""
    line = {"resource": "source", "dataset": "test", "key": "one", "name": name, "kind": "person"}
    path = folder / "source.ndjson"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    await load([str(path)], url)
    return int((await read(url, IDENTITY))["last"])


@dataclass(frozen=True)
class Origin:
    """A store with an edition that is in its dump, and one that is lost if the dump is restored."""

    url: str
    dump: str
    mark: str
    kept: int
    lost: int


@pytest.fixture(scope="module")
async def origin(new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory) -> Origin:
    url, folder = await new_store(), tmp_path_factory.mktemp("origin")
    kept = await write(url, "Kept", folder)
    dump = str(folder / "store.dump")
    done = run("pg_dump", "--format=custom", "--no-acl", "--no-owner", f"--file={dump}", url)
    assert done.returncode == 0, done.stderr
    lost = await write(url, "Lost", folder)
    assert (kept, lost) == (1, 2)
    return Origin(url, dump, (await read(url, IDENTITY))["mark"], kept, lost)


def until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def client_of(url: str) -> Iterator[httpx2.Client]:
    """Serve a store, and yield a client when it is ready."""
    with served(url) as client:
        until(lambda: client.get("/readyz").status_code == 200)
        yield client


def name_at(client: httpx2.Client, edition: str) -> str:
    """Return the name of the source as of an edition, or why there is no such edition. Both APIs say the same."""
    answer = client.get(f"{SOURCES}&known_at={edition}")
    document = f'{{ sources(first: 1, knownAt: "{edition}") {{ nodes {{ name }} }} }}'
    graphql = client.post("/v2/graphql", json={"query": document}).json()
    if answer.status_code != 200:
        assert answer.status_code == 400
        detail = str(answer.json()["errors"][0]["detail"])
        assert detail in json.dumps(graphql["errors"])
        return detail
    name = str(answer.json()["data"][0]["name"])
    assert graphql["data"]["sources"]["nodes"] == [{"name": name}]
    return name


def status_at_least(client: httpx2.Client, edition: str) -> tuple[int, str]:
    """Return the status and the text of an answer that has to show an edition."""
    answer = client.get(SOURCES, headers={"At-Least-Edition": edition})
    return answer.status_code, answer.text


async def test_editions_survive_a_restore_into_another_cluster(target: str, origin: Origin, tmp_path: Path) -> None:
    restore(target, origin.dump)
    assert (await command(target, "migrate")).returncode == 0
    with client_of(target) as client:
        # Nothing was loaded since, so nothing has changed but that the last edition is gone.
        assert name_at(client, f"e{origin.kept}-{origin.mark}") == "Kept"
        assert "no such edition: the last edition is e1." in name_at(client, f"e{origin.lost}-{origin.mark}")
        assert status_at_least(client, f"e{origin.kept}-{origin.mark}")[0] == 200
        before = client.get(SOURCES).headers["etag"]

        new = await write(target, "New", tmp_path)
        mark = (await read(target, IDENTITY))["mark"]
        assert new == origin.kept + GAP + 1 and mark != origin.mark
        until(lambda: client.get(SOURCES).json()["data"][0]["name"] == "New")
        for own in (f"e{origin.kept}", f"e{origin.kept}-{origin.mark}", f"e{origin.kept}-{mark}"):
            assert name_at(client, own) == "Kept"
            assert status_at_least(client, own)[0] == 200
        for own in (f"e{new}", f"e{new}-{mark}"):
            assert name_at(client, own) == "New"
            assert status_at_least(client, own)[0] == 200
        # No number from before the restore means another state now, whether it has a mark or not.
        for gone in (f"e{origin.lost}", f"e{origin.lost}-{origin.mark}", f"e{GAP}", f"e{new}-{origin.mark}"):
            assert "lost this edition" in name_at(client, gone)
            status, text = status_at_least(client, gone)
            assert status == 400 and "lost this edition" in text
        answer = client.get(SOURCES)
        assert answer.json()["page"]["permalink"].endswith(f"=e{new}-{mark}") and answer.headers["etag"] != before
        # Other lists show the new mark, too, so no copy of before is current.
        places = client.get("/v2/places?limit=1").json()["page"]["permalink"]
        assert places is None or places.endswith(f"-{mark}")
    with client_of(origin.url) as client:
        assert name_at(client, f"e{origin.lost}-{origin.mark}") == "Lost"
        assert "another store" in name_at(client, f"e{origin.kept}-{mark}")


async def test_a_store_gives_its_numbers_without_gaps_while_it_stays_where_it_is(
    target: str, origin: Origin, tmp_path: Path
) -> None:
    restore(target, origin.dump)
    assert (await command(target, "migrate")).returncode == 0
    first = await write(target, "First", tmp_path)
    mark = (await read(target, IDENTITY))["mark"]
    assert await write(target, "Second", tmp_path) == first + 1
    assert (await read(target, IDENTITY))["mark"] == mark
    rows = await read(target, "select count(*) as count, max(lost_up_to) as up_to from store.earlier_mark")
    assert (rows["count"], rows["up_to"]) == (1, first - 1)


async def test_a_dump_that_replaces_the_tables_of_the_same_database_is_noticed(
    target: str, origin: Origin, tmp_path: Path
) -> None:
    for marks in (1, 2):
        restore(target, origin.dump, "--clean", "--if-exists")
        assert (await command(target, "migrate")).returncode == 0
        # Each time the dump has the first mark only.
        assert await write(target, f"Written {marks}", tmp_path) == origin.kept + GAP + 1
        assert (await read(target, "select count(*) as count from store.earlier_mark"))["count"] == 1


async def test_a_copy_of_a_database_beside_it_gets_numbers_and_a_mark_of_its_own(
    fresh_database: Callable[..., Awaitable[str]], origin: Origin, tmp_path: Path
) -> None:
    copy = await fresh_database(origin.url)
    assert await write(copy, "Copied", tmp_path) == origin.lost + GAP + 1
    assert (await read(copy, IDENTITY))["mark"] != origin.mark


async def test_a_store_of_an_earlier_release_gets_a_gap_once(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        earlier = tuple(migration for migration in migrations() if migration.name < "0060")
        before.setattr(migrate_module, "migrations", lambda: earlier)
        await migrate_module.migrate(database)
        assert await write(database, "Written by the earlier release", tmp_path) == 1
    # It may be a backup of that release, of which a later change is lost.
    await migrate_module.migrate(database)
    assert await write(database, "First", tmp_path) == 1 + GAP + 1
    assert await write(database, "Second", tmp_path) == 1 + GAP + 2


async def test_copies_of_an_empty_store_of_an_earlier_release_have_marks_of_their_own(
    database: str, fresh_database: Callable[..., Awaitable[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        earlier = tuple(migration for migration in migrations() if migration.name < "0060")
        before.setattr(migrate_module, "migrations", lambda: earlier)
        await migrate_module.migrate(database)
    copy = await fresh_database(database)
    marks = set()
    for url in (database, copy):
        await migrate_module.migrate(url)
        assert await write(url, f"First of {url}", tmp_path) == 1
        marks.add((await read(url, IDENTITY))["mark"])
    assert len(marks) == 2


async def test_an_operator_can_begin_after_a_gap_where_postgres_sees_no_difference(
    fresh_database: Callable[..., Awaitable[str]], origin: Origin, tmp_path: Path
) -> None:
    copy = await fresh_database(origin.url)
    first = await write(copy, "First", tmp_path)
    await execute(copy, "select store.begin_after_gap()")
    assert await write(copy, "Second", tmp_path) == first + GAP + 1
    assert await write(copy, "Third", tmp_path) == first + GAP + 2


async def test_an_erasure_gets_no_number_twice_either(
    fresh_database: Callable[..., Awaitable[str]], origin: Origin
) -> None:
    copy = await fresh_database(origin.url)
    identifier = (await read(copy, "select id from store.source"))["id"]
    assert (await erase(copy, identifier, "Requested", 5)).change == origin.lost + GAP + 1


async def test_a_load_that_fails_leaves_the_mark_as_it_was(
    fresh_database: Callable[..., Awaitable[str]], origin: Origin, tmp_path: Path
) -> None:
    copy = await fresh_database(origin.url)
    with pytest.raises(asyncpg.RaiseError):
        await execute(
            copy,
            "do $$ begin insert into store.change (resource, id, revision, action, record)"
            " values ('source', 'src_00000000000000000000000000', 1, 'created', '{}'); raise exception 'no'; end $$",
        )
    assert tuple(await read(copy, IDENTITY)) == (origin.mark, origin.lost)
    # The numbers that it took are not given again.
    assert await write(copy, "Later", tmp_path) > origin.lost + 2 * GAP


async def test_an_empty_store_begins_with_one_wherever_it_is(
    new_store: Callable[[], Awaitable[str]], tmp_path: Path
) -> None:
    marks = set()
    for _ in range(2):
        url = await new_store()
        assert await write(url, "First", tmp_path) == 1
        marks.add((await read(url, IDENTITY))["mark"])
        assert (await read(url, "select count(*) as count from store.earlier_mark"))["count"] == 0
    assert len(marks) == 2
