"""Look up a record in the change log."""

from __future__ import annotations

from api.store.connection import connect


async def recorded(url: str, identifier: str) -> bool:
    """Return True if the record was ever written, even if it was withdrawn since."""
    connection = await connect(url)
    try:
        return bool(await connection.fetchval("select exists (select from store.change where id = $1)", identifier))
    finally:
        await connection.close()
