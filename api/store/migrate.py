"""Bring a database to the tables and views of this package: run each migration once, create the views of each version,
and check that all of it stands (`state.py`).

Any number of processes may start at once. One of them migrates, and the others wait and find it done. Readers are not
blocked meanwhile: a script that waits for a lock for 100 ms, with readers queueing behind it, is rolled back and tried
again. A migration that takes longer than that is divided into steps (`steps.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf

import asyncpg

from api import __version__
from api.errors import SettingsError, Unavailable
from api.store import record_versions, release, state, statements, steps
from api.store.as_of import as_of
from api.store.connection import Connection, connect, take_lock
from api.store.statements import Script, migrations, versions

LOCK = 0x62726965  # "brie": migrators of one database take turns on it
PATIENCE = 10.0  # seconds after which a migrator notes that another one runs
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
# Earlier releases did not note themselves.
HAS_RELEASE = """
    select exists (
        select from pg_attribute where attrelid = to_regclass('migration.applied') and attname = 'release')
"""
ADD_RELEASE = "alter table migration.applied add column if not exists release text"
REMEMBER = f"""
    insert into migration.applied (name, checksum, release) values ($1, $2, '{__version__}')
    on conflict (name) do update set checksum = excluded.checksum, release = excluded.release, applied_at = now()
"""


async def migrate(
    url: str,
    on_done: Callable[[str], None] = lambda name: None,
    *,
    on_wait: Callable[[], None] = lambda: None,
    owner: str = "",
    allow_newer: bool = False,
) -> list[str]:
    """Migrate the database, and return what was done: the names of the migrations and versions that were missing or
    changed, and what was put back. `on_done` is called with each when it is done, and `on_wait` if another migration
    runs for long. `owner` names the role that the store is given to. A store that a newer release has migrated stays as
    it is if `allow_newer` is set.

    SettingsError if a migration cannot be applied here, if it was changed after it was applied, if a newer release has
    migrated the store, or if something is missing that cannot be put back. Unavailable if Postgres goes away."""
    connection = await connect(url)
    try:
        async with _take_turn(connection, on_wait):
            applied = await release.read_applied(connection)
            if allow_newer and release.find_unknown(applied, migrations()):
                return []
            release.check_not_newer(applied, migrations())
            given = []
            if owner:
                await state.give(connection, owner)
                given.append(f"owner {owner}")
                on_done(given[0])
            return given + await _apply(connection, on_done)
    except asyncpg.ReadOnlySQLTransactionError as error:
        raise SettingsError(f"Postgres lets nobody write: {error}.", "Name the primary, not a standby.") from error
    except (OSError, asyncpg.ConnectionDoesNotExistError, asyncpg.OperatorInterventionError) as error:
        raise Unavailable(f"Postgres went away during the migration: {error}") from error
    finally:
        await connection.close(timeout=5)


@asynccontextmanager
async def _take_turn(connection: Connection, on_wait: Callable[[], None]) -> AsyncIterator[None]:
    # A migration of a large store takes hours. The lock of a migrator that is gone is free at once.
    if not await take_lock(connection, LOCK, PATIENCE):
        on_wait()
        await take_lock(connection, LOCK, inf)
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("select pg_advisory_unlock($1)", LOCK)


async def _apply(connection: Connection, on_done: Callable[[str], None]) -> list[str]:
    checksums = await _read_checksums(connection)
    await _check_unchanged(connection, checksums)
    missing = [script for script in migrations() if script.name not in checksums]
    changed = [script for script in versions() if checksums.get(script.name) != script.checksum]
    done: list[str] = []

    def note(name: str) -> None:
        done.append(name)
        on_done(name)

    if (missing or changed) and not await connection.fetchval(HAS_RELEASE):
        await _run(connection, None, ADD_RELEASE)
    if await state.read_owner(connection):
        # A dump has no roles, and migrations grant something to them.
        for mended in await state.mend_roles(connection):
            note(mended)
    for script in missing:
        if steps.steps(script):
            await _in_steps(connection, script)
        else:
            await _run(connection, script, script.text)
        note(script.name)
    for script in changed:
        await _show(connection, script)
        note(script.name)
    # Tests apply other migrations than those of the release.
    if checksums.keys() | set(done) >= {script.name for script in statements.migrations()}:
        await _mend(connection, note)
    if await connection.fetchval(MAY_REFRESH):
        await connection.execute(REFRESH)
    if await connection.fetchval(MAY_NOTE):
        await connection.execute(record_versions.NOTE_EDITION)
    return done


async def _mend(connection: Connection, note: Callable[[str], None]) -> None:
    """Put back what is missing in the store. SettingsError names what is left."""
    difference = await state.find_difference(connection)
    broken = difference.broken_versions()
    for script in versions():
        if script.name in broken:
            await _show(connection, script)
            note(script.name)
            difference = await state.find_difference(connection)
    if difference:
        for mended in await state.mend(connection, difference):
            note(mended)
        difference = await state.find_difference(connection)
    if difference:
        raise state.explain(difference)


async def _read_checksums(connection: Connection) -> dict[str, str]:
    """Return the checksum of each migration and version that was applied, by its name."""
    try:
        # Look for the table first: an account that may not create a schema can still find that there is nothing to do.
        if await connection.fetchval("select to_regclass('migration.applied')") is None:
            await _run(connection, None, LEDGER)
        rows = await connection.fetch("select name, checksum from migration.applied")
    except asyncpg.InsufficientPrivilegeError as error:
        user = await connection.fetchval("select current_user")
        owner = await state.read_owner(connection)
        raise SettingsError(
            f"This account may not read the ledger of the store: {error}.", state.explain_owner(user, owner)
        ) from error
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


async def _show(connection: Connection, script: Script) -> None:
    """Create the views of a version."""
    await _run(connection, script, SHOW.format(name=script.name, text=script.text, as_of=as_of(script)))


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
    owner = await state.read_owner(connection)
    user = await connection.fetchval("select quote_ident(current_user)")
    if owner and not await connection.fetchval("select pg_has_role(current_user, $1, 'usage')", owner):
        return SettingsError(problem, state.explain_owner(user, owner))
    database = await connection.fetchval("select quote_ident(current_database())")
    return SettingsError(
        problem,
        f"As a superuser: grant create on database {database} to {user}; alter role {user} createrole; "
        f"or, where the roles exist already: grant briefing_reader, briefing_access to {user} with set true;",
    )
