"""Erasure: nothing of a record is left in the store, and only an erasure can rewrite the log."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from json import dumps
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from api.errors import Busy, Conflict, InvalidRequest, NotFound, SettingsError
from api.ingest.identity import public_id
from api.ingest.load import load
from api.model import RECORDS
from api.store import record_versions
from api.store.collation import sort_key
from api.store.erase import erase, find
from api.store.load_transaction import LOCK
from tests.whole_records import content, others

ROOT = Path(__file__).parents[2]
WORD = "zqxjkwvb"
# The first level of a collation key: two bytes a letter.
WEIGHTS = sort_key(WORD)[: 2 * len(WORD)].hex()
REASON = "A court ordered it."
TABLES = """
    select relnamespace::regnamespace || '.' || quote_ident(relname) as name from pg_class
    where relnamespace in ('store'::regnamespace, 'past'::regnamespace) and relkind = 'r' order by 1"""
STATISTICS = """
    select schemaname || '.' || tablename as name from pg_stats
    where schemaname in ('store', 'past') and concat(most_common_vals, histogram_bounds, most_common_elems) ~* $1"""
LOG = """
    select seq, recorded_at, resource, id, revision, action, record, reason from store.change
    where id = $1 order by seq"""

Load = Callable[..., Awaitable[None]]
Connection = asyncpg.Connection


@pytest.fixture
async def url(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of a store of the test's own."""
    return await new_store()


@pytest.fixture
async def connection(url: str) -> AsyncIterator[Connection]:
    """A connection to the store as its owner."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
def put(url: str, tmp_path: Path) -> Load:
    """`await put(record, …)` loads records."""

    async def write(*records: dict[str, Any]) -> None:
        file = tmp_path / "records.ndjson"
        file.write_text("".join(dumps(record) + "\n" for record in records))
        await load([str(file)], url)

    return write


@pytest.fixture
async def place(put: Load) -> str:
    """The id of a place that was loaded."""
    await put({"resource": "place", "dataset": "d", "key": "p", "name": "Town"})
    return public_id("d", "place", "p")


async def containing(connection: Connection) -> set[str]:
    """Return the tables that contain the word, as text or in a collation key."""
    tables = [row["name"] for row in await connection.fetch(TABLES)]
    query = f"select exists (select from {{}} as held where held::text ~* '{WORD}|{WEIGHTS}')"
    return {name for name in tables if await connection.fetchval(query.format(name))}


@pytest.mark.parametrize("withdrawn", [False, True], ids=["shown", "withdrawn"])
@pytest.mark.parametrize("resource", RECORDS)
async def test_no_text_of_an_erased_record_is_left_in_any_table(
    url: str, connection: Connection, put: Load, resource: str, withdrawn: bool
) -> None:
    base = {"resource": resource, "dataset": WORD, "key": WORD}
    await put(*others())
    for also in (" first", " second"):
        await put(base | content(RECORDS[resource], WORD, True, also))
    await put(base | {"withdrawn": {"reason": f"{WORD} was wrong."}})
    if not withdrawn:
        await put(base | content(RECORDS[resource], WORD, True, " third"))
    children = {f"{schema}.{child.target}" for child in RECORDS[resource].owned for schema in ("store", "past")}
    # The relations of events have no text.
    tables = {"store.change", "store.edition_change", f"store.{resource}", f"past.{resource}", *children}
    before = tables - {"store.relation", "past.relation"}
    await connection.execute("analyze")
    assert await containing(connection) == before
    identifier = public_id(WORD, resource, WORD)
    erasure = await erase(url, identifier, REASON, 5)
    assert erasure.vacuumed and erasure.entries == 4 - withdrawn
    assert await containing(connection) == set()
    assert await connection.fetch(STATISTICS, WORD) == []
    for schema, child in (name.split(".") for name in children):
        assert not await connection.fetchval(
            f"select exists (select from {schema}.{child} where record_id = $1)", identifier
        )
    row = await connection.fetchrow(f"select * from store.{resource} where id = $1", identifier)
    assert row is not None
    assert (row["withdrawn"], row["revision"], row["since"]) == ("The record was erased.", 5 - withdrawn, None)
    assert (row["key"], row["dataset"], row["search"], set(row["digest"])) == (None, None, "", {0})
    assert all(row[link.column] in (None, []) for link in RECORDS[resource].references)
    assert await connection.fetchval("select reason from store.erased where id = $1", identifier) == REASON


@pytest.mark.parametrize("resource", RECORDS)
async def test_the_records_that_others_need_lose_nothing(
    url: str, connection: Connection, put: Load, resource: str
) -> None:
    await put(*others())
    await put({"resource": resource, "dataset": WORD, "key": WORD} | content(RECORDS[resource], WORD, True))
    query = f"select * from store.{{}} where id <> '{public_id(WORD, resource, WORD)}' order by id"
    before = {name: await connection.fetch(query.format(name)) for name in RECORDS}
    await erase(url, public_id(WORD, resource, WORD), REASON, 5)
    assert {name: await connection.fetch(query.format(name)) for name in RECORDS} == before


async def test_the_log_keeps_that_there_were_changes_and_an_edition_follows(
    url: str, connection: Connection, put: Load, place: str
) -> None:
    await put({"resource": "place", "dataset": "d", "key": "p", "withdrawn": {"reason": "Town is no town."}})
    before = await connection.fetch(LOG, place)
    erasure = await erase(url, place, REASON, 5)
    after = await connection.fetch(LOG, place)
    assert [row["action"] for row in after] == ["created", "withdrawn", "withdrawn"]
    assert {row["record"] for row in after} == {"{}"}
    assert [row["reason"] for row in after] == [None, *["The record was erased."] * 2]
    assert [tuple(row)[:6] for row in after[:2]] == [tuple(row)[:6] for row in before]
    assert after[-1]["seq"] == erasure.change == await connection.fetchval("select max(seq) from store.edition")
    latest = "select seq, erased from store.latest where resource = 'place'"
    assert tuple(await connection.fetchrow(latest) or ()) == (erasure.change, erasure.change)


async def test_the_counts_of_editions_stay_without_the_dataset(
    connection: Connection, put: Load, place: str, url: str
) -> None:
    other = {"resource": "place", "dataset": "d", "key": "q", "name": "Village"}
    await put({"resource": "place", "dataset": "d", "key": "p", "name": "City"}, other)
    counts = "select edition, dataset, created, updated, withdrawn from store.edition_change order by 1, 2"
    editions = [row["seq"] for row in await connection.fetch("select seq from store.edition order by seq")]
    assert list(map(tuple, await connection.fetch(counts))) == [
        (editions[0], "d", 1, 0, 0),
        (editions[1], "d", 1, 1, 0),
    ]
    erased = await erase(url, place, REASON, 5)
    assert list(map(tuple, await connection.fetch(counts))) == [
        (editions[0], "", 1, 0, 0),
        (editions[1], "", 0, 1, 0),
        (editions[1], "d", 1, 0, 0),
        (erased.change, "", 0, 0, 1),
    ]


async def test_as_of_an_earlier_edition_the_record_does_not_exist(url: str, connection: Connection, place: str) -> None:
    edition = await connection.fetchval("select max(seq) from store.edition")
    query = "select count(*) from v2_at.place($1)"
    assert await connection.fetchval(query, edition) == 1
    await erase(url, place, REASON, 5)
    assert await connection.fetchval(query, edition) == 0


async def test_listeners_are_notified_of_an_erasure(url: str, connection: Connection, place: str) -> None:
    notifications: asyncio.Queue[str] = asyncio.Queue()
    await connection.add_listener("briefing_change", lambda *arguments: notifications.put_nowait(str(arguments[-1])))
    erasure = await erase(url, place, REASON, 5)
    assert await asyncio.wait_for(notifications.get(), 10) == str(erasure.change)


REWRITES = [
    "update store.change set record = '{}'",
    "update store.change set record = '{}', reason = 'It was wrong.' where id = '{id}'",
    "update store.change set record = '{\"name\": \"Other\"}' where id = '{id}'",
    "update store.change set record = '{}', action = 'created' where id = '{id}'",
    "update store.change set record = '{}', recorded_at = now() where id = '{id}'",
    "delete from store.change where id = '{id}'",
    "truncate store.change",
]


@pytest.mark.parametrize("statement", REWRITES, ids=range(len(REWRITES)))
@pytest.mark.parametrize("erasing", ["on", "off"])
async def test_nobody_rewrites_the_log_even_if_an_erasure_is_pretended(
    url: str, connection: Connection, put: Load, place: str, statement: str, erasing: str
) -> None:
    await put({"resource": "place", "dataset": "d", "key": "q", "name": "Other town"})
    await erase(url, place, REASON, 5)
    await connection.execute(f"set briefing.erasing = '{erasing}'")
    before = await connection.fetch("select * from store.change order by seq")
    with pytest.raises(asyncpg.RestrictViolationError):
        await connection.execute(statement.replace("{id}", place))
    assert await connection.fetch("select * from store.change order by seq") == before


async def test_an_erasure_does_not_open_the_log_to_the_rest_of_its_transaction(
    connection: Connection, put: Load, place: str
) -> None:
    await put({"resource": "place", "dataset": "d", "key": "q", "name": "Other town"})
    with pytest.raises(asyncpg.RestrictViolationError):
        async with connection.transaction():
            await connection.execute("select store.record_erasure('place', $1, 2, 'x')", place)
            await connection.execute("update store.change set record = record")


@pytest.mark.parametrize(
    "statement", ["update store.erased set reason = 'x'", "delete from store.erased", "truncate store.erased"]
)
async def test_nobody_rewrites_the_list_of_what_was_erased(
    url: str, connection: Connection, place: str, statement: str
) -> None:
    await erase(url, place, REASON, 5)
    with pytest.raises(asyncpg.RestrictViolationError):
        await connection.execute(statement)


async def test_the_log_refuses_a_change_of_what_was_erased(url: str, connection: Connection, place: str) -> None:
    await erase(url, place, REASON, 5)
    with pytest.raises(asyncpg.RestrictViolationError, match=f"{place} was erased"):
        await connection.execute(
            """insert into store.change (resource, id, revision, action, record)
            values ('place', $1, 3, 'restored', '{}')""",
            place,
        )


@pytest.mark.parametrize(
    "identifier", ["", "Town", "plc_1", "xyz_01arz3ndektsv4rrffq69g5fav", "plc_01ARZ3NDEKTSV4RRFFQ69G5FAV"]
)
async def test_an_invalid_id_is_refused_and_not_repeated(url: str, identifier: str) -> None:
    with pytest.raises(InvalidRequest) as exc_info:
        await find(url, identifier, REASON)
    assert "Town" not in exc_info.value.message + exc_info.value.hint


async def test_an_unknown_id_is_not_found(url: str) -> None:
    for work in (find(url, public_id("d", "place", "p"), REASON), erase(url, public_id("d", "place", "p"), REASON, 5)):
        with pytest.raises(NotFound):
            await work


async def test_a_record_is_erased_once(url: str, connection: Connection, place: str) -> None:
    await erase(url, place, REASON, 5)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    for work in (find(url, place, REASON), erase(url, place, REASON, 5)):
        with pytest.raises(Conflict, match=f"The record was erased on {today}"):
            await work
    assert await connection.fetchval("select count(*) from store.change") == 2


@pytest.mark.parametrize("reason", ["", "x" * 1001, "a\x07b", "a\x00b"], ids=["empty", "long", "control", "null"])
async def test_a_reason_is_a_line(url: str, connection: Connection, place: str, reason: str) -> None:
    for work in (find(url, place, reason), erase(url, place, reason, 5)):
        with pytest.raises(InvalidRequest, match="not a reason"):
            await work
    assert await connection.fetchval("select count(*) from store.erased") == 0


async def test_an_account_that_may_load_may_not_erase(url: str, connection: Connection, place: str) -> None:
    role = f"loader_{os.getpid()}"
    await connection.execute(f"""
        create role {role} login password 'x';
        grant usage on schema store, past to {role};
        grant select, insert, update, delete on all tables in schema store, past to {role}""")
    parts = urlsplit(url)
    try:
        with pytest.raises(SettingsError, match="does not let this account erase"):
            await erase(
                urlunsplit(parts._replace(netloc=f"{role}:x@{parts.netloc.rpartition('@')[2]}")), place, REASON, 5
            )
    finally:
        await connection.execute(f"drop owned by {role}; drop role {role}")
    assert await connection.fetchval("select name from store.place where id = $1", place) == "Town"


async def test_an_erasure_waits_for_a_load(url: str, connection: Connection, place: str) -> None:
    await connection.execute("select pg_advisory_lock($1)", LOCK)
    with pytest.raises(Busy):
        await erase(url, place, REASON, 0)
    waiting = asyncio.create_task(erase(url, place, REASON, 60))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await connection.execute("select pg_advisory_unlock($1)", LOCK)
    assert (await waiting).vacuumed


async def test_an_erasure_that_is_killed_changes_nothing(url: str, connection: Connection, place: str) -> None:
    command = [sys.executable, "-c", "from api.cli import main; main()", "erase", place, "--reason", REASON, "--yes"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "BRIEFING_DATABASE_URL": url}
    async with connection.transaction():
        # The erasure has written the log when it waits for the row of the resource.
        await connection.execute("select from store.latest where resource = 'place' for update")
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        while not await connection.fetchval("select exists (select from pg_locks where not granted)"):
            assert process.poll() is None
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    while await connection.fetchval("select exists (select from pg_locks where locktype = 'advisory')"):
        await asyncio.sleep(0.05)
    assert await connection.fetchval("select name from store.place where id = $1", place) == "Town"
    assert [row["action"] for row in await connection.fetch(LOG, place)] == ["created"]
    assert (await erase(url, place, REASON, 5)).entries == 1


@pytest.mark.parametrize(
    ("isolation", "statement"),
    # The second one has no snapshot while it waits for its next statement.
    [("repeatable_read", "select from store.place"), ("read_committed", "select pg_current_xact_id()")],
)
async def test_rows_that_a_session_still_reads_are_reported(
    url: str,
    connection: Connection,
    place: str,
    isolation: Literal["repeatable_read", "read_committed"],
    statement: str,
) -> None:
    async with connection.transaction(isolation=isolation):
        await connection.fetch(statement)
        erasure = await erase(url, place, REASON, 0.2)
        assert (erasure.vacuumed, erasure.sessions) == (False, 1)


async def test_rows_of_a_prepared_transaction_are_reported(url: str, connection: Connection, place: str) -> None:
    """It has no session, and lasts until somebody ends it."""
    if await connection.fetchval("show max_prepared_transactions") == "0":
        pytest.skip("this Postgres prepares no transactions")
    await connection.execute("begin")
    await connection.execute("select pg_current_xact_id()")
    await connection.execute("prepare transaction 'kept'")
    try:
        erasure = await erase(url, place, REASON, 0.2)
    finally:
        await connection.execute("rollback prepared 'kept'")
    assert (erasure.vacuumed, erasure.sessions) == (False, 1)


async def test_rows_that_a_session_reads_for_a_moment_are_removed(url: str, connection: Connection, put: Load) -> None:
    """Autovacuum is such a session. It reads new tables for their statistics."""
    await put({"resource": "place", "dataset": WORD, "key": WORD} | content(RECORDS["place"], WORD, True))
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.fetch("select from store.place")
        erasure = asyncio.create_task(erase(url, public_id(WORD, "place", WORD), REASON, 20))
        # Long enough for the erasure to look at the sessions. If the machine is slow, it finds none.
        await asyncio.sleep(0.5)
    assert (await erasure).vacuumed
    messages: list[str] = []
    connection.add_log_listener(lambda _, message: messages.append(str(message)))
    await connection.execute("vacuum (verbose) store.place")
    assert "tuples: 0 removed" in "".join(messages)


async def test_links_are_counted_through_children_too(url: str, put: Load) -> None:
    await put(*others())
    await put({"resource": "event", "dataset": "d", "key": "e"} | content(RECORDS["event"], "plain", True))
    source = public_id("others", "source", "one")
    # The quote of the others, and the event by its citation and its participant.
    assert (await find(url, source, REASON)).links == 2
    assert (await find(url, public_id("others", "place", "one"), REASON)).links == 1
    assert (await find(url, public_id("others", "figure", "one"), REASON)).links == 0


async def test_no_version_is_built_of_an_erased_record(url: str, connection: Connection, place: str, put: Load) -> None:
    """A store may be migrated further after the erasure."""
    await put({"resource": "place", "dataset": "d", "key": "p", "name": "City"})
    await erase(url, place, REASON, 5)
    last = await connection.fetchval("select seq from store.last_change")
    for statement in (record_versions.copy("place"), record_versions.build("place")):
        await connection.execute(statement, [place], last)
    assert not await connection.fetchval("select exists (select from past.place)")
