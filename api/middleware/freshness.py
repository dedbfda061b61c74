"""The header fields about how fresh an answer is: `At-Least-Edition` of requests, and `Freshness` of answers."""

from __future__ import annotations

import re

from api.errors import Fault, InvalidRequest
from api.http.responses import Headers
from api.query import EditionFinder

AT_LEAST = b"at-least-edition"
# A change number is a bigint. `Edition` of an answer has no `e`. Permalinks add the mark of the store.
EDITION = re.compile(rb"e?([0-9]{1,18})|e([0-9]{1,18})-([0-9a-hjkmnp-tv-z]{6})")
# The fields of an answer that a replica gave while the primary was away.
UNCONFIRMED: Headers = [(b"freshness", b"unconfirmed"), (b"cache-control", b"no-store")]


def read_at_least(value: bytes, finder: EditionFinder) -> int:
    """Return the edition that an answer must have at least. InvalidRequest if it is none, if it is of another store, or
    if the store has lost it. EditionPending if the process has to look at the store to know its mark."""
    match = EDITION.fullmatch(value.strip())
    if match is None:
        raise _refuse("Expected one edition, such as e123.")
    number, mark = int(match[1] or match[2]), (match[3] or b"").decode()
    try:
        finder.check_name(number, mark)
    except ValueError as error:
        raise _refuse(str(error)) from None
    return number


def _refuse(detail: str) -> InvalidRequest:
    return InvalidRequest(f"At-Least-Edition: {detail}", (Fault("At-Least-Edition", detail),))


def unconfirmed(headers: Headers) -> Headers:
    """Return the header fields of an answer that nothing confirms. No cache may keep it."""
    return [*(field for field in headers if field[0] != b"cache-control"), *UNCONFIRMED]
