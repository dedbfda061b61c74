"""The whole service in one screen: a Query is priced, compiled and read, whichever door it came through."""

from __future__ import annotations

from dataclasses import dataclass

from api.access import check
from api.compiler import Statement, compile
from api.query import Query, price
from api.settings import Settings
from api.store.read import Reader, Reply


@dataclass(frozen=True)
class Plan:
    """A request that may be answered: its price in points, and the statement that answers it."""

    price: int
    statement: Statement


class Service:
    """What answers: settings, and the reader of the store."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.settings = settings
        self.reader = Reader(url, settings)

    def plan(self, query: Query) -> Plan:
        """What the request costs and how it is answered. TooExpensive where it costs more than one request may."""
        points = price(query)
        check(points, self.settings)
        return Plan(points, compile(query))

    async def answer(self, plan: Plan) -> Reply:
        """The answer, in bytes. Unavailable or TimedOut where the store does not give one."""
        statement = plan.statement
        return await self.reader.read(statement.sql, statement.arguments, custom=statement.custom)
