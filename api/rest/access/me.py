"""`/vN/me`: a caller's plan, scopes and limits, and what is left of them."""

from __future__ import annotations

from dataclasses import asdict

import orjson
from fastapi import APIRouter

from api.access.caller import Caller
from api.access.limits import Bucket, Remaining
from api.access.plan import Plan
from api.catalog import Version
from api.http.parameters import Faults, read_pairs
from api.http.request import HttpRequest
from api.http.responses import BytesResponse
from api.http.route import DataRoute
from api.middleware.authentication import Authentication
from api.rest.access import bodies
from api.rest.access.routes import private


def routes(version: Version, authentication: Authentication) -> APIRouter:
    """Return the route. It is free, so that a caller can see that it has no points left. A URL with a query costs a
    point, because none is valid."""
    router = APIRouter(prefix=f"/{version.name}", route_class=DataRoute, include_in_schema=False)

    async def handle(request: HttpRequest) -> BytesResponse:
        caller = await authentication.admit(request, "")
        if request.query_string:
            await authentication.charge_reading(request.context)
        faults = Faults()
        for name in read_pairs(request.query_string, faults):
            faults.note(name, "There is no such parameter here.")
        faults.check()
        left = await authentication.access_control.left(caller)
        return private(orjson.dumps({"data": me(caller, left).model_dump(mode="json")}))

    router.add_api_route("/me", handle, methods=["GET", "HEAD", "OPTIONS"])
    return router


def me(caller: Caller, left: Remaining | None) -> bodies.Me:
    """Return the answer for a caller."""
    return bodies.Me(
        identity=caller.identity,
        key=caller.key_id,
        name=caller.name,
        expires_at=caller.expires or None,
        scopes=sorted(caller.scopes),
        plan=bodies.Plan(**asdict(caller.plan)),
        limits=_limits(caller.plan, left),
    )


def _limits(plan: Plan, left: Remaining | None) -> list[bodies.Limit]:
    buckets = plan.quota.limits
    if left is None:
        return [_limit(bucket, None, None) for bucket in buckets]
    states = zip(buckets, left.remaining, left.reset, strict=True)
    return [_limit(bucket, remaining, reset) for bucket, remaining, reset in states]


def _limit(bucket: Bucket, remaining: int | None, reset: float | None) -> bodies.Limit:
    return bodies.Limit(
        name=bucket.name,
        size=bucket.size,
        points=bucket.points,
        period=bucket.period,
        remaining=remaining,
        reset=reset,
    )
