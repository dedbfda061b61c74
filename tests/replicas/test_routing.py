"""The choice of the server that answers: the replica with the least to do, or the primary if no replica can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from api.catalog import V1, V2
from api.compiler.statement import Statement
from api.errors import InvalidRequest, TimedOut
from api.rest.formats import offered
from api.rest.request import export_request, list_query
from api.service.exports import Exports
from api.store.replicas import REST_SECONDS
from api.store.ticket import SERVICE, Origin, Rank, Ticket
from tests.replicas.conftest import CALLER, Routed, execute, make_context, number_of, routed, write
from tests.replicas.servers import Server
from tests.serving import OLDEST

SLOW = "select ''::bytea, null, null::text[], '0.0', 1 from v1.source, pg_sleep({seconds}) limit 1"
# A price that gives Postgres all the time that it may have.
LONG = 1_000_000
# The largest share of the processor time of reads that the primary may have. docs/scale.md calculates with it.
PRIMARY_SHARE = 0.05
LOCKED = "select count(*) from pg_locks where relation = 'store.source'::regclass and mode = 'AccessExclusiveLock'"


@pytest.fixture
async def service(servers: list[Server]) -> AsyncIterator[Routed]:
    async with routed(servers, pool_size=2, statement_timeout=10.0) as service:
        await service.until_used(2)
        yield service


async def slow(service: Routed, seconds: float, ticket: Ticket | None = None) -> None:
    """Let a statement run for some seconds."""
    statement = Statement(SLOW.format(seconds=seconds), (), custom=False)
    await service.reads.read(statement, ticket or Ticket(SERVICE, LONG))


async def test_replicas_share_the_reads_and_the_primary_has_none(service: Routed) -> None:
    for _ in range(60):
        await service.number()
        if sum(replica.reads for replica in service.replicas) == 20:
            break
    assert [replica.reads for replica in service.replicas] == [10, 10]
    # It answers only if this process stalled for longer than an answer may be compared with a poll.
    assert service.primary_reads < 5


async def test_the_replica_with_the_least_to_do_is_next(service: Routed) -> None:
    running = asyncio.create_task(slow(service, 1.0))
    await asyncio.sleep(0.05)
    busy = next(replica for replica in service.replicas if replica.reader.pool.load)
    reads_before = busy.reads
    for _ in range(5):
        await service.number()
    assert busy.reads == reads_before
    await running


async def test_where_replicas_are_behind_the_primary_answers_and_they_rest_after_three_times(
    service: Routed, servers: list[Server], tmp_path: Path
) -> None:
    for replica in servers[1:]:
        await execute(replica, "select pg_wal_replay_pause()")
    try:
        number = await write(servers[0], tmp_path)
        await asyncio.sleep(OLDEST)
        for _ in range(10):
            await service.until_sure()
            assert await service.number() == number
        assert [replica.fallbacks["late"] for replica in service.replicas] == [3, 3]
        assert all(replica.is_resting for replica in service.replicas)
        assert service.primary_reads == 10
    finally:
        for replica in servers[1:]:
            await execute(replica, "select pg_wal_replay_resume()")
    await asyncio.sleep(REST_SECONDS)
    await service.until_used(2)
    assert await service.number() == number
    assert service.primary_reads == 10


async def test_a_poll_that_is_too_old_to_compare_with_leaves_the_read_to_the_primary(
    service: Routed, monkeypatch: pytest.MonkeyPatch
) -> None:
    poller = service.service.changes._poller
    # A request may join this read 100 ms later, and then the poll would be older than the promise.
    monkeypatch.setattr(type(poller), "age", property(lambda _: 0.16))
    await service.number()
    assert service.primary_reads == 1 and service.reads_of_replicas() == 0


async def test_an_answer_from_before_a_change_is_not_kept(servers: list[Server], tmp_path: Path) -> None:
    async with routed(servers, answer_memory=1_000_000) as service:
        await service.until_used(2)
        await service.number()
        for replica in servers[1:]:
            await execute(replica, "select pg_wal_replay_pause()")
        try:
            number = await write(servers[0], tmp_path)
            await asyncio.sleep(OLDEST)
            for _ in range(5):
                assert await service.number() == number
            assert (await service.read()).cached
        finally:
            for replica in servers[1:]:
                await execute(replica, "select pg_wal_replay_resume()")


async def test_a_slow_read_that_ends_late_does_not_replace_a_newer_answer(
    servers: list[Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with routed(servers, answer_memory=1_000_000) as service:
        await service.until_used(2)
        read = service.reads.read
        went_on = asyncio.Event()

        async def delayed(*arguments: object, **named: object) -> object:
            reply = await read(*arguments, **named)  # type: ignore[arg-type]
            await went_on.wait()
            return reply

        monkeypatch.setattr(service.reads, "read", delayed)
        old = asyncio.create_task(service.read())
        await asyncio.sleep(0.1)
        monkeypatch.setattr(service.reads, "read", read)
        number = await write(servers[0], tmp_path)
        await asyncio.sleep(OLDEST)
        await service.until_sure()
        assert await service.number() == number
        went_on.set()
        await old
        assert (await service.read()).cached, "the newer answer is still kept"


async def test_a_read_that_a_conflict_of_recovery_cancels_goes_to_the_primary(
    service: Routed, servers: list[Server]
) -> None:
    running = asyncio.create_task(slow(service, 2.0))
    await asyncio.sleep(0.3)
    # The replay of this lock cancels what reads the table on a replica. On the primary it waits for no reader.
    await execute(servers[0], "begin; lock table store.source in access exclusive mode; commit")
    await running
    assert sum(replica.fallbacks["conflict"] for replica in service.replicas) == 1
    assert service.primary_reads == 1


async def test_a_read_that_waits_for_a_lock_of_the_replay_goes_to_the_primary(
    service: Routed, servers: list[Server]
) -> None:
    expected = await service.number()
    primary = await asyncpg.connect(servers[0].url)
    locking = primary.transaction()
    await locking.start()
    await primary.execute("lock table store.source in access exclusive mode")
    for replica in servers[1:]:
        connection = await asyncpg.connect(replica.url)
        async with asyncio.timeout(30):
            while not await connection.fetchval(LOCKED):
                await asyncio.sleep(0.02)
        await connection.execute("select pg_wal_replay_pause()")
        await connection.close()
    try:
        # The primary is free again, and the replicas do not know that.
        await locking.rollback()
        async with asyncio.timeout(60):
            # If this process stalls, the primary answers without a try of a replica.
            while sum(replica.fallbacks["conflict"] for replica in service.replicas) < 4:
                assert await service.number() == expected
    finally:
        await primary.close()
        for replica in servers[1:]:
            await execute(replica, "select pg_wal_replay_resume()")


async def test_a_slow_statement_times_out_on_a_replica_that_lives(servers: list[Server]) -> None:
    async with routed(servers, statement_timeout_floor=0.3) as service:
        await service.until_used(2)
        with pytest.raises(TimedOut):
            await slow(service, 5.0, Ticket(SERVICE, 1))
        assert service.primary_reads == 0


async def test_a_request_for_an_edition_gets_it_or_a_newer_one(
    service: Routed, servers: list[Server], tmp_path: Path
) -> None:
    for replica in servers[1:]:
        await execute(replica, "select pg_wal_replay_pause()")
    try:
        number = await write(servers[0], tmp_path)
        await asyncio.sleep(OLDEST)
        edition = service.service.changes.last_edition
        outcome = await service.read(edition)
        assert number_of(outcome.reply.body) == number
        # The list of places did not change, but the server that answers has the edition too.
        assert (await service.read(edition, "place")).reply.has_reached(edition)
        assert sum(replica.fallbacks["edition"] for replica in service.replicas) == 1
    finally:
        for replica in servers[1:]:
            await execute(replica, "select pg_wal_replay_resume()")


async def test_an_edition_that_is_not_there_yet_is_refused_and_counts_for_no_replica_as_late(service: Routed) -> None:
    last = service.service.changes.last_edition
    for _ in range(5):
        with pytest.raises(InvalidRequest, match=f"last one is e{last}"):
            await service.read(last + 1)
    assert not any(replica.fallbacks["late"] or replica.is_resting for replica in service.replicas)


async def test_a_request_for_an_edition_joins_no_read_that_began_before(
    service: Routed, servers: list[Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = service.reads.read
    begun = 0

    async def counted(*arguments: object, **named: object) -> object:
        nonlocal begun
        begun += 1
        return await read(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(service.reads, "read", counted)
    await asyncio.gather(service.read(), service.read(), service.read())
    assert begun == 1
    await asyncio.gather(service.read(), service.read(1), service.read(1))
    assert begun == 4


async def test_a_caller_with_a_key_lifts_a_request_that_waits_for_a_replica(service: Routed) -> None:
    running = [asyncio.create_task(slow(service, 0.5)) for _ in range(4)]
    await asyncio.sleep(0.05)
    anonymous = Origin(Rank.ANONYMOUS, "ip:192.0.2.1", "192.0.2.0/24", "192.0.2.1")
    keyed = Origin(Rank.KEYED, "key:1", "198.51.100.0/24", "198.51.100.1")
    waiting = Ticket(anonymous, 1)
    joined = asyncio.create_task(slow(service, 0, waiting))
    await asyncio.sleep(0.02)
    pool = next(replica.reader.pool for replica in service.replicas if replica.reader.pool.has_waiting(waiting))
    service.reads.lift(waiting, Ticket(keyed, 1))
    assert (pool.waiting["keyed"], pool.waiting["anonymous"]) == (1, 0)
    await asyncio.gather(joined, *running)


async def test_an_export_comes_from_a_replica_or_from_the_primary_where_that_is_behind(
    service: Routed, servers: list[Server], tmp_path: Path
) -> None:
    exports = Exports(service.service, servers[0].url)
    form = next(form for form in offered(V1, V1["source"]) if form.name == "ndjson")
    query = export_request(V1, V1["source"], form, b"").query

    async def export() -> str:
        context = make_context()
        begun = await exports.begin(query, context)
        pieces: list[bytes] = []

        async def take(piece: bytes) -> None:
            pieces.append(piece)

        await exports.stream(begun, context, take, lambda reason: None)
        return b"".join(pieces).decode()

    reads_before = service.reads_of_replicas()
    await export()
    assert service.reads_of_replicas() == reads_before + 1
    for replica in servers[1:]:
        await execute(replica, "select pg_wal_replay_pause()")
    try:
        number = await write(servers[0], tmp_path)
        await asyncio.sleep(OLDEST)
        await service.until_sure()
        assert f"Number {number}" in await export()
        assert sum(replica.fallbacks["late"] for replica in service.replicas) == 1
    finally:
        for replica in servers[1:]:
            await execute(replica, "select pg_wal_replay_resume()")
        await exports.close()


async def test_95_percent_of_the_processor_time_of_reads_leaves_the_primary(servers: list[Server]) -> None:
    """The time of all processes that serve clients counts, so also that of the change log's poller."""
    # All eight may come to the primary at once, while its connections are opened on a machine that stalls.
    async with routed(servers, pool_size=4, statement_timeout=30.0, pool_wait=30.0, connect_timeout=30.0) as service:
        await service.until_used(2)
        query = list_query(V2, V2["event"], b"limit=100&include=figures,quotes.speaker,briefing&count=exact")
        prepared = service.service.prepare(query, CALLER)

        async def read(times: int) -> None:
            for _ in range(times):
                await service.reads.read(prepared.statement, Ticket(SERVICE, LONG))

        # The first statement of a connection also reads the catalog.
        await asyncio.gather(*(read(2) for _ in range(8)))
        primary, others = 0.0, 0.0
        # Short rounds, because one in which this process stalls does not count.
        for _ in range(1000):
            primary_reads = service.primary_reads
            before = [server.client_seconds() for server in servers]
            await asyncio.gather(*(read(4) for _ in range(8)))
            if service.primary_reads > primary_reads:
                # This process stalled for longer than an answer may be compared with a poll, so the primary answered.
                continue
            seconds = [server.client_seconds() - earlier for server, earlier in zip(servers, before, strict=True)]
            primary += seconds[0]
            others += sum(seconds[1:])
            # Enough for the ticks of the clock, of which one is 10 ms.
            if others > 4:
                break
        assert others > 4, "the primary answered in every round"
        assert primary / (primary + others) <= PRIMARY_SHARE, (primary, others)
        # What the primary reads is counted as well.
        seconds_before = servers[0].client_seconds()
        for _ in range(200):
            await service.reads.primary.read(prepared.statement, Ticket(SERVICE, LONG))
        assert servers[0].client_seconds() - seconds_before > 0.1
