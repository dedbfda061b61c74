"""What is known of a request once it is answered. The parts of the service leave it here, in `scope["facts"]`; the log,
the metrics and the traces read it from here and from nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

from starlette.types import Scope

from api.access.caller import Caller
from api.access.gate import Gate, Spent
from api.answer import Priced, Service
from api.catalog import Outdated
from api.http.address import REMEMBERED, Blocks, client_blocks, trusted
from api.http.media import fields
from api.http.respond import GZIPPED, held_tags
from api.http.unread import SMALL, Connection, Unread, UnreadAnswers
from api.settings import Settings
from api.store.read import Reply
from api.store.ticket import Origin, Rank

# The client went away before it had an answer: no status was sent. (nginx logs the same number.)
GONE = 499


@dataclass(slots=True)
class Facts:
    """One request. Times are of `perf_counter`; what does not apply stays as it is here."""

    request_id: str
    begun: float
    ended: float = 0.0
    # Through which it came in: rest, graphql, export; other for what is no data.
    door: str = "other"
    # The path as it is declared; empty where none fits.
    route: str = ""
    status: int = GONE
    # Of the body, as sent.
    bytes: int = 0
    # The answer broke off.
    cut: bool = False
    # In the end; what it may cost at most until then.
    price: int | None = None
    # hit: kept and still true. miss: read, or waited for with others. unchanged: a 304.
    cache: str = ""
    store_begun: float = 0.0
    store_seconds: float | None = None
    # The version that is asked, where it is deprecated or retired, and the deprecated parts that the request uses.
    version: str = ""
    outdated: tuple[Outdated, ...] = ()
    # The name of the caller's plan, and what was taken from its limits.
    plan: str = ""
    spent: Spent | None = None
    # The connection of the request; None if another server runs the application.
    connection: Connection | None = None
    # The answers of this process that are not read yet, and the request's own one, once it is counted among them.
    unread: UnreadAnswers | None = None
    answer: Unread | None = None

    @property
    def left(self) -> int | None:
        """The points that the caller has left."""
        if self.spent is None or self.spent.left is None:
            return None
        return min(self.spent.standing[::2])

    @property
    def paid(self) -> int:
        """The points that the request has paid so far."""
        return self.spent.used if self.spent is not None else 0


Ended = Callable[[Facts, Scope], None]


async def charge_reading(gate: Gate, scope: Scope) -> None:
    """Charge the first point of a request whose price is not known yet. RateLimited if the caller has none left."""
    facts: Facts = scope["facts"]
    facts.spent = spent = await gate.begin_reading(scope["caller"])
    spent.check()


async def charged(service: Service, scope: Scope, price: int) -> None:
    """Charge the price of a request that is answered without the store."""
    facts: Facts = scope["facts"]
    facts.price = price
    facts.spent = spent = await service.gate.begin(scope["caller"], price, price, facts.paid)
    spent.check()


def requested(scope: Scope, media_type: bytes) -> bytes:
    """Return the bytes that identify a request in an entity tag: its URL and the media type of the answer."""
    return b"\0".join((scope["raw_path"], scope["query_string"], media_type))


async def answered(service: Service, priced: Priced, scope: Scope, about: bytes | None = None) -> Reply:
    """Return the answer, and note what it cost and whether it was cached. RateLimited if the caller has too few points
    left. With `about`, the result of `requested`, the answer is free if the client has a copy with the same tag."""
    facts: Facts = scope["facts"]
    tags = held_tags(scope) if about is not None and b"if-none-match" in fields(scope) else []

    def held(reply: Reply) -> bool:
        tag = service.tag(about or b"", priced, reply.mark)
        return any(one.removesuffix(GZIPPED) == tag for one in tags)

    facts.price = priced.price
    spent, kept = await service.admit(scope["caller"], priced, held if tags else None, facts.paid)
    facts.spent = spent
    spent.check()
    facts.store_begun = begun = perf_counter()
    if kept is not None:
        # It is paid for, and its request has no place for another answer.
        reply = kept
        facts.cache, facts.store_seconds = "hit", 0.0
    else:
        facts.cache = "miss"
        try:
            where = origin(scope, service.settings)
            reply, was_kept = await service.answer(priced, spent, where, held if tags else None)
        finally:
            facts.store_seconds = perf_counter() - begun
        if was_kept:
            facts.cache, facts.store_seconds = "hit", 0.0
    if facts.unread is not None and len(reply.body) > SMALL:
        facts.answer = facts.unread.add(scope["caller"].identity, len(reply.body))
    return reply


def origin(scope: Scope, settings: Settings) -> Origin:
    """Return the caller of a request and its networks: the pool's queue is ordered by them."""
    caller: Caller = scope["caller"]
    blocks = client_blocks(scope, trusted(settings.trusted_proxies))
    return _origin(caller.key_id is not None, caller.identity, blocks)


@lru_cache(REMEMBERED)
def _origin(keyed: bool, identity: str, blocks: Blocks) -> Origin:
    return Origin(Rank.KEYED if keyed else Rank.ANONYMOUS, identity, blocks.network, blocks.subnetwork)


def unchanged(facts: Facts) -> None:
    """The client has the answer already, which is free."""
    facts.cache, facts.price = "unchanged", 0


def route(scope: Scope) -> str:
    """The path as it is declared, without what the caller put in its place."""
    return getattr(scope.get("route"), "path", "")
