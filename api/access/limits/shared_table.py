"""Limits in memory that the workers of one machine share: exact between them, with nothing to set up.

The table is a file in memory (memfd) that a parent creates and its workers inherit. Identities are found by a hash with
a key of the table's own, so that no client can choose identities that collide. A hash leads to a set of 16 entries,
which is locked as a whole. The locks are the kernel's, so a process that is killed releases them. An entry holds the
moment when each limit will be full again. A full entry is equal to none, so nothing is ever cleaned up: a new identity
replaces a full entry of its set, or else the least indebted one.

Requests at once are counted in a column for each worker. A worker that replaces one that died empties its column. A
request that would be refused empties the columns of dead workers first. So no place is lost.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from api.access.limits import gcra
from api.access.limits.limits import MAX_LIMITS, PACES, Decision, Quota, Remaining, Reservation, check, refusal

ENTRIES = 131_072
WAYS = 16
DIGEST = 16
MAGIC = b"limits/1"
HEADER = struct.Struct(f"<8s{DIGEST}sII")
# For each limit the moment, its rest, and the speed at which it filled when that was written.
MOMENTS = struct.Struct(f"<{MAX_LIMITS}q{MAX_LIMITS}I{PACES.size}s")


def _layout(limits: int) -> struct.Struct:
    """Return the same layout for this number of limits. Those beyond it are written as zeros."""
    others = MAX_LIMITS - limits
    return struct.Struct(f"<{limits}q{8 * others}x{limits}I{4 * others}x{PACES.size}s")


# The layouts by the number of limits.
WRITTEN = [_layout(limits) for limits in range(MAX_LIMITS + 1)]
# The moments and rests of an entry that does not exist.
NONE = (0,) * (2 * MAX_LIMITS)
PLACES = 4096
PAGE = 4096
# struct flock of Linux, in which the kernel returns the holder of a lock.
FLOCK = struct.Struct("hhqqixxxx")
# A lock is held for about 5 µs, and longer only if its holder has lost its core. A holder that was stopped (SIGSTOP)
# does not go on by itself, so the others go on without the lock. At worst that grants one request too many. After a
# second they go on in any case.
LOCK_SECONDS = 0.02
MAX_LOCK_SECONDS = 1.0


# Nanoseconds since the machine was started: one clock for all its processes, which cannot be set.
boot_clock = partial(time.clock_gettime_ns, time.CLOCK_BOOTTIME)


class TableSlot(NamedTuple):
    """The place of an identity: its hash, the number of its set, and the bytes where the hashes of the set begin and
    end."""

    token: bytes
    home: int
    first: int
    last: int


class SharedTable:
    """The table, as one thread of one process uses it. Its locks do not exclude two threads of the same process."""

    def __init__(self, fd: int, clock: Callable[[], int] = boot_clock) -> None:
        self._fd = fd
        self._clock = clock
        self._memory = mmap.mmap(fd, 0)
        magic, self._key, sets, columns = HEADER.unpack_from(self._memory)
        if magic != MAGIC:
            raise ValueError("this file is no table of limits")
        self._sets, self._columns = int(sets), int(columns)
        self._entries = self._sets * WAYS
        self._moments = PAGE + self._entries * DIGEST
        counts = self._moments + self._entries * MOMENTS.size
        self._view = memoryview(self._memory)
        self._counts: memoryview[int] = self._view[counts:].cast("H")
        # The places of the identities used last, because hashing took a tenth of a visit.
        self._place = lru_cache(PLACES)(partial(_hash_identity, self._key, self._sets))
        self._column = 0
        self._shared = self._columns > 1
        self.evicted = 0
        """The number of entries that were replaced while they still owed something."""
        self.unlocked = 0
        """The number of visits that went on without the lock, because its holder was stopped or took over a second."""

    @classmethod
    def create(cls, entries: int = ENTRIES, workers: int = 1) -> SharedTable:
        """Create a table for so many identities at once and so many workers, in the parent, which hands `fileno()` down
        and does not use the table itself. Memory is taken as entries are used: 98 bytes for each, and more with several
        workers."""
        sets = -(-entries // WAYS)
        # A worker that begins before the one that it replaces has ended needs a column of its own.
        columns = workers * 2 if workers > 1 else 1
        fd = os.memfd_create("briefing-limits")
        os.ftruncate(fd, PAGE + sets * WAYS * (DIGEST + MOMENTS.size + 2 * columns))
        os.pwrite(fd, HEADER.pack(MAGIC, os.urandom(DIGEST), sets, columns), 0)
        return cls(fd)

    @classmethod
    def attach(cls, fd: int, clock: Callable[[], int] = boot_clock) -> SharedTable:
        """Open the table behind an inherited descriptor, for one worker. It takes the first column whose worker is
        gone. RuntimeError if there are more workers than the table was made for."""
        table = cls(fd, clock)
        for column in range(table._columns):
            if table._claim(column):
                table._column = column
                table._empty(column)
                return table
        raise RuntimeError("there are more workers than the table of limits was made for")

    @classmethod
    def alone(cls, entries: int = ENTRIES, clock: Callable[[], int] = boot_clock) -> SharedTable:
        """Create a table for one process, which needs no locks."""
        return cls(cls.create(entries).fileno(), clock)

    def fileno(self) -> int:
        """Return the descriptor to hand down."""
        return self._fd

    async def begin(self, identity: str, quota: Quota, points: int, used: int | None = None) -> Decision:
        if not 0 <= points <= quota.max_points:
            check(quota, points)
        # Written with few calls, because it runs for every request.
        limits, memory = quota.limits, self._memory
        place = self._place(identity)
        token, _, first, last = place
        shared = self._shared
        if shared:
            self._lock(place)
        try:
            now = self._clock() // 1000
            position = memory.find(token, first, last)
            if position >= 0:
                entry = (position - PAGE) // DIGEST
                moments = MOMENTS.unpack_from(memory, self._moments + entry * MOMENTS.size)
                if moments[-1] != quota.paces:
                    moments = _repaced(moments, quota, now, capped=True)
                    # Stored even if the request is refused: otherwise a debt cut to a smaller plan would never shrink.
                    MOMENTS.pack_into(memory, self._moments + entry * MOMENTS.size, *moments)
                others = self._under_way(entry) if shared else self._counts[entry]
                if others >= quota.at_once:
                    others = self._living(entry)
            else:
                entry, moments, others = -1, NONE, 0
            charged = points if used is None else used
            fits, debts, debts_after, wholes, rests = gcra.take(
                limits, moments, moments[MAX_LIMITS:], now, points, charged
            )
            if not fits or others >= quota.at_once:
                return refusal(limits, debts, points)
            if entry < 0:
                entry = self._enter(place, now)
            WRITTEN[len(limits)].pack_into(memory, self._moments + entry * MOMENTS.size, *wholes, *rests, quota.paces)
            if used is not None:
                return Decision(None, None, 0.0, Remaining(limits, debts_after))
            self._counts[self._column * self._entries + entry] += 1
        finally:
            if shared:
                self._unlock(place)
        owed = gcra.price(limits, points) if others else debts_after
        reservation = Reservation(self, identity, quota, points, token, now, owed)
        return Decision(reservation, None, 0.0, Remaining(limits, debts_after))

    async def end(self, reservation: Reservation, unused: int = 0) -> Remaining:
        quota, points = reservation.quota, reservation.points
        limits = quota.limits
        place = self._place(reservation.identity)
        if self._shared:
            self._lock(place)
        try:
            now = self._clock() // 1000
            entry = self._find(place)
            debts = self._debts(entry, quota, now)
            if entry >= 0:
                if unused:
                    debts = gcra.give(limits, debts, reservation.owed, min(unused, points), now - reservation.since)
                    wholes, rests = gcra.moments(limits, debts, now)
                    offset = self._moments + entry * MOMENTS.size
                    WRITTEN[len(limits)].pack_into(self._memory, offset, *wholes, *rests, quota.paces)
                count = self._column * self._entries + entry
                if self._counts[count]:
                    self._counts[count] -= 1
        finally:
            if self._shared:
                self._unlock(place)
        return Remaining(limits, debts)

    async def look(self, identity: str, quota: Quota) -> Remaining:
        place = self._place(identity)
        if self._shared:
            self._lock(place)
        try:
            entry = self._find(place)
            debts = self._debts(entry, quota, self._clock() // 1000)
        finally:
            if self._shared:
                self._unlock(place)
        return Remaining(quota.limits, debts)

    async def recent(self, identity: str, quota: Quota) -> Remaining:
        return await self.look(identity, quota)

    async def close(self) -> None:
        self._counts.release()
        self._view.release()
        self._memory.close()
        os.close(self._fd)

    def _lock(self, place: TableSlot) -> None:
        home = PAGE + place.home
        begun = 0.0
        while True:
            try:
                fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, home)
                return
            except OSError:
                now = time.monotonic()
                begun = begun or now
                waited = now - begun
                if waited > LOCK_SECONDS and (self._is_holder_stopped(home) or waited > MAX_LOCK_SECONDS):
                    self.unlocked += 1
                    return
                time.sleep(0.00005)

    def _is_holder_stopped(self, home: int) -> bool:
        """Return True if the process that holds the lock of this byte has been stopped."""
        request = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, home, 1, 0)
        holder = FLOCK.unpack(fcntl.fcntl(self._fd, fcntl.F_GETLK, request))[-1]
        with suppress(OSError):
            return ") T" in Path(f"/proc/{holder}/stat").read_text()
        return False

    def _unlock(self, place: TableSlot) -> None:
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, PAGE + place.home)

    def _find(self, place: TableSlot) -> int:
        """Return the number of the entry; -1 if there is none."""
        position = self._memory.find(place.token, place.first, place.last)
        if position < 0:
            return -1
        return (position - PAGE) // DIGEST

    def _read_moments(self, entry: int) -> tuple[Any, ...]:
        """Return the moments of an entry: the whole microseconds, then the rests, then their paces."""
        return MOMENTS.unpack_from(self._memory, self._moments + entry * MOMENTS.size)

    def _debts(self, entry: int, quota: Quota, now: int) -> list[int]:
        moments = NONE
        if entry >= 0:
            moments = _repaced(self._read_moments(entry), quota, now)
        return gcra.debts(quota.limits, moments, moments[MAX_LIMITS:], now)

    def _enter(self, place: TableSlot, now: int) -> int:
        """Return a new entry for an identity: a free one of the set, or else the one that is replaced."""
        entry = self._free_entry(place.home, now)
        self._memory[PAGE + entry * DIGEST : PAGE + (entry + 1) * DIGEST] = place.token
        return entry

    def _free_entry(self, home: int, now: int) -> int:
        """Return a free entry of the set. If there is none, free the one that will be full first, one without requests
        at once if possible."""
        ranks = []
        for entry in range(home * WAYS, (home + 1) * WAYS):
            is_used = self._under_way(entry) > 0
            full_at = max(self._read_moments(entry)[:MAX_LIMITS])
            if not is_used and full_at < now:
                return entry
            ranks.append((is_used, full_at, entry))
        self.evicted += 1
        _, _, entry = min(ranks)
        for column in range(self._columns):
            self._counts[column * self._entries + entry] = 0
        return entry

    def _under_way(self, entry: int) -> int:
        """Return the number of requests at once, of all workers."""
        return sum(self._counts[entry :: self._entries])

    def _living(self, entry: int) -> int:
        """Remove the requests of workers that are gone, and return the number of requests at once."""
        for column in range(self._columns):
            counted = self._counts[column * self._entries + entry]
            if counted and column != self._column and self._claim(column):
                self._empty(column)
                fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, column)
        return self._under_way(entry)

    def _claim(self, column: int) -> bool:
        """Take a column if its worker is gone, and return True. A worker holds the lock of its column while it
        lives."""
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, column)
        except OSError:
            return False
        return True

    def _empty(self, column: int) -> None:
        first = column * self._entries
        self._counts[first : first + self._entries] = memoryview(bytes(2 * self._entries)).cast("H")


def _repaced(moments: tuple[Any, ...], quota: Quota, now: int, *, capped: bool = False) -> tuple[Any, ...]:
    """Return moments as they are under this quota, if they were written under another. With `capped` they are no later
    than those of empty buckets. A request that ends does without `capped`, because it refunds a debt that other
    requests may have raised under a larger plan."""
    if moments[-1] == quota.paces:
        return moments
    paces = PACES.unpack(moments[-1])
    wholes, rests = [0] * MAX_LIMITS, [0] * MAX_LIMITS
    for number, limit in enumerate(quota.limits):
        whole, rest = moments[number], moments[MAX_LIMITS + number]
        points, period = paces[number], paces[MAX_LIMITS + number]
        if period:
            whole, rest = gcra.repaced(limit, whole, rest, points, period, now)
        if capped:
            room_whole, room_rest = limit.room
            whole, rest = min((whole, rest), (now + room_whole, room_rest))
        wholes[number], rests[number] = whole, rest
    return *wholes, *rests, quota.paces


def _hash_identity(key: bytes, sets: int, identity: str) -> TableSlot:
    token = blake2b(identity.encode(), digest_size=DIGEST, key=key).digest()
    home = int.from_bytes(token[:4]) % sets
    first = PAGE + home * WAYS * DIGEST
    return TableSlot(token, home, first, first + WAYS * DIGEST)
