"""Lets a request in: finds out who asks, holds them to their plan, and writes what is left of it into the answer.

The fields are those of draft-ietf-httpapi-ratelimit-headers-11: `RateLimit-Policy` has for each limit its size in
points (`q`) and the seconds in which an empty one fills (`w`), `RateLimit` the points left (`r`) and the seconds until
all are back (`t`). `RateLimit-Cost` is what this request cost in the end.
"""

from __future__ import annotations

from math import ceil
from types import TracebackType

from starlette.types import Scope

from api.access.caller import READ, Caller, check_scope
from api.access.gate import Gate, Spent
from api.access.limits import Limit
from api.errors import BriefingError, Forbidden, RateLimited, Unauthenticated, Unavailable
from api.http.address import network, trusted
from api.http.credentials import presented
from api.http.facts import Facts, charge_reading
from api.http.problems import HTTPError
from api.settings import Settings

TOLD: dict[int, tuple[tuple[Limit, ...], tuple[bytes, bytes]]] = {}
TOLD_MOST = 256
# Who cannot be told, and what is not the caller's fault.
FREE = (Unauthenticated, RateLimited, Unavailable)


class Admission:
    """Who stands at the doors: each request enters `async with admission(scope) as caller`."""

    def __init__(self, gate: Gate, settings: Settings) -> None:
        self.gate = gate
        self.proxies = trusted(settings.trusted_proxies)

    def __call__(self, scope: Scope, needs: str = READ) -> Admitted:
        """The entry of one request, which needs a scope; with none anybody who is somebody may enter."""
        return Admitted(self, scope, needs)


class Admitted:
    """One request while it is admitted. A mistake costs the point that reading it costs."""

    __slots__ = ("_admission", "_needs", "_scope")

    def __init__(self, admission: Admission, scope: Scope, needs: str) -> None:
        self._admission = admission
        self._scope = scope
        self._needs = needs

    async def __aenter__(self) -> Caller:
        admission, scope = self._admission, self._scope
        key = presented(scope)
        caller = None if key is None else admission.gate.at_hand(key)
        if caller is None:
            caller = await admission.gate.caller(key, network(scope, admission.proxies))
        scope["caller"] = caller
        facts: Facts = scope["facts"]
        facts.plan = caller.plan.name
        if self._needs:
            try:
                check_scope(caller, self._needs)
            except Forbidden:
                await self._charge()
                raise
        return caller

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, BriefingError | HTTPError) and not isinstance(error, FREE):
            await self._charge()

    async def _charge(self) -> None:
        if self._scope["facts"].spent is None:
            await charge_reading(self._admission.gate, self._scope)


def limit_fields(spent: Spent) -> list[tuple[bytes, bytes]]:
    """The header fields that tell of limits: the one place that writes them."""
    cost = (b"ratelimit-cost", b"%d" % spent.used)
    if spent.left is None:
        return [cost]
    policy, left = told(spent.left.limits)
    return [cost, (b"ratelimit", left % tuple(spent.standing)), (b"ratelimit-policy", policy)]


def told(limits: tuple[Limit, ...]) -> tuple[bytes, bytes]:
    """What the limits are, whoever asks, and what is left of them, with places for the numbers."""
    # By their place in memory: to hash what they are took as long as all the rest. Those that are kept stay there.
    found = TOLD.get(id(limits))
    if found is None or found[0] is not limits:
        policy = [f'"{one.name}";q={one.size};w={ceil(one.size * one.period / one.points)}' for one in limits]
        left = [f'"{one.name}";r=%d;t=%d' for one in limits]
        found = limits, (", ".join(policy).encode(), ", ".join(left).encode())
        if len(TOLD) >= TOLD_MOST:
            TOLD.clear()
        TOLD[id(limits)] = found
    return found[1]
