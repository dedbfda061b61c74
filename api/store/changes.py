"""Follow the change log: the latest change of each resource, editions, and erasures.

The log is polled every 100 ms, and a result is trusted for 200 ms. So an answer from memory never misses a change that
was committed more than 250 ms before, although a request to Redis may lie between finding the answer and sending it.
"""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from api.query.timeline import EarlierMark, Timeline
from api.store.connection import Connection
from api.store.outage import Outage
from api.store.poller import Poller, PollTarget

LATEST = """
    select resource, seq, edition, changed_us, rewritten_us, erased, look.*
    from store.latest, store.look_at_editions() as look
"""
# Editions in order, some at a time: a store may have many when a process starts.
EDITIONS = "select number, moment, resources from store.editions_after($1, $2, 20000)"
# The marks of the store before its present one, the oldest first.
MARKS = "select mark, last_change, lost_up_to from store.earlier_mark order by last_change"
EDITIONS_SECONDS = 10.0
# Marks that are remembered: of each set of resources, and of editions that requests name.
MAX_MARKS = 10_000
UPKEEP = "select store.keep_counted()"
TARGET = PollTarget(
    "the change log", "briefing_reader", "briefing_change", LATEST, interval=0.1, fresh_seconds=0.2, upkeep=UPKEEP
)


# How old the last poll may be if an answer is compared with it. The promise is 250 ms, and a request may join one that
# began 100 ms before (`api/singleflight.py`).
COMPARED_SECONDS = 0.15


def is_behind(mark: str, required: str) -> bool:
    """Return True if a mark lacks a change that is in the required one, which is of the same resources, and of the same
    edition if it is one of an edition. Neither half of a mark ever goes back."""
    if mark == required:
        return False
    edition, _, changed_us = mark.removeprefix("e").partition(".")
    required_edition, _, required_us = required.removeprefix("e").partition(".")
    return int(edition) < int(required_edition) or int(changed_us) < int(required_us)


class Changes:
    """The latest change of each resource, and the editions of the store, as this process knows them."""

    def __init__(self, url: str) -> None:
        # Of each resource the last edition, and when what is shown of it last changed: of the present, and of earlier
        # editions.
        self._latest: dict[str, tuple[int, int, int]] = {}
        self._resources: tuple[str, ...] = ()
        self._last_edition = 0
        self._marks: dict[tuple[tuple[str, ...], int | None], str] = {}
        self._erased: int | None = None
        self._erasure_hooks: list[Callable[[], None]] = []
        self.timeline = Timeline()
        self._poller = Poller(url, TARGET, self._note, self._read_editions)

    def on_erasure(self, hook: Callable[[], None]) -> None:
        """Call the hook after each erasure."""
        self._erasure_hooks.append(hook)

    def start(self) -> None:
        """Start to follow the log."""
        self._poller.start()

    async def stop(self) -> None:
        """Stop following the log."""
        await self._poller.stop()

    def mark(self, reads: tuple[str, ...], edition: int | None = None) -> str | None:
        """Return the current mark of these resources, as a statement that reads them, or reads them as of an edition,
        returns it. None if it is not known for sure."""
        if not self._poller.is_fresh:
            return None
        return self._last_mark(reads, edition)

    def least_mark(self, reads: tuple[str, ...]) -> str | None:
        """Return the mark that an answer must have at least if its reading begins now. None if the log was not polled
        for too long. A notification since then does not matter here: its change is younger than the promise."""
        if not self._latest or self._poller.age > COMPARED_SECONDS:
            return None
        return self._last_mark(reads)

    def seen_mark(self, reads: tuple[str, ...]) -> str:
        """Return the mark of these resources when the log was polled last, however long ago."""
        return self._last_mark(reads)

    def seen_whole_mark(self) -> str:
        """Return the `seen_mark` of all resources."""
        return self._last_mark(self._resources)

    def least_whole_mark(self) -> str | None:
        """Return the `least_mark` of all resources."""
        return self.least_mark(self._resources)

    def has_seen(self, edition: int) -> bool:
        """Return True if the store was seen to have this edition."""
        return self._last_edition >= edition

    def outage(self, stale_seconds: float) -> Outage:
        """Return a record of when the primary is away, for one kind of its readers."""
        return Outage(self._poller, stale_seconds)

    def _last_mark(self, reads: tuple[str, ...], edition: int | None = None) -> str:
        mark = self._marks.get((reads, edition))
        if mark is None:
            mark = self._write_mark(reads, edition)
            if len(self._marks) >= MAX_MARKS:
                self._marks = {}
            self._marks[reads, edition] = mark
        return mark

    def _write_mark(self, reads: tuple[str, ...], edition: int | None) -> str:
        last_edition = last_changed_us = last_rewritten_us = 0
        for resource in reads:
            of_resource, changed_us, rewritten_us = self._latest[resource]
            last_edition = max(last_edition, of_resource)
            last_changed_us = max(last_changed_us, changed_us)
            last_rewritten_us = max(last_rewritten_us, rewritten_us)
        if edition is not None:
            return f"e{edition}.{last_rewritten_us}"
        return f"{last_edition}.{last_changed_us}"

    async def look_again(self, seconds: float) -> bool:
        """Wait until the process has looked at the store anew. Return False if that takes longer."""
        return await self._poller.look_again(seconds)

    @property
    def last_edition(self) -> int:
        """The number of the last edition that was seen."""
        return self._last_edition

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
        latest = {row["resource"]: (row["edition"], row["changed_us"], row["rewritten_us"]) for row in rows}
        if latest != self._latest:
            self._latest = latest
            self._resources = tuple(latest)
            self._last_edition = max((edition for edition, _, _ in latest.values()), default=0)
            self._marks = {}
        erased_before = self._erased
        self._erased = max((row["erased"] for row in rows), default=0)
        if erased_before is not None and erased_before < self._erased:
            for hook in self._erasure_hooks:
                hook()

    async def _read_editions(self, rows: list[asyncpg.Record], connection: Connection) -> None:
        """Read the editions that this process does not know yet, some at a time, and note the look at the store once it
        knows all of them."""
        if not rows:
            return
        look, timeline = rows[0], self.timeline
        if timeline.store != look["mark"]:
            marks = await connection.fetch(MARKS, timeout=EDITIONS_SECONDS)
            timeline.note_marks({row["mark"]: EarlierMark(row["last_change"], row["lost_up_to"]) for row in marks})
        timeline.forget_after(look["last_edition"])
        if timeline.last < look["last_edition"]:
            editions = await connection.fetch(EDITIONS, timeline.last, look["last_edition"], timeout=EDITIONS_SECONDS)
            for edition in editions:
                timeline.add(edition["number"], edition["moment"], edition["resources"])
        if timeline.last >= look["last_edition"]:
            timeline.note_look(look["mark"], look["looked_at"], look["last_change"], look["pending_from"])
