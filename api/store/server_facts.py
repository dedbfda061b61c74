"""Read what identifies a server and the state of its store, and judge if a server is a replica of the primary."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from api.compiler.statement import WHOLE_MARK
from api.store.changes import is_behind
from api.store.connection import Connection

# The identity of the cluster, the database in it, and the server process.
IDENTITY = """
    select (select system_identifier from pg_control_system()) as cluster,
        (select oid from pg_database where datname = current_database())::bigint as database,
        pg_postmaster_start_time() as started, pg_is_in_recovery() as is_replica
"""
# The account of a replica may be one that cannot see the ledger of migrations.
MAY_SEE_MIGRATIONS = "select has_table_privilege(to_regclass('migration.applied'), 'select')"
MIGRATIONS = "select coalesce(array_agg(name || ' ' || checksum order by name), '{}') from migration.applied"
# For the transaction only: behind a pooler the session is not ours.
SET_ROLE = "set local role briefing_reader"

ANOTHER_STORE = "it is a server of another store"
PROMOTED = "it was promoted and is no replica any more"
OLDER_MIGRATION = "its migrations are older than those of the primary"
OTHER_MIGRATIONS = "its migrations are not those of the primary"
DIVERGED = "it has changes that the primary does not have"
# With synchronous replication a replica may show a change before the primary does.
AHEAD_SECONDS = 5.0


@dataclass(frozen=True)
class ServerFacts:
    """A server at one moment. `mark` is that of its whole store; it is empty if the store cannot be read, and `problem`
    says why. `migrations` are the names and checksums of what was applied; None if the account may not see them. The
    facts were read between `begun` and `ended`."""

    cluster: int
    database: int
    started: datetime
    is_replica: bool
    mark: str
    problem: str
    migrations: frozenset[str] | None
    begun: float
    ended: float

    @property
    def edition(self) -> int:
        """The number of the last change that the server has."""
        return int(self.mark.partition(".")[0] or 0)


async def read_facts(connection: Connection) -> ServerFacts:
    """Return the facts about the server of a connection."""
    begun = time.monotonic()
    row = await connection.fetchrow(IDENTITY)
    assert row is not None
    mark, problem, migrations = "", "", None
    try:
        async with connection.transaction(readonly=True):
            if await connection.fetchval(MAY_SEE_MIGRATIONS):
                migrations = frozenset(await connection.fetchval(MIGRATIONS))
            await connection.execute(SET_ROLE)
            mark = await connection.fetchval(f"select {WHOLE_MARK}")
    except asyncpg.PostgresError as error:
        problem = str(error)
    return ServerFacts(
        row["cluster"],
        row["database"],
        row["started"],
        row["is_replica"],
        mark,
        problem,
        migrations,
        begun,
        time.monotonic(),
    )


def is_primary(server: ServerFacts, primary: ServerFacts) -> bool:
    """Return True if the server is the primary itself."""
    return (server.cluster, server.started) == (primary.cluster, primary.started)


def find_objection(server: ServerFacts, primary: ServerFacts) -> str:
    """Return why a server cannot be read from; empty if it can."""
    if (server.cluster, server.database) != (primary.cluster, primary.database):
        return ANOTHER_STORE
    if is_primary(server, primary):
        return ""
    if not server.is_replica:
        return PROMOTED
    if server.problem:
        return f"its store cannot be read: {server.problem}"
    if primary.migrations is not None and server.migrations is not None:
        missing = primary.migrations - server.migrations
        if missing and not server.migrations - primary.migrations:
            return OLDER_MIGRATION
        if missing:
            return OTHER_MIGRATIONS
    return ""


def is_ahead(server: ServerFacts, primary: ServerFacts) -> bool:
    """Return True if a server had a change that the primary did not have later."""
    if not (server.mark and primary.mark) or server.ended > primary.begun:
        return False
    return is_behind(primary.mark, server.mark)
