"""No answer is older than promised or asked for, in whatever order loads, reads and stalled replicas come."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from pathlib import Path

import asyncpg
import pytest

from tests.replicas.conftest import Routed, execute, number_of, routed, write
from tests.replicas.servers import Server
from tests.serving import OLDEST


class Story:
    """Interleavings of one service: what was committed when, and what readers got."""

    def __init__(self, service: Routed, servers: list[Server], folder: Path, dice: random.Random) -> None:
        self._service = service
        self._primary, *self._replicas = servers
        self._folder = folder
        self._dice = dice
        # The numbers that were committed, each with the moment at which its load had ended and its edition.
        self.committed: list[tuple[float, int, int]] = []
        self.paused: set[Server] = set()

    async def tell(self) -> None:
        """Take some steps in a random order, several of them at the same time."""
        dice = self._dice
        steps = [self.read, self.read, self.read_at_least, self.read_at_least]
        steps += dice.choices((self.load, self.stall, self.resume, self.wait), (6, 6, 1, 2), k=3)
        dice.shuffle(steps)
        running: list[asyncio.Task[None]] = []
        for step in steps:
            running.append(asyncio.create_task(step()))
            if dice.random() < 0.7:
                await running[-1]
        await asyncio.gather(*running)
        if dice.random() < 0.3:
            await self.resume()

    async def load(self) -> None:
        # One after the other, so that the edition after a load is that of the load.
        async with LOADING:
            number = await write(self._primary, self._folder)
            edition = await last_edition(self._primary)
            self.committed.append((time.monotonic(), number, edition))

    async def read(self) -> None:
        begun = time.monotonic()
        due = max((number for at, number, _ in self.committed[-20:] if at <= begun - OLDEST), default=0)
        assert await self._service.number() >= due, "older than promised"

    async def read_at_least(self) -> None:
        if not self.committed:
            return await self.read()
        # Right after the commit: what was promised is older.
        _, number, edition = self._dice.choice(self.committed[-3:])
        resource = self._dice.choice(("source", "source", "place"))
        outcome = await self._service.read(edition, resource)
        if resource == "source":
            assert number_of(outcome.reply.body) >= number, "older than asked for"
        assert outcome.reply.has_reached(edition), "older than asked for"

    async def wait(self) -> None:
        """Wait until what was committed before has to be seen."""
        await asyncio.sleep(OLDEST)

    async def stall(self) -> None:
        """Let a replica replay nothing more."""
        replica = self._dice.choice(self._replicas)
        self.paused.add(replica)
        await execute(replica, "select pg_wal_replay_pause()")

    async def resume(self) -> None:
        """Let the replicas replay again."""
        while self.paused:
            await execute(self.paused.pop(), "select pg_wal_replay_resume()")


LOADING = asyncio.Lock()


async def last_edition(server: Server) -> int:
    connection = await asyncpg.connect(server.url)
    try:
        return int(await connection.fetchval("select max(seq) from store.latest"))
    finally:
        await connection.close()


async def tell_stories(servers: list[Server], folder: Path, many: int, seed: int) -> Routed:
    """Tell so many stories over one service, and return it as it was at the end."""
    dice = random.Random(seed)
    async with routed(servers) as service:
        await service.until_used(2)
        story = Story(service, servers, folder, dice)
        try:
            for number in range(many):
                try:
                    await asyncio.wait_for(story.tell(), 60)
                except AssertionError as error:
                    raise AssertionError(f"interleaving {number} of seed {seed}: {error}") from error
        finally:
            await story.resume()
        return service


async def test_no_answer_is_older_than_promised_or_asked_for(servers: list[Server], tmp_path: Path) -> None:
    service = await tell_stories(servers, tmp_path, 300, 18)
    # All ways of an answer were taken.
    fallbacks = sum((replica.fallbacks for replica in service.replicas), start=Counter[str]())
    assert service.reads_of_replicas() > 300 and service.primary_reads > 10
    assert fallbacks["late"] and fallbacks["edition"], fallbacks


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10))
async def test_none_of_many_more_answers_is_either(servers: list[Server], tmp_path: Path, seed: int) -> None:
    await tell_stories(servers, tmp_path, 1000, seed)
