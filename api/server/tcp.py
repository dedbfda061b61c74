"""Inspect and reset a connection through the socket below its transport."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import sys
import termios

NO_LINGER = struct.pack("ii", 1, 0)


def unsent(transport: asyncio.Transport) -> int:
    """Return the bytes that the client has not taken yet: those in the transport, and on Linux those in the kernel too.
    The kernel may hold megabytes, and takes no more from the transport until a good part of them is gone. Without these
    bytes, a client that reads would look like a slow one."""
    waiting = transport.get_write_buffer_size()
    below = transport.get_extra_info("socket")
    if sys.platform != "linux" or below is None or below.fileno() < 0:
        return waiting
    queued: int = struct.unpack("i", fcntl.ioctl(below.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
    return waiting + queued


def reset(transport: asyncio.Transport) -> None:
    """Close the connection with a TCP reset, which shows the client that it did not end properly."""
    below = transport.get_extra_info("socket")
    if below is not None and below.fileno() >= 0:
        below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
