"""Follows the access epoch: has anything about plans, keys and trusted documents changed, and is that still sure?

It is looked at every 200 ms, and what was seen counts for half a second: so late is a revocation at the latest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from api.store.statements import statement
from api.store.watch import Sight, Watch

EVERY = 0.2
COUNTS_FOR = 0.5
Row = Mapping[str, Any]


class Epoch:
    """The number of the last change, as one process knows it, and the plan of callers without a key. `on_seen` gets the
    row each time it is looked at."""

    def __init__(self, url: str, on_seen: Callable[[Row], None] = lambda row: None) -> None:
        role = channel = "briefing_access"
        look = statement("access/epoch")
        sight = Sight("the access epoch", role, channel, look, every=EVERY, counts_for=COUNTS_FOR)
        self._watch = Watch(url, sight, self._see)
        self._number = 0
        self._on_seen = on_seen
        self.seen = asyncio.Event()
        self.row: Row | None = None

    def start(self) -> None:
        """Begin to follow."""
        self._watch.start()

    async def stop(self) -> None:
        """Follow no more."""
        await self._watch.stop()

    @property
    def now(self) -> int | None:
        """The number; None while it is not sure."""
        return self._number if self._watch.sure else None

    def _see(self, rows: list[Row]) -> None:
        self.row = row = dict(rows[0])
        self._number = row["epoch"]
        self._on_seen(row)
        self.seen.set()
