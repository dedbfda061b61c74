"""What the change log knows of a record."""

from __future__ import annotations

from api.store.connection import connect


async def recorded(url: str, identifier: str) -> bool:
    """Whether the record was ever written, be it withdrawn since."""
    connection = await connect(url)
    try:
        return bool(await connection.fetchval("select exists (select from store.change where id = $1)", identifier))
    finally:
        await connection.close()
