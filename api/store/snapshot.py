"""Read one state of the store for as long as an export takes: every statement sees the same state as the first one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from api.compiler.json_text import one_line
from api.errors import SettingsError, Unavailable
from api.model import WRITE_ORDER
from api.store.connection import DRIVER_ERRORS, Connection, connect
from api.store.release import refuse_newer
from api.store.stream import Take, Unframed

# The same settings as those of the connections that read answers, so that the text is the same.
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
    """A state of the store, read as the account that loads. `on_rows` gets the number of further rows that were
    read."""

    def __init__(self, connection: Connection, on_rows: Callable[[int], None]) -> None:
        self._connection = connection
        self._on_rows = on_rows

    async def stream(self, sql: str, arguments: Sequence[Any], take: Take) -> None:
        """Pass the rows of a statement with one text column to `take`, in pieces."""
        rows = Unframed(take)

        async def output(piece: bytes) -> None:
            count_before = rows.count
            await rows(piece)
            self._on_rows(rows.count - count_before)

        await self._connection.copy_from_query(sql, *arguments, output=output, format="binary")

    async def records(self, take: Take) -> None:
        """Pass every record to `take`, as last logged, in the load format. Records come before those that link to them.
        Erased records are left out."""
        for name in WRITE_ORDER:
            await self.stream(_build_records_query(name), (), take)

    async def rows(self, sql: str, arguments: Sequence[Any]) -> AsyncIterator[Sequence[Any]]:
        """Yield the rows of a statement one by one, as Python values."""
        async for row in self._connection.cursor(sql, *arguments, prefetch=PREFETCH):
            self._on_rows(1)
            yield tuple(row)

    async def value(self, sql: str) -> Any:
        """Return the one value of a statement."""
        return await self._connection.fetchval(sql)

    async def counts(self) -> dict[str, dict[str, int]]:
        """Count the records and the withdrawn records of each resource."""
        counts = {}
        for name in WRITE_ORDER:
            row = await self._connection.fetchrow(_build_count_query(name))
            assert row is not None
            counts[name] = dict(row)
        return counts

    async def erased(self) -> list[dict[str, str]]:
        """Return the ids of the records that were erased, and the times of their erasure."""
        rows = await self._connection.fetch(ERASED)
        return [{"id": row["id"], "erased_at": row["erased_at"].isoformat()} for row in rows]

    async def last_erasure(self) -> int:
        """Return the number of the last change that was an erasure; 0 if there was none."""
        return int(await self.value(LAST_ERASURE))


@asynccontextmanager
async def snapshot(url: str, on_rows: Callable[[int], None]) -> AsyncIterator[Snapshot]:
    """Yield the state of the store at this moment. `on_rows` gets the number of rows as they are read. SettingsError if
    the tables are not those of this release, or if the account may not read them. Unavailable if the store goes
    away."""
    connection = await connect(url)
    try:
        await refuse_newer(connection)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(SETTINGS)
            yield Snapshot(connection, on_rows)
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError) as error:
        raise SettingsError(
            f"The database has not the tables of this release: {error}", "Run `briefing migrate`."
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise SettingsError(
            f"This account may not read everything: {error}", "Export as the account that loads."
        ) from error
    except (ConnectionError, *DRIVER_ERRORS) as error:
        raise Unavailable(f"The store went away during the export: {error}", "Export again.") from error
    finally:
        with suppress(Exception):
            await connection.close(timeout=5)


async def erased_since(url: str, change: int) -> bool:
    """Return True if a record was erased after the change."""
    connection = await connect(url)
    try:
        return bool(await connection.fetchval(LAST_ERASURE) > change)
    except (ConnectionError, *DRIVER_ERRORS) as error:
        raise Unavailable(f"The store went away during the export: {error}", "Export again.") from error
    finally:
        with suppress(Exception):
            await connection.close(timeout=5)


def _build_records_query(name: str) -> str:
    withdrawal = "jsonb_build_object('withdrawn', jsonb_build_object('reason', held.withdrawn))"
    key = "case when held.key is null then '{}' else jsonb_build_object('key', held.key) end"
    record = f"(record || {key} || case when held.withdrawn is null then '{{}}' else {withdrawal} end)::text"
    return f"""
        select concat({one_line(record)}, E'\\n') as line
        from store.{name} as held join store.change using (id, revision)
        where {NOT_ERASED} order by held.id"""


def _build_count_query(name: str) -> str:
    return f"""
        select count(*) filter (where withdrawn is null) as records, count(withdrawn) as withdrawn
        from store.{name} as held where {NOT_ERASED}"""
