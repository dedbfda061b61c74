"""A client that costs little: one connection, kept alive, requests one after the other."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Client:
    """Sends raw requests and reads whole responses."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._left = b""

    def ask(self, request: bytes) -> bytes:
        """The body of a 200; anything else is an error."""
        self._socket.sendall(request)
        data = self._left
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError((head + body)[:2000].decode())
        length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        chunks = [body]
        read = len(body)
        while read < length:
            chunks.append(self._more())
            read += len(chunks[-1])
        whole = b"".join(chunks)
        self._left = whole[length:]
        return whole[:length]

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise RuntimeError("the server hung up")
        return data


def get(path: str) -> bytes:
    """A GET request."""
    return f"GET {path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\n\r\n".encode()


def post(path: str, query: str, variables: dict[str, object]) -> bytes:
    """A GraphQL request."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def cpu_seconds(pid: int) -> float:
    """The processor time of a process so far, in its own code and in the kernel's. Its threads are told in nanoseconds,
    but no more once they have ended; a kernel that does not tell them has the whole in ticks of a hundredth."""
    threads = Path(f"/proc/{pid}/task")
    try:
        return sum(int((one / "schedstat").read_text().split()[0]) for one in threads.iterdir()) / 1e9
    except FileNotFoundError:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_seconds_of_ended_children(pid: int) -> float:
    """The processor time of the children that ended and that the process has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / TICKS
