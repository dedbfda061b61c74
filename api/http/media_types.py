"""Choose the media type of an answer by the client's Accept (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

# At most this many ranges of an Accept are read, because it is read before the request is paid for. Browsers send ten.
RANGES_MOST = 32


def wanted(accept: str, offered: Sequence[str]) -> str:
    """Return the offered media type that the client prefers, the first of equals; empty if it accepts none."""
    if not accept.strip():
        return offered[0]
    ranges = [_range(part) for part in accept.split(",", RANGES_MOST)[:RANGES_MOST] if part.strip()]
    best = max(offered, key=lambda one: _weight(one, ranges))
    return best if _weight(best, ranges) > 0 else ""


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (one.strip().lower() for one in part.split(";"))
    for one in parameters:
        if one.startswith("q="):
            try:
                return name, min(1.0, max(0.0, float(one[2:])))
            except ValueError:
                return name, 0.0
    return name, 1.0


def _weight(offered: str, ranges: list[tuple[str, float]]) -> float:
    """Return the weight of the most specific range that contains the type; 0 if none does."""
    kind = offered.partition("/")[0]
    found = dict(ranges)
    for name in (offered, f"{kind}/*", "*/*"):
        if name in found:
            return found[name]
    return 0.0
