"""Bring a database to the tables and views of this package: run each migration once, then create the views of each
version.

Any number of processes may start at once. One of them migrates, and the others wait and find it done. Readers are not
blocked meanwhile: a script that waits for a lock for 100 ms, with readers queueing behind it, is rolled back and tried
again. A migration that takes longer than that is divided into steps (`steps.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from api.errors import SettingsError, Unavailable
from api.store import record_versions, steps
from api.store.as_of import as_of
from api.store.connection import Connection, connect, take_lock
from api.store.statements import Script, migrations, versions

LOCK = 0x62726965  # "brie": migrators of one database take turns on it
TURN = 600.0  # seconds to wait for another migrator
# The name in errors of SQL that is no script.
UNNAMED = "The migration"
NO_CONTRIB = (asyncpg.FeatureNotSupportedError, asyncpg.UndefinedFileError)
LEDGER = """
    create schema if not exists migration;
    create table if not exists migration.applied (
        name text primary key, checksum text not null, applied_at timestamptz not null default now())
"""
SHOW = """
    drop schema if exists {name} cascade;
    drop schema if exists {name}_at cascade;
    create schema {name};
    create schema {name}_at;
    {text};
    {as_of}
    revoke all on schema {name}, {name}_at from public;
    revoke all on all tables in schema {name}, {name}_at from public;
    revoke execute on all functions in schema {name}_at from public;
    grant usage on schema {name}, {name}_at to briefing_reader;
    grant select on all tables in schema {name}, {name}_at to briefing_reader;
    grant execute on all functions in schema {name}_at to briefing_reader
"""
# The numbers of indexes change if a store is restored from a dump, or if indexes are built again.
REFRESH = "select store.refresh_counted()"
MAY_REFRESH = "select has_function_privilege(to_regprocedure('store.refresh_counted()'), 'execute')"
MAY_NOTE = "select has_table_privilege(to_regclass('store.edition'), 'insert')"
REMEMBER = """
    insert into migration.applied (name, checksum) values ($1, $2)
    on conflict (name) do update set checksum = excluded.checksum, applied_at = now()
"""


async def migrate(url: str, on_done: Callable[[str], None] = lambda name: None) -> list[str]:
    """Migrate the database, and return the names of the migrations and versions that were missing or changed. `on_done`
    is called with each name when it is done.

    SettingsError if a migration cannot be applied here, or if it was changed after it was applied. Unavailable if
    Postgres goes away, or if another migration takes too long."""
    connection = await connect(url)
    try:
        async with _take_turn(connection):
            return await _apply(connection, on_done)
    except (OSError, asyncpg.ConnectionDoesNotExistError, asyncpg.OperatorInterventionError) as error:
        raise Unavailable(f"Postgres went away during the migration: {error}") from error
    finally:
        await connection.close(timeout=5)


@asynccontextmanager
async def _take_turn(connection: Connection) -> AsyncIterator[None]:
    if not await take_lock(connection, LOCK, TURN):
        raise Unavailable(f"Another migration has been running for {TURN:.0f} s.")
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("select pg_advisory_unlock($1)", LOCK)


async def _apply(connection: Connection, on_done: Callable[[str], None]) -> list[str]:
    checksums = await _read_checksums(connection)
    unknown = checksums.keys() - {script.name for script in migrations()}
    if any(name[0].isdigit() for name in unknown):
        return []  # A later release has migrated. Its tables and views serve this one too, so they stay.
    await _check_unchanged(connection, checksums)
    missing = [script for script in migrations() if script.name not in checksums]
    changed = [script for script in versions() if checksums.get(script.name) != script.checksum]
    for script in missing:
        if steps.steps(script):
            await _in_steps(connection, script)
        else:
            await _run(connection, script, script.text)
        on_done(script.name)
    for script in changed:
        await _run(connection, script, SHOW.format(name=script.name, text=script.text, as_of=as_of(script)))
        on_done(script.name)
    if await connection.fetchval(MAY_REFRESH):
        await connection.execute(REFRESH)
    if await connection.fetchval(MAY_NOTE):
        await connection.execute(record_versions.NOTE_EDITION)
    return [script.name for script in missing + changed]


async def _read_checksums(connection: Connection) -> dict[str, str]:
    """Return the checksum of each migration and version that was applied, by its name."""
    # Look for the table first: an account that may not create a schema can still find that there is nothing to do.
    if await connection.fetchval("select to_regclass('migration.applied')") is None:
        await _run(connection, None, LEDGER)
    rows = await connection.fetch("select name, checksum from migration.applied")
    return {row["name"]: row["checksum"] for row in rows}


async def _check_unchanged(connection: Connection, checksums: dict[str, str]) -> None:
    for script in migrations():
        if checksums.get(script.name, script.checksum) != script.checksum:
            store = await _describe_store(connection)
            raise SettingsError(
                f"sql/migrations/{script.name}.sql was changed after it was applied to {store}.",
                "Put it back as it was, and make the change in a new file; or name another store in "
                "BRIEFING_DATABASE_URL or, where that is empty, BRIEFING_DATA_DIR.",
            )


async def _describe_store(connection: Connection) -> str:
    """Describe the store as its operator knows it, but never by the URL, which may contain a password."""
    row = await connection.fetchrow(
        "select current_database() as name, host(inet_server_addr()) as host, inet_server_port() as port,"
        " current_setting('data_directory', true) as folder"
    )
    assert row is not None
    where = row["folder"] or "a local socket"
    if row["host"]:
        where = f"{row['host']}:{row['port']}"
    return f"the database {row['name']} ({where})"


async def _run(connection: Connection, script: Script | None, text: str) -> None:
    name = script.name if script else UNNAMED

    async def work() -> None:
        await connection.execute(text)
        if script:
            await connection.execute(REMEMBER, script.name, script.checksum)

    try:
        await steps.attempt(connection, name, work)
    except (asyncpg.InsufficientPrivilegeError, *NO_CONTRIB) as error:
        raise await _explain_refusal(connection, name, error) from error


async def _in_steps(connection: Connection, script: Script) -> None:
    async def work() -> None:
        await connection.execute(REMEMBER, script.name, script.checksum)
        await steps.forget(connection, script)

    try:
        await steps.run(connection, script)
        await steps.attempt(connection, script.name, work)
    except (asyncpg.InsufficientPrivilegeError, *NO_CONTRIB) as error:
        raise await _explain_refusal(connection, script.name, error) from error


async def _explain_refusal(connection: Connection, name: str, error: asyncpg.PostgresError) -> SettingsError:
    problem = f"{name} cannot be applied: {error}."
    if isinstance(error, NO_CONTRIB):
        return SettingsError(problem, "Install Postgres's contrib extensions (unaccent) on the server.")
    user = await connection.fetchval("select quote_ident(current_user)")
    database = await connection.fetchval("select quote_ident(current_database())")
    return SettingsError(
        problem,
        f"As a superuser: grant create on database {database} to {user}; alter role {user} createrole; "
        f"or, where the roles exist already: grant briefing_reader, briefing_access to {user} with set true;",
    )
