"""Callers, their keys and their plans. This level rejects a request if it costs more than one request may."""

from __future__ import annotations

from api.access.plan import Plan
from api.errors import Fault, TooExpensive
from api.query import CostliestList

LINKS = "Ask for fewer links (include) and filters through links; the price is about one point a record."


def too_expensive(points: int, costliest: CostliestList | None, max_price: int, plan: Plan | None) -> TooExpensive:
    """Return the error for a price that is above what one request may cost, or above what the caller's plan can ever
    grant. It names the costliest list, and the page of it with which the request would cost no more than either."""
    max_points = max_price
    if plan is not None:
        max_points = min(max_price, plan.quota.max_points)
    bound = f"your plan grants at most {max_points} at a time"
    if max_points == max_price:
        bound = f"one request may cost {max_price}"
    detail = f"This request costs {points} points; {bound}."
    return TooExpensive(detail, (Fault("", detail, "too_expensive"),), _build_hint(costliest, max_points, plan))


def _build_hint(costliest: CostliestList | None, max_points: int, plan: Plan | None) -> str:
    if costliest is None:
        return LINKS
    size = costliest.page(max_points)
    if plan is not None:
        size = min(size, plan.page_most)
    if size < 1:
        return LINKS
    where = "Each record"
    if costliest.key:
        where = f"{costliest.key}: each record"
    return f"{where} costs {costliest.each} points with what hangs on it; a page of {size} would fit (limit, first)."
