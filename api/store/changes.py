"""Follow the change log: the latest change of each resource, and erasures.

The log is polled every 100 ms, and a result is trusted for 200 ms. So an answer from memory never misses a change that
was committed more than 250 ms before, although a request to Redis may lie between finding the answer and sending it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from api.store.poller import Poller, PollTarget

LOOK = """
    select resource, seq, changed_us, erased from store.latest
"""
UPKEEP = "select store.keep_counted()"
SIGHT = PollTarget(
    "the change log", "briefing_reader", "briefing_change", LOOK, every=0.1, counts_for=0.2, upkeep=UPKEEP
)


class Changes:
    """The latest change of each resource, as this process knows it."""

    def __init__(self, url: str) -> None:
        self._latest: dict[str, tuple[int, int]] = {}
        self._marks: dict[tuple[str, ...], str] = {}
        self._erased: int | None = None
        self._erasure_hooks: list[Callable[[], None]] = []
        self._watch = Poller(url, SIGHT, self._see)

    def on_erasure(self, hook: Callable[[], None]) -> None:
        """Call the hook after each erasure."""
        self._erasure_hooks.append(hook)

    def start(self) -> None:
        """Start to follow the log."""
        self._watch.start()

    async def stop(self) -> None:
        """Stop following the log."""
        await self._watch.stop()

    def mark(self, reads: tuple[str, ...]) -> str | None:
        """Return the current mark of these resources, as a statement that reads them returns it. None if it is not
        known for sure."""
        if not self._watch.sure:
            return None
        mark = self._marks.get(reads)
        if mark is None:
            latest = [self._latest[one] for one in reads]
            mark = f"{max(seq for seq, _ in latest)}.{max(at for _, at in latest)}" if latest else "0.0"
            self._marks[reads] = mark
        return mark

    @property
    def sure(self) -> bool:
        """True if the latest changes are known for sure."""
        return self._watch.sure

    @property
    def age(self) -> float:
        """Seconds since the log was last polled; 0 before the first time."""
        return self._watch.age

    def _see(self, rows: list[Mapping[str, Any]]) -> None:
        self._marks = {}
        self._latest = {row["resource"]: (row["seq"], row["changed_us"]) for row in rows}
        before, self._erased = self._erased, max((row["erased"] for row in rows), default=0)
        if before is not None and before < self._erased:
            for hook in self._erasure_hooks:
                hook()
