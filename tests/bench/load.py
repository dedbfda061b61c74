"""Generate the load: connections that are kept alive, each with one request under way, in a process of its own.

It reads one JSON object from standard input and writes one to standard output. With `rate`, requests come at fixed
times, and a wait counts from the time at which the request was due. Without, each connection sends its next request as
soon as the last one is answered. A request costs this process about 25 µs, so the server is what is measured.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from array import array
from base64 import b64decode
from typing import Any


class Connection:
    """A socket, and the answer that is arriving on it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.since = 0.0
        self._chunks: list[bytes] = []
        self._missing = -1

    def ask(self, request: bytes, since: float) -> None:
        """Send a request."""
        self.since = since
        self._missing = -1
        self._chunks = []
        self.socket.sendall(request)

    def read(self) -> bool:
        """Read what has arrived. Return True if the answer is complete."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise RuntimeError("the server hung up")
        if self._missing >= 0:
            self._missing -= len(data)
            return self._missing == 0
        self._chunks.append(data)
        head, ended, body = b"".join(self._chunks).partition(b"\r\n\r\n")
        if ended:
            self._missing = length(head) - len(body)
        return self._missing == 0


def length(head: bytes) -> int:
    """Return the length of the body. RuntimeError if the status is neither 200 nor 304."""
    if head[9:12] == b"304":
        return 0
    if head[9:12] != b"200":
        raise RuntimeError(head.decode())
    place = head.find(b"ontent-length: ")
    if place < 0:
        place = head.find(b"ontent-Length: ")
    return int(head[place + 15 :].split(b"\r\n", 1)[0])


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Send requests for the given seconds. Return the number of answers, and how long they took."""
    requests = [b64decode(request) for request in order["requests"]]
    connections = [Connection(order["port"]) for _ in range(order["connections"])]
    poll = select.epoll()
    by_number = {connection.socket.fileno(): connection for connection in connections}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    rate = order.get("rate")
    durations = array("d")
    clock = time.perf_counter
    sent_count, start_time = order.get("offset", 0), clock()
    first, end = sent_count, start_time + order["seconds"]
    idle = list(connections)
    under_way = 0
    cpu = time.process_time()
    while True:
        now = clock()
        while idle and now < end and (not rate or start_time + (sent_count - first) / rate <= now):
            due = start_time + (sent_count - first) / rate if rate else now
            idle.pop().ask(requests[sent_count % len(requests)], due)
            sent_count += 1
            under_way += 1
        if not under_way and now >= end:
            break
        wait = max(0.0, start_time + (sent_count - first) / rate - now) if rate and idle and now < end else 1.0
        for number, _ in poll.poll(wait):
            connection = by_number[number]
            if connection.read():
                durations.append(clock() - connection.since)
                idle.append(connection)
                under_way -= 1
    seconds = clock() - start_time
    ordered = sorted(durations)
    return {
        "answers": len(ordered),
        "seconds": seconds,
        "p50": ordered[len(ordered) // 2],
        "p95": ordered[int(len(ordered) * 0.95)],
        "p99": ordered[int(len(ordered) * 0.99)],
        "cpu": (time.process_time() - cpu) / seconds,
    }


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
