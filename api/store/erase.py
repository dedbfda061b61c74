"""Erase a record whose content has to go: from its table, from the change log and from its versions in time.

An erasure takes the loaders' lock and is one transaction, so that it happens completely or not at all. Afterwards it
removes deleted rows, and their entries in indexes and statistics, from the files of Postgres as far as it can.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import asyncpg

from api.errors import Busy, Conflict, InvalidRequest, NotFound
from api.store import erasure_statements
from api.store.connection import DRIVER_ERRORS, Connection, connect, take_lock
from api.store.erasure_statements import resource_of
from api.store.load_transaction import LOCK, SETTINGS
from api.store.record_versions import NOTE_EDITION
from api.store.release import refuse_newer
from api.store.statements import statement
from api.store.write_errors import ERASURE, translate_errors

# The number of sessions that can still read the rows of before. Postgres keeps such rows, also in a vacuum. Sessions of
# other databases do not matter. One without a database sends the log to a replica. A slot keeps rows for a replica, and
# a prepared transaction for itself.
OLDER = """
    with older as (select age($1::text::xid) as age)
    select (select count(*) from pg_stat_activity, older
            where pid <> pg_backend_pid() and (datname is null or datname = current_database())
                and greatest(age(backend_xmin), age(backend_xid)) >= older.age)
        + (select count(*) from pg_replication_slots, older where age(xmin) >= older.age)
        + (select count(*) from pg_prepared_xacts, older
            where database = current_database() and age(transaction) >= older.age)"""
# Postgres skips a page that another session looks at, and says so. With `lc_messages` in another language this is not
# seen.
SKIPPED = "cleanup lock contention"
VACUUMS = 5


@dataclass(frozen=True)
class ErasableRecord:
    """A record that can be erased. `links` is the number of records that link to it."""

    id: str
    resource: str
    created_at: datetime
    links: int


@dataclass(frozen=True)
class Erasure:
    """An erasure: the number of its change, the number of log entries that it emptied, and of rows that it deleted.
    `vacuumed` is false if deleted rows could not be removed from the files: `sessions` can still read them, or Postgres
    went away. `tables` are the tables that contained data of the record."""

    change: int
    entries: int
    rows: int
    sessions: int
    vacuumed: bool
    tables: tuple[str, ...]


async def find(url: str, identifier: str, reason: str) -> ErasableRecord:
    """Return the record. InvalidRequest if the id or the reason is not valid, NotFound if there is no such record,
    Conflict if it was erased before."""
    name = resource_of(identifier)
    connection = await connect(url)
    try:
        with translate_errors(ERASURE):
            await refuse_newer(connection)
            await _check_reason(connection, reason)
            created_at, _ = await _read_row(connection, name, identifier)
            links = await connection.fetchval(erasure_statements.linked(name), identifier)
            return ErasableRecord(identifier, name, created_at, links)
    finally:
        await _close(connection)


async def erase(url: str, identifier: str, reason: str, wait: float) -> Erasure:
    """Erase the record. The errors are those of `find`, and Busy if a load runs for longer than `wait` seconds. So long
    it also waits for sessions that can still read the deleted rows."""
    name = resource_of(identifier)
    connection = await connect(url)
    try:
        with translate_errors(ERASURE):
            await refuse_newer(connection)
            await _check_reason(connection, reason)
            if not await take_lock(connection, LOCK, wait):
                raise Busy("A load is running.", hint="Erase again when it has ended, or --wait longer.")
            await connection.execute(NOTE_EDITION)
            async with connection.transaction():
                await connection.execute(SETTINGS)
                change, entries, rows = await _erase(connection, name, identifier, reason)
                transaction = await connection.fetchval("select pg_current_xact_id()::xid::text")
        sessions, vacuumed = await _clean(connection, name, transaction, wait)
        return Erasure(change, entries, rows, sessions, vacuumed, erasure_statements.tables(name))
    finally:
        await _close(connection)


async def _check_reason(connection: Connection, reason: str) -> None:
    try:
        await connection.fetchval("select $1::text::store.line", reason)
    except (asyncpg.DataError, asyncpg.CheckViolationError):
        raise InvalidRequest(
            "This is not a reason: it is empty, has more than 1,000 characters or contains control characters.",
            hint="Name the request or the ruling, and nothing of the erased content.",
        ) from None


async def _read_row(connection: Connection, name: str, identifier: str, lock: str = "") -> tuple[datetime, int]:
    """Return the time at which the record was created, and its revision. The errors are those of `find`."""
    erased_at = await connection.fetchval("select erased_at from store.erased where id = $1", identifier)
    if erased_at is not None:
        raise Conflict(f"The record was erased on {erased_at:%Y-%m-%d}.")
    row = await connection.fetchrow(f"select created_at, revision from store.{name} where id = $1 {lock}", identifier)
    if row is None:
        raise NotFound(f"There is no {name} with this id.")
    return row["created_at"], row["revision"]


async def _erase(connection: Connection, name: str, identifier: str, reason: str) -> tuple[int, int, int]:
    """Erase the record. Return the number of the change, of the log entries that it emptied, and of deleted rows."""
    _, revision = await _read_row(connection, name, identifier, "for update")
    change = await connection.fetchval(erasure_statements.RECORD, name, identifier, revision + 1, reason, None)
    rows = 0
    for deletion in erasure_statements.delete(name):
        status = await connection.execute(deletion, identifier)
        rows += int(status.split()[-1])
    await connection.execute(erasure_statements.empty(name), identifier)
    await connection.execute(erasure_statements.empty_search(name), identifier)
    await connection.execute(statement("announce"))
    return change, revision, rows


async def _clean(connection: Connection, name: str, transaction: str, wait: float) -> tuple[int, bool]:
    """Note the edition, let loads continue, and vacuum the tables. Return the number of sessions that keep the rows of
    before, and True if those rows are gone from the files. The erasure is done, so no error here makes it fail. Most
    sessions end within `wait` seconds: autovacuum reads a table for its statistics, and a caller a page."""
    try:
        await connection.execute(NOTE_EDITION)
        await connection.execute("select pg_advisory_unlock($1)", LOCK)
        # Before the vacuum: what a session can read when it begins stays, even if the session ends meanwhile.
        sessions = await _wait_for_older(connection, transaction, wait)
        is_whole = await _vacuum(connection, name)
        with suppress(asyncpg.InsufficientPrivilegeError):
            await connection.execute(erasure_statements.forget_statistics(name))
    except (OSError, *DRIVER_ERRORS):
        return 0, False
    return sessions, sessions == 0 and is_whole


async def _vacuum(connection: Connection, name: str) -> bool:
    """Remove deleted rows from the files. Return False if pages were skipped each time."""
    messages: list[str] = []

    def note(_: object, message: object) -> None:
        messages.append(str(message))

    # Postgres does not clean the indexes for a few dead rows, and statistics contain frequent values.
    command = f"vacuum (verbose, index_cleanup on, analyze) {', '.join(erasure_statements.tables(name))}"
    connection.add_log_listener(note)
    try:
        for _ in range(VACUUMS):
            messages.clear()
            await connection.execute(command)
            if not any(SKIPPED in message for message in messages):
                return True
    finally:
        connection.remove_log_listener(note)
    return False


async def _wait_for_older(connection: Connection, transaction: str, wait: float) -> int:
    """Wait at most so many seconds for the sessions that can still read the rows of before. Return how many can."""
    end = monotonic() + wait
    while sessions := int(await connection.fetchval(OLDER, transaction)):
        if monotonic() >= end:
            break
        await asyncio.sleep(0.1)
    return sessions


async def _close(connection: Connection) -> None:
    with suppress(Exception):
        await connection.close(timeout=5)
