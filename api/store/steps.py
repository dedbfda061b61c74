"""Run a migration in steps, so that callers can read and loaders can write meanwhile, even with large tables.

A migration is one transaction, unless its text is divided by lines such as these:

    -- step: transaction       the statements below, in one transaction; they must not rewrite a table
    -- step: rewrite event     one update of `store.event` below, of the rows whose ids are in $1: in batches
    -- step: sort_keys place   the sort keys of the names of `store.place`: in batches
    -- step: normalize event   a revision in NFC of each record of `store.event` that is in another form: in batches
    -- step: versions event    the earlier versions of the records of `store.event`, from the log: in batches
    -- step: index NAME        one `create index concurrently NAME` below

The same transactions note which steps are done, and up to which id a table is rewritten. So a migration that was killed
continues where it ended.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from api.errors import Unavailable
from api.model import RECORDS
from api.store import record_versions
from api.store.collation import sort_key
from api.store.connection import Connection, take_lock
from api.store.load_statements import children
from api.store.load_transaction import LOCK as LOADER
from api.store.load_transaction import LoadTransaction
from api.store.statements import Script

LOADING = 3600.0  # Seconds to wait for a load to end.
ATTEMPTS = 120  # Attempts of one transaction, with up to 0.2 s for its locks and a rest of 0.3 s each: a minute.
RETRY_PAUSE = 0.3
# Rows that are rewritten in one transaction: 50 to 200 ms.
BATCH = 500
LINE = re.compile(r"^-- step: (transaction|rewrite|sort_keys|normalize|versions|index)(?: (\w+))?$", re.MULTILINE)
NORMALIZED = "Text was brought to Unicode normalization form C (NFC)."
PROGRESS = """
    create table if not exists migration.step (
        name text primary key, done integer not null default 0, after text not null default '')
"""
NOTE = """
    insert into migration.step (name, done, after) values ($1, $2, $3)
    on conflict (name) do update set done = excluded.done, after = excluded.after
"""


@dataclass(frozen=True)
class MigrationStep:
    """A part of a migration: its kind, the table or index that it is about, and its SQL."""

    kind: str
    target: str
    text: str


def steps(script: Script) -> tuple[MigrationStep, ...]:
    """Return the steps of a migration; none if it is one transaction."""
    migration_steps = []
    end = len(script.text)
    # Each step ends where the next one begins, so the last one is read first.
    for line in reversed(list(LINE.finditer(script.text))):
        sql = script.text[line.end() : end].strip()
        migration_steps.append(MigrationStep(line[1], line[2] or "", sql))
        end = line.start()
    return tuple(reversed(migration_steps))


async def attempt(connection: Connection, name: str, work: Callable[[], Awaitable[Any]]) -> None:
    """Do some work in a transaction. If a lock is not free within 100 ms, with readers queueing behind it, roll back
    and try again. Unavailable if that fails for a minute."""
    for _ in range(ATTEMPTS):
        try:
            async with connection.transaction():
                await connection.execute("set local lock_timeout = '100ms'; set local search_path = public")
                await work()
            return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(RETRY_PAUSE)
        except asyncpg.InternalServerError as error:
            # Roles belong to all databases, so migrations of two databases can collide there.
            if "concurrently" not in str(error):
                raise
            await asyncio.sleep(RETRY_PAUSE)
    raise Unavailable(f"{name} found its tables locked for a minute.")


async def run(connection: Connection, script: Script) -> None:
    """Run the steps of a migration that are not done yet."""
    await connection.execute(PROGRESS)
    # Parallel workers would build an index faster, and take the processors from the requests.
    await connection.execute("set max_parallel_maintenance_workers = 0")
    row = await connection.fetchrow("select done, after from migration.step where name = $1", script.name)
    done, after = 0, ""
    if row is not None:
        done, after = row["done"], row["after"]
    for number, step in enumerate(steps(script)):
        if number < done:
            continue
        run_step = _KINDS[step.kind]
        await run_step(connection, script.name, number, step, after)
        after = ""  # Only the first of these steps may have been begun before.


async def forget(connection: Connection, script: Script) -> None:
    """Remove the progress of a migration that is done."""
    await connection.execute("delete from migration.step where name = $1", script.name)


async def _run_transaction(connection: Connection, name: str, number: int, step: MigrationStep, after: str) -> None:
    async def work() -> None:
        await connection.execute(step.text)
        await connection.execute(NOTE, name, number + 1, "")

    await attempt(connection, name, work)


async def _rewrite_table(connection: Connection, name: str, number: int, step: MigrationStep, after: str) -> None:
    async def rewrite(ids: list[str]) -> None:
        await connection.execute(step.text, ids)

    await _in_batches(connection, name, number, step.target, after, rewrite)


async def _write_sort_keys(connection: Connection, name: str, number: int, step: MigrationStep, after: str) -> None:
    async def update(ids: list[str]) -> None:
        rows = await connection.fetch(f"select id, name from store.{step.target} where id = any($1)", ids)
        keys = [(row["id"], sort_key(row["name"])) for row in rows if row["name"] is not None]
        await connection.executemany(f"update store.{step.target} set name_key = $2 where id = $1", keys)

    await _in_batches(connection, name, number, step.target, after, update)


async def _normalize_records(connection: Connection, name: str, number: int, step: MigrationStep, after: str) -> None:
    async def normalize(ids: list[str]) -> None:
        async with connection.transaction():
            transaction = LoadTransaction(connection)
            if await transaction.stage_normalized(step.target, ids):
                await transaction.merge(NORMALIZED)
            await connection.execute("drop table staged")

    async def normalize_what_fits(ids: list[str]) -> None:
        try:
            await normalize(ids)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError):
            # Some letters are longer in NFC. A record that would become too long stays as it is.
            for record_id in ids:
                with suppress(asyncpg.DataError, asyncpg.IntegrityConstraintViolationError):
                    await normalize([record_id])

    await _in_batches(connection, name, number, step.target, after, normalize_what_fits)


async def _build_versions(connection: Connection, name: str, number: int, step: MigrationStep, after: str) -> None:
    last = await connection.fetchval(record_versions.BUILT_UP_TO)
    table = step.target

    async def build(ids: list[str]) -> None:
        await connection.execute(record_versions.copy(table), ids, last)
        await connection.execute(record_versions.build(table), ids, last)
        for kind in children():
            if table in kind.owners:
                await connection.execute(record_versions.copy_children(kind, table), ids, last)
                await connection.execute(record_versions.build_children(kind, table), ids, last)
        if RECORDS[table].collated:
            rows = await connection.fetch(record_versions.unsorted(table), ids)
            keys = [(row["id"], row["since"], sort_key(row["name"])) for row in rows]
            await connection.executemany(f"update past.{table} set name_key = $3 where id = $1 and since = $2", keys)

    await _in_batches(connection, name, number, table, after, build)


async def _in_batches(
    connection: Connection,
    name: str,
    number: int,
    table: str,
    after: str,
    write: Callable[[list[str]], Awaitable[None]],
) -> None:
    """Write the rows of a table after the id `after`, in batches of one transaction each."""
    loop = asyncio.get_running_loop()
    ids: list[str] = []

    async def work() -> None:
        # A loader and a batch that change the same rows would wait for each other, so they take turns.
        if not await take_lock(connection, LOADER, LOADING, "pg_try_advisory_xact_lock"):
            raise Unavailable(f"{name} has waited for {LOADING:.0f} s for a load to end.")
        rows = await connection.fetch(f"select id from store.{table} where id > $1 order by id limit {BATCH}", after)
        ids[:] = [row["id"] for row in rows]
        await write(ids)
        last = ids[-1] if ids else after
        await connection.execute(NOTE, name, number, last)

    while True:
        begun = loop.time()
        await attempt(connection, name, work)
        if len(ids) < BATCH:
            break
        after = ids[-1]
        # Leave half of the time to others.
        await asyncio.sleep(loop.time() - begun)
    await connection.execute(NOTE, name, number + 1, "")


async def _create_index(connection: Connection, name: str, number: int, step: MigrationStep, after: str) -> None:
    # An index that a killed run has left is not valid: Postgres updates it but never reads it.
    index = f"store.{step.target}"
    valid = await connection.fetchval("select indisvalid from pg_index where indexrelid = to_regclass($1)", index)
    if valid is False:
        await connection.execute(f"drop index concurrently {index}")
    if not valid:
        await connection.execute(step.text)
    await connection.execute(NOTE, name, number + 1, "")


_KINDS: dict[str, Callable[[Connection, str, int, MigrationStep, str], Awaitable[None]]] = {
    "transaction": _run_transaction,
    "rewrite": _rewrite_table,
    "sort_keys": _write_sort_keys,
    "normalize": _normalize_records,
    "versions": _build_versions,
    "index": _create_index,
}
