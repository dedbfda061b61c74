"""No answer is older than promised or asked for, in whatever order loads, reads and stalled replicas come."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from api.store.connection import Connection
from tests.replicas.conftest import Routed, number_of, routed, write
from tests.replicas.servers import Server
from tests.serving import OLDEST


class Replay:
    """The replay of a replica, which is stopped and continued on one connection: a replica that stops in the middle of
    a change of the catalog accepts no new one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._taking_turns = asyncio.Lock()

    async def stop(self) -> None:
        await self._run("select pg_wal_replay_pause()")

    async def go_on(self) -> None:
        await self._run("select pg_wal_replay_resume()")

    async def _run(self, statement: str) -> None:
        async with self._taking_turns:
            # What is replayed may cancel it.
            with suppress(asyncpg.SerializationError):
                await self._connection.execute(statement)
                return
            await self._connection.execute(statement)


@asynccontextmanager
async def replays(servers: Sequence[Server]) -> AsyncIterator[list[Replay]]:
    """Connect to the replicas, and let them replay again at the end."""
    async with AsyncExitStack() as stack:
        open_replays = []
        for server in servers:
            connection = await asyncpg.connect(server.url)
            stack.push_async_callback(connection.close)
            open_replays.append(Replay(connection))
            # It needs nothing of the catalog afterwards.
            await open_replays[-1].go_on()
            stack.push_async_callback(open_replays[-1].go_on)
        yield open_replays


class Story:
    """Interleavings of one service: what was committed when, and what readers got."""

    def __init__(
        self, service: Routed, primary: Server, replays: list[Replay], folder: Path, dice: random.Random
    ) -> None:
        self._service = service
        self._primary = primary
        self._replays = replays
        self._folder = folder
        self._dice = dice
        # The numbers that were committed, each with the moment at which its load had ended and its edition.
        self.committed: list[tuple[float, int, int]] = []

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
        await self._dice.choice(self._replays).stop()

    async def resume(self) -> None:
        """Let the replicas replay again."""
        for replay in self._replays:
            await replay.go_on()


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
    async with replays(servers[1:]) as open_replays, routed(servers) as service:
        await service.until_used(2)
        story = Story(service, servers[0], open_replays, folder, dice)
        for number in range(many):
            try:
                await asyncio.wait_for(story.tell(), 60)
            except AssertionError as error:
                raise AssertionError(f"interleaving {number} of seed {seed}: {error}") from error
        return service


async def test_no_answer_is_older_than_promised_or_asked_for(servers: list[Server], tmp_path: Path) -> None:
    service = await tell_stories(servers, tmp_path, 300, 18)
    # All ways of an answer were taken.
    fallbacks = sum((replica.fallbacks for replica in service.replicas), start=Counter[str]())
    assert service.reads_of_replicas() > 300 and service.primary_reads > 10
    assert fallbacks["late"] and fallbacks["edition"], fallbacks


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10))
async def test_no_answer_is_older_than_promised_in_ten_thousand_interleavings(
    servers: list[Server], tmp_path: Path, seed: int
) -> None:
    await tell_stories(servers, tmp_path, 1000, seed)
