"""Measure the pace at which a client reads its answer: bytes a second, over a window of time.

Only the time in which something waits for the client counts. A client is not slow while the service has nothing to
send.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from api.server import tcp

# Measurements in each window: a slow client is cut off after at most a window and a sixth.
LOOKS = 6


class Pace:
    """The pace of one client. `window` and all times are in seconds."""

    __slots__ = ("_looks", "_read", "_since", "_unsent", "_waited", "_window")

    def __init__(self, window: float) -> None:
        self._window = window
        self._since = 0.0
        self._unsent = 0
        # The seconds in which something waited so far, and the bytes that the client read in them.
        self._waited = 0.0
        self._read = 0
        self._looks: deque[tuple[float, int]] = deque([(0.0, 0)])

    def begin(self, now: float, unsent: int) -> None:
        """Begin to measure, when `unsent` bytes wait for the client."""
        self._since = now
        self._unsent = unsent

    def look(self, now: float, unsent: int) -> None:
        """Measure, when `unsent` of the bytes still wait."""
        self._waited += now - self._since
        self._read += max(0, self._unsent - unsent)
        self.begin(now, unsent)
        if self._waited - self._looks[-1][0] < self._window / LOOKS / 2:
            return
        self._looks.append((self._waited, self._read))
        while len(self._looks) > 1 and self._waited - self._looks[1][0] >= self._window:
            self._looks.popleft()

    def is_below(self, rate: float) -> bool:
        """Return True if the client read fewer bytes a second than `rate` over the last window."""
        waited_before, read_before = self._looks[0]
        seconds = self._waited - waited_before
        return seconds >= self._window and self._read - read_before < rate * seconds


class PaceWatch:
    """A watch over the client of one connection while something waits for it. Calls `too_slow` if the client reads less
    than the least pace over a window of this many seconds."""

    def __init__(self, transport: asyncio.Transport, window: float, too_slow: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._interval = window / LOOKS
        self._pace = Pace(window)
        self._too_slow = too_slow
        self._least = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, least: float) -> None:
        """Start watching, because something waits for the client. It has to read at least `least` bytes a second."""
        self._least = least
        self._pace.begin(self._loop.time(), tcp.unsent(self._transport))
        self._timer = self._loop.call_later(self._interval, self._look)

    def end(self) -> None:
        """Stop watching, because nothing waits for the client any more."""
        self.stop()
        self._pace.look(self._loop.time(), tcp.unsent(self._transport))

    def stop(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._pace.look(self._loop.time(), tcp.unsent(self._transport))
        if self._pace.is_below(self._least):
            self._too_slow()
        else:
            self._timer = self._loop.call_later(self._interval, self._look)
