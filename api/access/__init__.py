"""Who asks, and how much they may. A request is rejected at this level when it costs more than one request may."""

from __future__ import annotations

from api.errors import Fault, TooExpensive
from api.settings import Settings


def check(points: int, settings: Settings) -> None:
    """TooExpensive where a price is above what one request may cost."""
    if points > settings.max_price:
        detail = f"This request costs {points} points; one request may cost {settings.max_price}."
        raise TooExpensive(
            detail,
            (Fault("", detail, "too_expensive"),),
            "Ask for smaller pages (limit, first) or fewer links (include); the price is about one point a record.",
        )
