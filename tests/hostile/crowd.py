"""A crowd in a process of its own: hostile or harmless connections that send a request as soon as the last is answered.

It reads one JSON object from standard input (`port`, `connections`, `seconds`, `keys`) and writes the number of answers
by status. With keys its requests are harmless and use them, without keys they are hostile.
"""

from __future__ import annotations

import json
import random
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.hostile.attacks import attacks, get, moment, post
from tests.serving import ROOT

# A connection whose answer takes longer is replaced by a new one.
PATIENCE = 15.0
# The networks that a crowd states in X-Forwarded-For. They count if the service trusts it.
NETWORKS = 50
# Connections of a hostile crowd that send a head so slowly that it is never complete.
SLOW = 4
LIST = """query($since: DateTime!) { events(first: 20, filter: {startsAt: {gte: $since}}) { nodes {
  id title kind startsAt citations { nodes { stance source { name kind } } } } } }"""


def harmless(seed: int, key: str, new: bool = False) -> Iterator[bytes]:
    """Yield requests of honest clients without end, through both APIs: repeated ones, or half of them new if `new`."""
    chance = random.Random(seed)
    headers = (f"Authorization: Bearer {key}", "Accept: application/json")
    number = seed * 10**5
    while True:
        number += 1
        often = f"2022-03-0{1 + number % 7}"
        once = moment(number) if new else often
        yield get(f"/v1/events?limit=20&starts_at_gte={often}", *headers)
        yield get(f"/v1/figures?limit=20&updated_at_gte={once}", *headers)
        yield post(json.dumps({"query": LIST, "variables": {"since": often}}).encode(), *headers)
        yield post(json.dumps({"query": LIST, "variables": {"since": once}}).encode(), *headers)
        yield get(f"/v1/sources?limit=20&q={chance.choice(('president', 'army', 'city'))}", *headers)
        yield get(f"/v1/quotes?limit=10&include=speaker&updated_at_gte={once}", *headers)


class Connection:
    """A socket, its requests, and the answer that is arriving on it."""

    def __init__(self, port: int, requests: Iterator[bytes], statuses: Counter[str], network: int = 0) -> None:
        self._port = port
        # The field in which a trusted proxy would state the client's address.
        self._from = f" HTTP/1.1\r\nX-Forwarded-For: 198.18.{network}.7\r\n".encode()
        self._requests = requests
        self._statuses = statuses
        self._data = bytearray()
        self.since = 0.0
        self.socket = self._open()

    def _open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port), timeout=5)

    def ask(self) -> None:
        """Send the next request."""
        self.since = time.monotonic()
        self._data.clear()
        try:
            self.socket.sendall(next(self._requests).replace(b" HTTP/1.1\r\n", self._from, 1))
        except OSError:
            self._statuses["closed"] += 1

    def again(self) -> None:
        """Replace the socket by a new connection."""
        self.socket.close()
        self.socket = self._open()

    def read(self) -> bool | None:
        """Read what has arrived. Return True if the answer is complete, and None if the connection has ended."""
        try:
            data = self.socket.recv(1 << 18)
        except OSError:
            data = b""
        self._data += data
        head, ended, _ = bytes(self._data[:8192]).partition(b"\r\n\r\n")
        whole = False
        if ended:
            lines = head.lower()
            length = lines.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
            if length:
                whole = len(self._data) >= len(head) + 4 + int(length)
            else:
                whole = b"transfer-encoding: chunked" not in lines or self._data.endswith(b"0\r\n\r\n")
            if whole:
                self._statuses[head[9:12].decode()] += 1
                return None if b"\r\nconnection: close" in lines else True
        if not data:
            self._statuses["cut"] += 1
            return None
        return False


class Crowd:
    """Connections that never pause. A connection that waits too long for an answer is replaced."""

    def __init__(self, connections: list[Connection]) -> None:
        self._poll = select.epoll()
        self._by_number: dict[int, Connection] = {}
        for connection in connections:
            self._ask(connection)

    def _ask(self, connection: Connection) -> None:
        number = connection.socket.fileno()
        if self._by_number.get(number) is not connection:
            self._by_number[number] = connection
            self._poll.register(number, select.EPOLLIN)
        connection.ask()

    def _again(self, number: int) -> None:
        connection = self._by_number.pop(number)
        connection.again()
        self._ask(connection)

    def turn(self) -> None:
        """Read what has arrived, and send the next requests."""
        for number, _ in self._poll.poll(0.5):
            connection = self._by_number[number]
            whole = connection.read()
            if whole is None:
                self._again(number)
            elif whole:
                self._ask(connection)

    def hurry(self) -> int:
        """Replace the connections whose answers are late, and return how many these were."""
        late = [
            number for number, connection in self._by_number.items() if time.monotonic() - connection.since > PATIENCE
        ]
        for number in late:
            self._again(number)
        return len(late)


def run(order: dict[str, Any]) -> dict[str, int]:
    """Send requests for the given seconds, and return the number of answers by status."""
    statuses: Counter[str] = Counter()
    port, keys, count = order["port"], order["keys"], order["connections"]
    slow = [] if keys else [Connection(port, iter(()), statuses) for _ in range(SLOW)]
    numbers = range(1, count - len(slow) + 1)
    asking = [harmless(number, keys[number % len(keys)]) if keys else attacks(number) for number in numbers]
    crowd = Crowd([Connection(port, request, statuses, number % NETWORKS) for number, request in enumerate(asking)])
    end = time.monotonic() + order["seconds"]
    last_look = 0.0
    while (now := time.monotonic()) < end:
        crowd.turn()
        if now - last_look > 1:
            last_look = now
            _trickle(slow)
            statuses["late"] += crowd.hurry()
    return dict(+statuses)


def _trickle(slow: list[Connection]) -> None:
    for connection in slow:
        try:
            connection.socket.sendall(b"A")
        except OSError:
            connection.again()


@contextmanager
def crowd(port: int, connections: int, seconds: float, keys: list[str] | None = None) -> Iterator[Counter[str]]:
    """Run a crowd for the given seconds, or as long as the block if that is longer. The counter has its statuses after
    it."""
    statuses: Counter[str] = Counter()
    order = {"port": port, "connections": connections, "seconds": seconds, "keys": keys or []}
    command = [sys.executable, "-m", "tests.hostile.crowd"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(order))
        process.stdin.close()
        try:
            yield statuses
            statuses.update(json.loads(process.stdout.read()))
        finally:
            process.kill()


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
