"""The service over its own Postgres, while that is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import pytest

from api.store.embedded import start
from tests.hostile.faults.cluster import until
from tests.hostile.raw_client import RawClient
from tests.http.conftest import Command
from tests.serving import serving

pytestmark = pytest.mark.fault


def postmaster(folder: Path) -> int:
    """Return the process id of the server's first process; 0 while there is none."""
    with suppress(FileNotFoundError, IndexError, ValueError):
        return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    return 0


def kill(folder: Path) -> int:
    """Kill the server, wait until another has begun, and return the old process id."""
    pid = postmaster(folder)
    os.kill(pid, signal.SIGKILL)
    until(lambda: postmaster(folder) not in (0, pid), 2)
    assert not Path(f"/proc/{pid}").exists(), "the dead child is reaped"
    return pid


@dataclass(frozen=True)
class Own:
    """A service over a Postgres of its own, and its log."""

    raw_client: RawClient
    process: Command
    log: IO[str]


@pytest.fixture(params=[1, 2], ids=["one process", "two workers"])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Own]:
    start(tmp_path).stop()  # making the data takes longer than a service may take to start
    with TemporaryFile("w+") as log, serving("", into=log, data_dir=tmp_path, workers=request.param) as server:
        raw_client = RawClient(server.port)
        until(lambda: raw_client.get("/readyz").status == 200, 20)
        yield Own(raw_client, server.process, log)


def test_an_embedded_postgres_that_is_killed_is_restarted(own: Own, tmp_path: Path) -> None:
    kill(tmp_path)
    statuses = set()

    def ready() -> bool:
        assert own.raw_client.get("/healthz").status == 200
        statuses.add(status := own.raw_client.get("/readyz").status)
        return status == 200

    until(ready, 20)
    assert statuses <= {200, 503}
    assert own.raw_client.get("/v1/events").status == 200
    assert own.process.poll() is None


def test_a_service_whose_postgres_cannot_come_back_is_not_ready(own: Own, tmp_path: Path) -> None:
    settings = tmp_path / "postgres" / "postgresql.auto.conf"
    settings.write_text("no_such_setting = 1\n")
    os.kill(postmaster(tmp_path), signal.SIGKILL)
    until(lambda: own.raw_client.get("/readyz").status == 503, 2)
    assert own.raw_client.get("/healthz").status == 200
    settings.write_text("")
    until(lambda: own.raw_client.get("/readyz").status == 200, 20)


def test_an_embedded_postgres_that_ends_again_and_again_ends_the_service_with_the_reason(
    own: Own, tmp_path: Path
) -> None:
    for _ in range(4):
        kill(tmp_path)
    os.kill(postmaster(tmp_path), signal.SIGKILL)
    assert own.process.wait(35) == 69
    own.log.seek(0)
    log = own.log.read()
    assert "postgres ended 5 times within a minute, the last time with SIGKILL" in log
    assert "Traceback" not in log
