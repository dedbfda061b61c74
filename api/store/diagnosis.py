"""The checks of `briefing doctor` that concern the store. They read, and change nothing."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg

from api.errors import BriefingError, SettingsError
from api.finding import Finding, compare_clocks, wrong
from api.settings import Settings
from api.store import release, state
from api.store.access import AccessStore
from api.store.address import connections_of_service, describe_store
from api.store.connection import DRIVER_ERRORS, Connection, connect
from api.store.reader import Reader
from api.store.statements import migrations, versions

PARTS = ("roles", "extensions", "owners", "grants", "objects")
AVAILABLE = """
    select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true), '0')::int
"""
MAY_WRITE = "select pg_has_role(current_user, $1, 'usage')"
SIZE = "select pg_database_size(current_database())"
# The least free part of a disk, and the least free bytes, with which loads are safe.
LEAST_FREE = 0.05
LEAST_FREE_BYTES = 1 << 30
MEGABYTE = 1_000_000


async def diagnose_store(url: str, settings: Settings) -> AsyncIterator[Finding]:
    """Yield what is found in the store at this address."""
    try:
        connection = await connect(url)
    except BriefingError as error:
        yield wrong("store", error)
        return
    try:
        async for finding in _diagnose(connection, settings):
            yield finding
    except (OSError, *DRIVER_ERRORS) as error:
        yield Finding("store", "wrong", f"Postgres went away: {error}", "Look at the log of Postgres.")
    finally:
        with suppress(Exception):
            await connection.close(timeout=5)
    async for finding in _try_reads(url, settings):
        yield finding


async def _diagnose(connection: Connection, settings: Settings) -> AsyncIterator[Finding]:
    version = await connection.fetchval("show server_version")
    text = f"Postgres {version}, {describe_store(settings)}"
    if await connection.fetchval("select pg_is_in_recovery()"):
        yield Finding("store", "wrong", f"{text}: a standby, which cannot be migrated", "Name the primary.")
    else:
        yield Finding("store", "ok", text)
    applied = await release.read_applied(connection)
    migrated = _check_release(applied)
    yield migrated
    if migrated.status == "ok":
        for finding in await _check_state(connection):
            yield finding
    yield await _check_clock(connection)
    yield await _check_connections(connection, settings)
    yield await _check_disk(connection, settings)


def _check_release(applied: dict[str, str | None]) -> Finding:
    own = migrations()
    try:
        release.check_not_newer(applied, own)
    except SettingsError as error:
        return wrong("migrations", error)
    missing = [script.name for script in (*own, *versions()) if script.name not in applied]
    if missing:
        text = f"{len(missing)} of this release are missing, the first is {missing[0]}"
        return Finding("migrations", "wrong", text, state.MIGRATE)
    return Finding("migrations", "ok", f"{len(own)}, up to {own[-1].name}")


async def _check_state(connection: Connection) -> list[Finding]:
    difference = await state.find_difference(connection)
    problems = state.list_problems(difference)
    findings = [Finding(problem.part, "wrong", problem.text, problem.remedy) for problem in problems]
    bad = {problem.part for problem in problems}
    findings += [Finding(part, "ok", "as this release makes them") for part in PARTS if part not in bad]
    findings.sort(key=lambda finding: PARTS.index(finding.check))
    if not await connection.fetchval(MAY_WRITE, difference.owner):
        text = f"{difference.user} may serve the store, and neither migrate it nor load into it"
        findings.append(Finding("account", "warning", text, state.explain_owner(difference.user, difference.owner)))
    else:
        findings.append(Finding("account", "ok", f"{difference.user} may migrate the store and load into it"))
    return findings


async def _check_clock(connection: Connection) -> Finding:
    begun = time.time()
    there = float(await connection.fetchval("select extract(epoch from clock_timestamp())"))
    ended = time.time()
    return compare_clocks("clock of Postgres", there - (begun + ended) / 2, (ended - begun) / 2)


async def _check_connections(connection: Connection, settings: Settings) -> Finding:
    available = await connection.fetchval(AVAILABLE)
    needed = connections_of_service(settings)
    text = f"this service uses up to {needed}, Postgres accepts {available}"
    if settings.direct_url:
        return Finding("connections", "ok", f"{text}; most of them are the pooler's")
    if needed > available:
        remedy = "Raise max_connections of Postgres, or lower BRIEFING_WORKERS or BRIEFING_POOL_SIZE."
        return Finding("connections", "wrong", text, remedy)
    return Finding("connections", "ok", text)


async def _check_disk(connection: Connection, settings: Settings) -> Finding:
    size = await connection.fetchval(SIZE) / MEGABYTE
    if settings.database_url:
        text = f"the database takes {size:,.0f} MB; its disk is not visible from here"
        return Finding("disk", "ok", text)
    disk = shutil.disk_usage(settings.data_dir)
    text = f"the database takes {size:,.0f} MB, {disk.free / MEGABYTE:,.0f} MB are free"
    if disk.free < min(LEAST_FREE_BYTES, LEAST_FREE * disk.total):
        return Finding("disk", "wrong", text, f"Make room on the disk of {settings.data_dir}.")
    return Finding("disk", "ok", text)


async def _try_reads(url: str, settings: Settings) -> AsyncIterator[Finding]:
    """Read as the service does: content, through a pooler if there is one, and plans."""
    reader = Reader(settings.database_url or url, settings)
    access = AccessStore(settings.database_url or url)
    try:
        await reader.ready()
        yield Finding("reading", "ok", "views can be read as briefing_reader")
    except BriefingError as error:
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        remedy = " ".join(error.hints()) or "See the checks above."
        yield Finding("reading", "wrong", f"{error.message}{cause}", remedy)
    finally:
        await reader.close()
    try:
        plans = await access.read("plans")
        yield Finding("plans", "ok", f"{len(plans)} plans can be read as briefing_access")
    except (BriefingError, asyncpg.PostgresError) as error:
        remedy = " ".join(error.hints()) if isinstance(error, BriefingError) else state.MIGRATE
        yield Finding("plans", "wrong", str(error), remedy)
    finally:
        await access.close()
