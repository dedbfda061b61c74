"""Choose the media type of an answer by the client's Accept (RFC 9110, 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

# At most this many ranges of an Accept are read, because it is read before the request is paid for. Browsers send ten.
MAX_RANGES = 32
# A range of media types, with its parameters: `text/*;q=0.5`. Names are tokens (RFC 9110, 5.6.2).
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
WEIGHT = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)
RANGE = re.compile(rf"\s*(?P<name>{TOKEN}/{TOKEN})\s*(?P<parameters>(?:;.*)?)", re.S)


def choose_media_type(accept: str, offered: Sequence[str]) -> str:
    """Return the offered media type that the client prefers, the first of equals; empty if it accepts none. Ranges that
    cannot be read are skipped. If none can, it is as if the client had sent no Accept."""
    weights: dict[str, float] = {}
    for part in accept.split(",", MAX_RANGES)[:MAX_RANGES]:
        match = RANGE.fullmatch(part)
        weight = None if match is None else _read_weight(match["parameters"])
        if match is not None and weight is not None:
            weights[match["name"].lower()] = weight
    if not weights:
        return offered[0]
    best_type, highest_weight = "", 0.0
    for media_type in offered:
        weight = _find_weight(media_type, weights)
        if weight > highest_weight:
            best_type, highest_weight = media_type, weight
    return best_type


def _read_weight(parameters: str) -> float | None:
    """Return the weight of a range of media types: 1 unless its parameters name another. None if that is no number."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().lower().partition("=")
        if name == "q":
            return min(1.0, float(value)) if WEIGHT.fullmatch(value) else None
    return 1.0


def _find_weight(media_type: str, weights: dict[str, float]) -> float:
    """Return the weight of the most specific range that contains the type; 0 if none does."""
    kind = media_type.partition("/")[0]
    for name in (media_type, f"{kind}/*", "*/*"):
        if name in weights:
            return weights[name]
    return 0.0
