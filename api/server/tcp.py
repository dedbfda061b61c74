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
    in_transport = transport.get_write_buffer_size()
    connection = transport.get_extra_info("socket")
    if sys.platform != "linux" or connection is None or connection.fileno() < 0:
        return in_transport
    answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))
    (in_kernel,) = struct.unpack("i", answer)
    return in_transport + int(in_kernel)


def reset(transport: asyncio.Transport) -> None:
    """Close the connection with a TCP reset, which shows the client that it did not end properly."""
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
