"""The header fields about how fresh an answer is: `At-Least-Edition` of requests, and `Freshness` of answers."""

from __future__ import annotations

import re

from api.errors import Fault, InvalidRequest
from api.http.responses import Headers

AT_LEAST = b"at-least-edition"
# A change number is a bigint. `Edition` of an answer has no `e`.
EDITION = re.compile(rb"e?([0-9]{1,18})")
# The fields of an answer that a replica gave while the primary was away.
UNCONFIRMED: Headers = [(b"freshness", b"unconfirmed"), (b"cache-control", b"no-store")]


def read_at_least(value: bytes) -> int:
    """Return the edition that an answer must have at least. InvalidRequest if it is none."""
    match = EDITION.fullmatch(value.strip())
    if match is None:
        detail = "Expected one edition, such as e123."
        raise InvalidRequest(f"At-Least-Edition: {detail}", (Fault("At-Least-Edition", detail),))
    return int(match[1])


def unconfirmed(headers: Headers) -> Headers:
    """Return the header fields of an answer that nothing confirms. No cache may keep it."""
    return [*(field for field in headers if field[0] != b"cache-control"), *UNCONFIRMED]
