"""The rows that the views of a version show, read once into Python, with the records that searches find."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from api.model import CHILDREN, PREFIXES, RECORDS
from api.query.words import terms

Row = dict[str, Any]

VIEWS = "select relname from pg_class where relnamespace = $1::text::regnamespace and relkind = 'v'"
# The searches of the tests. Postgres finds and ranks the records, and Python does the rest.
SEARCHES = [
    ("corridor", "en"),
    ("run", "en"),
    ("évacuation or shelling", "en"),
    ('"humanitarian corridor" -city', "en"),
    ("refugies", "fr"),
    ("бої", "uk"),
    ("mariupol zurich", "en"),
    ("civilian or dite", "de"),
    ("nothing here", "en"),
]


@dataclass
class Rows:
    """Records by type and id; children by type and record, in order, each with the id of its record under the name of
    that record's type; reasons of withdrawals by type and id; ranks by search; the list of withdrawals; and the edition
    of the load that wrote all of them."""

    records: dict[str, dict[str, Row]] = field(default_factory=dict)
    children: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    withdrawn: dict[str, dict[str, str]] = field(default_factory=dict)
    ranks: dict[tuple[str, str, str], dict[str, float]] = field(default_factory=dict)
    withdrawals: list[Row] = field(default_factory=list)
    edition: int = 0


async def read_store(connection: asyncpg.Connection[Any], version: str) -> Rows:
    """Read all rows of a version."""
    rows = Rows(edition=await connection.fetchval("select max(edition) from store.latest"))
    views = {row["relname"] for row in await connection.fetch(VIEWS, version)}
    for table in (name for name in RECORDS if name in views):
        kind = table.capitalize()
        rows.records[kind] = {row["id"]: row for row in await _table(connection, f"{version}.{table}")}
        reasons = "select id, reason from store.withdrawal where resource = $1"
        rows.withdrawn[kind] = {row["id"]: row["reason"] for row in await connection.fetch(reasons, table)}
        for words, language in SEARCHES:
            ranked_rows = await connection.fetch(
                f"select id, ts_rank(search, store.search_query($1, $2)) as rank from {version}.{table}"
                " where search @@ store.search_query($1, $2)",
                terms(words),
                language,
            )
            rows.ranks[kind, words, language] = {row["id"]: row["rank"] for row in ranked_rows}
    for figure in rows.records["Figure"].values():
        event = rows.records["Event"].get(figure["event_id"], {"place_id": None})
        figure["effective_place_id"] = event["place_id"] if figure["place_id"] is None else figure["place_id"]
    if "withdrawal" in views:
        rows.withdrawals = await _table(connection, f"{version}.withdrawal")
    owners = {prefix: f"{name}_id" for name, prefix in PREFIXES.items()}
    for table in (name for name in CHILDREN if name in views):
        children = rows.children[table.capitalize()] = {}
        for row in sorted(await _table(connection, f"{version}.{table}"), key=lambda record: record["position"]):
            owner = {**dict.fromkeys(owners.values()), owners[row["record_id"][:3]]: row["record_id"]}
            children.setdefault(row["record_id"], []).append(owner | row)
    return rows


async def _table(connection: asyncpg.Connection[Any], view: str) -> list[Row]:
    rows = []
    for record in await connection.fetch(f"select * from {view}"):
        row = {"__kind": view.split(".")[1].capitalize(), **record}
        for name in ("identifiers", "subjects", "excerpt", "decimals"):
            if row.get(name) is not None:
                row[name] = json.loads(row[name])
        rows.append(row)
    return rows
