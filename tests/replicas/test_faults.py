"""Answers to clients while a replica or the primary is frozen, cut off, killed, promoted or built again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from api.access.key import new
from api.access.keys import Keys, NewKey
from api.access.plan import Plan
from api.access.plans import Plans
from api.compiler import Statement
from api.errors import InvalidKey, Unavailable
from api.query import EditionFinder, KnownAt
from api.store.access import AccessStore
from api.store.replicas import Replica
from api.store.routed_streams import RoutedStreams
from api.store.server_facts import ANOTHER_STORE, OLDER_MIGRATION, PROMOTED
from tests.replicas.conftest import Routed, execute, number_of, routed, write
from tests.replicas.servers import Server
from tests.serving import OLDEST

LOGGED = "replica not used"
CUT = "select pid from pg_stat_activity where application_name like 'briefing%' and pg_terminate_backend(pid)"


@pytest.fixture
async def service(servers: list[Server]) -> AsyncIterator[Routed]:
    async with routed(servers, statement_timeout_floor=0.5, statement_timeout=2.0) as made:
        await made.until_used(2)
        yield made


async def read_all(service: Routed, times: int = 30) -> None:
    """Read one after the other; each read has to be answered."""
    for _ in range(times):
        await service.number()


class Reader:
    """Reads one after the other, without a pause and without an end. Each of them has to be answered."""

    def __init__(self, service: Routed) -> None:
        self._service = service
        self._answers = 0
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            await self._service.number()
            self._answers += 1

    async def wait_for_answers(self, count: int) -> None:
        """Wait until so many more reads were answered. Raise the error of a read that was not."""
        expected = self._answers + count
        await until(lambda: self._answers >= expected or self._task.done())
        if self._task.done():
            self._task.result()

    async def stop(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


@asynccontextmanager
async def reading(service: Routed) -> AsyncIterator[Reader]:
    """Read while the block runs."""
    reader = Reader(service)
    try:
        yield reader
    finally:
        await reader.stop()


async def cut_connections(server: Server) -> int:
    """End the backends of the service on a server, and return how many they were."""
    status = await execute(server, CUT)
    return int(status.removeprefix("SELECT "))


def of(service: Routed, server: Server) -> Replica:
    """Return the replica that is this server."""
    return next(replica for replica in service.replicas if str(server.sockets) in replica.name)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.02)


async def test_a_frozen_replica_costs_no_client_an_error_and_is_taken_up_again(
    service: Routed, servers: list[Server]
) -> None:
    await read_all(service, 4)
    frozen = of(service, servers[1])
    servers[1].freeze()
    try:
        await asyncio.gather(*(service.number() for _ in range(8)))
        await until(lambda: not frozen.is_used)
        reads_before = frozen.reads
        await read_all(service)
        assert frozen.reads == reads_before
    finally:
        servers[1].thaw()
    await service.until_used(2)
    await until(lambda: not frozen.is_resting)
    await read_all(service, 4)
    assert frozen.reads > reads_before


async def test_a_frozen_replica_holds_no_export_for_good(
    service: Routed, servers: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = RoutedStreams(
        service.replicas[0].streams,  # Any server that lives will do as the primary here.
        service.reads.replicas,
        service.service.changes,
        service.service.settings,
    )
    rows: list[bytes] = []

    async def take(piece: bytes) -> None:
        rows.append(piece)

    monkeypatch.setattr(service.reads.replicas, "choose", lambda export: service.replicas[1])
    servers[2 if of(service, servers[2]) is service.replicas[1] else 1].freeze()
    try:
        statement = Statement("select '0.0 0.0' union all select 'row'", (), custom=True)
        async with asyncio.timeout(20):
            await streams.stream(statement, 0, take, lambda row: None, lambda: None)
    finally:
        for server in servers[1:]:
            server.thaw()
    assert rows == [b"row"]
    assert service.replicas[1].fallbacks["unavailable"] == 1


async def test_connections_that_are_cut_cost_no_client_an_error(service: Routed, servers: list[Server]) -> None:
    async with reading(service) as reader:
        for server in (servers[1], servers[2], servers[1]):
            await reader.wait_for_answers(20)
            assert await cut_connections(server) > 0
        await reader.wait_for_answers(20)
    await service.until_used(2)


async def test_a_killed_replica_is_not_used_until_it_is_back(service: Routed, servers: list[Server]) -> None:
    killed = of(service, servers[1])
    async with reading(service) as reader:
        await reader.wait_for_answers(20)
        servers[1].kill()
        try:
            await reader.wait_for_answers(40)
            await until(lambda: not killed.is_used)
        finally:
            servers[1].start()
    await service.until_used(2)
    await read_all(service, 4)


async def test_a_promoted_replica_is_not_used_until_it_is_built_again(
    service: Routed, servers: list[Server], tmp_path: Path
) -> None:
    promoted = of(service, servers[2])
    servers[2].promote()
    try:
        await until(lambda: promoted.objection == PROMOTED)
        # It is a store of its own now, with changes that the primary does not have.
        await write(servers[2], tmp_path)
        number = await write(servers[0], tmp_path)
        await asyncio.sleep(OLDEST)
        for _ in range(10):
            assert await service.number() == number
    finally:
        servers[2].stop()
        servers[2].copy(servers[0])
        servers[2].start()
    await service.until_used(2)
    assert await service.number() == number


async def test_servers_that_are_no_replicas_of_this_store_are_not_used(
    servers: list[Server], new_store: Callable[[], Awaitable[str]]
) -> None:
    another = await new_store()
    await execute(servers[0], "create role guarded login password 'right' in role briefing_reader, briefing_access")
    try:
        wrong_password = servers[1].as_account("guarded:wrong")
        wrong_database = servers[1].url.replace("/briefing?", "/postgres?")
        with capture_logs() as lines:
            async with routed(servers, [another, wrong_password, wrong_database, servers[2].url]) as service:
                await service.until_used(1)
                await until(lambda: all("not checked" not in replica.objection for replica in service.replicas))
                await asyncio.sleep(2.5)
                objections = [replica.objection for replica in service.replicas]
                await read_all(service, 4)
                # The primary answers only if this process stalls.
                assert [replica.reads for replica in service.replicas[:3]] == [0, 0, 0]
                assert 0 < service.replicas[3].reads == 4 - service.primary_reads
        assert objections[0] == objections[2] == ANOTHER_STORE
        assert "InvalidPasswordError" in objections[1]
        assert objections[3] == ""
        assert sum(line["event"] == LOGGED for line in lines) == 3, "one line for each change"
        assert ":wrong" not in str(lines)
    finally:
        await execute(servers[0], "drop role guarded")


async def test_a_replica_of_an_older_migration_is_not_used(service: Routed, servers: list[Server]) -> None:
    older = of(service, servers[1])
    await execute(servers[1], "select pg_wal_replay_pause()")
    ledger = "migration.applied"
    await execute(servers[0], f"insert into {ledger} (name, checksum) values ('9999_later', 'x')")
    try:
        await until(lambda: older.objection == OLDER_MIGRATION)
        await read_all(service, 4)
    finally:
        await execute(servers[0], f"delete from {ledger} where name = '9999_later'")
        await execute(servers[1], "select pg_wal_replay_resume()")
    await service.until_used(2)


async def test_a_url_of_the_primary_is_used_with_a_warning(servers: list[Server]) -> None:
    with capture_logs() as lines:
        async with routed(servers, [servers[0].url]) as service:
            await service.until_used(1)
            await asyncio.sleep(1.5)
            await read_all(service, 4)
            assert 0 < service.replicas[0].reads == 4 - service.primary_reads
    assert sum("is that of the primary" in line["event"] for line in lines) == 1


@pytest.mark.parametrize("fault", ["frozen", "killed"])
async def test_replicas_answer_while_the_primary_is_away_and_say_so(
    servers: list[Server], tmp_path: Path, fault: str
) -> None:
    number = await write(servers[0], tmp_path)
    async with routed(
        servers, statement_timeout_floor=0.5, statement_timeout=2.0, stale_reads=8.0, answer_memory=1_000_000
    ) as service:
        await service.until_used(2)
        await service.read()
        await asyncio.sleep(OLDEST)
        edition = service.service.changes.last_edition
        if fault == "frozen":
            servers[0].freeze()
        else:
            servers[0].kill()
        try:
            # What the primary confirmed a moment ago is used a little longer.
            await until(lambda: not service.service.changes.sure)
            await until(lambda: service.service.changes.least_mark(("source",)) is None)
            outcomes = await asyncio.gather(*(service.read() for _ in range(10)))
            outcomes += [await service.read() for _ in range(10)]
            for outcome in outcomes:
                assert outcome.reply.unconfirmed and outcome.tag == "" and not outcome.cached
                assert number_of(outcome.reply.body) == number
            assert (await service.read(edition)).reply.unconfirmed
            with pytest.raises(Unavailable, match="no replica has what is asked for"):
                await service.read(edition + 1)
            await service.reads.ready()
            await until(lambda: not service.reads._outage.allows_stale)
            with pytest.raises(Unavailable):
                await service.read()
            with pytest.raises(Unavailable):
                await service.reads.ready()
        finally:
            if fault == "frozen":
                servers[0].thaw()
            else:
                servers[0].start()
        await service.until_sure()
        await service.until_used(2)
        assert not (await service.read()).reply.unconfirmed


async def test_keys_are_looked_up_on_a_replica_while_the_primary_is_away(servers: list[Server], tmp_path: Path) -> None:
    store = AccessStore(servers[0].url)
    if "readers" not in {row["name"] for row in await Plans(store, "test").all()}:
        await Plans(store, "test").create(Plan("readers", 100, 100, 100, 50, 200))
    made = await Keys(store, "live", "test").create(NewKey("test", "readers"))
    await store.close()
    await asyncio.sleep(1)
    async with routed(servers) as service:
        await service.until_used(2)
        control = service.service.access_control
        servers[0].kill()
        try:
            for _ in range(3):
                caller = await control.caller(made.secret.text, "192.0.2.1")
                assert caller.plan.name == "readers"
            with pytest.raises(InvalidKey):
                await control.caller(new("live").text, "192.0.2.1")
        finally:
            servers[0].start()


async def test_the_primary_fails_over_to_a_replica(servers: list[Server], tmp_path: Path) -> None:
    number = await write(servers[0], tmp_path)
    async with routed(servers, primary_url=url_of(servers)) as service:
        await service.until_used(2)
        await asyncio.sleep(OLDEST)
        reading = asyncio.create_task(read_all(service, 400))
        await asyncio.sleep(0.1)
        servers[0].kill()
        servers[1].promote()
        servers[2].stop()
        servers[2].follow(servers[1])
        servers[2].start()
        try:
            await service.until_sure()
            await reading
            number = await write(servers[1], tmp_path)
            await asyncio.sleep(OLDEST)
            await service.until_used(2)
            for _ in range(6):
                outcome = await service.read()
                assert number_of(outcome.reply.body) == number and not outcome.reply.unconfirmed
        finally:
            give_back(servers)


async def test_a_promotion_gives_no_number_of_a_lost_change_again(servers: list[Server], tmp_path: Path) -> None:
    async with routed(servers, primary_url=url_of(servers)) as service:
        await service.until_used(2)
        await write(servers[0], tmp_path)
        kept, mark = await last_change(servers[0])
        # The replica that is promoted has not got the last change.
        servers[1].stop()
        await write(servers[0], tmp_path)
        lost, _ = await last_change(servers[0])
        timeline = service.service.changes.timeline
        await until(lambda: timeline.last == lost)
        servers[0].kill()
        servers[1].start()
        servers[1].promote()
        try:
            await until(lambda: timeline.last == kept)
            number = await write(servers[1], tmp_path)
            new, new_mark = await last_change(servers[1])
            assert new > kept + 1_000_000 and new_mark != mark
            await until(lambda: timeline.last == new)
            assert await service.number(new) == number
            finder = EditionFinder(timeline, looked_again=True)
            for store in ("", mark, new_mark):
                assert finder.find(KnownAt(number=kept, store=store)).number == kept
                with pytest.raises(ValueError, match="lost this edition"):
                    finder.find(KnownAt(number=lost, store=store))
        finally:
            give_back(servers)


def url_of(servers: list[Server]) -> str:
    """Return the URL of the one that is the primary."""
    hosts = ",".join(str(server.sockets) for server in servers)
    ports = ",".join("5432" for _ in servers)
    return f"postgresql://briefing@/briefing?host={hosts}&port={ports}&target_session_attrs=primary"


def give_back(servers: list[Server]) -> None:
    """Let the first server be the primary again, after the second one was promoted."""
    servers[0].copy(servers[1])
    servers[0].start()
    servers[1].stop()
    servers[0].promote()
    for server in servers[1:]:
        server.stop()
        server.copy(servers[0])
        server.start()


async def last_change(server: Server) -> tuple[int, str]:
    """Return the number of the last change of a server, and the mark of its store."""
    connection = await asyncpg.connect(server.url)
    try:
        row = await connection.fetchrow("select seq, mark from store.last_change, store.identity")
    finally:
        await connection.close()
    assert row is not None
    return row["seq"], row["mark"]
