"""Replicas of the store: a pool of connections for each, and a check that each is what it should be.

A replica is used while its last check found that it streams from the primary of this store. A check runs every second,
on a connection of its own, and at once if a statement got no answer.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import asyncpg
import structlog
from asyncpg.connect_utils import SessionAttribute

from api.settings import Settings
from api.store.access import AccessStore
from api.store.connection import DRIVER_ERRORS, Connection
from api.store.reader import Reader
from api.store.server_facts import (
    AHEAD_SECONDS,
    DIVERGED,
    ServerFacts,
    find_objection,
    is_ahead,
    is_primary,
    read_facts,
)
from api.store.sessions import ServerRole
from api.store.stream import Streams

CHECK_SECONDS = 1.0
SHORTEST_PAUSE = 0.1
# The time that a check may take, and that a server has to show that it lives.
ANSWER_SECONDS = 0.5
# A replica that was late this often within a second is not read from for a second.
MAX_LATE = 3
LATE_SECONDS = 1.0
REST_SECONDS = 1.0

log = structlog.get_logger("briefing")


def name_server(url: str) -> str:
    """Return the name of a server in the log and in metrics: its host and port, without account and password."""
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    name = parts.netloc.rpartition("@")[2]
    if "host" in options:
        name = options["host"][0]
        if "port" in options:
            name += f":{options['port'][0]}"
    return name or "local"


class Replica:
    """A server that is read from: its pools, and what is known of it. `objection` is why it is not used; empty if it
    is used."""

    def __init__(self, url: str, name: str, settings: Settings) -> None:
        self.name = name
        self.reader = Reader(url, settings, ServerRole.REPLICA)
        self.streams = Streams(url, settings, ServerRole.REPLICA)
        self.access = AccessStore(url, settings.statement_cache_size, seconds=settings.access_timeout)
        self.check = ServerCheck(url)
        self.objection = "it was not checked yet"
        # What the metrics show: statements that it answered, and those that the primary answered instead, by reason.
        self.reads = 0
        self.fallbacks: Counter[str] = Counter()
        # When it was chosen last, as a number that grows.
        self.turn = 0
        # Set to check the server at once.
        self.doubted = asyncio.Event()
        self._late = 0
        self._late_since = 0.0
        self._rests_until = 0.0

    @property
    def is_used(self) -> bool:
        """True if the last check found nothing against it."""
        return not self.objection

    @property
    def is_resting(self) -> bool:
        """True if it was late too often."""
        return time.monotonic() < self._rests_until

    def count_missing(self, last_edition: int) -> int:
        """Return how many changes it lacked when it was checked last."""
        if self.check.facts is None:
            return last_edition
        return max(0, last_edition - self.check.facts.edition)

    def note_late(self) -> None:
        """Note that an answer was older than it may be."""
        now = time.monotonic()
        if now - self._late_since > LATE_SECONDS:
            self._late_since = now
            self._late = 0
        self._late += 1
        if self._late >= MAX_LATE:
            self._rests_until = now + REST_SECONDS
            self._late = 0

    def note_objection(self, objection: str) -> None:
        """Note why it is not used, or that it is used. A change is one line in the log."""
        if objection == self.objection:
            return
        self.objection = objection
        if objection:
            log.warning("replica not used", replica=self.name, reason=objection)
        else:
            log.info("replica used", replica=self.name)

    async def is_alive(self) -> bool:
        """Return True if the server answers now. Call it after a statement that ran out of time: a frozen server looks
        like a slow statement. A server that does not answer is not used until it passes a check."""
        try:
            await self.check.run()
        except CHECK_ERRORS as error:
            self.note_objection(describe_failure(error))
            return False
        return True

    async def close(self) -> None:
        """Close its connections."""
        await self.check.close()
        await self.reader.close()
        await self.streams.close()
        await self.access.close()


class ServerCheck:
    """A connection that reads the facts about a server. Checks that are requested at the same time are one."""

    def __init__(self, url: str, session_attributes: SessionAttribute | None = None) -> None:
        self._url = url
        self._session_attributes = session_attributes
        self._connection: Connection | None = None
        self._running: asyncio.Task[ServerFacts] | None = None
        self.facts: ServerFacts | None = None

    async def run(self) -> ServerFacts:
        """Return the facts as they are now. One of CHECK_ERRORS if the server does not answer in time."""
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._read())
            self._running.add_done_callback(_read_error)
        return await asyncio.shield(self._running)

    async def close(self) -> None:
        """Close the connection."""
        if self._running is not None:
            self._running.cancel()
            with suppress(Exception, asyncio.CancelledError):
                await self._running
        self._drop()

    async def _read(self) -> ServerFacts:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(
                        self._url,
                        statement_cache_size=0,
                        server_settings={"application_name": "briefing-check"},
                        target_session_attrs=self._session_attributes,
                    )
                self.facts = await read_facts(self._connection)
                return self.facts
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


# The errors of a server that does not answer, or not as it should.
CHECK_ERRORS = (OSError, TimeoutError, *DRIVER_ERRORS)
# Those of a server that is away, starts, or ends. Which of them it is changes by the moment.
SILENT = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InternalClientError,
    asyncpg.InterfaceError,
)


def describe_failure(error: BaseException) -> str:
    """Return why a server could not be checked. Messages of Postgres contain no password."""
    if isinstance(error, SILENT):
        return "it does not answer"
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _read_error(check: asyncio.Task[ServerFacts]) -> None:
    if not check.cancelled():
        check.exception()


class Replicas:
    """The replicas of one primary. Start their checks within a running loop, and stop them there."""

    def __init__(self, settings: Settings, url: str) -> None:
        # Of several hosts in its URL only one is the primary.
        self._primary = ServerCheck(url, SessionAttribute.primary)
        self.all: list[Replica] = []
        names: Counter[str] = Counter()
        for replica_url in settings.replica_urls:
            name = name_server(replica_url)
            names[name] += 1
            if names[name] > 1:
                name += f" ({names[name]})"
            self.all.append(Replica(replica_url, name, settings))
        self._turns = 0
        # What the metrics show: what the primary answered, and what replicas answered while it was away.
        self.primary_reads = 0
        self.unconfirmed_reads = 0
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to check the servers."""
        self._tasks.append(asyncio.create_task(self._follow_primary()))
        self._tasks += [asyncio.create_task(self._follow(replica)) for replica in self.all]

    async def close(self) -> None:
        """Stop the checks, and close all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._primary.close()
        for replica in self.all:
            await replica.close()

    def choose(self, *, export: bool = False) -> Replica | None:
        """Return the replica with the least to do, by its statements or by its exports. None if none is used, or if
        all of them rest."""
        least: Replica | None = None
        least_load = 0
        for replica in self.all:
            if not replica.is_used or replica.is_resting:
                continue
            pool = replica.streams.pool if export else replica.reader.pool
            load = pool.load
            # Among equals, they take turns.
            if least is None or (load, replica.turn) < (least_load, least.turn):
                least, least_load = replica, load
        if least is not None:
            self._turns += 1
            least.turn = self._turns
        return least

    def used(self) -> Sequence[Replica]:
        """Return the replicas that are used, also those that rest, with the least to do first."""
        return sorted(
            (replica for replica in self.all if replica.is_used), key=lambda replica: replica.reader.pool.load
        )

    async def _follow_primary(self) -> None:
        while True:
            # While it is away, what was read last still tells if a replica belongs to it.
            with suppress(*CHECK_ERRORS):
                await self._primary.run()
            await asyncio.sleep(CHECK_SECONDS)

    async def _follow(self, replica: Replica) -> None:
        was_primary = False
        ahead_since = 0.0
        while True:
            server_before = replica.check.facts
            try:
                server = await replica.check.run()
            except CHECK_ERRORS as error:
                replica.note_objection(describe_failure(error))
                await _pause(replica.doubted)
                continue
            primary = self._primary.facts
            if primary is None:
                await asyncio.sleep(SHORTEST_PAUSE)
                continue
            objection = find_objection(server, primary)
            # What it had a second ago, the primary must have had when it was read since.
            if server_before is None or not is_ahead(server_before, primary):
                ahead_since = 0.0
            elif not ahead_since:
                ahead_since = time.monotonic()
            elif time.monotonic() - ahead_since > AHEAD_SECONDS:
                objection = objection or DIVERGED
            replica.note_objection(objection)
            if is_primary(server, primary) and not was_primary:
                log.warning("a URL of BRIEFING_READ_URLS is that of the primary", replica=replica.name)
            was_primary = is_primary(server, primary)
            await _pause(replica.doubted)


async def _pause(doubted: asyncio.Event) -> None:
    """Wait until the next check, which comes sooner if a statement got no answer."""
    await asyncio.sleep(SHORTEST_PAUSE)
    with suppress(TimeoutError):
        await asyncio.wait_for(doubted.wait(), CHECK_SECONDS - SHORTEST_PAUSE)
    doubted.clear()
