"""A client with little overhead: one connection that is kept alive, and one request after the other."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Client:
    """Sends raw requests and reads complete responses."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._left = b""

    def ask(self, request: bytes) -> bytes:
        """Send a request and return the body of its answer. RuntimeError if the status is not 200."""
        self._socket.sendall(request)
        data = self._left
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError((head + body)[:2000].decode())
        length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        chunks = [body]
        read_bytes = len(body)
        while read_bytes < length:
            chunks.append(self._more())
            read_bytes += len(chunks[-1])
        whole = b"".join(chunks)
        self._left = whole[length:]
        return whole[:length]

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise RuntimeError("the server hung up")
        return data


def get(path: str) -> bytes:
    """Return a GET request."""
    return f"GET {path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\n\r\n".encode()


def post(path: str, query: str, variables: dict[str, object]) -> bytes:
    """Return a GraphQL request."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process so far, in user and kernel mode: in nanoseconds, without the threads that
    have ended. If the kernel does not count these, return the whole in ticks of a hundredth of a second."""
    threads = Path(f"/proc/{pid}/task")
    try:
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads.iterdir()) / 1e9
    except FileNotFoundError:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_seconds_of_ended_children(pid: int) -> float:
    """Return the processor time of the children that have ended and that the process has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / TICKS
