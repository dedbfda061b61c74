"""Who asks, and how much they may. A request is rejected at this level when it costs more than one request may."""

from __future__ import annotations

from api.errors import Fault, TooExpensive
from api.query import Query, fitting


def check(points: int, query: Query, most: int) -> None:
    """TooExpensive where a price is above `most`; it tells the page that would fit."""
    if points > most:
        detail = f"This request costs {points} points; one request may cost {most}."
        raise TooExpensive(detail, (Fault("", detail, "too_expensive"),), hint(query, most))


def hint(query: Query, most: int) -> str:
    """What to ask for instead."""
    dearest = fitting(query, most)
    if dearest is None:
        return "Ask for fewer links (include) and filters through links; the price is about one point a record."
    name, each, size = dearest
    where = f"{name}: each record" if name else "Each record"
    return f"{where} costs {each} points with what hangs on it; a page of {size} would fit (limit, first)."
