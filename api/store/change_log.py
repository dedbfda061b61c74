"""Look up a record in the change log, and the last edition."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from api.store.connection import connect


async def recorded(url: str, identifier: str) -> bool:
    """Return True if the record was ever written, even if it was withdrawn since."""
    connection = await connect(url)
    try:
        return bool(await connection.fetchval("select exists (select from store.change where id = $1)", identifier))
    finally:
        await connection.close()


async def last_edition(url: str) -> datetime | None:
    """Return the time of the last edition; None if the store has none."""
    connection = await connect(url)
    try:
        return cast("datetime | None", await connection.fetchval("select max(at) from store.edition"))
    finally:
        await connection.close()
