"""Callers, their keys and their plans. This level rejects a request if it costs more than one request may."""

from __future__ import annotations

from api.access.plan import Plan
from api.errors import Fault, TooExpensive
from api.query import CostliestList

LINKS = "Ask for fewer links (include) and filters through links; the price is about one point a record."


def too_expensive(points: int, dearest: CostliestList | None, most: int, plan: Plan | None) -> TooExpensive:
    """Return the error for a price that is above what one request may cost, or above what the caller's plan can ever
    grant. It names the dearest list, and the page of it with which the request would cost no more than either."""
    granted = most if plan is None else min(most, plan.quota.most)
    told = f"one request may cost {most}" if granted == most else f"your plan grants at most {granted} at a time"
    detail = f"This request costs {points} points; {told}."
    size = dearest.page(granted) if dearest else 0
    size = size if plan is None else min(size, plan.page_most)
    return TooExpensive(detail, (Fault("", detail, "too_expensive"),), _hint(dearest, size))


def _hint(dearest: CostliestList | None, size: int) -> str:
    if dearest is None or size < 1:
        return LINKS
    where = f"{dearest.key}: each record" if dearest.key else "Each record"
    return f"{where} costs {dearest.each} points with what hangs on it; a page of {size} would fit (limit, first)."
