"""Read and change plans, keys, trusted documents and their log with the fixed statements of `sql/statements/access/`.

They run on connections of their own, as a role that can reach these tables and nothing else. If Postgres does not
answer, they soon raise Unavailable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from api.errors import Conflict, InvalidRequest, Unavailable
from api.store.statements import statement

if TYPE_CHECKING:
    # A connection of a pool is a proxy of one. Only the stubs know that it is generic over its records.
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]

CONNECTIONS = 4
# The most that one statement of a command may take, including the connection to Postgres. The service has a setting.
SECONDS = 10.0
IDLE_SECONDS = 60.0
Row = Mapping[str, Any]
MIGRATE = "Run `briefing migrate`."
LOOK = "Look at BRIEFING_DATABASE_URL."

NOT_THERE = (
    asyncpg.UndefinedTableError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InvalidParameterValueError,  # There is no such role.
)
REFUSED = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)
GONE = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    OSError,
)


class AccessStore:
    """The connections on which the statements run, a few at once."""

    def __init__(
        self, url: str, statement_cache_size: int = 0, *, only_primary: bool = False, seconds: float = SECONDS
    ) -> None:
        """With `only_primary`, a replica at the URL is not read from. A statement may take `seconds`, including the
        connection to Postgres."""
        self._url = url
        self._seconds = seconds
        self._session_attributes = SessionAttribute.primary if only_primary else None
        self._cache = statement_cache_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def read(self, name: str, *arguments: Any) -> list[Row]:
        """Return the rows of a statement that only reads. If the connection breaks off, try once more."""

        async def work(connection: Connection) -> list[Row]:
            return await _fetch(connection, name, *arguments)

        try:
            return await self._on_connection(work)
        except _BrokeOff:
            return await self._on_connection(work)

    async def change(self, actor: str, name: str, *arguments: Any) -> list[Row]:
        """Return the rows of a statement that changes something, in a transaction whose log names the actor."""

        async def work(connection: Connection) -> list[Row]:
            async with connection.transaction():
                return await _change(connection, actor, name, *arguments)

        return await self._on_connection(work)

    async def revise(
        self, actor: str, lock_name: str, row_name: str, name: str, decide: Callable[[Row], Sequence[Any]]
    ) -> list[Row]:
        """Change as `change` does, with arguments that `decide` makes of a row. The statement `lock_name` finds this
        row by its name `row_name` and locks it. Return no rows if there is none. If `decide` raises, nothing
        changes."""

        async def work(connection: Connection) -> list[Row]:
            async with connection.transaction():
                row = await connection.fetchrow(statement(f"access/{lock_name}"), row_name)
                if row is None:
                    return []
                arguments = decide(dict(row))
                return await _change(connection, actor, name, *arguments)

        return await self._on_connection(work)

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._pool.close()
            self._pool.terminate()
            self._pool = None

    async def _on_connection(self, work: Callable[[Connection], Awaitable[list[Row]]]) -> list[Row]:
        try:
            async with asyncio.timeout(self._seconds):
                pool = await self._open_pool()
                async with pool.acquire(timeout=self._seconds) as connection:
                    return await work(connection)
        except TimeoutError as error:  # It is an OSError too, but no reason to try again.
            raise Unavailable("The store of keys does not answer in time.") from error
        except NOT_THERE as error:
            raise Unavailable("The store has no plans and keys that can be read.", operator_hint=MIGRATE) from error
        except asyncpg.CheckViolationError as error:
            raise InvalidRequest(f"The store refuses this: {error.constraint_name} does not hold.") from error
        except asyncpg.IntegrityConstraintViolationError as error:
            raise Conflict("Somebody else changed what this is about in the same moment.", "Try again.") from error
        except REFUSED as error:
            raise Unavailable("The store of keys does not answer.", operator_hint=LOOK) from error
        except (asyncpg.QueryCanceledError, asyncpg.InsufficientResourcesError) as error:
            raise Unavailable("The store of keys has too much to do.") from error
        except GONE as error:
            raise _BrokeOff("The store of keys does not answer.") from error

    async def _open_pool(self) -> asyncpg.Pool[asyncpg.Record]:
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=CONNECTIONS,
                max_inactive_connection_lifetime=IDLE_SECONDS,
                timeout=self._seconds,
                command_timeout=self._seconds,
                statement_cache_size=self._cache,
                target_session_attrs=self._session_attributes,
                server_settings={
                    "application_name": "briefing-access",
                    "role": "briefing_access",
                    "statement_timeout": f"{self._seconds * 1000:.0f}",
                    "idle_in_transaction_session_timeout": "5000",
                    "timezone": "UTC",
                    "search_path": "pg_catalog",
                    "jit": "off",
                },
            )
        return await self._pool  # The first time this opens the pool. Connections are opened when they are needed.


async def _change(connection: Connection, actor: str, name: str, *arguments: Any) -> list[Row]:
    await connection.execute("select set_config('briefing.actor', $1, true)", actor)
    return await _fetch(connection, name, *arguments)


async def _fetch(connection: Connection, name: str, *arguments: Any) -> list[Row]:
    rows = await connection.fetch(statement(f"access/{name}"), *arguments)
    return [dict(row) for row in rows]


class _BrokeOff(Unavailable):
    """A lost connection. Its statement may or may not have been executed."""
