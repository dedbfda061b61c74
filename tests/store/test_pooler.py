"""The service behind a pooler in transaction mode: it relies on no session."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import httpx2
import pytest

from api.ingest.load import load
from api.store.embedded import start
from api.store.migrate import migrate
from tests.debian import Program, ProgramUnavailable, program
from tests.ports import free_port
from tests.serving import serving
from tests.store.pooler import Pooler, pooling
from tests.store.scram import password

SAMPLE = Path(__file__).parents[2] / "api" / "sample"


@pytest.fixture(scope="module")
async def sample(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of a database that holds the sample."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    return url


async def ask(base: str, number: int) -> list[int]:
    """Send a request of each kind that no other client sends, and return the statuses."""
    async with httpx2.AsyncClient(base_url=base, timeout=20) as client:
        since = f"updated_at_gte=2000-01-01T00:00:00.{number:06d}Z"
        places = [
            f"/v1/events?limit=5&{since}",
            f"/v1/figures?limit=3&include=event&{since}",
            f"/v1/quotes?q=a&limit=3&{since}",
            "/v1/events/ev_0000000000000000",
            f"/v1/events.ndjson?{since}",
        ]
        answers = [await client.get(path) for path in places]
        moment = f"2000-01-01T00:00:00.{number:06d}Z"
        document = f'{{events(first:1,filter:{{updatedAt:{{gte:"{moment}"}}}}){{nodes{{id}}}}}}'
        answers.append(await client.post("/v1/graphql", json={"query": document}))
    assert "errors" not in answers[-1].json()
    assert answers[4].text.count("\n") > 3
    return [answer.status_code for answer in answers]


async def requests(url: str, direct: str, clients: int = 24, times: int = 1) -> None:
    """Let many clients at once send a request of each kind, `times` times over. None of the requests fails."""
    with serving(url, direct_url=direct, statement_cache_size=0, pool_size=6, pool_wait=10) as server:
        base = f"http://127.0.0.1:{server.port}"
        async with asyncio.timeout(15):
            while (await asyncio.to_thread(httpx2.get, f"{base}/readyz")).status_code != 200:
                await asyncio.sleep(0.05)
        for again in range(times):
            answers = await asyncio.gather(*(ask(base, again * clients + number) for number in range(clients)))
            assert {tuple(answer[:3] + answer[4:]) for answer in answers} == {(200,) * 5}
            assert {answer[3] for answer in answers} <= {400, 404}


async def test_every_kind_of_request_works_on_any_pooled_session(sample: str) -> None:
    async with pooling(sample) as pooler:
        await requests(pooler.address, sample)
        assert min(pooler.transactions) > 30, "both sessions had their share"
        assert pooler.refusals == set()
        await _left_as_they_were(pooler)


async def _left_as_they_were(pooler: Pooler) -> None:
    """Assert that the service's settings were for its transactions only: the next client of a session has none."""
    connection = await asyncpg.connect(pooler.address, statement_cache_size=0)
    try:
        for _ in range(4):
            async with connection.transaction():
                assert await connection.fetchval("show role") == "none"
                assert await connection.fetchval("show statement_timeout") == "0"
                assert await connection.fetchval("show work_mem") != "32MB"
                assert await connection.fetchval("show search_path") != "pg_catalog"
    finally:
        await connection.close()


async def test_with_prepared_statements_a_pooler_does_not_work_and_says_so(sample: str) -> None:
    async with pooling(sample) as pooler:
        with serving(pooler.address, direct_url=sample) as server:
            answer = await asyncio.to_thread(httpx2.get, f"http://127.0.0.1:{server.port}/v1/events")
        assert answer.status_code == 503
        assert "role" in pooler.refusals, "sessions of our own are what it does not have"


@pytest.fixture(scope="module")
def debian() -> Program:
    """Debian's pgbouncer."""
    try:
        return program("pgbouncer")
    except ProgramUnavailable as error:
        pytest.skip(f"Debian's pgbouncer is not available: {error}")


@asynccontextmanager
async def pgbouncer(debian: Program, url: str, folder: Path) -> AsyncIterator[str]:
    """Run pgbouncer in transaction mode with two sessions, and yield its URL."""
    parts = urlsplit(url)
    socket_folder = unquote(parse_qs(parts.query)["host"][0])
    name, user = parts.path[1:], parts.username
    port = free_port()
    (folder / "users.txt").write_text(f'"{user}" ""\n')
    secret = password(parse_qs(urlsplit(url).query))
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{name} = host={socket_folder} port=5432 user={user} password={secret}\n"
        "[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = any\nauth_file = {folder}/users.txt\n"
        "pool_mode = transaction\ndefault_pool_size = 2\n"
    )
    command = [debian.path, "-q", *(("-u", "nobody") if os.geteuid() == 0 else ()), str(folder / "pgbouncer.ini")]
    with subprocess.Popen(command, env=debian.environment, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"postgresql://{user}@127.0.0.1:{port}/{name}"
            async with asyncio.timeout(10):
                while True:
                    with suppress(OSError):
                        await (await asyncpg.connect(address, statement_cache_size=0)).close()
                        break
                    await asyncio.sleep(0.05)
            yield address
        finally:
            process.terminate()


@pytest.fixture
async def behind(debian: Program) -> AsyncIterator[tuple[str, str]]:
    """The URL of a pgbouncer, and of the Postgres with the sample behind it."""
    with TemporaryDirectory() as name:  # pgbouncer may run as an account that cannot enter those of pytest
        folder = Path(name)
        folder.chmod(0o755)
        with start(folder / "data") as server:
            (folder / "data").chmod(0o755)
            await migrate(server.url)
            await load([str(SAMPLE)], server.url)
            async with pgbouncer(debian, server.url, folder) as address:
                yield address, server.url


@pytest.mark.fault
async def test_no_request_fails_under_load_behind_pgbouncer_in_transaction_mode(behind: tuple[str, str]) -> None:
    await requests(*behind, times=3)


@pytest.mark.fault
async def test_pgbouncer_without_its_setting_is_a_503_that_no_client_takes_for_an_answer(
    behind: tuple[str, str],
) -> None:
    with serving(behind[0], direct_url=behind[1]) as server:
        answer = await asyncio.to_thread(httpx2.get, f"http://127.0.0.1:{server.port}/v1/events")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
