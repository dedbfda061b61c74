"""The path that REST and GraphQL share: price and compile a query, charge the caller, run it, refund what is left.

`prepare` makes a PreparedQuery of a Query, and `execute` answers it. A finished answer is kept until something that it
was read from has changed. While that cannot be told for sure, no kept answer is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from time import perf_counter

from api import __version__
from api.access import check
from api.access.caller import Caller
from api.access.gate import Charge, Gate
from api.catalog import VERSIONS, Outdated
from api.compiler import Statement, compile
from api.errors import Fault, InvalidRequest, TimedOut, Unavailable
from api.flight import Flights
from api.memo import Memo
from api.query import Dearest, Query, dearest, largest, price
from api.service.context import RequestContext
from api.service.entity_tags import EntityTags
from api.settings import Settings
from api.store.changes import Changes
from api.store.read import Reader, Reply
from api.store.ticket import Ticket


@dataclass(frozen=True, slots=True)
class PreparedQuery:
    """A query that can be answered: its price in points, its largest page, its dearest list, the statement that answers
    it, and a key that is equal for equal statements of one release. `extra_points` of the price are for what the store
    has no part in."""

    price: int
    page: int
    dearest: Dearest | None
    statement: Statement
    key: str
    extra_points: int = 0
    outdated: tuple[Outdated, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a request: what the store replied, what the caller was charged, whether the reply was cached, and
    its entity tag without quotes. The tag is empty while the secret of the tags is not known, or if none was wanted."""

    reply: Reply
    charge: Charge
    cached: bool
    tag: str


class Service:
    """Answers queries: the settings, the gate, the reader of the store, and the answers that are kept."""

    def __init__(self, settings: Settings, url: str, gate: Gate) -> None:
        self.settings = settings
        self.gate = gate
        self.reader = Reader(settings.database_url or url, settings)
        self.changes = Changes(url)
        self._kept: Memo[Reply] = Memo(settings.answer_memory)
        self._flights: Flights[Reply, Ticket] = Flights(self.reader.pool.lift)
        self._tags = EntityTags(name for version in VERSIONS.values() for name in version.resources)

    def prepare(self, query: Query, caller: Caller, extra_points: int = 0) -> PreparedQuery:
        """Price, check and compile a query. Raises as `check` does."""
        points = price(query) + extra_points
        most, page = dearest(query, points), largest(query)
        self._check(points, most, page, caller)
        statement = compile(query)
        return PreparedQuery(points, page, most, statement, _key(statement), extra_points, query.outdated)

    def fixed(self, points: int, statement: Statement) -> PreparedQuery:
        """Return a statement of the service's own with a price of its own. It has no page that a caller could
        choose."""
        return PreparedQuery(points, 0, None, statement, _key(statement))

    def check(self, prepared: PreparedQuery, caller: Caller) -> None:
        """Check a query that was prepared for an earlier request. TooExpensive if it costs more than one request may,
        or more than the caller's plan can ever grant; InvalidRequest if a page is larger than the plan allows."""
        self._check(prepared.price, prepared.dearest, prepared.page, caller)

    def is_current(self, requested: bytes, tag: str) -> bool:
        """Whether the answer to what was `requested` still has this entity tag. Verifying it takes no parsing."""
        secret = self.gate.directory.tag_secret
        return secret is not None and self._tags.is_current(secret, requested, tag, self.changes.mark)

    async def execute(
        self,
        prepared: PreparedQuery,
        context: RequestContext,
        requested: bytes | None = None,
        client_tags: Sequence[str] = (),
    ) -> Outcome:
        """Charge the caller, and answer the query from memory or from the store.

        `requested` identifies the request in its entity tag; None for an answer without one. The answer is free if the
        client has it, that is if its tag is one of `client_tags`. RateLimited if the caller has too few points left;
        Unavailable or TimedOut if the store does not answer. The context gets the charge, the cache and the times.
        """
        assert context.caller is not None
        context.price = prepared.price
        reply = self._kept_now(prepared)
        tag, used = "", None
        if reply is not None:
            tag = self._tag(requested, prepared, reply)
            used = _used(prepared, reply, tag, client_tags)
        context.charge = charge = await self.gate.begin(context.caller, prepared.price, used, context.paid)
        charge.check()
        context.store_begun = begun = perf_counter()
        if reply is not None:
            # It is paid for, and the request has given its place back.
            context.cache, context.store_seconds = "hit", 0.0
            return Outcome(reply, charge, True, tag)
        context.cache = "miss"
        used = prepared.price
        try:
            # The answer may have been kept while the request waited for Redis.
            reply = self._kept_now(prepared)
            cached = reply is not None
            if reply is None:
                ticket = Ticket(context.origin, prepared.price - prepared.extra_points)
                reply = await self._flights.run(prepared.key, ticket, lambda: self._read(prepared, ticket))
            tag = self._tag(requested, prepared, reply)
            used = _used(prepared, reply, tag, client_tags)
        except Unavailable as error:
            # A statement that ran out of time was work all the same.
            used = prepared.price if isinstance(error, TimedOut) else 0
            raise
        finally:
            context.store_seconds = perf_counter() - begun
            await charge.settle(used)
        if cached:
            context.cache, context.store_seconds = "hit", 0.0
        return Outcome(reply, charge, cached, tag)

    def _check(self, points: int, most: Dearest | None, page: int, caller: Caller) -> None:
        limited = self.gate.limits is not None
        check(points, most, self.settings.max_price, caller.plan if limited else None)
        if limited and page > caller.plan.page_most:
            detail = f"A page holds {caller.plan.page_most} records at most in the plan {caller.plan.name}."
            raise InvalidRequest(detail, (Fault("limit", detail),), "Ask for less, and go on with the cursor.")

    def _kept_now(self, prepared: PreparedQuery) -> Reply | None:
        """Return the kept answer if it is current for sure."""
        kept = self._kept.get(prepared.key)
        return kept if kept is not None and kept.mark == self.changes.mark(prepared.statement.reads) else None

    def _tag(self, requested: bytes | None, prepared: PreparedQuery, reply: Reply) -> str:
        secret = self.gate.directory.tag_secret
        if secret is None or requested is None:
            return ""
        return self._tags.make(secret, requested, prepared.statement.reads, reply.mark)

    async def _read(self, prepared: PreparedQuery, ticket: Ticket) -> Reply:
        statement = prepared.statement
        reply = await self.reader.read(statement.sql, statement.arguments, custom=statement.custom, ticket=ticket)
        self._kept.put(prepared.key, reply, 2 * len(reply.body) + 200)
        return reply


def _used(prepared: PreparedQuery, reply: Reply, tag: str, client_tags: Sequence[str]) -> int:
    """Return the points that an answer costs in the end: none if the client has it already."""
    return 0 if tag and tag in client_tags else reply.points + prepared.extra_points


def _key(statement: Statement) -> str:
    text = f"{__version__}\0{statement.sql}\0{statement.arguments!r}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
