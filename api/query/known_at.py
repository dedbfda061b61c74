"""Read `known_at`: the edition, the moment or the day as of which a caller reads the store.

An edition is the state of the store that a load left. Its number is that of the last change of the load, written as
`e12345` or, in permalinks and cursors, with the mark of its store: `e12345-k3x9ma`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from api.query.parse import read_date, read_timestamp

EDITION = re.compile(r"e([1-9][0-9]{0,17})(?:-([0-9a-hjkmnp-tv-z]{6}))?", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# A moment as HTTP writes it (RFC 9110, 5.6.7), in its one form that is not obsolete.
HTTP_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)
# The resolution of the times of editions.
LEAST = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXPECTED = (
    "Expected an edition as e12345, a time with its offset as 2022-03-07T06:00:00Z, or a day as 2022-03-07, which "
    "stands for its end in UTC."
)


@dataclass(frozen=True)
class KnownAt:
    """A point in the history of the store as a caller names it: the `number` of an edition, with the mark of its store
    if it was given, or a `moment` in microseconds since 1970, inclusive. A `nearest` one outside of the history stands
    for its first or its last edition."""

    number: int | None = None
    store: str = ""
    moment: int = 0
    nearest: bool = False


@dataclass(frozen=True)
class AsOf:
    """The edition as of which a root of a query is read: its number, and the mark of the store.

    The number is 0 before the first edition. `changed` returns the last edition up to this one that changed any of
    these resources: an answer names that one, so equal answers of two editions have one name. If it is not `final`, the
    caller named a moment that is still to come, and the next edition may be the right one for it."""

    number: int
    store: str
    changed: Callable[[Collection[str]], int] = field(compare=False, repr=False)
    final: bool = True


def read_known_at(text: str) -> KnownAt:
    """Read a value of `known_at`. ValueError if it is none."""
    match = EDITION.fullmatch(text)
    if match is not None:
        return KnownAt(number=int(match[1]), store=match[2] or "")
    if text[:1] == "e":
        raise ValueError("Expected an edition as e12345, without zeros in front, or as a permalink has it.")
    try:
        if DAY.fullmatch(text):
            day = read_date(text)
            # Without a datetime, because no day follows the last one of a calendar.
            days = day.toordinal() - EPOCH.toordinal() + 1
            return KnownAt(moment=days * 86_400_000_000 - 1)
        return KnownAt(moment=to_microseconds(read_timestamp(text)))
    except ValueError as error:
        if re.match(r"\d{4}-\d\d-\d\d", text):
            # The text is a time or a day with a fault of its own, such as a missing offset.
            raise
        raise ValueError(EXPECTED) from error


def read_accept_datetime(text: str) -> KnownAt:
    """Read the value of Accept-Datetime (RFC 7089). It stands for the end of its second, because it has no fractions.
    ValueError if it is no date of HTTP."""
    expected = "Expected a date of HTTP, as Mon, 07 Mar 2022 06:00:00 GMT."
    if not HTTP_DATE.fullmatch(text):
        raise ValueError(expected)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        raise ValueError(expected) from None
    return KnownAt(moment=to_microseconds(moment.replace(tzinfo=UTC)) + 999_999, nearest=True)


def to_microseconds(moment: datetime) -> int:
    """Return a moment in microseconds since 1970, exactly."""
    return (moment - EPOCH) // LEAST


def to_moment(microseconds: int) -> datetime:
    """Return the moment of these microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)


def write_moment(microseconds: int) -> str:
    """Return a moment as answers write it: in UTC, without zeros at the end of its fraction."""
    text = to_moment(microseconds).isoformat().removesuffix("+00:00")
    return f"{text.rstrip('0') if '.' in text else text}Z"


def write_edition(number: int, store: str) -> str:
    """Return the name of an edition in permalinks and cursors."""
    return f"e{number}-{store}"
