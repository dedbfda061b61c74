"""Print the read throughput, and the primary's processor time, with none, one and two replicas.

`python -m tests.bench.replicas --seconds 10` runs it over the sample, without kept answers. On few processors replicas
bring no throughput, because all servers share them. What matters there is how much of the work leaves the primary.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from pathlib import Path
from typing import Any

from api.ingest.load import load
from api.store.migrate import migrate
from tests.hostile.faults.cluster import metrics, until
from tests.ports import free_port
from tests.replicas.servers import Server, replicated
from tests.serving import serving

SAMPLE = Path(__file__).parents[2] / "api" / "sample"
PATHS = (
    "/v2/events?limit=50&include=figures,quotes.speaker",
    "/v2/figures?limit=200&include=event",
    "/v2/quotes?q=war&limit=50",
    "/v1/events?count=exact&limit=20",
)
MOST_REPLICAS = 2
CONNECTIONS = 16


def main() -> None:
    """Measure each number of replicas, and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    seconds = parser.parse_args().seconds
    with replicated(MOST_REPLICAS) as servers:
        asyncio.run(fill(servers[0]))
        for number in range(MOST_REPLICAS + 1):
            measure(servers[0], servers[1 : number + 1], seconds)


async def fill(primary: Server) -> None:
    """Make the store, and load the sample."""
    await migrate(primary.url)
    await load([str(SAMPLE)], primary.url)


def measure(primary: Server, replicas: list[Server], seconds: float) -> None:
    """Print the answers a second, and the processor time of the servers in seconds a second."""
    settings: dict[str, Any] = {"answer_memory": 0, "limits": "false", "metrics_port": (port := free_port())}
    urls = " ".join(server.url for server in replicas)
    with serving(primary.url, read_urls=urls, **settings) as served:
        until(lambda: metrics(port).count("briefing_replica_used{") == len(replicas), 20)
        until(lambda: used(port) == len(replicas), 20)
        for path in PATHS:
            with urllib.request.urlopen(f"http://127.0.0.1:{served.port}{path}") as answer:
                answer.read()
        before = [server.client_seconds() for server in (primary, *replicas)]
        begun = time.monotonic()
        result = send(served.port, seconds)
        took = time.monotonic() - begun
        after = [server.client_seconds() for server in (primary, *replicas)]
    primary_time, *others = ((later - earlier) / took for earlier, later in zip(before, after, strict=True))
    share = primary_time / (primary_time + sum(others))
    answers = result["answers"] / result["seconds"]
    print(
        f"{len(replicas)} replicas: {answers:,.0f} answers/s, primary {primary_time:.2f} s/s of processor time "
        f"({share:.1%} of all servers), replicas {' '.join(f'{seconds:.2f}' for seconds in others) or '-'}",
        flush=True,
    )


def used(port: int) -> float:
    """Return how many replicas the service uses."""
    lines = [line for line in metrics(port).splitlines() if line.startswith("briefing_replica_used{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def send(port: int, seconds: float) -> dict[str, float]:
    """Send requests from a process of its own, and return what it measured."""
    requests = [b64encode(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()).decode() for path in PATHS]
    order = {"port": port, "requests": requests, "connections": CONNECTIONS, "seconds": seconds}
    load_program = Path(__file__).with_name("load.py")
    done = subprocess.run([sys.executable, load_program], input=json.dumps(order), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result: dict[str, float] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    main()
