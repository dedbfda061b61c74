"""`/vN/me`: a caller's plan, scopes and limits, and what is left of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import orjson
from fastapi import APIRouter, Request

from api.access.caller import Caller
from api.access.plan import Plan
from api.catalog import Version
from api.http.parameters import Faults, read_pairs
from api.http.route import DataRoute
from api.rest.access import bodies
from api.rest.access.routes import private

MINUTE, DAY = 60, 86_400
Left = Callable[[Caller], Awaitable[Any]]


def routes(version: Version, left: Left) -> APIRouter:
    """The route. `left` tells what is left of a caller's limits, as it is to stand in the answer."""
    router = APIRouter(prefix=f"/{version.name}", route_class=DataRoute, include_in_schema=False)

    async def handle(request: Request) -> Any:
        faults = Faults()
        for name in read_pairs(request.scope["query_string"], faults):
            faults.note(name[:100], "There is no such parameter here.")
        faults.check()
        caller: Caller = request.scope["caller"]
        return private(orjson.dumps({"data": me(caller, await left(caller)).model_dump(mode="json")}))

    router.add_api_route("/me", handle, methods=["GET", "HEAD", "OPTIONS"])
    return router


def me(caller: Caller, left: Any) -> bodies.Me:
    """What a caller is told."""
    return bodies.Me(
        identity=caller.identity,
        key=caller.key_id,
        name=caller.name,
        expires_at=caller.expires or None,
        scopes=sorted(caller.scopes),
        plan=bodies.Plan(**asdict(caller.plan)),
        limits=_limits(caller.plan),
        left=left,
    )


def _limits(plan: Plan) -> list[bodies.Limit]:
    return [
        bodies.Limit(name="minute", size=plan.burst, points=plan.points_minute, period=MINUTE),
        bodies.Limit(name="day", size=plan.points_day, points=plan.points_day, period=DAY),
    ]
