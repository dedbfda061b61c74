"""An export of any size: flat memory, the client's own pace, and a broken end that no client takes for the whole."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import asyncpg
import httpx2
import pytest

from api.access.keys import Keys, NewKey
from api.store.access import AccessStore
from tests.http.conftest import Client, ServerProcess
from tests.rest.crowd import crowd
from tests.serving import serving

EVENTS = 50_000
STALL = 1.0
MIB = 1 << 20
COPYING = """
    select pid from pg_stat_activity
    where datname = current_database() and state = 'active' and query like 'COPY %' and pid <> pg_backend_pid()
"""


@pytest.fixture(scope="module")
async def store(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    """The URL of a database with many events."""
    url = await new_store()
    await crowd(url, EVENTS)
    yield url


@pytest.fixture(scope="module")
def export_server(store: str) -> Iterator[ServerProcess]:
    with serving(store, stall_timeout=STALL, export_connections=4, export_wait=0.5) as server:
        yield server


@pytest.fixture
def client(export_server: ServerProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{export_server.port}", timeout=60) as client:
        yield client


@pytest.mark.parametrize("form", ["csv?", "ndjson?", "geojson?", "ndjson?include=citations.source&"])
def test_memory_stays_flat(client: httpx2.Client, export_server: ServerProcess, form: str) -> None:
    for request in (f"/v1/events.{form}limit=2000", f"/v1/events.{form}"):
        before = memory(export_server)
        size = lines = 0
        for coding in ("identity", "gzip"):
            with client.stream("GET", request, headers={"Accept-Encoding": coding}) as answer:
                for piece in answer.iter_bytes():
                    size += len(piece)
                    lines += piece.count(b"\n")
    assert lines >= 2 * EVENTS and size > 2 * 10 * MIB
    assert memory(export_server) - before < 12 * MIB


def test_parquet_keeps_one_group_of_rows_in_memory(client: httpx2.Client, export_server: ServerProcess) -> None:
    # The first one imports pyarrow, and the pools of its memory have grown after two groups of rows.
    for limit in (10_000, 20_000):
        assert client.get(f"/v2/events.parquet?limit={limit}").status_code == 200
    before = memory(export_server)
    growths = []
    for _ in range(2):
        with client.stream("GET", "/v2/events.parquet") as answer:
            size = sum(map(len, answer.iter_bytes()))
        assert size > MIB
        growths.append(memory(export_server) - before)
    # Allocators keep up to 2 MiB more or less from run to run. All groups in memory are 20 MiB more than two.
    assert min(growths) < 10 * MIB


def test_a_large_export_is_complete_and_in_order(client: httpx2.Client) -> None:
    records = [json.loads(line) for line in client.get("/v1/events.ndjson").text.splitlines()]
    keys = [(record["starts_at"], record["id"]) for record in records]
    assert len(keys) == EVENTS and keys == sorted(keys, reverse=True)
    collection = client.get("/v1/events.geojson?sort=starts_at").json()
    assert [feature["id"] for feature in collection["features"]] == [key[1] for key in sorted(keys)]


async def test_a_slow_reader_gets_everything_and_delays_nobody(
    client: httpx2.Client, export_server: ServerProcess, store: str
) -> None:
    slow = ask(export_server, "/v1/events.csv")
    status, fields = slow.head()
    assert (status, fields["transfer-encoding"]) == (200, "chunked")
    size = 0
    for number, chunk in enumerate(slow.chunks()):
        size += len(chunk)
        if number < 20:
            time.sleep(STALL / 5)
            start_time = time.perf_counter()
            assert client.get("/v1/events?limit=1").status_code == 200
            assert time.perf_counter() - start_time < 0.5
    assert size == len(client.get("/v1/events.csv").content)
    slow.close()


@pytest.mark.fault
async def test_a_reader_that_stops_frees_its_backend(export_server: ServerProcess, store: str) -> None:
    stalled = ask(export_server, "/v1/events.ndjson")
    await until(store, 1, 2)
    start_time = time.monotonic()
    await until(store, 0, STALL + 4)
    assert time.monotonic() - start_time > STALL / 2, "it had its time"
    with pytest.raises((ConnectionError, ValueError)):
        stalled.head()
        while True:
            assert list(stalled.chunks())
    stalled.close()


@pytest.mark.fault
async def test_a_client_that_leaves_frees_its_backend(export_server: ServerProcess, store: str) -> None:
    for _ in range(3):
        leaving = ask(export_server, "/v1/events.ndjson")
        leaving.read.read(1000)
        leaving.close()
        await until(store, 0, 3)


@pytest.mark.fault
@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_an_export_that_breaks_off_never_looks_complete(
    export_server: ServerProcess, store: str, version: str
) -> None:
    cut = ask(export_server, "/v1/events.ndjson", version)
    cut.head_of(version)
    await until(store, 1, 2)
    connection = await asyncpg.connect(store)
    await connection.execute(f"select pg_terminate_backend(pid) from ({COPYING}) c")
    await connection.close()
    with pytest.raises((ConnectionError, ValueError)):
        for _ in cut.chunks() if version == "1.1" else iter(lambda: cut.read.read(65536), b""):
            pass
    cut.close()
    with httpx2.Client(base_url=f"http://127.0.0.1:{export_server.port}") as client:
        assert client.get("/v1/events.csv?limit=2").status_code == 200, "the next one is served"


async def test_exports_take_their_share_and_no_more(
    export_server: ServerProcess, store: str, client: httpx2.Client
) -> None:
    connections = [ask(export_server, "/v1/events.ndjson") for _ in range(2)]
    await until(store, 2, 2)
    refusal = client.get("/v1/events.ndjson")
    assert (refusal.status_code, refusal.json()["code"]) == (503, "unavailable")
    assert int(refusal.headers["retry-after"]) >= 1
    assert client.get("/v1/events?limit=1").status_code == 200
    for connection in connections:
        connection.close()
    await until(store, 0, 3)
    assert client.get("/v1/events.ndjson?limit=1").status_code == 200


async def test_exports_that_are_read_too_slowly_end_and_a_key_gets_its_own_meanwhile(
    export_server: ServerProcess, store: str, client: httpx2.Client
) -> None:
    access = AccessStore(store)
    new_key = await Keys(access, "live", "test").create(NewKey("an export", "internal"))
    await access.close()
    key = {"authorization": f"Bearer {new_key.secret.text}"}
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(ask(export_server, "/v1/events.ndjson"))) for _ in range(2)]
        await until(store, 2, 2)
        over = [False, False]
        end = time.monotonic() + 20 * STALL
        while not all(over):
            assert time.monotonic() < end, "400 bytes in a fifth of a second are less than 8 KiB/s"
            assert len(client.get("/v1/events.ndjson?limit=500", headers=key).text.splitlines()) == 500
            for number, connection in enumerate(slow):
                try:
                    over[number] = over[number] or not connection.socket.recv(400)
                except ConnectionError:
                    over[number] = True
            time.sleep(STALL / 5)
    await until(store, 0, 3)


async def test_an_export_that_takes_too_long_is_refused_or_cut(store: str) -> None:
    with serving(store, export_timeout=0.2) as server:
        with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
            answer = client.get("/v1/events.ndjson?sort=-updated_at&figures.measure=killed&q=something -else or told")
            assert answer.status_code in (200, 503)
            with pytest.raises(httpx2.RemoteProtocolError):
                client.get("/v1/events.ndjson")
        assert server.process.poll() is None


class Reader(Client):
    """A client with a small window, so that unread data stays with the server."""

    def __init__(self, port: int) -> None:
        super().__init__(port, window=4096)
        self.socket.settimeout(20)

    def head_of(self, version: str) -> None:
        while self.read.readline() != b"\r\n":
            pass


def ask(export_server: ServerProcess, path: str, version: str = "1.1") -> Reader:
    reader = Reader(export_server.port)
    reader.ask("GET", path, version=version)
    return reader


def memory(export_server: ServerProcess) -> int:
    """Return the resident bytes of the serving process."""
    status = Path(f"/proc/{export_server.process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


async def until(store: str, exports: int, seconds: float) -> None:
    """Wait until this many exports run."""
    connection = await asyncpg.connect(store)
    try:
        end = time.monotonic() + seconds
        while (count := len(await connection.fetch(COPYING))) != exports:
            assert time.monotonic() < end, f"{count} exports run after {seconds} s"
            await asyncio.sleep(0.05)
    finally:
        await connection.close()
