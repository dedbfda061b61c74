"""What only the socket below a transport knows and can do."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import sys
import termios

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
