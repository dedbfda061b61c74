"""Find the caller of a key by the key's digest, with a cache in each process.

A cached result is used only while the store's epoch is known to be the one at which it was read. A change of any plan
or key invalidates all results, so a revocation holds everywhere after half a second. While the epoch is not known for
sure, every key is looked up again.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from api.access.caller import Caller
from api.access.plan import Plan, from_row
from api.access.usage import DeprecatedUsage, KeyUsage
from api.cache import SizedCache
from api.errors import ExpiredKey, InvalidKey, RevokedKey, Unauthenticated, Unavailable
from api.settings import Settings
from api.singleflight import SingleFlight
from api.store.access import AccessStore, Row
from api.store.epoch import Epoch
from api.store.replicas import Replicas
from api.store.routed_access import RoutedAccess

MAX_KNOWN_BYTES = 16 * 1024 * 1024  # bytes for keys, about 8,000
MAX_UNKNOWN_BYTES = 2 * 1024 * 1024  # bytes for digests that belong to no key, about 6,000
# Upper bounds of the bytes that each takes: measured with tracemalloc, 303 and 1,781 with short texts.
WEIGHT_OF_NONE = 320
WEIGHT_OF_KEY = 1900
WEIGHT_OF_ORIGIN = 150
MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
# Seconds that a request waits for its look-up to begin, beyond those that the look-up may take.
QUEUE_SECONDS = 0.5
WIDTH = 2  # lookups at once of keys that were known before, and as many of other keys
QUEUE = 200  # lookups of other keys; those of keys that were known before are no more than there are keys
KNOWN_QUEUE = 10_000
HASH = re.compile(r"[0-9a-f]{64}")
CLOSED = "This service is not open without a key."


@dataclass(frozen=True)
class _CachedCaller:
    """The result of a look-up at an epoch: the caller until a moment of the loop's clock, or None if no key has this
    digest. `expiry_detail` is the text of the error after that moment. `revocation_detail` is that of the error for a
    revoked key; empty if the key is not revoked."""

    epoch: int
    caller: Caller | None = None
    expires_at: float | None = None
    expiry_detail: str = ""
    revocation_detail: str = ""


class _CachedDocument(NamedTuple):
    """The result of a look-up at an epoch: the text of a trusted document, or None if there is none."""

    epoch: int
    text: str | None


class CallerCache:
    """The callers of one store by their keys. Start it within a running loop, and stop it there."""

    def __init__(self, url: str, settings: Settings, replicas: Replicas | None = None) -> None:
        self.store = AccessStore(
            url,
            settings.statement_cache_size,
            only_primary=replicas is not None,
            seconds=settings.access_timeout,
        )
        self._seconds = settings.access_timeout + QUEUE_SECONDS
        self._epoch = Epoch(url, self._note_anonymous_plan)
        self._reads: AccessStore | RoutedAccess = self.store
        if replicas is not None:
            self._reads = RoutedAccess(self.store, replicas, self._epoch, settings.stale_reads)
        # The plan of callers without a key; None if a key is needed, or if the plans are not read yet.
        self.anonymous_plan: Plan | None = None
        self._uses = KeyUsage(self.store)
        self.outdated = DeprecatedUsage(self.store)
        self._known: SizedCache[_CachedCaller] = SizedCache(MAX_KNOWN_BYTES)
        self._unknown: SizedCache[_CachedCaller] = SizedCache(MAX_UNKNOWN_BYTES)
        self._documents: SizedCache[_CachedDocument] = SizedCache(MAX_DOCUMENT_BYTES)
        self._flights: SingleFlight[_CachedCaller, None] = SingleFlight()
        # Keys that were not known before wait in a queue of their own. So a client that tries keys does not delay
        # callers whose key was known before.
        self._known_queue = _LookUpQueue(KNOWN_QUEUE)
        self._unknown_queue = _LookUpQueue(QUEUE)

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
        if row is None:
            return None
        secret: bytes | None = row["tag_secret"]
        return secret

    def why_closed(self) -> Unavailable | Unauthenticated:
        """Return why callers without a key have no plan now: the plans are not read yet, or a key is needed."""
        if self._epoch.row is None:
            return Unavailable("The plans are not read yet.", "Try again after Retry-After.")
        return Unauthenticated(CLOSED, "Send a key as Authorization: Bearer, or as X-API-Key.")

    def _note_anonymous_plan(self, row: Row) -> None:
        """Note the plan of callers without a key."""
        plan = None
        if row["name"] is not None and row["open"]:
            plan = from_row(row)
        # The object stays the same as long as the plan does, so what follows from a plan is computed once.
        if plan != self.anonymous_plan:
            self.anonymous_plan = plan

    def knows(self, digest: bytes) -> bool:
        """Return True if the digest was that of a key when it was looked up last."""
        return self._known.get(digest) is not None

    def at_hand(self, digest: bytes) -> Caller | None:
        """Return the holder of the key if it is known for sure without asking the store; None if it is not. ExpiredKey
        or RevokedKey if the key is no longer valid."""
        cached = self._known.get(digest)
        if cached is None or cached.epoch != self._epoch.now:
            return None
        caller = _require_valid(cached)
        assert caller.key_id is not None
        self._uses.note(caller.key_id)
        return caller

    async def caller(self, digest: bytes) -> Caller:
        """Return the caller whose key has this digest. InvalidKey if no key has it, ExpiredKey or RevokedKey if the key
        is no longer valid, Unavailable if the store does not answer."""
        cached = self._get_current(digest)
        if cached is None:
            cached = await self._flights.run(digest, None, partial(self._look_up_caller, digest))
        caller = _require_valid(cached)
        assert caller.key_id is not None
        self._uses.note(caller.key_id)
        return caller

    def knows_document(self, version: str, sha256: str, plan: str) -> bool:
        """Return True if `document` can answer for this plan and this hash without asking the store."""
        cached = self._documents.get((version, sha256, plan))
        return cached is not None and cached.epoch == self._epoch.now

    async def document(self, version: str, sha256: str, plan: str) -> str | None:
        """Return the text of the trusted document with this hash; None if the plan may not use such a document."""
        if not HASH.fullmatch(sha256):
            return None
        key = (version, sha256, plan)
        cached = self._documents.get(key)
        if cached is None or cached.epoch != self._epoch.now:
            exists = cached is not None and cached.text is not None
            row = await self._look_up(exists, "document", *key)
            cached = _CachedDocument(row["epoch"], row["document"])
            self._documents.put(key, cached, 300 + 4 * len(cached.text or ""))
        return cached.text

    def _get_current(self, digest: bytes) -> _CachedCaller | None:
        """Return what was looked up at the present epoch; None if nothing was."""
        cached = self._known.get(digest) or self._unknown.get(digest)
        if cached is None or cached.epoch != self._epoch.now:
            return None
        return cached

    async def _look_up_caller(self, digest: bytes) -> _CachedCaller:
        begun = asyncio.get_running_loop().time()
        row = await self._look_up(self._known.get(digest) is not None, "caller", digest)
        cached = _read_caller(row, begun)
        if cached.caller is None:
            # A restore may have taken the key away.
            self._known.discard(digest)
            self._unknown.put(digest, cached, WEIGHT_OF_NONE)
        else:
            weight = WEIGHT_OF_KEY + 4 * len(cached.caller.name + cached.revocation_detail)
            weight += sum(WEIGHT_OF_ORIGIN + len(origin) for origin in cached.caller.origins)
            self._known.put(digest, cached, weight)
        return cached

    async def _look_up(self, known: bool, name: str, *arguments: Any) -> Row:
        """Return the row of a statement. `known`: the last look-up of the same key or document found one."""
        queue = self._known_queue if known else self._unknown_queue
        try:
            async with asyncio.timeout(self._seconds), queue:
                rows = await self._reads.read(name, *arguments)
                return rows[0]
        except TimeoutError:
            raise Unavailable("The store of keys does not answer in time.") from None


class _LookUpQueue:
    """A queue of look-ups: a few run at a time, and the others wait in turn. Unavailable if too many wait already."""

    def __init__(self, max_length: int) -> None:
        self._max_length = max_length
        self._free = asyncio.Semaphore(WIDTH)
        self._length = 0

    async def __aenter__(self) -> None:
        if self._length >= self._max_length:
            raise Unavailable("Too many keys are being looked up.", "Try again after Retry-After.")
        self._length += 1
        try:
            await self._free.acquire()
        except BaseException:
            self._length -= 1
            raise

    async def __aexit__(self, *_: object) -> None:
        self._length -= 1
        self._free.release()


def _read_caller(row: Row, begun: float) -> _CachedCaller:
    """Return the result of a look-up that began at this moment of the loop's clock."""
    key_id = row["id"]
    if key_id is None:
        return _CachedCaller(row["epoch"])
    expires = row["expires"] or ""
    caller = Caller(
        identity=f"key:{key_id}",
        plan=from_row(row),
        scopes=frozenset(row["scopes"]),
        key_id=key_id,
        name=row["key_name"],
        expires=expires,
        origins=frozenset(origin.encode() for origin in row["origins"]),
    )
    expires_at = None
    if row["seconds_left"] is not None:
        expires_at = begun + row["seconds_left"]
    expiry_detail = f"The key {key_id} expired at {expires}."
    if row["successor"]:
        expiry_detail += f" {row['successor']} took its place."
    revocation_detail = ""
    if row["revoked_on"]:
        reason = f": {row['reason']}" if row["reason"] else "."
        revocation_detail = f"The key {key_id} was revoked on {row['revoked_on']}{reason}"
    return _CachedCaller(row["epoch"], caller, expires_at, expiry_detail, revocation_detail)


def _require_valid(cached: _CachedCaller) -> Caller:
    """Return the caller. InvalidKey, RevokedKey or ExpiredKey if its key is not valid now."""
    if cached.caller is None:
        raise InvalidKey("There is no such key here.", "Ask who runs the service for a key.")
    if cached.revocation_detail:
        raise RevokedKey(cached.revocation_detail, "Ask who runs the service for another.")
    if cached.expires_at is not None and asyncio.get_running_loop().time() >= cached.expires_at:
        raise ExpiredKey(cached.expiry_detail, "Ask who runs the service for another.")
    return cached.caller
