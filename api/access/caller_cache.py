"""Find the caller of a key by the key's digest, with a cache in each process.

A cached result is used only while the store's epoch is known to be the one at which it was read. A change of any plan
or key invalidates all results, so a revocation holds everywhere half a second later. While the epoch is not known for
sure, every key is looked up again.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from api.access.caller import Caller
from api.access.plan import Plan, from_row
from api.access.usage import DeprecatedUsage, KeyUsage
from api.errors import ExpiredKey, InvalidKey, RevokedKey, Unauthenticated, Unavailable
from api.memo import Memo
from api.settings import Settings
from api.singleflight import SingleFlight
from api.store.access import AccessStore, Row
from api.store.epoch import Epoch

KNOWN_MOST = 16 * 1024 * 1024  # bytes for keys, about 8,000
UNKNOWN_MOST = 2 * 1024 * 1024  # bytes for digests that belong to no key, about 6,000
# Upper bounds of the bytes that each takes: measured with tracemalloc, 303 and 1,781 with short texts.
WEIGHT_OF_NONE = 320
WEIGHT_OF_KEY = 1900
DOCUMENTS_MOST = 8 * 1024 * 1024
SECONDS = 2.0  # that a request waits for the store to return its caller
WIDTH = 2  # lookups at once of keys that were known before, and as many of other keys
QUEUE = 200  # lookups of other keys; those of keys that were known before are no more than there are keys
KNOWN_QUEUE = 10_000
HASH = re.compile(r"[0-9a-f]{64}")
CLOSED = "This service is not open without a key."


@dataclass(frozen=True)
class _Held:
    """The result of a look-up at an epoch: the caller until a moment of the loop's clock, or why there is none."""

    epoch: int
    caller: Caller | None = None
    ends: float | None = None
    expired: str = ""
    revoked: str = ""


class CallerCache:
    """The callers of one store by their keys. Start it within a running loop, and stop it there."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.store = AccessStore(url, settings.statement_cache_size)
        self._epoch = Epoch(url, self._note_anonymous_plan)
        # The plan of callers without a key; None if a key is needed, or if the plans are not read yet.
        self.anonymous_plan: Plan | None = None
        self._uses = KeyUsage(self.store)
        self.outdated = DeprecatedUsage(self.store)
        self._known: Memo[_Held] = Memo(KNOWN_MOST)
        self._unknown: Memo[_Held] = Memo(UNKNOWN_MOST)
        self._documents: Memo[tuple[int, str | None]] = Memo(DOCUMENTS_MOST)
        self._flights: SingleFlight[_Held, None] = SingleFlight()
        # Keys that were not known before wait in a queue of their own. So a client that tries keys does not delay
        # callers whose key was known before.
        self._lines = {True: _Line(KNOWN_QUEUE), False: _Line(QUEUE)}

    def start(self) -> None:
        """Begin to follow the epoch and to record what is used."""
        self._epoch.start()
        self._uses.start()
        self.outdated.start()

    async def known(self) -> None:
        """Wait until the plans have been read."""
        await self._epoch.seen.wait()

    async def stop(self) -> None:
        """Stop following the epoch, write what was recorded, and close the store."""
        await self._epoch.stop()
        await self._uses.stop()
        await self.outdated.stop()
        await self.store.close()

    @property
    def tag_secret(self) -> bytes | None:
        """The secret that entity tags are made with; None until it has been read from the store."""
        row = self._epoch.row
        return None if row is None else row["tag_secret"]

    def why_closed(self) -> Unavailable | Unauthenticated:
        """Return why callers without a key have no plan now: the plans are not read yet, or a key is needed."""
        if self._epoch.row is None:
            return Unavailable("The plans are not read yet.", "Try again after Retry-After.")
        return Unauthenticated(CLOSED, "Send a key as Authorization: Bearer, or as X-API-Key.")

    def _note_anonymous_plan(self, row: Row) -> None:
        """Note the plan of callers without a key."""
        plan = from_row(row) if row["name"] is not None and row["open"] else None
        # The object stays the same as long as the plan does, so what follows from a plan is computed once.
        if plan != self.anonymous_plan:
            self.anonymous_plan = plan

    def knows(self, digest: bytes) -> bool:
        """Return True if the digest was that of a key when it was looked up last."""
        return self._known.get(digest) is not None

    def at_hand(self, digest: bytes) -> Caller | None:
        """Return the holder of the key if it is known for sure without asking the store; None if it is not. ExpiredKey
        or RevokedKey if the key is no longer valid."""
        held = self._known.get(digest)
        if held is None or held.epoch != self._epoch.now:
            return None
        caller = _admitted(held)
        assert caller.key_id is not None
        self._uses.note(caller.key_id)
        return caller

    async def caller(self, digest: bytes) -> Caller:
        """Return the caller whose key has this digest. InvalidKey if no key has it, ExpiredKey or RevokedKey if the key
        is no longer valid, Unavailable if the store does not answer."""
        held = self._kept(digest) or await self._flights.run(digest, None, lambda: self._looked_up(digest))
        caller = _admitted(held)
        assert caller.key_id is not None
        self._uses.note(caller.key_id)
        return caller

    def knows_document(self, version: str, sha256: str, plan: str) -> bool:
        """Return True if `document` can answer for this plan and this hash without asking the store."""
        kept = self._documents.get((version, sha256, plan))
        return kept is not None and kept[0] == self._epoch.now

    async def document(self, version: str, sha256: str, plan: str) -> str | None:
        """Return the text of the trusted document with this hash; None if the plan may not use such a document."""
        if not HASH.fullmatch(sha256):
            return None
        key = (version, sha256, plan)
        kept = self._documents.get(key)
        if kept is None or not self.knows_document(version, sha256, plan):
            row = await self._asked(kept is not None and kept[1] is not None, "document", *key)
            kept = (row["epoch"], row["document"])
            self._documents.put(key, kept, 300 + 4 * len(kept[1] or ""))
        return kept[1]

    def _kept(self, digest: bytes) -> _Held | None:
        held = self._known.get(digest) or self._unknown.get(digest)
        return held if held is not None and held.epoch == self._epoch.now else None

    async def _looked_up(self, digest: bytes) -> _Held:
        begun = asyncio.get_running_loop().time()
        row = await self._asked(self._known.get(digest) is not None, "caller", digest)
        held = _held(row, begun)
        if held.caller is None:
            self._unknown.put(digest, held, WEIGHT_OF_NONE)
        else:
            self._known.put(digest, held, WEIGHT_OF_KEY + 4 * len(held.caller.name + held.revoked))
        return held

    async def _asked(self, known: bool, name: str, *arguments: Any) -> Row:
        try:
            async with asyncio.timeout(SECONDS), self._lines[known]:
                return (await self.store.read(name, *arguments))[0]
        except TimeoutError:
            raise Unavailable("The store of keys does not answer in time.") from None


class _Line:
    """A queue of look-ups: a few run at a time, and the others wait in turn. Unavailable if too many wait already."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._free = asyncio.Semaphore(WIDTH)
        self._there = 0

    async def __aenter__(self) -> None:
        if self._there >= self._most:
            raise Unavailable("Too many keys are being looked up.", "Try again after Retry-After.")
        self._there += 1
        try:
            await self._free.acquire()
        except BaseException:
            self._there -= 1
            raise

    async def __aexit__(self, *_: object) -> None:
        self._there -= 1
        self._free.release()


def _held(row: Row, begun: float) -> _Held:
    if row["id"] is None:
        return _Held(row["epoch"])
    ends = row["expires"] or ""
    caller = Caller(f"key:{row['id']}", from_row(row), frozenset(row["scopes"]), row["id"], row["key_name"], ends)
    left = row["seconds_left"]
    successor = f" {row['successor']} took its place." if row["successor"] else ""
    reason = f": {row['reason']}" if row["reason"] else "."
    return _Held(
        row["epoch"],
        caller,
        None if left is None else begun + left,
        f"The key {row['id']} expired at {ends}.{successor}",
        f"The key {row['id']} was revoked on {row['revoked_on']}{reason}" if row["revoked_on"] else "",
    )


def _admitted(held: _Held) -> Caller:
    if held.caller is None:
        raise InvalidKey("There is no such key here.", "Ask who runs the service for a key.")
    if held.revoked:
        raise RevokedKey(held.revoked, "Ask who runs the service for another.")
    if held.ends is not None and asyncio.get_running_loop().time() >= held.ends:
        raise ExpiredKey(held.expired, "Ask who runs the service for another.")
    return held.caller
