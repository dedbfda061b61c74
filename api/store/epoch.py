"""Follow the access epoch: the number of the last change of plans, keys and trusted documents.

It is polled every 200 ms, and a result is trusted for half a second from the beginning of the poll. So a cached key is
used for at most half a second after its revocation. Operators are promised a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg

from api.store.outage import Outage
from api.store.poller import Poller, PollTarget
from api.store.statements import statement

EVERY = 0.2
FRESH_SECONDS = 0.5
Row = Mapping[str, Any]


class Epoch:
    """The number of the last change as this process knows it, and the plan of callers without a key. `on_seen` gets the
    row after each poll."""

    def __init__(self, url: str, on_seen: Callable[[Row], None] = lambda row: None) -> None:
        role = channel = "briefing_access"
        query = statement("access/epoch")
        target = PollTarget("the access epoch", role, channel, query, interval=EVERY, fresh_seconds=FRESH_SECONDS)
        self._poller = Poller(url, target, self._note)
        self._number = 0
        self._on_seen = on_seen
        self.seen = asyncio.Event()
        self.row: Row | None = None

    def start(self) -> None:
        """Start to follow the epoch."""
        self._poller.start()

    async def stop(self) -> None:
        """Stop following the epoch."""
        await self._poller.stop()

    def outage(self, stale_seconds: float) -> Outage:
        """Return a record of when the primary is away, for one kind of its readers."""
        return Outage(self._poller, stale_seconds)

    @property
    def last_seen(self) -> int:
        """The number as it was polled last, however long ago."""
        return self._number

    @property
    def now(self) -> int | None:
        """The number; None while it is not known for sure."""
        return self._number if self._poller.is_fresh else None

    def _note(self, rows: list[asyncpg.Record]) -> None:
        row = dict(rows[0])
        self.row = row
        self._number = row["epoch"]
        self._on_seen(row)
        self.seen.set()
