"""Admit requests: identify the caller, charge what the service layer does not, and write the fields about limits.

The fields are those of draft-ietf-httpapi-ratelimit-headers-11: `RateLimit-Policy` has for each limit its size in
points (`q`) and the seconds in which an empty one fills (`w`), `RateLimit` the points left (`r`) and the seconds until
all are back (`t`). `RateLimit-Cost` is what this request cost in the end.
"""

from __future__ import annotations

from functools import lru_cache, partial
from math import ceil
from typing import NamedTuple

from api.access.access_control import Charge
from api.access.caller import READ, Caller, check_origin, check_scope
from api.access.limits import Bucket
from api.errors import BriefingError, Forbidden, RateLimited, TooExpensive, Unauthenticated, Unavailable
from api.http.problems import HTTPError
from api.http.request import HttpRequest
from api.middleware.client_address import REMEMBERED, AddressBlocks, client_blocks, read_trusted_networks
from api.middleware.credentials import read_credentials
from api.middleware.freshness import AT_LEAST, read_at_least
from api.service import RequestContext, Service
from api.settings import Settings
from api.store.ticket import Origin, Rank

# The fields about limits, by the identity of the limits, with the limits themselves.
TEMPLATES: dict[int, tuple[tuple[Bucket, ...], LimitTemplates]] = {}
MAX_TEMPLATES = 256
# Errors that cost nothing: the caller is not known, has no point left, or is not to blame.
FREE = (Unauthenticated, RateLimited, Unavailable)
# Errors that a key may help against, and the hint for a client that sent an empty one.
KEY_HELPS = (Unauthenticated, Forbidden, RateLimited, TooExpensive)
EMPTY_KEY = "The key of this request is empty, which counts as none."


class LimitTemplates(NamedTuple):
    """The field that describes some limits, and the one about what is left of them, with places for the numbers."""

    policy: bytes
    left: bytes


class Authentication:
    """Identifies the callers of requests."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.access_control = service.access_control
        self._service = service
        self.proxies = read_trusted_networks(settings.trusted_proxies)

    async def admit(self, request: HttpRequest, needs: str = READ) -> Caller:
        """Return the caller, and note it in the context with the edition that the request asks for. The caller has to
        have the scope `needs`, unless that is empty. InvalidRequest, Unauthenticated, Forbidden, RateLimited or
        Unavailable if it is not admitted."""
        key = read_credentials(request)
        blocks = client_blocks(request, self.proxies)
        context = request.context
        if key:
            caller = self.access_control.at_hand(key) or await self.access_control.caller(key, blocks.subnetwork)
        else:
            context.empty_key = key is not None
            caller = self.access_control.anonymous(blocks.subnetwork)
        if caller.origins:
            fields = request.fields
            check_origin(caller, fields.get(b"origin"), fields.get(b"sec-fetch-site") == b"same-origin")
        context.caller = caller
        context.origin = _describe_origin(caller.key_id is not None, caller.identity, blocks)
        if needs and needs not in caller.scopes:
            check_scope(caller, needs)
        if AT_LEAST in request.fields:
            read = partial(read_at_least, request.fields[AT_LEAST])
            context.at_least = await self._service.with_editions(read)
        return caller

    async def charge_reading(self, context: RequestContext) -> None:
        """Charge the first point of a request whose price is not known yet. RateLimited if the caller has none left."""
        assert context.caller is not None
        charge = await self.access_control.begin_reading(context.caller)
        context.charge = charge
        if charge.refusal is not None:
            raise charge.refusal
        context.paid = charge.used

    async def settle_error(self, context: RequestContext, error: Exception) -> Exception:
        """Charge the point that a mistake costs, unless the request has paid already. Return the error to answer with:
        this one, or RateLimited or Unavailable if the point cannot be charged. It gets a hint if the request had an
        empty key."""
        error = await self._charge_mistake(context, error)
        if context.empty_key and isinstance(error, KEY_HELPS):
            error.hint = f"{error.hint} {EMPTY_KEY}".lstrip()
        return error

    async def _charge_mistake(self, context: RequestContext, error: Exception) -> Exception:
        is_mistake = isinstance(error, BriefingError | HTTPError) and not isinstance(error, FREE)
        if not is_mistake or context.caller is None or context.charge is not None:
            return error
        try:
            await self.charge_reading(context)
        except (RateLimited, Unavailable) as refusal:
            return refusal
        return error


@lru_cache(REMEMBERED)
def _describe_origin(keyed: bool, identity: str, blocks: AddressBlocks) -> Origin:
    """Return the caller of a request and its networks, by which the pool orders its queue."""
    rank = Rank.KEYED if keyed else Rank.ANONYMOUS
    return Origin(rank, identity, blocks.network, blocks.subnetwork)


def limit_fields(charge: Charge) -> list[tuple[bytes, bytes]]:
    """Return the header fields about limits. Only this function writes them."""
    cost = (b"ratelimit-cost", b"%d" % charge.used)
    if charge.left is None:
        return [cost]
    policy, left = _write_templates(charge.left.limits)
    return [cost, (b"ratelimit", left % tuple(charge.standing)), (b"ratelimit-policy", policy)]


def _write_templates(limits: tuple[Bucket, ...]) -> LimitTemplates:
    """Return the fields about these limits, which are written once."""
    # Looked up by identity: hashing the limits took as long as all the rest. Those that are kept are not freed.
    entry = TEMPLATES.get(id(limits))
    if entry is not None and entry[0] is limits:
        return entry[1]
    policies: list[str] = []
    numbers_left: list[str] = []
    for limit in limits:
        seconds = ceil(limit.size * limit.period / limit.points)
        policies.append(f'"{limit.name}";q={limit.size};w={seconds}')
        numbers_left.append(f'"{limit.name}";r=%d;t=%d')
    templates = LimitTemplates(", ".join(policies).encode(), ", ".join(numbers_left).encode())
    if len(TEMPLATES) >= MAX_TEMPLATES:
        TEMPLATES.clear()
    TEMPLATES[id(limits)] = (limits, templates)
    return templates
