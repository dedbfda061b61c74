"""Write the records of one file in one transaction: readers see the store as it was before, or as it is after.

Statements process all records at once. Records are copied into a temporary table and compared by their digests with
those of the store. New and changed ones go to the log, and from there to the tables. One loader at a time holds an
advisory lock. If it dies, Postgres rolls its transaction back and frees the lock.

A load then adds its edition in a transaction of its own, because the time from which readers can see the load is known
only after its commit. If the loader dies between the two, the next one adds the row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import asyncpg

from api.errors import Busy
from api.model import WRITE_ORDER
from api.store import cascades, load_statements, record_versions, tombstones
from api.store.connection import Connection, connect, take_lock
from api.store.cycles import in_circles
from api.store.load_statements import ChildTable
from api.store.release import refuse_newer
from api.store.staged import COLUMNS
from api.store.statements import statement
from api.store.write_errors import translate_errors

LOCK = 0x6C6F6164  # "load": loaders of one database take_lock turns on it
# Changed records after which a load analyzes the tables, because autovacuum comes a minute later.
MANY = 10_000
SETTINGS = """
    set local work_mem = '64MB'; set local jit = off; set local statement_timeout = 0;
    set local idle_in_transaction_session_timeout = 0
"""
# With this, Postgres notices even during a statement that the loader was killed. Not every system supports it.
NOTICE = "set local client_connection_check_interval = '1s'"

DATES = "select max(at), clock_timestamp() from store.edition"
# Nothing if the load has changed nothing.
DATE_EDITION = "select store.date_edition(seq, $2) from store.last_change where seq > $1"

ACTIONS = ("created", "updated", "restored", "withdrawn")
Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class LoadIssue:
    """A staged record with an issue that only the store can find."""

    number: int
    resource: str
    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class RepeatedRecord(LoadIssue):
    """A repeated record: the file contains it before, as number `first`."""

    first: int


@dataclass(frozen=True)
class DoubtfulRecord(LoadIssue):
    """A record that breaks rules for new and changed records. `doubts` lists path and fault of each, as JSON."""

    doubts: str


@dataclass(frozen=True)
class InCircle(LoadIssue):
    """A record whose relation number `position` is in a circle of relations of one `kind`."""

    kind: str
    position: int


@dataclass(frozen=True)
class Loss:
    """The withdrawals of a dataset: of its `held` records that stand, `lost` are withdrawn because the file does not
    contain them."""

    dataset: str
    lost: int
    held: int


@dataclass(frozen=True)
class BlockedRecord(LoadIssue):
    """A record that was erased at `erased_at` and cannot be loaded again. `named_by` says if the file names it by its
    `id` or `key`."""

    erased_at: datetime
    named_by: str


@dataclass(frozen=True)
class DanglingLink(LoadIssue):
    """A record whose link at `path` leads to a `target` with an `id` that does not exist."""

    path: str
    target: str
    id: str


class _RolledBack(Exception):
    """Raised to roll back a transaction that is not to be kept."""


class LoadTransaction:
    """A transaction in which a file is loaded."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._before = 0
        self.staged: dict[str, int] = {}
        self.counts: dict[str, dict[str, int]] = {}

    async def stage(self, rows: AsyncIterator[bytes]) -> None:
        """Copy the rows of Staged records into the temporary table."""
        await self._connection.execute(statement("staged"))
        await self._connection.copy_to_table("staged", source=rows, columns=COLUMNS)
        await self._connection.execute("analyze staged")
        await self._keep_ids()
        await self._tally()

    async def stage_normalized(self, name: str, ids: list[str]) -> int:
        """Stage in NFC those of the records that are in another form, and return their number."""
        await self._connection.execute(statement("staged"))
        status = await self._connection.execute(load_statements.normalized(name), ids)
        await self._tally()
        return int(status.split()[-1])

    async def _keep_ids(self) -> None:
        """Let records keep the ids under which the store has them, if their keys were written in another form then."""
        await self._connection.execute(statement("kept_ids"))
        if await self._connection.fetchval("select exists (select from kept_id where id <> stored_id)"):
            await self._connection.execute("delete from kept_id where id = stored_id; analyze kept_id")
            await self._connection.execute(statement("keep_ids"))
            await self._connection.execute(statement("digest_again"))

    async def _tally(self) -> None:
        rows = await self._connection.fetch("select resource, count(*) as count from staged group by resource")
        counts = {row["resource"]: row["count"] for row in rows}
        self.staged = {}
        for name in WRITE_ORDER:
            if name in counts:
                self.staged[name] = counts.pop(name)
        if counts:
            # No statement would write them, and the load would report success.
            raise ValueError(f"the model has no {', '.join(sorted(counts))}")

    async def repeated(self, limit: int) -> list[RepeatedRecord]:
        """Find records that the file contains twice."""
        rows = await self._connection.fetch(statement("duplicates"), limit)
        return [RepeatedRecord(*_read_issue(row), row["first"]) for row in rows]

    async def blocked(self, limit: int) -> list[BlockedRecord]:
        """Find the staged records that were erased."""
        rows = await self._connection.fetch(statement("blocked"), limit)
        return [BlockedRecord(*_read_issue(row), row["erased_at"], row["named_by"]) for row in rows]

    async def unknown(self, limit: int) -> list[LoadIssue]:
        """Find withdrawals of records that do not exist."""
        rows = await self._fetch_by_resource(load_statements.unknown, limit)
        return [LoadIssue(*_read_issue(row)) for row in rows]

    async def datasets(self) -> list[str]:
        """Return the datasets of the staged records."""
        rows = await self._connection.fetch(statement("datasets"))
        return [row["dataset"] for row in rows]

    async def complete(self, datasets: list[str], reason: str) -> None:
        """Stage the withdrawal of all records of the datasets that the file does not contain."""
        for name in WRITE_ORDER:
            await self._connection.execute(load_statements.gone(name), datasets, reason)
        await self._tally()

    async def cascade(self) -> None:
        """Stage the withdrawal of the records that depend on the staged withdrawals."""
        for name, link in cascades.links():
            await self._connection.execute(cascades.cascade(name, link))
        await self._tally()

    async def losses(self) -> list[Loss]:
        """Count by dataset the records that are withdrawn because the file does not contain them."""
        rows = await self._connection.fetch(cascades.losses())
        return [Loss(row["dataset"], row["lost"], row["held"]) for row in rows]

    async def doubtful(self, limit: int) -> list[DoubtfulRecord]:
        """Find the staged records that break a rule for new and changed records, and are new or changed."""
        rows = await self._fetch_by_resource(load_statements.doubtful, limit)
        return [DoubtfulRecord(*_read_issue(row), row["doubts"]) for row in rows]

    async def _fetch_by_resource(self, build_sql: Callable[[str], str], limit: int) -> list[asyncpg.Record]:
        """Return the rows of a statement for each staged resource, at most `limit` of each."""
        rows: list[asyncpg.Record] = []
        for name in self.staged:
            rows += await self._connection.fetch(build_sql(name), limit)
        return rows

    async def circles(self, kind: str) -> list[InCircle]:
        """Find the written relations of this kind that lead back to their own event."""
        relations = await self._connection.fetch(statement("circle_edges"), kind, self._before)
        edges = in_circles([(row["record_id"], row["event_id"]) for row in relations])
        if not edges:
            return []
        starts = [start for start, _ in edges]
        ends = [end for _, end in edges]
        rows = await self._connection.fetch(statement("circle_records"), kind, self._before, starts, ends)
        return [InCircle(*_read_issue(row), kind, row["position"]) for row in rows]

    async def find_misdated(self, known_at: datetime) -> datetime | None:
        """Return the time of the last edition if an edition of this time would not come after it, or the time now if
        it would be in the future; None if it is right."""
        last, now = await self._connection.fetchrow(DATES) or (None, None)
        if last is not None and known_at <= last:
            return cast("datetime", last)
        return cast("datetime", now) if now is not None and known_at > now else None

    async def merge(self, reason: str | None = None, known_at: datetime | None = None) -> None:
        """Write the staged records to the store, and count what was done. Updates are logged with the reason.

        With `known_at`, the changes and their edition have this time, which `find_misdated` has to allow. The edition
        is then a part of the transaction, because its time does not depend on when readers can see it."""
        connection = self._connection
        self._before = await connection.fetchval("select seq from store.last_change")
        moment = known_at or await connection.fetchval("select clock_timestamp()")
        for name in self.staged:
            await connection.execute(load_statements.log(name), moment, reason)
        if await connection.fetchval(record_versions.ENDS, self._before):
            await self._keep_versions()
        for name in self.staged:
            await connection.execute(load_statements.merge(name), self._before)
        for kind in self._children():
            await connection.execute(load_statements.clear(kind), self._before)
            await connection.execute(load_statements.add(kind), self._before)
            await connection.execute(load_statements.hide(kind), self._before)
        if known_at is not None:
            await connection.execute(DATE_EDITION, self._before, known_at)
        await self._count()

    async def block(self, erased: Mapping[str, datetime]) -> int:
        """Add the records that were erased in another store, by their ids, as erased ones. Return the number of those
        that this store has with their content. They stay, because a load erases nothing."""
        return await tombstones.add(self._connection, erased)

    async def _keep_versions(self) -> None:
        for name in self.staged:
            await self._connection.execute(record_versions.keep(name), self._before)
        for kind in self._children():
            await self._connection.execute(record_versions.keep_children(kind), self._before)

    def _children(self) -> list[ChildTable]:
        """Return the kinds of children that the staged records may have, but no others: a migration that writes
        records, as 0031 does, runs before the tables of later kinds exist."""
        return [kind for kind in load_statements.children() if self.staged.keys() & set(kind.owners)]

    async def dangling(self, limit: int) -> list[DanglingLink]:
        """Find links that lead nowhere. The search for them is expensive, so it runs only if a constraint fails."""
        try:
            async with self._connection.transaction():
                await self._connection.execute("set constraints all immediate")
        except asyncpg.ForeignKeyViolationError:
            rows = await self._connection.fetch(load_statements.dangling(), self._before, limit)
            return [DanglingLink(*_read_issue(row), row["path"], row["target"], row["id"]) for row in rows]
        return []

    async def _count(self) -> None:
        rows = await self._connection.fetch(statement("written"), self._before)
        written = {(row["resource"], row["action"]): row["count"] for row in rows}
        for name, total in self.staged.items():
            counts = {action: written.get((name, action), 0) for action in ACTIONS}
            self.counts[name] = counts | {"unchanged": total - sum(counts.values())}
        has_new_keys = False
        for name, counts in self.counts.items():
            if counts["unchanged"] and await self._name_keys(name):
                has_new_keys = True
        if written or has_new_keys:
            await self._connection.execute(statement("announce"))

    async def _name_keys(self, name: str) -> bool:
        """Store the keys of unchanged records that the file names. Return True if there were any new keys."""
        return await self._connection.execute(load_statements.name_keys(name)) == "UPDATE 1"

    async def standing(self) -> dict[str, int]:
        """Count the records that stand although this load withdrew the event or briefing that they depend on."""
        totals = dict.fromkeys(cascades.parents(), 0)
        for name, link in cascades.links():
            if self.counts.get(link.target, {}).get("withdrawn"):
                totals[link.target] += await self._connection.fetchval(cascades.standing(name, link), self._before)
        return {parent: total for parent, total in totals.items() if total}

    async def settle(self) -> None:
        """Analyze the tables after the transaction, if much has changed, so that queries are planned well."""
        changed = 0
        for counts in self.counts.values():
            for action in ACTIONS:
                changed += counts[action]
        if changed < MANY:
            return
        tables: list[str] = []
        for name in (*self.counts, *(kind.table for kind in load_statements.children())):
            tables += (f"store.{name}", f"past.{name}")
        await self._connection.execute(f"analyze {', '.join(tables)}")


@asynccontextmanager
async def writing(url: str, wait: float, keep: bool = True) -> AsyncIterator[LoadTransaction]:
    """Yield a LoadTransaction. Its work is committed if the block ends without an error and `keep` is set, else rolled
    back. Busy if another load runs for longer than `wait` seconds."""
    connection = await connect(url)
    try:
        with translate_errors(), suppress(_RolledBack):
            await refuse_newer(connection)
            if not await take_lock(connection, LOCK, wait):
                raise Busy("Another load is running.", hint="Load again when it has ended, or --wait longer.")
            await connection.execute(record_versions.NOTE_EDITION)
            async with connection.transaction():
                await connection.execute(SETTINGS)
                with suppress(asyncpg.PostgresError):
                    async with connection.transaction():
                        await connection.execute(NOTICE)
                transaction = LoadTransaction(connection)
                yield transaction
                if not keep:
                    raise _RolledBack
            await connection.execute(record_versions.NOTE_EDITION)
            await transaction.settle()
    finally:
        with suppress(Exception):
            await connection.close(timeout=5)


def _read_issue(row: asyncpg.Record) -> tuple[int, str, str, tuple[str, ...]]:
    """Return the values of a LoadIssue, in the order of its fields."""
    return row["number"], row["resource"], row["name"], tuple(row["keys"].split("\x1f"))
