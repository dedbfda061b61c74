"""Choose the media type of an answer by the client's Accept (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

# At most this many ranges of an Accept are read, because it is read before the request is paid for. Browsers send ten.
MAX_RANGES = 32


def choose_media_type(accept: str, offered: Sequence[str]) -> str:
    """Return the offered media type that the client prefers, the first of equals; empty if it accepts none."""
    if not accept.strip():
        return offered[0]
    weights: dict[str, float] = {}
    for part in accept.split(",", MAX_RANGES)[:MAX_RANGES]:
        if part.strip():
            name, weight = _read_range(part)
            weights[name] = weight
    best_type, highest_weight = "", 0.0
    for media_type in offered:
        weight = _find_weight(media_type, weights)
        if weight > highest_weight:
            best_type, highest_weight = media_type, weight
    return best_type


def _read_range(part: str) -> tuple[str, float]:
    """Return the name of a range of media types, and its weight."""
    name, *parameters = part.split(";")
    name = name.strip().lower()
    for parameter in parameters:
        parameter = parameter.strip().lower()
        if parameter.startswith("q="):
            try:
                return name, min(1.0, max(0.0, float(parameter[2:])))
            except ValueError:
                return name, 0.0
    return name, 1.0


def _find_weight(media_type: str, weights: dict[str, float]) -> float:
    """Return the weight of the most specific range that contains the type; 0 if none does."""
    kind = media_type.partition("/")[0]
    for name in (media_type, f"{kind}/*", "*/*"):
        if name in weights:
            return weights[name]
    return 0.0
