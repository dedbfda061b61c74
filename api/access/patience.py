"""Who asks on and on although refused is answered later each time, so that refusing costs a process next to nothing.

What a refusal tells, the price above all, takes as long to find out as the way to an answer does. So whoever was
refused some times in a row, with nothing granted in between, waits in a line of their own that moves 50 times a second;
one request that is granted ends it. Who comes back when they were told to never stands there.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from api.errors import Unavailable

IN_A_ROW = 8
SECONDS = 0.02
# Of one caller's that wait; each of its requests has a connection.
WAITING_MOST = 64
REMEMBERED = 10_000


@dataclass(slots=True)
class _Row:
    refusals: int = 0
    waiting: int = 0
    moves: float = 0.0


class Patience:
    """Those who were refused, as one process knows them: `rows` by who they are. Mostly it is empty."""

    def __init__(self) -> None:
        self.rows: OrderedDict[str, _Row] = OrderedDict()

    async def wait(self, who: str) -> None:
        """Returns when it is their turn. Unavailable: too many of their requests wait."""
        if (row := self.rows.get(who)) is None or row.refusals < IN_A_ROW:
            return
        if row.waiting >= WAITING_MOST:
            raise Unavailable("Too many of your requests wait to be refused.", "Come back after Retry-After.")
        now = asyncio.get_running_loop().time()
        row.moves = max(now, row.moves) + SECONDS
        row.waiting += 1
        try:
            await asyncio.sleep(row.moves - now)
        finally:
            row.waiting -= 1

    def refused(self, who: str) -> None:
        """They were refused, once more."""
        row = self.rows.get(who)
        if row is None:
            row = self.rows[who] = _Row()
            if len(self.rows) > REMEMBERED:
                self.rows.popitem(last=False)
        row.refusals += 1

    def granted(self, who: str) -> None:
        """They got something."""
        self.rows.pop(who, None)
