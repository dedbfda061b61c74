"""The key that a request carries: `Authorization: Bearer …` (RFC 6750) or `X-API-Key`, in header fields alone.

Errors do not repeat what was refused, because it may be a key all the same, or a password.
"""

from __future__ import annotations

from api.errors import Fault, InvalidKey, InvalidRequest, Unauthenticated
from api.http.request import HttpRequest

LONGEST = 256
TAKEN = "Send the key as `Authorization: Bearer …` or as `X-API-Key: …`."


def presented(request: HttpRequest) -> str | None:
    """Return the key's text as it was sent, or None. InvalidRequest if there are two that differ, Unauthenticated if
    the scheme is another one, InvalidKey if the text is empty or too long for a key."""
    sent = request.fields
    bearer, plain = sent.get(b"authorization"), sent.get(b"x-api-key")
    if bearer is None and plain is None:
        return None
    doubled = len(sent) < len(request.header_lines)
    if plain is None and bearer is not None and not doubled:
        key = _token(bearer)
    elif bearer is None and plain is not None and not doubled:
        key = plain.strip()
    else:
        key = _one_of(request.header_lines)
    if not key:
        raise InvalidKey("The key is empty.", TAKEN)
    if len(key) > LONGEST:
        raise InvalidKey("The key is too long.", TAKEN)
    return key.decode("latin-1")


def _one_of(lines: list[tuple[bytes, bytes]]) -> bytes:
    """Return the key that several fields carry, if it is the same in all of them."""
    given = {_token(value) for name, value in lines if name == b"authorization"}
    given |= {value.strip() for name, value in lines if name == b"x-api-key"}
    if len(given) > 1:
        detail = "Two keys that differ are sent with one request."
        raise InvalidRequest(detail, (Fault("Authorization", detail),), f"{TAKEN} Not both.")
    return given.pop()


def _token(value: bytes) -> bytes:
    scheme, _, token = value.strip().partition(b" ")
    if scheme.lower() != b"bearer":
        raise Unauthenticated("Authorization takes the scheme Bearer here, and no other.", TAKEN)
    return token.strip()
