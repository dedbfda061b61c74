"""Follow the access epoch: the number of the last change of plans, keys and trusted documents.

It is polled every 200 ms, and a result is trusted for half a second. So a revocation takes effect after half a second
at the latest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from api.store.poller import Poller, PollTarget
from api.store.statements import statement

EVERY = 0.2
COUNTS_FOR = 0.5
Row = Mapping[str, Any]


class Epoch:
    """The number of the last change as this process knows it, and the plan of callers without a key. `on_seen` gets the
    row after each poll."""

    def __init__(self, url: str, on_seen: Callable[[Row], None] = lambda row: None) -> None:
        role = channel = "briefing_access"
        look = statement("access/epoch")
        sight = PollTarget("the access epoch", role, channel, look, every=EVERY, counts_for=COUNTS_FOR)
        self._watch = Poller(url, sight, self._see)
        self._number = 0
        self._on_seen = on_seen
        self.seen = asyncio.Event()
        self.row: Row | None = None

    def start(self) -> None:
        """Start to follow the epoch."""
        self._watch.start()

    async def stop(self) -> None:
        """Stop following the epoch."""
        await self._watch.stop()

    @property
    def now(self) -> int | None:
        """The number; None while it is not known for sure."""
        return self._number if self._watch.sure else None

    def _see(self, rows: list[Row]) -> None:
        self.row = row = dict(rows[0])
        self._number = row["epoch"]
        self._on_seen(row)
        self.seen.set()
