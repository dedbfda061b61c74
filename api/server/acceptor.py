"""Accept connections from a listening socket, one in each turn of the event loop.

uvloop accepts all waiting connections at once. Of 64 opened together one of two workers got 61, and kept them. A client
that opens connections without a pause would keep the loop from answering others. If several processes share the socket,
one that has more connections than another pauses for a moment, in which the other can accept them.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

# A process that has this many more connections than another leaves new ones to that. It pauses only for a moment,
# because the other may be dead or wedged.
AHEAD = 4
PAUSE_SECONDS = 0.005
# The pause when no connection can be accepted, because no descriptor is free.
FULL_SECONDS = 0.1
# The count of a place without a worker: more than any worker has.
VACANT = 2**31 - 1


class ConnectionCounts:
    """The number of connections of each place, in memory that all processes share (`counts`, one int for each
    place)."""

    def __init__(self, counts: memoryview[int], number: int) -> None:
        self._counts = counts
        self._number = number

    def ahead(self, own_count: int) -> bool:
        """Note the connections of this process, and return True if another process has clearly fewer."""
        self._counts[self._number] = own_count
        return own_count > min(self._counts) + AHEAD


class Acceptor:
    """A listener on the socket until `close`. Each connection gets a protocol of its own. Like asyncio's Server it is
    one of uvicorn's `servers`."""

    def __init__(
        self, listener: socket.socket, create_protocol: Callable[[], asyncio.Protocol], is_ahead: Callable[[], bool]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._create_protocol = create_protocol
        self._is_ahead = is_ahead
        self._arriving: set[asyncio.Task[object]] = set()
        self._closed = False
        listener.setblocking(False)
        self._listen()

    def _listen(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listener, self._accept)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._loop.call_later(seconds, self._listen)

    def _accept(self) -> None:
        if self._is_ahead():
            # Between two pauses one connection is accepted, whatever the others have.
            self._pause(PAUSE_SECONDS)
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # Another process was faster, or the client has disconnected.
        except OSError:
            self._pause(FULL_SECONDS)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._create_protocol, connection))
        self._arriving.add(task)
        task.add_done_callback(self._note_arrival)

    def _note_arrival(self, task: asyncio.Task[object]) -> None:
        self._arriving.discard(task)
        if not task.cancelled():
            task.exception()  # The client disconnected before its protocol began, which is not worth logging.

    def close(self) -> None:
        """Accept no more connections."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._listener)

    async def wait_closed(self) -> None:
        """Wait until each accepted connection has its protocol."""
        if self._arriving:
            await asyncio.wait(self._arriving)
