"""Answers are kept between changes: none is older than a change committed 250 ms before, however the log is lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.access.access_control import AccessControl
from api.access.caller import Caller
from api.access.caller_cache import CallerCache
from api.access.plan import Plan
from api.catalog import V1
from api.compiler import Statement
from api.errors import InvalidRequest, TimedOut
from api.ingest.load import load
from api.rest.request import list_query
from api.service import Outcome, PreparedQuery, RequestContext, Service
from api.settings import Settings
from api.store.migrate import migrate
from api.store.reader import Reply
from api.store.ticket import SERVICE, Origin, Rank, Ticket

OLDEST = 0.25


@pytest.fixture
async def url(fresh_database: Callable[[], Awaitable[str]]) -> str:
    """The URL of an empty store."""
    url = await fresh_database()
    await migrate(url)
    return url


def service_over(url: str, **settings: Any) -> Service:
    """Return a service that does not limit its callers."""
    app_settings = Settings(**settings)
    return Service(app_settings, url, AccessControl(CallerCache(url, app_settings), None, app_settings))


CALLER = Caller("ip:192.0.2.1", Plan("p", 1, 1, 1, 1, 200))


def context(origin: Origin = SERVICE) -> RequestContext:
    """Return the context of a new request."""
    return RequestContext(time.perf_counter(), caller=CALLER, origin=origin)


async def execute(service: Service, query: PreparedQuery, origin: Origin = SERVICE) -> Outcome:
    """Return the outcome of a query for a caller without limits."""
    return await service.execute(query, context(origin), b"/v1/sources")


async def answer(service: Service, query: PreparedQuery) -> Reply:
    """Return the reply to a query for a caller without limits."""
    return (await execute(service, query)).reply


@pytest.fixture
async def service(url: str) -> AsyncIterator[Service]:
    """A service that follows the log."""
    service = service_over(url)
    service.changes.start()
    service.access_control.caller_cache.start()
    await service.access_control.caller_cache.known()
    await sure(service)
    yield service
    await service.access_control.caller_cache.stop()
    await service.changes.stop()
    await service.reader.close()


async def sure(service: Service, seconds: float = 5.0) -> None:
    """Wait until the service knows the current marks."""
    async with asyncio.timeout(seconds):
        while service.changes.mark(("source",)) is None:
            await asyncio.sleep(0.01)


def sources(service: Service) -> PreparedQuery:
    return service.prepare(list_query(V1, V1["source"], b"limit=200"), CALLER)


def places(service: Service) -> PreparedQuery:
    return service.prepare(list_query(V1, V1["place"], b"limit=200"), CALLER)


async def write(url: str, folder: Path, number: int) -> None:
    """Load one more source."""
    line = {"resource": "source", "dataset": "test", "key": f"k{number}", "name": f"Source {number}", "kind": "person"}
    path = folder / f"{number}.ndjson"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    await load([str(path)], url)


async def count(service: Service) -> int:
    reply = await answer(service, sources(service))
    return len(json.loads(reply.body)["data"])


async def test_an_answer_is_read_once_between_changes(service: Service) -> None:
    first = await answer(service, sources(service))
    assert await answer(service, sources(service)) is first


async def test_a_change_of_another_resource_leaves_an_answer(service: Service, url: str, tmp_path: Path) -> None:
    first_answer = await answer(service, places(service))
    await write(url, tmp_path, 1)
    await asyncio.sleep(OLDEST)
    await sure(service)
    assert await answer(service, places(service)) is first_answer


async def test_a_kept_answer_from_changes_that_the_store_has_lost_is_replaced(service: Service) -> None:
    cached_answer = await answer(service, sources(service))
    # As after a failover to a replica that lacked the last changes.
    cached_answer.mark = "999999999.9999999999999999"
    assert await answer(service, sources(service)) is not cached_answer
    assert (await execute(service, sources(service))).cached


async def test_no_answer_is_older_than_a_change_of_a_quarter_second_ago(
    service: Service, url: str, tmp_path: Path
) -> None:
    for number in range(4):
        assert await count(service) == number
        await write(url, tmp_path, number)
        await asyncio.sleep(OLDEST)
        assert await count(service) == number + 1


async def test_a_change_is_seen_while_readers_never_stop(service: Service, url: str, tmp_path: Path) -> None:
    writing = asyncio.create_task(write(url, tmp_path, 0))
    while not writing.done():
        await count(service)
        await asyncio.sleep(0)
    await asyncio.sleep(OLDEST)
    assert await count(service) == 1


async def listener(url: str) -> int:
    """Return the process id of the backend that follows the log."""
    connection = await asyncpg.connect(url)
    try:
        pid = await connection.fetchval(
            "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and query ~ 'select resource, seq.*store.latest|keep_counted'"
        )
    finally:
        await connection.close()
    assert pid
    return int(pid)


@pytest.mark.skipif("BRIEFING_TEST_DATABASE_URL" in os.environ, reason="backends can be frozen on this machine alone")
async def test_a_frozen_listener_serves_nothing_old(service: Service, url: str, tmp_path: Path) -> None:
    assert await count(service) == 0
    backend = await listener(url)
    os.kill(backend, signal.SIGSTOP)
    try:
        await write(url, tmp_path, 0)
        await asyncio.sleep(OLDEST)
        assert await count(service) == 1
    finally:
        os.kill(backend, signal.SIGCONT)
    await sure(service)


async def test_a_listener_that_was_cut_off_comes_back(service: Service, url: str, tmp_path: Path) -> None:
    assert await count(service) == 0
    backend = await listener(url)
    connection = await asyncpg.connect(url)
    await connection.execute("select pg_terminate_backend($1)", backend)
    await connection.close()
    await write(url, tmp_path, 0)
    await asyncio.sleep(OLDEST)
    assert await count(service) == 1
    await sure(service)


async def test_a_zone_that_postgres_does_not_know_is_refused(service: Service) -> None:
    """Zones are checked with the rules of the package tzdata, which may be newer than those of Postgres."""
    body = "convert_to((now() at time zone 'Nowhere/There')::text, 'UTF8') as body"
    sql = f"select {body}, null::text as next, null::text[] as notes, '0.0' as mark, 1 as points"
    with pytest.raises(InvalidRequest, match="Nowhere/There"):
        await service.reads.read(Statement(sql, (), custom=False), Ticket(SERVICE, 1))


async def test_a_cached_answer_has_the_tag_of_the_one_that_was_read(service: Service, url: str, tmp_path: Path) -> None:
    for number in range(2):
        await asyncio.sleep(OLDEST)
        await sure(service)
        query = sources(service)
        first, second = await execute(service, query), await execute(service, query)
        assert (first.cached, second.cached) == (False, True)
        assert first.tag == second.tag != ""
        assert service.is_current(context(), b"/v1/sources", first.tag)
        assert not service.is_current(context(), b"/v1/places", first.tag)
        await write(url, tmp_path, number)


async def test_a_cached_answer_comes_with_its_charge_and_holds_no_place(
    service: Service, url: str, tmp_path: Path
) -> None:
    query = sources(service)
    first = await answer(service, query)
    cached_answer = await execute(service, query)
    assert cached_answer.cached and cached_answer.reply is first
    assert (cached_answer.charge.used, cached_answer.charge.holds_place) == (first.points, False)
    await write(url, tmp_path, 0)
    await asyncio.sleep(OLDEST)
    assert not (await execute(service, query)).cached
    assert await count(service) == 1


async def test_equal_requests_at_once_are_one_query(url: str) -> None:
    service = service_over(url, answer_memory=0)
    replies = await asyncio.gather(*(answer(service, sources(service)) for _ in range(20)))
    await service.reader.close()
    assert len({id(reply) for reply in replies}) == 1


async def test_a_waiter_that_leaves_takes_nobody_with_it(url: str) -> None:
    service = service_over(url, answer_memory=0)
    first, second = (asyncio.create_task(answer(service, sources(service))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert json.loads((await second).body)["data"] == []
    await service.reader.close()


async def test_a_keyed_caller_that_joins_an_anonymous_request_lifts_it_in_the_queue(url: str) -> None:
    service = service_over(url, answer_memory=0, pool_size=1)
    pool = service.reader.pool
    lease = await pool.take(False)
    query = sources(service)
    anonymous = Origin(Rank.ANONYMOUS, "ip:192.0.2.1", "192.0.2.0/24", "192.0.2.1")
    keyed = Origin(Rank.KEYED, "key:1", "198.51.100.0/24", "198.51.100.1")
    requests = []
    for origin, waiting in ((anonymous, "anonymous"), (anonymous, "anonymous"), (keyed, "keyed")):
        requests.append(asyncio.create_task(execute(service, query, origin)))
        await asyncio.sleep(0)
        assert {rank for rank, number in pool.waiting.items() if number} == {waiting}
    pool.give(lease)
    assert len({id(outcome.reply) for outcome in await asyncio.gather(*requests)}) == 1
    await service.reader.close()


async def test_a_request_that_runs_out_of_time_costs_its_whole_price(url: str) -> None:
    service = service_over(url)
    slow = Statement("select ''::bytea, null, null::text[], '', 1 from pg_sleep(60)", (), custom=False)
    request = context()
    with pytest.raises(TimedOut):
        await service.execute(service.fixed(7, slow), request)
    assert request.charge is not None and request.charge.used == 7
    await service.reader.close()
