"""Which media type a client wants (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import Scope

# Ranges of an Accept that are read, because it is read before the request is paid for. Browsers send ten.
RANGES_MOST = 32


def header(scope: Scope, name: bytes) -> str:
    """A header field of the request; its lines joined by commas, empty where there is none."""
    return fields(scope).get(name, b"").decode("latin-1")


def fields(scope: Scope) -> dict[bytes, bytes]:
    """The header fields of the request by their names in lower case, lines of one name joined by commas."""
    found: dict[bytes, bytes] | None = scope.get("fields")
    if found is None:
        found = dict(scope["headers"])
        if len(found) < len(scope["headers"]):
            found = {name: b", ".join(v for n, v in scope["headers"] if n == name) for name in found}
        scope["fields"] = found
    return found


def wanted(accept: str, offered: Sequence[str]) -> str:
    """The offered media type that the client likes best, the first of equals; empty where it likes none."""
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
    """The weight of the most specific range that takes the type."""
    kind = offered.partition("/")[0]
    found = dict(ranges)
    for name in (offered, f"{kind}/*", "*/*"):
        if name in found:
            return found[name]
    return 0.0
