"""The application over the sample, as it is served: by uvicorn with our bounds, in a thread, on loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import asyncpg
import httpx2
import pytest
import uvicorn

from api.app import create_app
from api.ingest.load import load
from api.server.http_server import config
from api.settings import Settings
from tests.conftest import take_for_the_original
from tests.rest.histories import History, look

SAMPLE = Path(__file__).parents[2] / "api" / "sample"


@contextmanager
def run(url: str) -> Iterator[httpx2.Client]:
    """A client of the application over the database at `url`."""
    settings = Settings()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config(create_app(settings, url).asgi, settings))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            yield client
    finally:
        # Otherwise a test that fails would wait for the thread.
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def serving() -> Callable[[str], AbstractContextManager[httpx2.Client]]:
    """`with serving(url) as client:` serves the application over another database."""
    return run


@pytest.fixture(scope="session")
async def client(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[httpx2.Client]:
    """A client of the application over the sample."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    with run(url) as client:
        yield client


@contextmanager
def opened(url: str, editions: list[asyncpg.Record], store: str) -> Iterator[History]:
    """A service over a store with these editions and this mark."""
    with run(url) as client:
        yield History(url, client, [row["seq"] for row in editions], [row["at"] for row in editions], store)


@pytest.fixture(scope="module")
async def history(url: str, fresh_database: Callable[[str], Awaitable[str]]) -> AsyncIterator[History]:
    """A copy of the module's store at `url` that nothing writes to, and its service."""
    copied = await fresh_database(url)
    await take_for_the_original(copied)
    with opened(copied, *await look(copied)) as opened_history:
        yield opened_history


@pytest.fixture
async def own(url: str, fresh_database: Callable[[str], Awaitable[str]]) -> AsyncIterator[History]:
    """A copy of the module's store for a test that writes to it, and its service."""
    copied = await fresh_database(url)
    await take_for_the_original(copied)
    with opened(copied, *await look(copied)) as opened_history:
        yield opened_history
