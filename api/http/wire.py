"""What only the socket below a transport knows and can do."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import sys
import termios

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

NO_LINGER = struct.pack("ii", 1, 0)


def unsent(transport: asyncio.Transport) -> int:
    """The bytes that the client has not taken yet: what waits here, and on Linux what waits in the kernel too. That
    may be megabytes, and none of ours would leave until a good part of them is taken, as from a slow reader."""
    waiting = transport.get_write_buffer_size()
    below = transport.get_extra_info("socket")
    if sys.platform != "linux" or below is None or below.fileno() < 0:
        return waiting
    queued: int = struct.unpack("i", fcntl.ioctl(below.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
    return waiting + queued


def reset(transport: asyncio.Transport) -> None:
    """Close the connection so that the client is told that it did not end well (a TCP reset)."""
    below = transport.get_extra_info("socket")
    if below is not None and below.fileno() >= 0:
        below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()


class Joined:
    """The transport as one answer sees it: its head waits for the first of its body, and both leave in one write.

    Uvicorn writes the head by itself, which is a system call and a packet more for each answer: an eighth of the time
    of a kept one."""

    def __init__(self, transport: asyncio.Transport, cycle: RequestResponseCycle) -> None:
        self._transport = transport
        self._cycle = cycle
        self._head = b""
        self._headed = False

    def write(self, data: bytes) -> None:
        """The head is kept back; what comes before it (100 Continue) and after it is not."""
        if self._head:
            self._transport.writelines((self._head, data))
            self._head = b""
        elif self._headed or not self._cycle.response_started:
            self._transport.write(data)
        else:
            self._head = data
            self._headed = True

    def flush(self) -> None:
        """The answer has ended: a head without a body leaves now."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        """Send what there is, and close."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is closing or closed."""
        return self._transport.is_closing()
