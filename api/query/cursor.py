"""Read cursors. A cursor is the position of a record in one list: a fingerprint of the list, the record's sort key, and
its id or another value that breaks ties. A cursor of a page that was read as of an edition also names that edition.

A cursor is opaque to callers. The service trusts it for nothing but a position, so it needs no signature, and Postgres
can write one for every edge: base64url (RFC 4648, no padding) of a JSON array. A cursor of another version, list, sort
or filter is an InvalidCursor.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

from api.errors import Fault, InvalidCursor
from api.query.filters import Filter, canonical_text
from api.query.known_at import EDITION, AsOf, KnownAt, read_known_at
from api.query.parse import IDENTIFIER
from api.query.sort import CHANGE, Sort
from api.query.timeline import EditionFinder

# Numbers as Postgres writes them. Decimal("1e999999999") would be small here, but the driver would write all its
# digits.
NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)
INTEGER = re.compile(r"\d{1,18}", re.ASCII)
COLLATION_KEY = re.compile(r"\\x((?:[0-9a-f]{2}){0,300})")
MAX_REAL = 3e38
BASE64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def fingerprint(version: str, resource: str, sort: Sort, filter: Filter) -> str:
    """Return the first element of the cursors of this list. It is the same for equal lists in REST and GraphQL."""
    return f"{version}.{resource}.{sort}.{_hash_filter(filter)}"


def _hash_filter(filter: Filter) -> str:
    return hashlib.blake2s(canonical_text(filter).encode(), digest_size=8).hexdigest()


def revisions_fingerprint(version: str, identifier: str) -> str:
    """Return the first element of the cursors of a record's revisions."""
    return f"{version}.revision.-revision.{identifier}"


def diff_fingerprint(version: str, resource: str, since: int, filter: Filter) -> str:
    """Return the first element of the cursors of the differences between a list as of an edition and a later one, which
    the cursor names itself."""
    return f"{version}.{resource}.{CHANGE} since e{since}.{_hash_filter(filter)}"


@dataclass(frozen=True)
class ListCursor:
    """A cursor that was read: a position, which is a sort key (None if the record has none) and the value that breaks
    ties, and the edition as of which its page was read, if the page was not of the present."""

    position: tuple[Any, Any]
    known_at: KnownAt | None = None


def read_cursor(text: str, expected: str, sort: Sort, where: str) -> ListCursor:
    """Read a cursor. InvalidCursor if the text is no cursor, or one of another list than `expected`."""
    try:
        if not BASE64URL.fullmatch(text):
            raise ValueError("letters")  # The decoder would skip them.
        parts = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        list_fingerprint, key, tie, *rest = parts
        TIES[sort.tie_kind](tie)
        sort_key = None if key is None else _read_key(key, sort)
        known_at = _read_edition(*rest) if rest else None
    except (ValueError, TypeError, binascii.Error, OverflowError):
        raise _invalid(where, "This is not a cursor of this service, or it was cut or changed.") from None
    if list_fingerprint != expected:
        this_list = _describe_list(expected)
        raise _invalid(where, f"This cursor belongs to another list than {this_list}, or to another filter.")
    if sort_key is None and not sort.nullable:
        raise _invalid(where, "This cursor has no position in this list.")
    return ListCursor((sort_key, tie), known_at)


def continue_as_of(
    cursor: ListCursor, as_of: AsOf | None, finder: EditionFinder, resources: Collection[str], where: str
) -> AsOf | None:
    """Return the edition as of which the page after a cursor is read: that of the cursor, or the one that the caller
    names. InvalidCursor if these are two, between which the `resources` of the list have changed."""
    if cursor.known_at is None:
        return as_of
    try:
        own = finder.find_for_list(cursor.known_at)
    except ValueError as error:
        raise _invalid(where, str(error)) from None
    if as_of is None:
        return own
    if as_of.changed(resources) != own.changed(resources):
        raise _invalid(where, f"This cursor belongs to the edition e{own.number}, and another one was named beside it.")
    return as_of


def _read_edition(text: Any) -> KnownAt:
    if not isinstance(text, str) or not EDITION.fullmatch(text):
        raise ValueError("an edition")
    return read_known_at(text)


def _check_id(tie: Any) -> None:
    if not isinstance(tie, str) or not IDENTIFIER.fullmatch(tie):
        raise ValueError("an id")


def _check_number(tie: Any) -> None:
    if not isinstance(tie, int) or isinstance(tie, bool) or not 0 <= tie < 2**63:
        raise ValueError("a number")


def _read_key(key: Any, sort: Sort) -> Any:
    if not isinstance(key, str):
        raise ValueError("a key is text")
    return READERS[sort.kind](key)


def _read_text(key: str) -> str:
    if "\x00" in key:
        raise ValueError("a NUL")
    return key


def _read_collation_key(key: str) -> bytes:
    match = COLLATION_KEY.fullmatch(key)
    if not match:
        raise ValueError("not a collation key")
    return bytes.fromhex(match[1])


def _read_timestamp(key: str) -> datetime:
    value = datetime.fromisoformat(key)
    if value.tzinfo is None:
        raise ValueError("a naive time")
    return value.astimezone(UTC)  # OverflowError within hours of the first or last possible time


def _read_number(key: str) -> Decimal:
    if not NUMBER.fullmatch(key):
        raise ValueError("not a number")
    return Decimal(key)


def _read_real(key: str) -> float:
    value = float(key)
    if not abs(value) < MAX_REAL:
        raise ValueError("not a real")
    return value


def _read_integer(key: str) -> int:
    if not INTEGER.fullmatch(key):
        raise ValueError("not a whole number")
    return int(key)


TIES: dict[str, Callable[[Any], None]] = {"text": _check_id, "integer": _check_number}
READERS: dict[str, Callable[[str], Any]] = {
    "text": _read_text,
    "vocabulary": _read_text,
    "collation key": _read_collation_key,
    "timestamp": _read_timestamp,
    "date": date.fromisoformat,
    "number": _read_number,
    "integer": _read_integer,
    "real": _read_real,
}


def _describe_list(list_fingerprint: str) -> str:
    version, resource, sort, _ = list_fingerprint.split(".")
    return f"{resource}s of {version} sorted by {sort}"


def _invalid(where: str, detail: str) -> InvalidCursor:
    return InvalidCursor(
        detail,
        (Fault(where, detail, "invalid_cursor"),),
        hint="Pass a cursor to the same list, sort and filter that it came from, or begin without one.",
    )
