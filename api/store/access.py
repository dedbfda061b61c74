"""Read and change plans, keys, trusted documents and their log with the fixed statements of `sql/statements/access/`.

They run on connections of their own, as a role that can reach these tables and nothing else. If Postgres does not
answer, they soon raise Unavailable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import asyncpg

from api.errors import Conflict, InvalidRequest, Unavailable
from api.store.statements import statement

CONNECTIONS = 4
SECONDS = 1.5  # The most that one statement may take, including the connection to Postgres.
IDLE_SECONDS = 60.0
Row = Mapping[str, Any]

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

    def __init__(self, url: str, statement_cache_size: int = 0) -> None:
        self._url = url
        self._cache = statement_cache_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def read(self, name: str, *arguments: Any) -> list[Row]:
        """Return the rows of a statement that only reads. If the connection breaks off, try once more."""

        async def read(connection: Any) -> list[Row]:
            return [dict(row) for row in await connection.fetch(statement(f"access/{name}"), *arguments)]

        try:
            return await self._on_connection(read)
        except _BrokeOff:
            return await self._on_connection(read)

    async def change(self, actor: str, name: str, *arguments: Any) -> list[Row]:
        """Return the rows of a statement that changes something, in a transaction whose log names the actor."""

        async def change(connection: Any) -> list[Row]:
            async with connection.transaction():
                return await _changed(connection, actor, name, *arguments)

        return await self._on_connection(change)

    async def revise(
        self, actor: str, hold: str, held: str, name: str, decide: Callable[[Row], Sequence[Any]]
    ) -> list[Row]:
        """Change as `change` does, with arguments that `decide` makes of a row. The statement `hold` finds this row by
        the name `held` and locks it. Return no rows if there is none. If `decide` raises, nothing changes."""

        async def revise(connection: Any) -> list[Row]:
            async with connection.transaction():
                row = await connection.fetchrow(statement(f"access/{hold}"), held)
                return [] if row is None else await _changed(connection, actor, name, *decide(dict(row)))

        return await self._on_connection(revise)

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(SECONDS):
                    await self._pool.close()
            self._pool.terminate()
            self._pool = None

    async def _on_connection(self, work: Callable[[Any], Any]) -> list[Row]:
        try:
            async with asyncio.timeout(SECONDS), (await self._opened()).acquire(timeout=SECONDS) as connection:
                rows: list[Row] = await work(connection)
                return rows
        except TimeoutError as error:  # It is an OSError too, but no reason to try again.
            raise Unavailable("The store of keys does not answer in time.") from error
        except NOT_THERE as error:
            raise Unavailable("The store has no plans and keys that can be read.", "Run `briefing migrate`.") from error
        except asyncpg.CheckViolationError as error:
            raise InvalidRequest(f"The store refuses this: {error.constraint_name} does not hold.") from error
        except asyncpg.IntegrityConstraintViolationError as error:
            raise Conflict("Somebody else changed what this is about in the same moment.", "Try again.") from error
        except REFUSED as error:
            raise Unavailable("The store of keys does not answer.", "Look at BRIEFING_DATABASE_URL.") from error
        except (asyncpg.QueryCanceledError, asyncpg.InsufficientResourcesError) as error:
            raise Unavailable("The store of keys has too much to do.") from error
        except GONE as error:
            raise _BrokeOff("The store of keys does not answer.") from error

    async def _opened(self) -> asyncpg.Pool[asyncpg.Record]:
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=CONNECTIONS,
                max_inactive_connection_lifetime=IDLE_SECONDS,
                timeout=SECONDS,
                command_timeout=SECONDS,
                statement_cache_size=self._cache,
                server_settings={
                    "application_name": "briefing-access",
                    "role": "briefing_access",
                    "statement_timeout": f"{SECONDS * 1000:.0f}",
                    "idle_in_transaction_session_timeout": "5000",
                    "timezone": "UTC",
                    "search_path": "pg_catalog",
                    "jit": "off",
                },
            )
        return await self._pool  # The first time this opens the pool. Connections are opened when they are needed.


async def _changed(connection: Any, actor: str, name: str, *arguments: Any) -> list[Row]:
    await connection.execute("select set_config('briefing.actor', $1, true)", actor)
    return [dict(row) for row in await connection.fetch(statement(f"access/{name}"), *arguments)]


class _BrokeOff(Unavailable):
    """A lost connection. Its statement may or may not have been executed."""
