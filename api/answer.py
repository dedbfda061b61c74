"""The whole service in one screen: a Query is priced, compiled and read, whichever door it came through.

A finished answer is kept until something that it reads has changed. While that cannot be told for sure, none is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from api import __version__
from api.access import check
from api.compiler import Statement, compile
from api.flight import Flights
from api.memo import Memo
from api.query import Query, price
from api.settings import Settings
from api.store.changes import Changes
from api.store.read import Reader, Reply


@dataclass(frozen=True)
class Plan:
    """A request that may be answered: its price in points, the statement that answers it, and a key that is equal for
    equal statements of one release."""

    price: int
    statement: Statement
    key: str


class Service:
    """What answers: the settings, the reader of the store, and the answers that are kept."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.settings = settings
        self.reader = Reader(url, settings)
        self.changes = Changes(url)
        self._kept: Memo[Reply] = Memo(settings.answer_memory)
        self._flights: Flights[Reply] = Flights()

    def plan(self, query: Query) -> Plan:
        """What the request costs and how it is answered. TooExpensive where it costs more than one request may."""
        points = price(query)
        check(points, self.settings)
        statement = compile(query)
        text = f"{__version__}\0{statement.sql}\0{statement.arguments!r}"
        return Plan(points, statement, blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest())

    def tag(self, plan: Plan) -> str:
        """The entity tag of the answer as it would be now; empty while that is not sure."""
        mark = self.changes.mark(plan.statement.reads)
        return "" if mark is None else tagged(plan, mark)

    def kept(self, plan: Plan) -> Reply | None:
        """The answer, where it is kept and for sure still true."""
        kept = self._kept.get(plan.key)
        return kept if kept is not None and kept.mark == self.changes.mark(plan.statement.reads) else None

    async def answer(self, plan: Plan) -> Reply:
        """The answer, in bytes. Unavailable or TimedOut where the store does not give one."""
        return self.kept(plan) or await self._flights.run(plan.key, lambda: self._read(plan))

    async def _read(self, plan: Plan) -> Reply:
        statement = plan.statement
        reply = await self.reader.read(statement.sql, statement.arguments, custom=statement.custom)
        self._kept.put(plan.key, reply, 2 * len(reply.body) + 200)
        return reply


def tagged(plan: Plan, mark: str) -> str:
    """The entity tag of an answer: what was asked of which release, and the state that was read."""
    return f"{plan.key}-{mark}"
