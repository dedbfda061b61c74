"""The whole service in one screen: a Query is priced and compiled, its caller charged, Postgres answers, and what was
not used is given back; whichever door it came through.

A finished answer is kept until something that it reads has changed. While that cannot be told for sure, none is used.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b

from api import __version__
from api.access import check
from api.access.caller import Caller
from api.access.gate import Gate, Spent
from api.access.plan import Plan
from api.catalog import VERSIONS, Outdated
from api.compiler import Statement, compile
from api.entity_tags import EntityTags
from api.errors import Fault, InvalidRequest, TimedOut, Unavailable
from api.flight import Flights
from api.memo import Memo
from api.query import Dearest, Query, dearest, largest, price
from api.settings import Settings
from api.store.changes import Changes
from api.store.read import Reader, Reply
from api.store.ticket import Origin, Ticket


@dataclass(frozen=True)
class Priced:
    """A request that may be answered: its price in points, its largest page and its dearest list, the statement that
    answers it, and a key that is equal for equal statements of one release. `beside` of the points are for what the
    store has no part in."""

    price: int
    page: int
    dearest: Dearest | None
    statement: Statement
    key: str
    beside: int = 0
    outdated: tuple[Outdated, ...] = ()


Held = Callable[[Reply], bool]
"""Whether the client has an answer already."""


class Service:
    """What answers: the settings, the gate, the reader of the store, and the answers that are kept."""

    def __init__(self, settings: Settings, url: str, gate: Gate) -> None:
        self.settings = settings
        self.gate = gate
        self.reader = Reader(settings.database_url or url, settings)
        self.changes = Changes(url)
        self._kept: Memo[Reply] = Memo(settings.answer_memory)
        self._flights: Flights[Reply, Ticket] = Flights(self.reader.pool.lift)
        self._tags = EntityTags(name for version in VERSIONS.values() for name in version.resources)

    def plan(self, query: Query, plan: Plan | None = None, beside: int = 0) -> Priced:
        """Price and compile a query; `beside` is the points of what else the request asks for. TooExpensive if it costs
        more than one request may, or more than the plan can ever grant."""
        points = price(query) + beside
        most = dearest(query, points)
        check(points, most, self.settings.max_price, plan if self.gate.limits is not None else None)
        statement = compile(query)
        return Priced(points, largest(query), most, statement, _key(statement), beside, query.outdated)

    def fixed(self, points: int, statement: Statement) -> Priced:
        """A statement of our own, at a price of its own: it has no page that a caller could choose."""
        return Priced(points, 0, None, statement, _key(statement))

    def tag(self, requested: bytes, priced: Priced, mark: str) -> str:
        """Return the entity tag of an answer with this mark; an empty text until the secret is known."""
        secret = self.gate.directory.tag_secret
        return "" if secret is None else self._tags.make(secret, requested, priced.statement.reads, mark)

    def is_current(self, requested: bytes, tag: str) -> bool:
        """Whether the answer still has this entity tag. Verifying it takes no parsing of the request."""
        secret = self.gate.directory.tag_secret
        return secret is not None and self._tags.is_current(secret, requested, tag, self.changes.mark)

    async def admit(
        self, caller: Caller, priced: Priced, held: Held | None = None, paid: int = 0
    ) -> tuple[Spent, Reply | None]:
        """Charge the caller the price, except for what is already `paid`. If the answer is cached, charge only what it
        uses and return it too: there is nothing left to do then. InvalidRequest or TooExpensive if the caller's plan
        never allows the request."""
        if self.gate.limits is not None:
            if priced.page > caller.plan.page_most:
                detail = f"A page holds {caller.plan.page_most} records at most in the plan {caller.plan.name}."
                raise InvalidRequest(detail, (Fault("limit", detail),), "Ask for less, and go on with the cursor.")
            check(priced.price, priced.dearest, self.settings.max_price, caller.plan)
        kept = self._kept_now(priced)
        used = None if kept is None else _used(priced, kept, held)
        return await self.gate.begin(caller, priced.price, used, paid), kept

    def _kept_now(self, priced: Priced) -> Reply | None:
        """The answer, where it is kept and for sure still true."""
        kept = self._kept.get(priced.key)
        return kept if kept is not None and kept.mark == self.changes.mark(priced.statement.reads) else None

    async def answer(
        self, priced: Priced, spent: Spent, origin: Origin, held: Held | None = None
    ) -> tuple[Reply, bool]:
        """Return the answer in bytes, and whether it was cached meanwhile. It is free if `held` says that the client
        has it. Unavailable or TimedOut if the store does not answer."""
        used = priced.price
        try:
            kept = self._kept_now(priced)
            reply = kept or await self._fresh(priced, Ticket(origin, priced.price - priced.beside))
            used = _used(priced, reply, held)
            return reply, kept is not None
        except Unavailable as error:
            # A statement that ran out of time was work all the same.
            used = priced.price if isinstance(error, TimedOut) else 0
            raise
        finally:
            await spent.settle(used)

    def _fresh(self, priced: Priced, ticket: Ticket) -> Awaitable[Reply]:
        return self._flights.run(priced.key, ticket, lambda: self._read(priced, ticket))

    async def _read(self, priced: Priced, ticket: Ticket) -> Reply:
        statement = priced.statement
        reply = await self.reader.read(statement.sql, statement.arguments, custom=statement.custom, ticket=ticket)
        self._kept.put(priced.key, reply, 2 * len(reply.body) + 200)
        return reply


def _used(priced: Priced, reply: Reply, held: Held | None) -> int:
    """Return the points that an answer costs in the end: none if the client has it already."""
    return 0 if held is not None and held(reply) else reply.points + priced.beside


def _key(statement: Statement) -> str:
    text = f"{__version__}\0{statement.sql}\0{statement.arguments!r}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
