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
    `expires` is when the key ends (RFC 3339); empty if it does not."""

    identity: str
    plan: Plan
    scopes: frozenset[str] = frozenset({READ})
    key_id: str | None = None
    name: str = ""
    expires: str = ""


def check_scope(caller: Caller, scope: str) -> None:
    """Check that a caller has a scope. Forbidden if its key lacks the scope, Unauthenticated if it has no key."""
    if scope in caller.scopes:
        return
    if caller.key_id is None:
        raise Unauthenticated(f"This needs a key with the scope {scope}.", "Send it as Authorization: Bearer.")
    raise Forbidden(f"This needs a key with the scope {scope}.", scope, "Ask who runs the service for such a key.")
