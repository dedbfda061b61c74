"""Follow the change log: the latest change of each resource, and erasures.

The log is polled every 100 ms, and a result is trusted for 200 ms. So an answer from memory never misses a change that
was committed more than 250 ms before, although a request to Redis may lie between finding the answer and sending it.
"""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from api.store.outage import Outage
from api.store.poller import Poller, PollTarget

LATEST = """
    select resource, seq, changed_us, erased from store.latest
"""
UPKEEP = "select store.keep_counted()"
TARGET = PollTarget(
    "the change log", "briefing_reader", "briefing_change", LATEST, interval=0.1, fresh_seconds=0.2, upkeep=UPKEEP
)


# How old the last poll may be if an answer is compared with it. The promise is 250 ms, and a request may join one that
# began 100 ms before (`api/singleflight.py`).
COMPARED_SECONDS = 0.15


def is_behind(mark: str, required: str) -> bool:
    """Return True if a mark lacks a change that is in the required one. Neither half of a mark ever goes back."""
    if mark == required:
        return False
    seq, _, changed_us = mark.partition(".")
    required_seq, _, required_us = required.partition(".")
    return int(seq) < int(required_seq) or int(changed_us) < int(required_us)


class Changes:
    """The latest change of each resource, as this process knows it."""

    def __init__(self, url: str) -> None:
        self._latest: dict[str, tuple[int, int]] = {}
        self._resources: tuple[str, ...] = ()
        self._last_seq = 0
        self._marks: dict[tuple[str, ...], str] = {}
        self._erased: int | None = None
        self._erasure_hooks: list[Callable[[], None]] = []
        self._poller = Poller(url, TARGET, self._note)

    def on_erasure(self, hook: Callable[[], None]) -> None:
        """Call the hook after each erasure."""
        self._erasure_hooks.append(hook)

    def start(self) -> None:
        """Start to follow the log."""
        self._poller.start()

    async def stop(self) -> None:
        """Stop following the log."""
        await self._poller.stop()

    def mark(self, reads: tuple[str, ...]) -> str | None:
        """Return the current mark of these resources, as a statement that reads them returns it. None if it is not
        known for sure."""
        if not self._poller.is_fresh:
            return None
        return self._last_mark(reads)

    def least_mark(self, reads: tuple[str, ...]) -> str | None:
        """Return the mark that an answer must have at least if its reading begins now. None if the log was not polled
        for too long. A notification since then does not matter here: its change is younger than the promise."""
        if not self._latest or self._poller.age > COMPARED_SECONDS:
            return None
        return self._last_mark(reads)

    def seen_mark(self, reads: tuple[str, ...]) -> str:
        """Return the mark of these resources when the log was polled last, however long ago."""
        return self._last_mark(reads)

    def seen_store_mark(self) -> str:
        """Return the same for the whole store."""
        return self._last_mark(self._resources)

    def least_store_mark(self) -> str | None:
        """Return the same for the whole store."""
        return self.least_mark(self._resources)

    def has_seen(self, edition: int) -> bool:
        """Return True if the store was seen to have this edition."""
        return self._last_seq >= edition

    def outage(self, stale_seconds: float) -> Outage:
        """Return a record of when the primary is away, for one kind of its readers."""
        return Outage(self._poller, stale_seconds)

    def _last_mark(self, reads: tuple[str, ...]) -> str:
        mark = self._marks.get(reads)
        if mark is None:
            last_seq = last_changed_us = 0
            for resource in reads:
                seq, changed_us = self._latest[resource]
                last_seq = max(last_seq, seq)
                last_changed_us = max(last_changed_us, changed_us)
            mark = f"{last_seq}.{last_changed_us}"
            self._marks[reads] = mark
        return mark

    @property
    def last_edition(self) -> int:
        """The number of the last change that was seen."""
        return self._last_seq

    @property
    def sure(self) -> bool:
        """True if the latest changes are known for sure."""
        return self._poller.is_fresh

    @property
    def age(self) -> float:
        """Seconds since the log was last polled; 0 before the first time."""
        return self._poller.age

    def _note(self, rows: list[asyncpg.Record]) -> None:
        """Note the latest changes, and call the hooks if a record was erased since the last poll."""
        self._marks = {}
        self._latest = {row["resource"]: (row["seq"], row["changed_us"]) for row in rows}
        self._resources = tuple(self._latest)
        self._last_seq = max((row["seq"] for row in rows), default=0)
        erased_before = self._erased
        self._erased = max((row["erased"] for row in rows), default=0)
        if erased_before is not None and erased_before < self._erased:
            for hook in self._erasure_hooks:
                hook()
