"""Requests without a server, for tests of the code that reads them."""

from __future__ import annotations

from typing import Any

from api.access.access_control import Charge
from api.access.caller import Caller
from api.access.limits import Decision, Remaining
from api.access.plan import Plan
from api.http.request import HttpRequest
from api.http.unread_answers import UnreadAnswers


def make_request(
    *fields: tuple[bytes, bytes], method: str = "GET", path: str = "/", client: str | None = None, **scope: Any
) -> HttpRequest:
    """Return a request with these header fields, from the address `client`."""

    async def receive() -> Any:
        raise AssertionError("This request has no body.")

    defaults = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": list(fields),
        "client": (client, 4711) if client else None,
    }
    return HttpRequest(defaults | scope, receive, UnreadAnswers(1 << 20))


def make_caller(points: int) -> tuple[Caller, Charge]:
    """Return a caller who has so many points left, and the charge of a request of theirs."""
    plan = Plan("free", points_minute=60, points_day=500, burst=points, at_once=2, page_most=50)
    remaining = Remaining(plan.quota.limits, [0] * len(plan.quota.limits))
    return Caller("key:k1", plan), Charge(1, Decision(None, None, 0.0, remaining), 1)
