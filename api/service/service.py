"""The path that REST and GraphQL share: price and compile a query, charge the caller, run it, refund what is left.

`prepare` makes a PreparedQuery of a Query, and `execute` answers it. A finished answer is cached until something that
it was read from changes. While the service cannot be sure that nothing has changed, it uses no cached answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from time import perf_counter
from typing import TypeVar

from api import __version__
from api.access import too_expensive
from api.access.access_control import AccessControl, Charge
from api.access.caller import Caller
from api.cache import SizedCache
from api.catalog import VERSIONS, DeprecatedPart
from api.compiler import Statement, compile_query
from api.errors import EditionPending, Fault, InvalidRequest, TimedOut, Unavailable
from api.query import CostliestList, EditionFinder, Query, costliest_list, largest_page_size, price
from api.service.context import RequestContext
from api.service.entity_tags import EntityTags
from api.settings import Settings
from api.singleflight import SingleFlight
from api.store.changes import Changes, is_behind
from api.store.reader import Reader, Reply, edition
from api.store.replicas import Replicas
from api.store.routed_reader import RoutedReader
from api.store.sessions import ServerRole
from api.store.ticket import Ticket

Parsed = TypeVar("Parsed")

# How long a request waits for the edition of its moment, and the pause between two looks at the store.
PENDING_SECONDS = 1.0
PENDING_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """The price of a query in points, its largest page in records, and its costliest list. `extra_points` is the
    part of the price for introspection, which the store does not answer."""

    price: int
    page: int = 0
    costliest: CostliestList | None = None
    extra_points: int = 0


@dataclass(frozen=True, slots=True)
class PreparedQuery:
    """A query that can be answered: its cost before it runs, the statement that answers it, and the key of its answer
    in the cache. Equal statements of one release have equal keys."""

    cost: Cost
    statement: Statement
    key: str
    outdated: tuple[DeprecatedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a request: what the store replied, what the caller was charged, whether the reply was cached, and
    its entity tag without quotes. The tag is empty if none was wanted, while the secret of the tags is not known, if a
    replica answered while the primary was away, and if the moment that the request names is still to come."""

    reply: Reply
    charge: Charge
    cached: bool
    tag: str


class Service:
    """Answers queries, for REST and GraphQL. It has access control, the reader of the store, and the cached answers."""

    def __init__(
        self, settings: Settings, url: str, access_control: AccessControl, replicas: Replicas | None = None
    ) -> None:
        self.settings = settings
        self.access_control = access_control
        self.changes = Changes(url)
        self.replicas = replicas
        # The reader of the primary, and the one that statements go through.
        role = ServerRole.ALONE if replicas is None else ServerRole.PRIMARY
        self.reader = Reader(settings.database_url or url, settings, role)
        self.reads: Reader | RoutedReader = self.reader
        lift = self.reader.pool.lift
        if replicas is not None:
            self.reads = RoutedReader(self.reader, replicas, self.changes, settings)
            lift = self.reads.lift
        self._cache: SizedCache[Reply] = SizedCache(settings.answer_memory)
        self._flights: SingleFlight[Reply, Ticket] = SingleFlight(lift)
        # No answer is given from before a change. What was erased does not stay in memory either.
        self.changes.on_erasure(self._cache.clear)
        resource_names: set[str] = set()
        for version in VERSIONS.values():
            resource_names.update(version.resources)
        self._tags = EntityTags(resource_names)

    async def with_editions(self, read: Callable[[EditionFinder], Parsed]) -> Parsed:
        """Return what `read` makes of a request, whose editions it looks up with the finder. If one of them is not
        known yet, look at the store again, for a second at most. EditionPending if it is not known then."""
        finder = EditionFinder(self.changes.timeline)
        try:
            return read(finder)
        except EditionPending:
            pass
        end = perf_counter() + PENDING_SECONDS
        while await self.changes.look_again(end - perf_counter()):
            try:
                return read(finder.again())
            except EditionPending:
                await asyncio.sleep(PENDING_PAUSE)
        raise EditionPending

    def prepare(self, query: Query, caller: Caller, extra_points: int = 0) -> PreparedQuery:
        """Price, check and compile a query. Raises as `check` does."""
        points = price(query) + extra_points
        cost = Cost(points, largest_page_size(query), costliest_list(query, points), extra_points)
        self.check(cost, caller)
        statement = compile_query(query)
        return PreparedQuery(cost, statement, _hash_statement(statement), query.outdated)

    def fixed(self, points: int, statement: Statement) -> PreparedQuery:
        """Prepare a statement that was made without a Query, such as that of the home page. Its price is fixed, and it
        has no page whose size a caller could choose."""
        return PreparedQuery(Cost(points), statement, _hash_statement(statement))

    def check(self, cost: Cost, caller: Caller) -> None:
        """Check the cost of a query for a caller. TooExpensive if it costs more than one request may, or more than the
        caller's plan can ever grant; InvalidRequest if a page is larger than the plan allows."""
        max_price = self.settings.max_price
        if self.access_control.limits is None:
            if cost.price > max_price:
                raise too_expensive(cost.price, cost.costliest, max_price, None)
            return
        plan = caller.plan
        if cost.price > min(max_price, plan.quota.max_points):
            raise too_expensive(cost.price, cost.costliest, max_price, plan)
        if cost.page > plan.page_most:
            detail = f"A page holds {plan.page_most} records at most in the plan {plan.name}."
            raise InvalidRequest(detail, (Fault("limit", detail),), "Ask for less, and go on with the cursor.")

    def is_current(self, context: RequestContext, requested: bytes, tag: str) -> bool:
        """Return True if the answer to what was `requested` still has this tag. Verifying it takes no parsing. False if
        the store was not seen yet to have the edition that the request asks for."""
        if context.at_least and not self.changes.has_seen(context.at_least):
            return False
        secret = self.access_control.caller_cache.tag_secret
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
        Unavailable or TimedOut if the store does not answer; InvalidRequest if the edition that the request asks for
        is not there yet. The context gets the charge, the cache and the times.
        """
        assert context.caller is not None
        points = prepared.cost.price
        context.price = points
        reply = self._find_cached(prepared, context)
        tag = ""
        used_by_cached: int | None = None
        if reply is not None:
            tag = self._write_tag(requested, prepared, reply)
            used_by_cached = _count_points_used(prepared, reply, tag, client_tags)
        charge = await self.access_control.begin(context.caller, points, used_by_cached, context.paid)
        context.charge = charge
        if charge.refusal is not None:
            raise charge.refusal
        begun = perf_counter()
        context.store_begun = begun
        if reply is not None:
            # It is paid for, and the request has given its place back.
            context.cache = "hit"
            context.store_seconds = 0.0
            context.edition = reply.edition
            context.reads = prepared.statement.reads
            return Outcome(reply, charge, True, tag)
        context.cache = "miss"
        used = points
        try:
            # The answer may have been cached while the request waited for Redis.
            reply = self._find_cached(prepared, context)
            cached = reply is not None
            if reply is None:
                statement = prepared.statement
                ticket = Ticket(context.origin, points - prepared.cost.extra_points)
                read = partial(self.reads.read, statement, ticket, context.at_least)
                if context.at_least:
                    # A read that began before may not have the edition.
                    reply = await read()
                else:
                    reply = await self._flights.run(prepared.key, ticket, read)
                self._put_into_cache(prepared, reply)
            tag = self._write_tag(requested, prepared, reply)
            used = _count_points_used(prepared, reply, tag, client_tags)
            if context.at_least and not cached:
                check_edition(reply.whole_mark, context.at_least)
        except Unavailable as error:
            # A statement that ran out of time was work all the same.
            if not isinstance(error, TimedOut):
                used = 0
            raise
        finally:
            context.store_seconds = perf_counter() - begun
            await charge.settle(used)
        context.edition = reply.edition
        context.reads = prepared.statement.reads
        context.unconfirmed = reply.unconfirmed
        if cached:
            context.cache = "hit"
            context.store_seconds = 0.0
        return Outcome(reply, charge, cached, tag)

    def _find_cached(self, prepared: PreparedQuery, context: RequestContext) -> Reply | None:
        """Return the cached answer if it is current for sure, at an edition that the request allows."""
        reply = self._cache.get(prepared.key)
        statement = prepared.statement
        if reply is None or reply.mark != self.changes.mark(statement.reads, statement.edition):
            return None
        if context.at_least and not self.changes.has_seen(context.at_least):
            return None
        return reply

    def _write_tag(self, requested: bytes | None, prepared: PreparedQuery, reply: Reply) -> str:
        secret = self.access_control.caller_cache.tag_secret
        if secret is None or requested is None:
            return ""
        # The same request may get another edition a moment later if it is not final. Clients keep no answer that
        # nothing confirms.
        if reply.unconfirmed or not prepared.statement.final:
            return ""
        return self._tags.make(secret, requested, prepared.statement.reads, reply.mark)

    def _put_into_cache(self, prepared: PreparedQuery, reply: Reply) -> None:
        # Requests that waited for the same reply find it in the cache already.
        cached = self._cache.get(prepared.key)
        if cached is reply or reply.unconfirmed:
            return
        # A slow read may end after a later change. It would never be served, and may hold what was erased meanwhile.
        current = self.changes.mark(prepared.statement.reads, prepared.statement.edition)
        if current is not None and is_behind(reply.mark, current):
            return
        self._cache.put(prepared.key, reply, 2 * len(reply.body) + 200)


def _count_points_used(prepared: PreparedQuery, reply: Reply, tag: str, client_tags: Sequence[str]) -> int:
    """Return the points that an answer costs in the end: none if the client has it already."""
    if tag and tag in client_tags:
        return 0
    return reply.points + prepared.cost.extra_points


def check_edition(whole_mark: str, at_least: int) -> None:
    """Raise InvalidRequest if the server has not the edition that a request asks for."""
    last_edition = int(edition(whole_mark))
    if last_edition < at_least:
        detail = f"There is no edition e{at_least} yet: the last one is e{last_edition}."
        raise InvalidRequest(
            f"At-Least-Edition: {detail}",
            (Fault("At-Least-Edition", detail),),
            "Send the value of Edition from an earlier answer.",
        )


def _hash_statement(statement: Statement) -> str:
    text = f"{__version__}\0{statement.sql}\0{statement.arguments!r}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
