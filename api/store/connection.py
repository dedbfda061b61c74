"""Open a connection outside any pool, for migrations and loading. If that fails, the error says why in plain words."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import asyncpg

from api.errors import SettingsError, Unavailable

if TYPE_CHECKING:
    # Only the stubs know that a connection is generic over its records.
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

# The errors of a connection that works no more, but for those of the operating system. InternalClientError is none of
# the others: asyncpg raises it if the server ends the connection just before a statement is sent.
DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
MINIMUM = 16
WRONG = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
    asyncpg.InsufficientPrivilegeError,
)


async def connect(url: str) -> Connection:
    """Return a connection in UTC. SettingsError if the address or the rights are wrong, or if Postgres is too old.
    Unavailable if Postgres does not answer."""
    try:
        connection: Connection = await asyncpg.connect(
            url, timeout=10, statement_cache_size=0, server_settings={"timezone": "UTC"}
        )
    except WRONG as error:
        raise SettingsError(f"Postgres refuses us: {error}", "Look at BRIEFING_DATABASE_URL.") from error
    except (OSError, *DRIVER_ERRORS) as error:
        raise Unavailable(f"Postgres does not answer: {error or type(error).__name__}") from error
    version = connection.get_server_version()
    if version.major < MINIMUM:
        await connection.close()
        raise SettingsError(f"This is Postgres {version.major}; {MINIMUM} or later is needed.")
    return connection


async def take_lock(connection: Connection, lock: int, seconds: float, attempt: str = "pg_try_advisory_lock") -> bool:
    """Take an advisory lock, by default for the session. Return False if it is not free within `seconds`.

    The lock is polled, because a session that blocks on it holds a snapshot, for which `create index concurrently`
    waits forever."""
    end = monotonic() + seconds
    while not await connection.fetchval(f"select {attempt}($1)", lock):
        if monotonic() >= end:
            return False
        await asyncio.sleep(0.1)
    return True
