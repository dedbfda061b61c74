"""A replica whose disk is full, on a small file system of its own. Only root can mount one."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from api.store.replicas import Replica
from tests.hostile.faults.disk import small
from tests.replicas.conftest import Routed, execute, routed, write
from tests.replicas.servers import Server
from tests.serving import OLDEST

pytestmark = pytest.mark.fault
MEGABYTES = 600
PIECE = b"\0" * (1 << 20)


@pytest.fixture
def disk() -> Iterator[Path]:
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(small(MEGABYTES))
        except PermissionError as error:
            pytest.skip(f"a file system cannot be mounted here: {error}")
        folder.chmod(0o755)
        yield folder


def fill(path: Path) -> None:
    """Write a file until no room is left."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(PIECE)
        except OSError as error:
            assert error.errno == errno.ENOSPC


async def test_a_replica_whose_disk_is_full_costs_no_client_an_error(
    servers: list[Server], disk: Path, tmp_path: Path
) -> None:
    replica = servers[1].beside(disk / "full")
    replica.copy(servers[0])
    replica.start()
    try:
        async with routed([servers[0], replica]) as service:
            await service.until_used(1)
            (read,) = service.replicas
            await _read_until(service, read, 1)
            fill(disk / "filler")
            for _ in range(40):
                number = await write(servers[0], tmp_path)
                # The next file of the log needs room.
                await execute(servers[0], "select pg_switch_wal()")
                await asyncio.sleep(OLDEST)
                assert await service.number() == number
                if read.fallbacks.total() or not read.is_used:
                    break
            assert read.fallbacks.total() or not read.is_used, "the replica has never lacked room"
            for _ in range(20):
                assert await service.number() == number
            (disk / "filler").unlink()
            if replica.has_ended:
                replica.start()
            last = service.service.changes.last_edition
            async with asyncio.timeout(60):
                while not read.is_used or read.is_resting or read.count_missing(last):
                    await asyncio.sleep(0.05)
            assert await _read_until(service, read, read.reads + 1) == number
    finally:
        replica.stop()


async def _read_until(service: Routed, replica: Replica, reads: int) -> int:
    """Read until the replica has answered so often, and return the last answer. If this process stalls, the primary
    answers."""
    async with asyncio.timeout(60):
        while True:
            number = await service.number()
            if replica.reads >= reads:
                return number
