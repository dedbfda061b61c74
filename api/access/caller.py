"""The caller of a request: the holder of a key, or an address without one."""

from __future__ import annotations

from dataclasses import dataclass

from api.access.plan import Plan
from api.errors import Forbidden, Unauthenticated

READ, ADMIN = "read", "admin"
SCOPES = {READ: "Ask for data.", ADMIN: "See and change keys and plans."}


@dataclass(frozen=True)
class Caller:
    """A caller. Limits are counted by its `identity`: `key:<id>`, or `ip:<network>` for a caller without a key.
    `expires` is when the key ends (RFC 3339); empty if it does not. `origins` are those of the pages that may use the
    key; empty if any client may."""

    identity: str
    plan: Plan
    scopes: frozenset[str] = frozenset({READ})
    key_id: str | None = None
    name: str = ""
    expires: str = ""
    origins: frozenset[bytes] = frozenset()


def check_origin(caller: Caller, origin: bytes | None, is_same_origin: bool) -> None:
    """Check that a page of this origin may use the caller's key. Forbidden if it may not.

    A browser sends no Origin with a GET of a page of the service itself, but says that it is from the same origin."""
    if origin in caller.origins or (origin is None and is_same_origin):
        return
    raise Forbidden(
        "This key works only in pages of the origins that it was made for.",
        hint="Programs other than browsers need a key without origins.",
    )


def check_scope(caller: Caller, scope: str) -> None:
    """Check that a caller has a scope. Forbidden if its key lacks the scope, Unauthenticated if it has no key."""
    if scope in caller.scopes:
        return
    if caller.key_id is None:
        raise Unauthenticated(f"This needs a key with the scope {scope}.", "Send it as Authorization: Bearer.")
    raise Forbidden(f"This needs a key with the scope {scope}.", scope, "Ask who runs the service for such a key.")
