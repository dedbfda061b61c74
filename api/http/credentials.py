"""The key that a request carries: `Authorization: Bearer …` (RFC 6750) or `X-API-Key`, in header fields alone.

Nothing of what is refused is repeated: it may be a key all the same, or a password.
"""

from __future__ import annotations

from starlette.types import Scope

from api.errors import Fault, InvalidKey, InvalidRequest, Unauthenticated
from api.http.media import fields

LONGEST = 256
TAKEN = "Send the key as `Authorization: Bearer …` or as `X-API-Key: …`."


def presented(scope: Scope) -> str | None:
    """The key's text as it was sent, or None. InvalidRequest: two that differ. Unauthenticated: another scheme.
    InvalidKey: nothing that could be a key."""
    if b"authorization" not in (sent := fields(scope)) and b"x-api-key" not in sent:
        return None
    bearers: list[bytes] = []
    plain: list[bytes] = []
    for name, value in scope["headers"]:
        if name == b"authorization":
            bearers.append(_token(value))
        elif name == b"x-api-key":
            plain.append(value.strip())
    given = {*bearers, *plain}
    if not given:
        return None
    if len(given) > 1:
        detail = "Two keys that differ are sent with one request."
        raise InvalidRequest(detail, (Fault("Authorization", detail),), f"{TAKEN} Not both.")
    key = given.pop()
    if not key:
        raise InvalidKey("The key is empty.", TAKEN)
    if len(key) > LONGEST:
        raise InvalidKey("The key is too long.", TAKEN)
    return key.decode("latin-1")


def _token(value: bytes) -> bytes:
    scheme, _, token = value.strip().partition(b" ")
    if scheme.lower() != b"bearer":
        raise Unauthenticated("Authorization takes the scheme Bearer here, and no other.", TAKEN)
    return token.strip()
