"""Caches are bounded: thousands of random documents grow neither the process nor the backends of Postgres."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.hostile.raw_client import RESPONSE, RawClient
from tests.http.conftest import Client, ServerProcess
from tests.serving import serving

# Each cache is full before the first half is over.
REQUESTS = int(os.environ.get("BRIEFING_FLOOD", "300"))
STATEMENTS = 32
SHOWN = "id title startsAt place{name} citations{nodes{source{name}}}"
BACKENDS = """
    select pid from pg_stat_activity where application_name = 'briefing' and datname = current_database()
"""


@pytest.fixture(scope="module")
def lone_service(sample: str) -> Iterator[ServerProcess]:
    """A service with two connections, so that each of them gets many requests."""
    with serving(sample, pool_size=2, statement_cache_size=STATEMENTS) as server:
        yield server


def new_document(number: int, seed: str) -> bytes:
    """Return a document with a new alias, so that its statement is new as well."""
    document = (
        f'{{{seed}{number}:events(first:3,filter:{{tags:{{has:["{seed}{number}","war"]}}}}){{nodes{{{SHOWN}}}}}}}'
    )
    body = json.dumps({"query": document}).encode()
    about = f"Content-Type: application/json\r\nAccept: {RESPONSE}\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"POST /v1/graphql HTTP/1.1\r\nHost: a\r\n{about}".encode() + body


def resident(pid: int) -> float:
    """Return the MiB of memory that a process has to itself."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024


def flood(port: int, seed: str, count: int) -> None:
    client = Client(port)
    for number in range(count):
        client.send(new_document(number, seed))
        assert client.answer().status == 200
    client.close()


async def test_random_documents_grow_neither_the_process_nor_a_backend(
    lone_service: ServerProcess, sample: str
) -> None:
    raw_client = RawClient(lone_service.port)
    flood(lone_service.port, "a", REQUESTS)
    observer = await asyncpg.connect(sample)
    try:
        pids = [row["pid"] for row in await observer.fetch(BACKENDS)]
        before = resident(lone_service.process.pid), max(map(resident, pids))
        flood(lone_service.port, "b", REQUESTS)
        after = resident(lone_service.process.pid), max(map(resident, pids))
    finally:
        await observer.close()
    print(f"\nservice {before[0]:.1f} -> {after[0]:.1f} MiB, a backend {before[1]:.1f} -> {after[1]:.1f} MiB")
    assert after[0] - before[0] < 30
    assert after[0] < 300
    assert after[1] - before[1] < 15
    assert after[1] < 120
    assert raw_client.get("/readyz").status == 200
