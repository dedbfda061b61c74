"""One state of the store, held while it is written down: every statement sees what the first one saw."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from api.compiler.json import one_line
from api.errors import SettingsError, Unavailable
from api.model import WRITE_ORDER
from api.store.connection import Connection, connect
from api.store.stream import Take, Unframed

# As the connections are on which answers are read, so that the same text comes out.
SETTINGS = """
    set local timezone = 'UTC'; set local datestyle = 'ISO'; set local extra_float_digits = 1;
    set local search_path = pg_catalog; set local jit = off; set local max_parallel_workers_per_gather = 0;
    set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0
"""
PREFETCH = 5_000
NOT_ERASED = "not exists (select from store.erased where erased.id = held.id)"
ERASED = "select id, erased_at from store.erased order by id"
LAST_ERASURE = "select coalesce(max(erased), 0) from store.latest"


class Snapshot:
    """A state of the store, as the account sees it that loads. `noted` is told how many more rows were read."""

    def __init__(self, connection: Connection, noted: Callable[[int], None]) -> None:
        self._connection = connection
        self._noted = noted

    async def stream(self, sql: str, arguments: Sequence[Any], take: Take) -> None:
        """The rows of one text column, in pieces."""
        rows, before = Unframed(take), 0

        async def output(piece: bytes) -> None:
            nonlocal before
            await rows(piece)
            self._noted(rows.given - before)
            before = rows.given

        await self._connection.copy_from_query(sql, *arguments, output=output, format="binary")

    async def records(self, take: Take) -> None:
        """Every record as the log last had it, in the load format, what is linked to before what links to it. Records
        that were erased are left out."""
        for name in WRITE_ORDER:
            await self.stream(_records(name), (), take)

    async def rows(self, sql: str, arguments: Sequence[Any]) -> AsyncIterator[Sequence[Any]]:
        """The rows, one by one, as values of Python."""
        async for row in self._connection.cursor(sql, *arguments, prefetch=PREFETCH):
            self._noted(1)
            yield tuple(row)

    async def value(self, sql: str) -> Any:
        """The one value of a statement."""
        return await self._connection.fetchval(sql)

    async def counts(self) -> dict[str, dict[str, int]]:
        """How many records there are of each resource, and how many that were withdrawn."""
        return {name: dict(await self._one(_count(name))) for name in WRITE_ORDER}

    async def erased(self) -> list[dict[str, str]]:
        """The ids of the records that were erased, and when."""
        rows = await self._connection.fetch(ERASED)
        return [{"id": row["id"], "erased_at": row["erased_at"].isoformat()} for row in rows]

    async def last_erasure(self) -> int:
        """The number of the last change that was an erasure; 0 if there was none."""
        return int(await self.value(LAST_ERASURE))

    async def _one(self, sql: str) -> asyncpg.Record:
        row = await self._connection.fetchrow(sql)
        assert row is not None
        return row


@asynccontextmanager
async def snapshot(url: str, noted: Callable[[int], None]) -> AsyncIterator[Snapshot]:
    """The state of the store at this moment; `noted` is told of rows as they are read."""
    connection = await connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(SETTINGS)
            yield Snapshot(connection, noted)
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError) as error:
        raise SettingsError(
            f"The database has not the tables of this release: {error}", "Run `briefing migrate`."
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise SettingsError(
            f"This account may not read everything: {error}", "Export as the account that loads."
        ) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError) as error:
        raise Unavailable(f"The store went away during the export: {error}", "Export again.") from error
    finally:
        with suppress(Exception):
            await connection.close(timeout=5)


async def erased_since(url: str, change: int) -> bool:
    """Return whether a record was erased after the change."""
    connection = await connect(url)
    try:
        return bool(await connection.fetchval(LAST_ERASURE) > change)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError) as error:
        raise Unavailable(f"The store went away during the export: {error}", "Export again.") from error
    finally:
        with suppress(Exception):
            await connection.close(timeout=5)


def _records(name: str) -> str:
    taken = "jsonb_build_object('withdrawn', jsonb_build_object('reason', held.withdrawn))"
    named = "case when held.key is null then '{}' else jsonb_build_object('key', held.key) end"
    record = f"(record || {named} || case when held.withdrawn is null then '{{}}' else {taken} end)::text"
    return f"""
        select concat({one_line(record)}, E'\\n') as line
        from store.{name} as held join store.change using (id, revision)
        where {NOT_ERASED} order by held.id"""


def _count(name: str) -> str:
    return f"""
        select count(*) filter (where withdrawn is null) as records, count(withdrawn) as withdrawn
        from store.{name} as held where {NOT_ERASED}"""
