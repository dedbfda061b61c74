"""Create, list, rotate and revoke keys, for the command line and for `/admin`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import category

from api.access import key
from api.access.caller import READ, SCOPES
from api.access.plan import ANONYMOUS
from api.errors import Conflict, Fault, InvalidRequest, NotFound, Unknown
from api.query.parse import listed
from api.store.access import AccessStore, Row

OVERLAP = timedelta(hours=24)
OVERLAP_MOST = timedelta(days=90)
ONE_LINE = "Expected one line of at most 200 characters, of which at least one is visible."
# The same rule as in the store (access.line): one line, without control characters and overrides of direction.
_LINE = re.compile(r"(?=\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,200}(?<=\S)")
# Letters, marks and signs that are invisible (Unicode: Default_Ignorable_Code_Point, and the blank of Braille).
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
Expiry = timedelta | datetime | None


@dataclass(frozen=True)
class NewKey:
    """A key to create."""

    name: str
    plan: str
    scopes: tuple[str, ...] = (READ,)
    expiry: Expiry = None


@dataclass(frozen=True)
class CreatedKey:
    """A key that was created: its row in the store, and its text, which cannot be read again later."""

    row: Row
    secret: key.Secret


class Keys:
    """The keys of one store. `actor` is the name in the audit log. `ends` is the time at which the actor's own key
    expires: keys that it creates expire no later. None if nothing limits them."""

    def __init__(self, store: AccessStore, environment: str, actor: str, ends: datetime | None = None) -> None:
        self._store = store
        self._environment = environment
        self._actor = actor
        self._ends = ends

    async def create(self, wanted: NewKey) -> CreatedKey:
        """Create a key. InvalidRequest says which value is not valid."""
        _check(wanted)
        self._check_end(wanted.expiry)
        secret = key.new(self._environment)
        until, time = _parted(wanted.expiry)
        scopes = sorted(set(wanted.scopes))
        row = await self._change(
            "create_key",
            key.new_id(),
            wanted.name,
            secret.digest,
            secret.ending,
            wanted.plan,
            scopes,
            until,
            time,
            self._ends,
        )
        if row is None:
            plans = [one["name"] for one in await self._store.read("plans") if one["name"] != ANONYMOUS]
            detail = f"There is no such plan; there are {listed(plans)}."
            raise _wrong("plan", detail, Unknown(wanted.plan, plans))
        return CreatedKey(row, secret)

    async def page(self, most: int, after: str | None = None) -> list[Row]:
        """Return at most `most` keys, the newest first, after the one with the id `after`."""
        return await self._store.read("keys", after, most)

    async def get(self, id: str) -> Row:
        """Return the key with this id. NotFound, with the nearest id, if there is none."""
        rows = await self._store.read("key", id)
        if not rows:
            known = [one["id"] for one in await self._store.read("keys", None, 1000)]
            raise NotFound("There is no key with this id.", "The list of keys has their ids.", Unknown(id, known))
        return rows[0]

    async def rotate(self, id: str, overlap: timedelta = OVERLAP, expiry: Expiry = None) -> CreatedKey:
        """Create a key that replaces another one, which works for the overlap. Conflict if the other has ended."""
        if not timedelta() <= overlap <= OVERLAP_MOST:
            raise _wrong("overlap", f"Expected at most {OVERLAP_MOST.days} days.")
        self._check_end(expiry)
        secret = key.new(self._environment)
        until, time = _parted(expiry)
        new = (key.new_id(), secret.digest, secret.ending)
        row = await self._change("rotate_key", id, *new, until, time, overlap, self._ends)
        if row is None:
            old = await self.get(id)
            why = f"was rotated before: {old['successor']} took its place" if old["successor"] else f"is {old['state']}"
            raise Conflict(f"The key {id} {why}.", "Rotate that one, or create a new key.")
        return CreatedKey(row, secret)

    async def revoke(self, id: str, reason: str | None = None) -> Row:
        """Revoke a key and return it. One that was revoked before stays as it is. The holder is shown the reason."""
        if reason is not None and not is_line(reason):
            raise _wrong("reason", ONE_LINE)
        return await self._change("revoke_key", id, reason) or await self.get(id)

    def _check_end(self, expiry: Expiry) -> None:
        if self._ends is None or expiry is None:
            return
        end = datetime.now(UTC) + expiry if isinstance(expiry, timedelta) else expiry
        if end > self._ends:
            detail = f"A key does not outlive the key that creates it, which expires {self._ends:%Y-%m-%dT%H:%M:%SZ}."
            raise _wrong("expires", f"{detail} Set an earlier time, or leave it out.")

    async def _change(self, name: str, *arguments: Any) -> Row | None:
        rows = await self._store.change(self._actor, name, *arguments)
        return rows[0] if rows else None


def is_line(text: str) -> bool:
    """Return True if a text is one line with at least one visible character, not only format characters, blanks and
    marks."""
    return _LINE.fullmatch(text) is not None and any(map(_is_visible, text))


def _is_visible(letter: str) -> bool:
    return category(letter)[0] in "LNPS" and not INVISIBLE.match(letter)


def _check(wanted: NewKey) -> None:
    if not is_line(wanted.name):
        raise _wrong("name", ONE_LINE)
    if wanted.plan == ANONYMOUS:
        raise _wrong("plan", f"The plan {ANONYMOUS} is for callers without a key. Choose another plan.")
    for scope in wanted.scopes:
        if scope not in SCOPES:
            raise _wrong("scopes", f"{scope[:50]!r} is none of {listed(SCOPES)}.", Unknown(scope, SCOPES))
    if not wanted.scopes:
        raise _wrong("scopes", f"Expected at least one of {', '.join(SCOPES)}.")


def _parted(expiry: Expiry) -> tuple[datetime | None, timedelta | None]:
    return (None, expiry) if isinstance(expiry, timedelta) else (expiry, None)


def _wrong(where: str, detail: str, unknown: Unknown | None = None) -> InvalidRequest:
    return InvalidRequest.of([Fault(where, detail, unknown=unknown)])
