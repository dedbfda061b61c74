"""Ports for servers that tests start, end, and start again at the same address."""

from __future__ import annotations

import os
import random
import socket
from itertools import count

# Below the ports that the system gives to connections: one of these could be taken while its server is down. A node of
# a cluster of Redis also listens on the port 10,000 above its own, which is below them, too.
FIRST_PORT = 10_000
# Each process of the tests has ports of its own.
PORTS = 1_000
PROCESSES = 10
_turns = count(random.randrange(PORTS))


def free_port() -> int:
    """Return a port on which no process listens, and which no other process of the tests is given."""
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST_PORT + process % PROCESSES * PORTS
    for _ in range(PORTS):
        port = first + next(_turns) % PORTS
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise RuntimeError(f"no port from {first} to {first + PORTS - 1} is free")
