"""Records that change from load to load, and what a test knows of a store with their history."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from api.ingest.identity import public_id
from api.ingest.load import load
from api.query.known_at import to_microseconds, write_moment

PLACE, EVENT, FIGURE = (public_id("d", name, name) for name in ("place", "event", "figure"))
HELD: dict[str, Any] = {"dataset": "d"}
FIRST: dict[str, Any] = HELD | {
    **{"resource": "place", "key": "place", "name": "Homel", "country": "BY"},
    **{"latitude": 52.4, "longitude": 31, "geo_precision": "exact"},
}
TALKS: dict[str, Any] = HELD | {
    **{"resource": "event", "key": "event", "kind": "negotiation", "title": "Talks near Homel", "status": "occurred"},
    **{"time_precision": "unknown", "place": "place"},
}
KILLED: dict[str, Any] = HELD | {
    **{"resource": "figure", "key": "figure", "measure": "killed", "value": 364, "quantifier": "exact"},
    **{"event": "event", "status": "claimed", "unit": "persons"},
}


@dataclass
class History:
    """A store with several editions, their numbers and moments, its mark, and a client of the service over it."""

    url: str
    client: httpx2.Client
    numbers: list[int]
    moments: list[datetime]
    store: str

    def get(self, path: str, **fields: str) -> httpx2.Response:
        return self.client.get(f"/v2{path}", headers={name.replace("_", "-"): fields[name] for name in fields})

    def graphql(self, query: str) -> Any:
        return self.client.post("/v2/graphql", json={"query": query}).json()


async def write(folder: Path, url: str, *records: dict[str, Any]) -> None:
    """Load records in a load of their own."""
    file = folder / "records.ndjson"
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    await load([str(file)], url)


async def look(url: str) -> tuple[list[asyncpg.Record], str]:
    """Return the editions of a store, and its mark."""
    connection = await asyncpg.connect(url)
    try:
        editions = await connection.fetch("select seq, at from store.edition order by seq")
        return editions, await connection.fetchval("select mark from store.identity")
    finally:
        await connection.close()


def written(moment: datetime) -> str:
    """Return a moment as the service writes it."""
    return write_moment(to_microseconds(moment))
