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
MAX_OVERLAP = timedelta(days=90)
ONE_LINE = "Expected one line of at most 200 characters, of which at least one is visible."
# The same rule as in the store (access.line): one line, without control characters and overrides of direction.
_LINE = re.compile(r"(?=\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,200}(?<=\S)")
# Letters, marks and signs that are invisible (Unicode: Default_Ignorable_Code_Point, and the blank of Braille).
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
# An origin as browsers send it (RFC 6454, 6.2): without a path, and without a port that is the default.
ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?")
MAX_ORIGINS = 20
Expiry = timedelta | datetime | None


@dataclass(frozen=True)
class NewKey:
    """A key to create. Only pages of its `origins` may use it, if it has any."""

    name: str
    plan: str
    scopes: tuple[str, ...] = (READ,)
    expiry: Expiry = None
    origins: tuple[str, ...] = ()


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
        self._latest_expiry = ends

    async def create(self, new_key: NewKey) -> CreatedKey:
        """Create a key. InvalidRequest says which value is not valid."""
        _check(new_key)
        self._check_end(new_key.expiry)
        secret = key.new(self._environment)
        expires_at, duration = _split_expiry(new_key.expiry)
        scopes = sorted(set(new_key.scopes))
        row = await self._change(
            "create_key",
            key.new_id(),
            new_key.name,
            secret.digest,
            secret.ending,
            new_key.plan,
            scopes,
            expires_at,
            duration,
            self._latest_expiry,
            sorted(set(new_key.origins)),
        )
        if row is None:
            rows = await self._store.read("plans")
            plans = [plan["name"] for plan in rows if plan["name"] != ANONYMOUS]
            detail = f"There is no such plan; there are {listed(plans)}."
            raise _invalid("plan", detail, Unknown(new_key.plan, plans))
        return CreatedKey(row, secret)

    async def page(self, limit: int, after: str | None = None) -> list[Row]:
        """Return at most `limit` keys, the newest first, after the one with the id `after`."""
        return await self._store.read("keys", after, limit)

    async def get(self, id: str) -> Row:
        """Return the key with this id. NotFound, with the nearest id, if there is none."""
        rows = await self._store.read("key", id)
        if not rows:
            known = [row["id"] for row in await self._store.read("keys", None, 1000)]
            raise NotFound("There is no key with this id.", "The list of keys has their ids.", Unknown(id, known))
        return rows[0]

    async def rotate(self, id: str, overlap: timedelta = OVERLAP, expiry: Expiry = None) -> CreatedKey:
        """Create a key that replaces another one, which works for the overlap. Conflict if the other has ended."""
        if not timedelta() <= overlap <= MAX_OVERLAP:
            raise _invalid("overlap", f"Expected at most {MAX_OVERLAP.days} days.")
        self._check_end(expiry)
        secret = key.new(self._environment)
        expires_at, duration = _split_expiry(expiry)
        new = (key.new_id(), secret.digest, secret.ending)
        row = await self._change("rotate_key", id, *new, expires_at, duration, overlap, self._latest_expiry)
        if row is None:
            old = await self.get(id)
            state = f"is {old['state']}"
            if old["successor"]:
                state = f"was rotated before: {old['successor']} took its place"
            raise Conflict(f"The key {id} {state}.", "Rotate that one, or create a new key.")
        return CreatedKey(row, secret)

    async def revoke(self, id: str, reason: str | None = None) -> Row:
        """Revoke a key and return it. One that was revoked before stays as it is. The holder is shown the reason."""
        if reason is not None and not is_line(reason):
            raise _invalid("reason", ONE_LINE)
        row = await self._change("revoke_key", id, reason)
        if row is None:
            row = await self.get(id)
        return row

    def _check_end(self, expiry: Expiry) -> None:
        if self._latest_expiry is None or expiry is None:
            return
        expires_at = datetime.now(UTC) + expiry if isinstance(expiry, timedelta) else expiry
        if expires_at > self._latest_expiry:
            latest = f"{self._latest_expiry:%Y-%m-%dT%H:%M:%SZ}"
            detail = f"A key does not outlive the key that creates it, which expires {latest}."
            raise _invalid("expires", f"{detail} Set an earlier time, or leave it out.")

    async def _change(self, name: str, *arguments: Any) -> Row | None:
        rows = await self._store.change(self._actor, name, *arguments)
        return rows[0] if rows else None


def is_line(text: str) -> bool:
    """Return True if a text is one line with at least one visible character, not only format characters, blanks and
    marks."""
    return _LINE.fullmatch(text) is not None and any(map(_is_visible, text))


def _is_visible(letter: str) -> bool:
    return category(letter)[0] in "LNPS" and not INVISIBLE.match(letter)


def _check(new_key: NewKey) -> None:
    if not is_line(new_key.name):
        raise _invalid("name", ONE_LINE)
    if new_key.plan == ANONYMOUS:
        raise _invalid("plan", f"The plan {ANONYMOUS} is for callers without a key. Choose another plan.")
    for scope in new_key.scopes:
        if scope not in SCOPES:
            raise _invalid("scopes", f"{scope[:50]!r} is none of {listed(SCOPES)}.", Unknown(scope, SCOPES))
    if len(new_key.origins) > MAX_ORIGINS:
        raise _invalid("origins", f"Expected at most {MAX_ORIGINS} origins.")
    for origin in new_key.origins:
        if not ORIGIN.fullmatch(origin):
            raise _invalid("origins", "Expected origins as browsers send them: https://example.org, in lower case.")
    if not new_key.scopes:
        raise _invalid("scopes", f"Expected at least one of {', '.join(SCOPES)}.")


def _split_expiry(expiry: Expiry) -> tuple[datetime | None, timedelta | None]:
    """Return the time at which a key expires, or the time for which it works."""
    if isinstance(expiry, timedelta):
        return None, expiry
    return expiry, None


def _invalid(where: str, detail: str, unknown: Unknown | None = None) -> InvalidRequest:
    return InvalidRequest.of([Fault(where, detail, unknown=unknown)])
