"""Compare the migrations of a store with those of this release. A store that a newer release has migrated may have
columns that this release does not know, so nothing of this release may write to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

import asyncpg

from api import __version__
from api.errors import SettingsError, Unavailable
from api.store.connection import DRIVER_ERRORS, Connection, connect
from api.store.statements import Script, migrations

LEDGER = "select to_regclass('migration.applied') is not null"
# The column `release` is younger than the table.
APPLIED = "select name, to_jsonb(applied) ->> 'release' as release from migration.applied"


async def read_applied(connection: Connection) -> dict[str, str | None]:
    """Return the release that applied each migration and version, by its name; None for releases that did not note it.
    An account that may not read the ledger may not write to the store either, which other errors report."""
    try:
        if not await connection.fetchval(LEDGER):
            return {}
        rows = await connection.fetch(APPLIED)
    except asyncpg.InsufficientPrivilegeError:
        return {}
    return {row["name"]: row["release"] for row in rows}


def find_unknown(applied: Collection[str], own: Collection[Script]) -> list[str]:
    """Return the migrations that this release does not know, the oldest first. `own` are those of this release."""
    known = {script.name for script in own}
    # Names of versions begin with a letter. A version that was retired leaves its name behind.
    return sorted(name for name in applied if name[0].isdigit() and name not in known)


def check_not_newer(applied: Mapping[str, str | None], own: Sequence[Script]) -> None:
    """Raise SettingsError if a newer release has migrated the store. `own` are the migrations of this release."""
    unknown = find_unknown(applied, own)
    if not unknown:
        return
    newest = unknown[-1]
    release = applied[newest]
    by = f"release {release}" if release else "a newer release"
    raise SettingsError(
        f"The store was migrated to {newest} by {by}. This is release {__version__}, which knows migrations up to "
        f"{own[-1].name}.",
        "Use the newer release, or restore a backup from before its migration. To serve the store with this release "
        "nevertheless, for a rollback: BRIEFING_ALLOW_NEWER_STORE=on, or `briefing serve --allow-newer-store`.",
    )


async def refuse_newer(connection: Connection) -> None:
    """Raise SettingsError if a newer release has migrated the store."""
    check_not_newer(await read_applied(connection), migrations())


async def refuse_newer_at(url: str) -> None:
    """Raise SettingsError if a newer release has migrated the store at this address. The errors of `connect`, too."""
    connection = await connect(url)
    try:
        await refuse_newer(connection)
    except (OSError, *DRIVER_ERRORS) as error:
        raise Unavailable(f"Postgres went away: {error}") from error
    finally:
        with suppress(Exception):
            await connection.close(timeout=5)
