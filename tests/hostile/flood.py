"""Connections that hold a place and send no whole request, from many addresses of this machine."""

from __future__ import annotations

import select
import socket
import threading
from types import TracebackType

POST = b"POST /v1/graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
# The bytes that a connection sends before it falls silent.
SENT = {
    "nothing": b"",
    "half a head": b"GET /v1/events HTTP/1.1\r\nHost: a\r\n",
    "no body": POST,
    "half a body": POST + b"{",
}


def addresses(count: int) -> list[str]:
    """Return addresses, each of a network of its own."""
    return [f"127.{number}.0.1" for number in range(1, count + 1)]


class Flood:
    """Open connections from these addresses. With `again`, each is opened anew as soon as the service closes it."""

    def __init__(self, port: int, count: int, addresses: list[str], request: bytes, again: bool = False) -> None:
        self.closed = 0
        self._port = port
        self._sent = request
        self._again = again
        self._over = threading.Event()
        self._poll = select.epoll()
        self._open: dict[int, tuple[socket.socket, str]] = {}
        for number in range(count):
            self._connect(addresses[number % len(addresses)])
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Flood:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        for connection, _ in self._open.values():
            connection.close()
        self._poll.close()

    def _connect(self, address: str) -> None:
        connection = socket.socket()
        connection.bind((address, 0))
        connection.connect(("127.0.0.1", self._port))
        connection.sendall(self._sent)
        connection.setblocking(False)
        self._open[connection.fileno()] = (connection, address)
        self._poll.register(connection, select.EPOLLIN)

    def _run(self) -> None:
        while not self._over.is_set():
            for number, _ in self._poll.poll(0.05, 64):
                connection, address = self._open[number]
                if not _has_ended(connection):
                    continue
                self.closed += 1
                self._poll.unregister(connection)
                del self._open[number]
                connection.close()
                if self._again:
                    self._connect(address)


def _has_ended(connection: socket.socket) -> bool:
    try:
        return not connection.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        return True
