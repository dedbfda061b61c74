"""A connection below HTTP: its place among the connections of the process, the pace of its client, and its end.

Reading pauses and goes on, what the client does not take at once is watched, and a connection that ends discards its
input for a while. protocol.py reads requests from it, and writes answers to it.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Protocol, cast

from api.observability.connection_events import ConnectionEvents
from api.server import tcp
from api.server.connection_shares import AddressConnections, ConnectionShares
from api.server.pace import PaceWatch
from api.settings import Settings

logger = logging.getLogger("api.http")

# Closing a socket with unread input resets the connection, and the client loses the answer. So input is read and
# discarded until one of these bounds.
LINGER_SECONDS = 2.0
LINGER_BYTES = 16 * 1024 * 1024


class ServerState(Protocol):
    """The part of uvicorn's ServerState that a connection uses. At the end uvicorn waits for these connections and
    tasks."""

    connections: set[Any]
    tasks: set[asyncio.Task[None]]
    default_headers: list[tuple[bytes, bytes]]


class TcpConnection(asyncio.Protocol, ABC):
    """A connection that is counted by its address, and whose client has to take what is written."""

    settings: ClassVar[Settings]
    events: ClassVar[ConnectionEvents]
    shares: ClassVar[ConnectionShares]
    # Connections above the maximum, while they read their 503.
    turned_away: ClassVar[set[TcpConnection]]

    transport: asyncio.Transport

    def __init__(self, server_state: ServerState) -> None:
        self._server = server_state
        self._loop = asyncio.get_running_loop()
        self._local: tuple[str, int] | None = None
        self.client: tuple[str, int] | None = None
        self._scheme = "http"
        self._reading_paused = False
        self._deadline: asyncio.TimerHandle | None = None
        self._keep_alive_timer: asyncio.TimerHandle | None = None
        # True after the last answer of the connection, and the bytes that came after that.
        self.leaving = False
        self._discarded = 0
        # The connections of the client's address; None if this connection is not counted, or not any more.
        self._address_connections: AddressConnections | None = None
        # True while something that was written waits for the client. Its pace is watched meanwhile. The least pace
        # differs for callers with a key.
        self.unread = False
        self._writable = asyncio.Event()
        self._watch: PaceWatch | None = None
        self.least_pace: float = self.settings.least_pace
        # True while an answer was written and the client has not taken it yet. The next request waits for that.
        self._awaits_client = False

    @abstractmethod
    def give_way(self) -> None:
        """Close the connection at once, because a new one needs its place."""

    @abstractmethod
    def answered(self) -> None:
        """Note that an answer is written, and go on when the client has taken it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The transports of uvloop are no subclasses of asyncio's.
        self.transport = transport = cast(asyncio.Transport, transport)
        # What the kernel does not take at once counts as unread: it occupies memory, and its client is watched.
        transport.set_write_buffer_limits(0)
        self._local = _read_address(transport.get_extra_info("sockname"))
        self.client = _read_address(transport.get_extra_info("peername"))
        if transport.get_extra_info("sslcontext") is not None:
            self._scheme = "https"
        self._address_connections = self.shares.enter(self, self.client[0] if self.client else "")

    def _leave(self) -> None:
        if self._address_connections is not None:
            self.shares.leave(self, self._address_connections)
            self._address_connections = None
        self._server.connections.discard(self)
        self.turned_away.discard(self)

    # Input

    def pause_reading(self) -> None:
        """Let the client wait before it sends more."""
        if not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on from the client."""
        if self._reading_paused:
            self._reading_paused = False
            self.transport.resume_reading()

    def _discard(self, data: bytes) -> None:
        self._discarded += len(data)
        if self._discarded > LINGER_BYTES:
            self.transport.abort()

    # A client that does not take its answer at once

    async def taken(self) -> None:
        """Wait until the client, or the kernel for it, has taken what was written."""
        while self.unread:
            await self._writable.wait()

    def pause_writing(self) -> None:
        self.unread = True
        self._writable.clear()
        if self._address_connections is not None:
            self._address_connections.reads_later(self)
        if self._watch is None:
            self._watch = PaceWatch(self.transport, self.settings.stall_timeout, self._cut_slow_client)
        self._watch.begin(self.least_pace)

    def resume_writing(self) -> None:
        if self._watch is not None:
            self._watch.end()
        if self._address_connections is not None:
            self._address_connections.has_read(self)
        self._note_taken()
        if self._awaits_client:
            self._awaits_client = False
            self.answered()

    def _note_taken(self) -> None:
        self.unread = False
        self._writable.set()

    def _cut_slow_client(self) -> None:
        self.cut("pace")

    # The end

    def cut(self, reason: str) -> None:
        """Break the answer off, so that no client takes the part that it got for the whole."""
        logger.info("cut an answer", extra={"reason": reason, "client": self.client})
        self.events.cut(reason)
        # Without a reset the kernel would still send what it has taken.
        self.reset()

    def reset(self) -> None:
        """Close the connection with a TCP reset, which shows the client that it did not end properly."""
        tcp.reset(self.transport)

    def _hang_up(self) -> None:
        if self.transport.is_closing():
            return
        self.leaving = True
        self.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._set_deadline(LINGER_SECONDS, self.transport.abort)

    def _close_idle(self) -> None:
        self._keep_alive_timer = None
        if not self.transport.is_closing():
            self.transport.close()
        self._set_deadline(LINGER_SECONDS, self.transport.abort)

    # Timers

    def _clear_keep_alive(self) -> None:
        if self._keep_alive_timer is not None:
            self._keep_alive_timer.cancel()
            self._keep_alive_timer = None

    def _set_deadline(self, seconds: float, then: Callable[[], None]) -> None:
        self._clear_deadline()
        self._deadline = self._loop.call_later(seconds, then)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _read_address(address: Any) -> tuple[str, int] | None:
    """Return host and port of a socket's address; None for a socket without them, such as a Unix socket."""
    if isinstance(address, tuple) and len(address) >= 2:
        return str(address[0]), int(address[1])
    return None
