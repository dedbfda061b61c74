"""The context of one request, from its arrival to its end.

The layers fill it in on the way. The access log, the metrics and the traces read nothing else about the service's part.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.access.access_control import Charge
from api.access.caller import Caller
from api.catalog import DeprecatedPart
from api.store.ticket import SERVICE, Origin

# The client disconnected before it had an answer: no status was sent. (nginx logs the same number.)
GONE = 499


@dataclass(slots=True)
class RequestContext:
    """One request. Times are of `perf_counter`. What does not apply keeps its default."""

    begun: float
    ended: float = 0.0
    # The API that the request uses: rest, graphql or export; other for what is no data.
    api: str = "other"
    # The first part of the path, which may name a version; whether that version is deprecated or retired.
    version: str = ""
    version_outdated: bool = False
    # The path as it is declared; empty if there is no such path.
    route: str = ""
    # True if the request has an empty key, which counts as none.
    empty_key: bool = False
    # Known once the request is admitted.
    caller: Caller | None = None
    origin: Origin = SERVICE
    # The points taken from the caller's limits.
    charge: Charge | None = None
    # The points that the request paid before it was read. The charge of its price contains them.
    paid: int = 0
    # The points that the request costs in the end; until then, what it costs at most.
    price: int | None = None
    # The deprecated parts of the version that the request uses.
    outdated: tuple[DeprecatedPart, ...] = ()
    # The edition that the answer must have at least; 0 for any.
    at_least: int = 0
    # The number of the last edition that changed the resources that the answer was read from.
    edition: str = ""
    # The resources that the answer was read from; empty if it was not read.
    reads: tuple[str, ...] = ()
    # True if a replica answered while the primary was away.
    unconfirmed: bool = False
    # True if shared caches may keep the answer for other callers, so that it shows no caller's limits.
    shared: bool = False
    # hit: the answer was cached. miss: it was read, or another request read it. unchanged: a 304.
    cache: str = ""
    store_begun: float = 0.0
    store_seconds: float | None = None
    status: int = GONE
    # The bytes of the body that were sent.
    bytes_sent: int = 0
    # True if the answer broke off.
    cut: bool = False

    @property
    def points_left(self) -> int | None:
        """The points that the caller has left; None if nothing is limited or the caller is not known."""
        if self.charge is None or self.charge.left is None:
            return None
        return min(self.charge.standing[::2])
