"""The service over the sample as operators see it: its log, its metrics, its traces."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx2
import pytest

from api.ingest.load import load
from tests.http.conftest import ServerProcess

SAMPLE = Path(__file__).parents[2] / "api" / "sample"


@pytest.fixture(scope="package")
async def sample(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    """The URL of a database that holds the sample."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    yield url


@dataclass(frozen=True)
class Log:
    """The log of a service."""

    file: IO[str]

    def text(self) -> str:
        self.file.seek(0)
        return self.file.read()

    def until(self, text: str) -> None:
        """Wait until the log contains the text: an answer is sent before its line is written."""
        start_time = time.monotonic()
        while text not in self.text():
            assert time.monotonic() - start_time < 5, self.text()
            time.sleep(0.02)

    def requests(self, count: int) -> list[dict[str, Any]]:
        """Wait for the lines of `count` requests, and return the lines of all."""
        start_time = time.monotonic()
        while True:
            lines = [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]
            request_lines = [line for line in lines if line["event"] == "request"]
            if len(request_lines) >= count:
                return request_lines
            assert time.monotonic() - start_time < 5, request_lines
            time.sleep(0.02)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """A log for a service to write to."""
    with (tmp_path / "log").open("w+") as file:
        yield Log(file)


@contextmanager
def caller(service_url: ServerProcess) -> Iterator[httpx2.Client]:
    """A client of the service, once it is ready."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{service_url.port}") as client:
        start_time = time.monotonic()
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() - start_time < 10
            time.sleep(0.02)
        yield client
