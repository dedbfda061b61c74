"""The cache finds callers by the digests of their keys. It keeps them while nothing changes, looks them up again
after a change, and never floods the store.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from secrets import token_bytes
from time import monotonic
from typing import Any

import asyncpg
import pytest

from api.access import usage
from api.access.caller_cache import MAX_UNKNOWN_BYTES, QUEUE, WEIGHT_OF_NONE, WIDTH, CallerCache, _CachedCaller
from api.access.keys import Keys, NewKey
from api.access.plans import Plans
from api.access.trusted_documents import TrustedDocument, TrustedDocuments
from api.errors import ExpiredKey, InvalidKey, RevokedKey, Unauthenticated, Unavailable
from api.settings import Settings
from api.store.access import AccessStore
from api.store.embedded import start
from api.store.epoch import EVERY
from api.store.migrate import migrate
from tests.access.conftest import ACTOR

DESK = NewKey("The desk", "partner", ("read", "admin"))
SOON = 5.0  # for a busy machine; the promised times are measured elsewhere


async def until(true: Callable[[], Awaitable[bool]], within: float = SOON) -> float:
    """Wait until a condition is true, and return the seconds that it took."""
    start_time = monotonic()
    while not await true():
        assert monotonic() - start_time < within, f"not within {within} s"
        await asyncio.sleep(0.01)
    return monotonic() - start_time


@asynccontextmanager
async def directory_of(url: str, **settings: Any) -> AsyncIterator[CallerCache]:
    """Run a cache that is sure of its epoch."""
    cache = CallerCache(url, Settings(**settings))
    cache.start()
    try:
        await until(lambda: sure(cache))
        yield cache
    finally:
        await cache.stop()


async def sure(cache: CallerCache) -> bool:
    return cache._epoch.now is not None


@pytest.fixture
async def caller_cache(url: str) -> AsyncIterator[CallerCache]:
    async with directory_of(url) as cache:
        yield cache


@pytest.fixture
def read_counts(caller_cache: CallerCache, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Counts of the store's reads of callers: all of them, those that run now, and the most at once."""
    counts = {"all": 0, "now": 0, "most": 0}
    read_store = caller_cache.store.read

    async def count_reads(name: str, *arguments: Any) -> Any:
        counts["all"] += 1
        counts["now"] += 1
        counts["most"] = max(counts["most"], counts["now"])
        try:
            return await read_store(name, *arguments)
        finally:
            counts["now"] -= 1

    monkeypatch.setattr(caller_cache.store, "read", count_reads)
    return counts


async def wait_until_settled(caller_cache: CallerCache, owner: asyncpg.Connection) -> None:
    """Wait until the cache has seen every change that was made until now."""

    async def current() -> bool:
        return bool(caller_cache._epoch.now == await owner.fetchval("select number from access.epoch"))

    await until(current)


async def test_a_key_identifies_the_caller_it_was_made_for(caller_cache: CallerCache, keys: Keys) -> None:
    new_key = await keys.create(replace(DESK, expiry=timedelta(days=1)))
    caller = await caller_cache.caller(new_key.secret.digest)
    assert (caller.identity, caller.key_id) == (f"key:{new_key.row['id']}", new_key.row["id"])
    assert (caller.name, caller.plan.name) == ("The desk", "partner")
    assert caller.scopes == {"read", "admin"}
    assert caller.plan.points_minute == 30_000
    assert caller.expires == f"{new_key.row['expires_at']:%Y-%m-%dT%H:%M:%SZ}"


async def test_a_known_key_is_asked_for_once(
    caller_cache: CallerCache, keys: Keys, owner: asyncpg.Connection, read_counts: dict[str, int]
) -> None:
    new_key = await keys.create(DESK)
    await wait_until_settled(caller_cache, owner)
    for _ in range(5):
        assert await caller_cache.caller(new_key.secret.digest)
    assert read_counts["all"] <= 2, "and not five times; the epoch may have been unsure for a moment"


async def test_equal_keys_at_once_are_asked_for_once(
    caller_cache: CallerCache, keys: Keys, owner: asyncpg.Connection, read_counts: dict[str, int]
) -> None:
    new_key = await keys.create(DESK)
    await wait_until_settled(caller_cache, owner)
    callers = await asyncio.gather(*(caller_cache.caller(new_key.secret.digest) for _ in range(50)))
    assert len(set(callers)) == 1
    assert read_counts["all"] == 1


async def test_an_unknown_key_is_asked_for_once(caller_cache: CallerCache, read_counts: dict[str, int]) -> None:
    digest = token_bytes(32)
    for _ in range(5):
        with pytest.raises(InvalidKey):
            await caller_cache.caller(digest)
    assert read_counts["all"] <= 2, "and not five times; the epoch may have been unsure for a moment"


async def test_a_key_that_was_unknown_is_taken_once_it_is_made(
    caller_cache: CallerCache, owner: asyncpg.Connection, keys: Keys
) -> None:
    """The next change makes the cache forget which keys were unknown."""
    digest = token_bytes(32)
    with pytest.raises(InvalidKey):
        await caller_cache.caller(digest)
    new_key = await keys.create(DESK)
    await owner.execute("update access.key set digest = $1 where id = $2", digest, new_key.row["id"])

    async def is_accepted() -> bool:
        try:
            return bool(await caller_cache.caller(digest))
        except InvalidKey:
            return False

    assert await until(is_accepted) < 1


async def test_a_revocation_reaches_every_process_within_a_second(
    url: str, caller_cache: CallerCache, keys: Keys
) -> None:
    """Each cache has a connection of its own, like each process."""
    new_key = await keys.create(DESK)

    async def is_refused(cache: CallerCache) -> bool:
        try:
            await cache.caller(new_key.secret.digest)
        except RevokedKey as error:
            assert "It leaked." in error.message and new_key.row["id"] in error.message
            return True
        return False

    async with directory_of(url) as second, directory_of(url) as third:
        for cache in (caller_cache, second, third):
            assert not await is_refused(cache)
        await keys.revoke(new_key.row["id"], "It leaked.")
        durations = [await until(lambda cache=cache: is_refused(cache)) for cache in (caller_cache, second, third)]  # type: ignore[misc]
    assert sum(durations) < 1


async def test_a_revocation_is_seen_without_a_notification(
    url: str, caller_cache: CallerCache, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look every 200 ms is enough. A notification may get lost, for example behind some poolers."""
    monkeypatch.setattr(caller_cache._epoch._poller, "_notify", lambda *_: None)
    new_key = await keys.create(DESK)
    await caller_cache.caller(new_key.secret.digest)
    await keys.revoke(new_key.row["id"])

    async def is_refused() -> bool:
        try:
            await caller_cache.caller(new_key.secret.digest)
        except RevokedKey:
            return True
        return False

    assert await until(is_refused) < 1


async def test_a_plan_that_changed_holds_without_a_restart(caller_cache: CallerCache, keys: Keys, plans: Plans) -> None:
    new_key = await keys.create(DESK)
    before = (await caller_cache.caller(new_key.secret.digest)).plan.at_once

    async def has_new_plan() -> bool:
        return (await caller_cache.caller(new_key.secret.digest)).plan.at_once == before + 1

    await plans.change("partner", at_once=before + 1)
    assert await until(has_new_plan) < 1


async def test_a_key_expires_by_the_clock_though_nothing_changes(caller_cache: CallerCache, keys: Keys) -> None:
    new_key = await keys.create(replace(DESK, expiry=timedelta(seconds=2)))
    start_time = monotonic()
    assert await caller_cache.caller(new_key.secret.digest)

    async def is_expired() -> bool:
        try:
            await caller_cache.caller(new_key.secret.digest)
        except ExpiredKey as error:
            assert new_key.row["id"] in error.message
            return True
        return False

    await until(is_expired)
    assert monotonic() - start_time > 1.5


async def test_a_rotated_key_says_which_one_took_its_place(
    caller_cache: CallerCache, keys: Keys, owner: asyncpg.Connection
) -> None:
    new_key = await keys.create(DESK)
    successor = await keys.rotate(new_key.row["id"], timedelta())
    await wait_until_settled(caller_cache, owner)
    with pytest.raises(ExpiredKey, match=successor.row["id"]):
        await caller_cache.caller(new_key.secret.digest)
    assert await caller_cache.caller(successor.secret.digest)


async def test_callers_without_a_key_are_accepted_until_the_plan_is_closed(
    caller_cache: CallerCache, plans: Plans
) -> None:
    assert caller_cache.anonymous_plan is not None and caller_cache.anonymous_plan.name == "anonymous"
    await plans.change("anonymous", open=False)

    async def is_closed() -> bool:
        return caller_cache.anonymous_plan is None

    assert await until(is_closed) < 1
    assert isinstance(caller_cache.why_closed(), Unauthenticated)
    await plans.change("anonymous", open=True)

    async def is_open() -> bool:
        return not await is_closed()

    assert await until(is_open) < 1


async def test_a_plan_that_did_not_change_stays_the_same_object(caller_cache: CallerCache) -> None:
    plan = caller_cache.anonymous_plan
    await asyncio.sleep(3 * EVERY)
    assert plan is not None and caller_cache.anonymous_plan is plan


async def test_plans_that_were_never_read_let_nobody_in(url: str) -> None:
    caller_cache = CallerCache(url, Settings())
    assert caller_cache.anonymous_plan is None
    assert isinstance(caller_cache.why_closed(), Unavailable)


async def test_many_unknown_keys_at_once_are_asked_for_a_few_at_a_time(
    caller_cache: CallerCache, keys: Keys, owner: asyncpg.Connection, read_counts: dict[str, int]
) -> None:
    new_key = await keys.create(DESK)
    await wait_until_settled(caller_cache, owner)
    await caller_cache.caller(new_key.secret.digest)
    outcomes = await asyncio.gather(
        *(caller_cache.caller(token_bytes(32)) for _ in range(3 * QUEUE)), return_exceptions=True
    )
    kinds = [type(outcome) for outcome in outcomes]
    assert set(kinds) == {InvalidKey, Unavailable}
    assert kinds.count(InvalidKey) >= QUEUE
    assert read_counts["most"] <= WIDTH


async def test_the_cache_of_unknown_keys_is_bounded_in_bytes(
    caller_cache: CallerCache, owner: asyncpg.Connection
) -> None:
    """An entry counts for no less than it takes, so that trying keys does not fill the memory."""
    tracemalloc.start()
    try:
        await asyncio.gather(*(caller_cache.caller(token_bytes(32)) for _ in range(100)), return_exceptions=True)
        before, weight = tracemalloc.get_traced_memory()[0], caller_cache._unknown.weight
        for number in range(20_000):
            caller_cache._unknown.put(token_bytes(32), _CachedCaller(number), WEIGHT_OF_NONE)
        memory = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert weight < caller_cache._unknown.weight <= MAX_UNKNOWN_BYTES
    assert memory < 1.5 * MAX_UNKNOWN_BYTES


async def test_guessing_keys_delays_no_caller_with_a_known_key(
    caller_cache: CallerCache, keys: Keys, plans: Plans, owner: asyncpg.Connection
) -> None:
    new_key = await keys.create(DESK)
    await caller_cache.caller(new_key.secret.digest)
    over = False

    async def tries() -> None:
        while not over:
            await asyncio.gather(*(caller_cache.caller(token_bytes(32)) for _ in range(50)), return_exceptions=True)

    trying = [asyncio.create_task(tries()) for _ in range(4)]
    slowest = 0.0
    try:
        for number in range(5):
            await plans.change("partner", at_once=40 + number)
            await wait_until_settled(caller_cache, owner)
            start_time = monotonic()
            await caller_cache.caller(new_key.secret.digest)
            slowest = max(slowest, monotonic() - start_time)
    finally:
        over = True
        await asyncio.gather(*trying)
    assert slowest < 0.5


async def test_uses_are_written_from_time_to_time_and_at_the_end(
    url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "EVERY", 0.05)
    new_key = await keys.create(DESK)
    async with directory_of(url) as cache:
        await cache.caller(new_key.secret.digest)

        async def is_written() -> bool:
            return (await keys.get(new_key.row["id"]))["last_used_at"] is not None

        await until(is_written)
    monkeypatch.setattr(usage, "EVERY", 60.0)
    other = await keys.create(DESK)
    async with directory_of(url) as cache:
        for _ in range(100):
            await cache.caller(other.secret.digest)
        assert (await keys.get(other.row["id"]))["last_used_at"] is None, "not on the way of a request"
    assert (await keys.get(other.row["id"]))["last_used_at"] is not None


async def test_a_refused_request_is_not_counted_as_a_use(url: str, keys: Keys) -> None:
    new_key = await keys.create(DESK)
    await keys.revoke(new_key.row["id"])
    async with directory_of(url) as cache:
        with pytest.raises(RevokedKey):
            await cache.caller(new_key.secret.digest)
    assert (await keys.get(new_key.row["id"]))["last_used_at"] is None


async def test_a_trusted_document_is_known_to_the_plans_that_may_use_it(
    caller_cache: CallerCache, store: AccessStore, owner: asyncpg.Connection, read_counts: dict[str, int]
) -> None:
    documents = TrustedDocuments(store, ACTOR, lambda version, text: None)
    for_all = TrustedDocument("v1", "all.graphql", "{ events { totalCount } }")
    for_one = TrustedDocument("v1", "one.graphql", "{ figures { totalCount } }", "partner")
    assert await documents.add(for_all) and await documents.add(for_one)
    assert not await documents.add(for_one), "it is there already"
    await wait_until_settled(caller_cache, owner)
    for _ in range(3):
        assert await caller_cache.document("v1", for_all.hash, "free") == for_all.text
        assert await caller_cache.document("v1", for_one.hash, "partner") == for_one.text
        assert await caller_cache.document("v1", for_one.hash, "free") is None
        assert await caller_cache.document("v2", for_all.hash, "free") is None
        assert await caller_cache.document("v1", "\x00\ud800", "free") is None
    assert 4 <= read_counts["all"] <= 8, "and not twelve times"
    assert {row["name"] for row in await documents.remove(for_all.hash)} == {"all.graphql"}

    async def is_gone() -> bool:
        return await caller_cache.document("v1", for_all.hash, "free") is None

    assert await until(is_gone) < 1


async def test_a_frozen_postgres_delays_a_caller_by_two_seconds_at_most(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with start(tmp_path_factory.mktemp("frozen")) as server:
        await migrate(server.url)
        store = AccessStore(server.url)
        new_key = await Keys(store, "live", ACTOR).create(DESK)
        await store.close()
        # The default, which other tests have not.
        async with directory_of(server.url, access_timeout=1.5) as cache:
            await cache.caller(new_key.secret.digest)
            connection = await asyncpg.connect(server.url)
            backends = await connection.fetch("select pid from pg_stat_activity where pid <> pg_backend_pid()")
            await connection.close()
            frozen = [server.pid, *(row["pid"] for row in backends)]
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            try:
                await until(lambda: unsure(cache))
                start_time = monotonic()
                digests = [new_key.secret.digest, *(token_bytes(32) for _ in range(10))]
                outcomes = await asyncio.gather(*(cache.caller(digest) for digest in digests), return_exceptions=True)
                duration = monotonic() - start_time
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)
            assert {type(answer) for answer in outcomes} == {Unavailable}
            assert duration < 3, "two seconds, and what a busy machine may add"
            assert cache.anonymous_plan is not None and cache.anonymous_plan.name == "anonymous", "as it was last seen"

            async def back() -> bool:
                try:
                    return bool(await cache.caller(new_key.secret.digest))
                except Unavailable:
                    return False

            await until(back, 15)


async def unsure(cache: CallerCache) -> bool:
    return not await sure(cache)


async def cut_connections(url: str) -> list[str]:
    """End all connections of a database, and return their application names."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "select application_name, pg_terminate_backend(pid, 5000) as is_cut from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    await connection.close()
    return [row["application_name"] for row in rows if row["is_cut"]]


async def test_a_cut_connection_costs_no_caller_an_error(
    caller_cache: CallerCache, keys: Keys, store: AccessStore, url: str
) -> None:
    cached_key, *new_keys = [await keys.create(DESK) for _ in range(4)]
    await store.close()
    await caller_cache.caller(cached_key.secret.digest)
    for new_key in new_keys:
        with ThreadPoolExecutor(1) as thread:
            # The loop of this test stands still, so the cache does not notice the cut before it asks the store.
            names = thread.submit(asyncio.run, cut_connections(url)).result()
        assert "briefing-access" in names, "the look-up before this left a connection"
        assert (await caller_cache.caller(new_key.secret.digest)).name == DESK.name
    await until(lambda: sure(caller_cache))
