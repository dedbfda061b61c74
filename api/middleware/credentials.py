"""The key that a request carries: `Authorization: Bearer …` (RFC 6750) or `X-API-Key`, in header fields alone.

Errors do not repeat what was refused, because it may be a key all the same, or a password.
"""

from __future__ import annotations

from api.errors import Fault, InvalidKey, InvalidRequest, Unauthenticated
from api.http.request import HttpRequest

LONGEST = 256
TAKEN = "Send the key as `Authorization: Bearer …` or as `X-API-Key: …`."


def read_credentials(request: HttpRequest) -> str | None:
    """Return the key's text as it was sent; empty if it is empty, None if there is none. InvalidRequest if there are
    two that differ, Unauthenticated if the scheme is another one, InvalidKey if the text is too long for a key.

    An empty key is no error: generated clients send one if their user has set none."""
    fields = request.fields
    authorization = fields.get(b"authorization")
    api_key = fields.get(b"x-api-key")
    if authorization is None and api_key is None:
        return None
    has_repeated_fields = len(fields) < len(request.header_lines)
    if has_repeated_fields:
        key = _read_only_key(request.header_lines)
    elif api_key is None and authorization is not None:
        key = _read_token(authorization)
    elif authorization is None and api_key is not None:
        key = api_key.strip()
    else:
        key = _read_only_key(request.header_lines)
    if len(key) > LONGEST:
        raise InvalidKey("The key is too long.", TAKEN)
    return key.decode("latin-1")


def _read_only_key(lines: list[tuple[bytes, bytes]]) -> bytes:
    """Return the key that several fields carry, if it is the same in all of them that are not empty."""
    keys = {_read_token(value) for name, value in lines if name == b"authorization"}
    keys |= {value.strip() for name, value in lines if name == b"x-api-key"}
    if len(keys) > 1:
        keys.discard(b"")
    if len(keys) > 1:
        detail = "Two keys that differ are sent with one request."
        raise InvalidRequest(detail, (Fault("Authorization", detail),), f"{TAKEN} Not both.")
    return keys.pop()


def _read_token(value: bytes) -> bytes:
    scheme, _, token = value.strip().partition(b" ")
    if scheme.lower() != b"bearer":
        raise Unauthenticated("Authorization takes the scheme Bearer here, and no other.", TAKEN)
    return token.strip()
