"""The work of a request in the store: rows and buffers, as `explain (analyze, buffers)` counts them, and its points.

Both are counts, the same on each machine and under any load."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg

from api.catalog import VERSIONS
from api.compiler import compile_query
from api.errors import BriefingError
from api.graphql.document import DocumentCache
from api.graphql.schema import core
from api.graphql.selection import read_operation
from api.query import Query, price
from api.rest.request import list_query, record_query
from api.store.sessions import MODES, SESSION

REMOVED = ("Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter")
# The highest price of a request, by default.
MOST_POINTS = 5000


@dataclass(frozen=True)
class Request:
    """A request of one version: a path with its query, or a GraphQL document with its variables."""

    text: str
    variables: dict[str, Any] | None = None
    version: str = "v2"

    def query(self) -> Query | None:
        """Return the Query of the request; None if it is refused."""
        version = VERSIONS[self.version]
        try:
            if not self.text.startswith("/"):
                document = DocumentCache(core(version)).read(self.text, hide_suggestions=True)
                return read_operation(
                    version, core(version), document, document.operation(None), self.variables or {}, True
                ).query
            path, _, query_string = self.text[1:].partition("?")
            plural, _, identifier = path.partition("/")
            resource = next(candidate for candidate in version.lists.values() if candidate.plural == plural)
            if identifier:
                return record_query(version, resource, identifier, query_string.encode())
            return list_query(version, resource, query_string.encode())
        except BriefingError:
            return None


@dataclass(frozen=True)
class Work:
    """The work of a request in the store, its price, and the points that it was charged."""

    points: int
    price: int
    rows: int
    buffers: int
    milliseconds: float

    def times(self, plain: Work) -> float:
        """Return its rows or buffers a point as a multiple of those of a plain list, whichever is higher."""
        rows, buffers = (getattr(plain, name) / plain.points for name in ("rows", "buffers"))
        return float(max(self.rows / self.points / rows, self.buffers / self.points / buffers))


async def connect(url: str) -> asyncpg.Connection[Any]:
    """Open a connection with the settings of the service's connections."""
    settings = {**SESSION, "statement_timeout": "60000"}
    return await asyncpg.connect(url, server_settings=settings, statement_cache_size=0)


async def measure(connection: asyncpg.Connection[Any], request: Request) -> Work | None:
    """Return the work of a request; None if it is refused, or costs more than one request may."""
    query = request.query()
    if query is None or price(query) > MOST_POINTS:
        return None
    statement = compile_query(query)
    await connection.execute(f"set plan_cache_mode = {MODES[statement.custom]}")
    row = await connection.fetchrow(statement.sql, *statement.arguments)
    assert row is not None
    explained = await connection.fetchval(
        f"explain (analyze, buffers, timing off, format json) {statement.sql}", *statement.arguments
    )
    (explanation,) = json.loads(explained)
    plan = explanation["Plan"]
    rows = sum(_rows(node) * node["Actual Loops"] for node in nodes(plan))
    buffers = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return Work(
        row["points"], price(query), int(rows), buffers, explanation["Planning Time"] + explanation["Execution Time"]
    )


def _rows(node: dict[str, Any]) -> float:
    """Return the rows of one loop of a node: those returned, and those looked at and removed."""
    return float(node["Actual Rows"] + sum(node.get(name, 0) for name in REMOVED))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a plan."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)
