"""Block the ids of records that were erased from another store, when a snapshot of it is loaded.

Each gets an emptied row, because otherwise records that link to it could not be loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from api.store import erasure_statements
from api.store.connection import Connection

BY_SNAPSHOT = "A snapshot that was loaded lists it as erased."


async def add(connection: Connection, erased: Mapping[str, datetime]) -> int:
    """Add the records as erased ones, by their ids, unless they are erased here already. Return the number of those
    that this store has with their content. They are not changed."""
    with_content = 0
    for identifier, moment in erased.items():
        name = erasure_statements.resource_of(identifier)
        if await connection.fetchval("select exists (select from store.erased where id = $1)", identifier):
            continue
        if await connection.fetchval(f"select exists (select from store.{name} where id = $1)", identifier):
            with_content += 1
            continue
        await connection.execute(erasure_statements.RECORD, name, identifier, 1, BY_SNAPSHOT, moment)
        await connection.execute(erasure_statements.add_empty(name), identifier)
        await connection.execute(erasure_statements.empty_search(name), identifier)
    return with_content
