"""Share the places for exports of one process among callers.

- Callers without a key never have all places, so that a caller with a key finds one.
- A caller that has an export already cannot take the last place: it is kept for a caller without an export.
- If no place is free, an export waits. Callers with a key come first, then callers without another export.

If there is only one place, a caller with a key takes it from a caller without one, whose export is broken off.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.access.caller import Caller
from api.errors import Unavailable

# Exports that may wait in one process, with a key and without one; each of them also holds a client connection.
MAX_WAITING = 64


@dataclass(eq=False)
class _Export:
    """An export that runs or waits. `turn` is set when it gets a place; `cut` breaks it off."""

    identity: str
    keyed: bool
    cut: Callable[[str], None]
    turn: asyncio.Future[None]


class ExportPlaces:
    """The places of one process: `size` of them, for which an export waits at most `wait` seconds."""

    def __init__(self, size: int, wait: float) -> None:
        self._size = size
        self._wait = wait
        # Places that callers without a key may have together.
        self._max_anonymous = max(1, size - 1)
        self._running: list[_Export] = []
        self._waiting: list[_Export] = []
        self._running_by_identity: Counter[str] = Counter()
        # How many exports had to wait, and how many were refused.
        self.waited = 0
        self.refused = 0

    @property
    def running(self) -> int:
        """Exports that have a place."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Exports that wait for one."""
        return len(self._waiting)

    @asynccontextmanager
    async def take(self, caller: Caller, cut: Callable[[str], None]) -> AsyncIterator[None]:
        """Hold a place for one export of the caller. Unavailable if none is free in time. `cut` is called with a reason
        to break the export off if another caller needs its place, or with all others."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        export = _Export(caller.identity, caller.key_id is not None, cut, turn)
        self._waiting.append(export)
        try:
            self._grant()
            if not turn.done():
                await self._wait_for_place(export)
            yield
        finally:
            self._leave(export)

    def cut_running(self, reason: str) -> None:
        """Break off all exports that have a place."""
        for export in list(self._running):
            export.cut(reason)

    async def _wait_for_place(self, export: _Export) -> None:
        # Counted by rank: otherwise callers without a key could fill the queue, and callers with a key be refused.
        same_rank = [other for other in self._waiting if other.keyed == export.keyed]
        if len(same_rank) > MAX_WAITING:
            raise self._refuse(export)
        self.waited += 1
        self._make_room(export)
        try:
            async with asyncio.timeout(self._wait):
                await export.turn
        except TimeoutError:
            raise self._refuse(export) from None

    def _refuse(self, export: _Export) -> Unavailable:
        """Count a refusal, and return its error."""
        self.refused += 1
        if self._running_by_identity[export.identity]:
            return Unavailable("Your other exports are still running.", "Export again when one of them has ended.")
        return Unavailable("All places for exports are in use.", "Try again after Retry-After.")

    def _leave(self, export: _Export) -> None:
        if export in self._waiting:
            self._waiting.remove(export)
        else:
            self._running.remove(export)
            self._running_by_identity[export.identity] -= 1
            if not self._running_by_identity[export.identity]:
                del self._running_by_identity[export.identity]
        self._grant()

    def _grant(self) -> None:
        """Give free places to exports that wait."""
        export = self._find_next()
        while export is not None:
            self._waiting.remove(export)
            self._running.append(export)
            self._running_by_identity[export.identity] += 1
            export.turn.set_result(None)
            export = self._find_next()

    def _find_next(self) -> _Export | None:
        """Return the first export that waits and may run now."""
        # The sort is stable: of equal exports the one that has waited longest comes first.
        for export in sorted(self._waiting, key=self._rank):
            if self._may_run(export):
                return export
        return None

    def _rank(self, export: _Export) -> tuple[bool, bool]:
        return (not export.keyed, self._running_by_identity[export.identity] > 0)

    def _may_run(self, export: _Export) -> bool:
        if export.turn.done():
            return False  # Its client is gone, or it waited too long.
        # A caller's second export has to leave one place free.
        reserved = 1 if self._running_by_identity[export.identity] else 0
        if len(self._running) + reserved >= self._size:
            return False
        return export.keyed or self._count_anonymous() + reserved < self._max_anonymous

    def _count_anonymous(self) -> int:
        return len([export for export in self._running if not export.keyed])

    def _make_room(self, export: _Export) -> None:
        """Break off the export of a caller without a key, if it has the only place and the new one has a key."""
        if export.keyed and self._size == 1 and self._count_anonymous():
            self._running[0].cut("export")
