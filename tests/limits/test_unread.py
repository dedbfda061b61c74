"""Answers that a client does not read: they take a place of the caller, and a share of the memory for them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack

import asyncpg
import pytest

from api.store.access import AccessStore
from tests.http.conftest import Answer, Client, ServerProcess
from tests.limits.conftest import GRAPHQL, Access, client_of
from tests.serving import serving

# Events with long summaries. A page of them has 3 MB, which no socket takes at once.
EVENTS = """
insert into store.event (id, created_at, updated_at, digest, since, kind, title, summary, starts_at, time_precision,
    status, tags, language)
select 'evt_' || left(md5(n::text), 26), now(), now(), '\\x00', 1, 'shelling', 'Event ' || n, repeat('x', 20000),
    '2022-01-01', 'minute', 'occurred', '{talks}', 'en'
from generate_series(1, 150) as n
"""
LIST = "/v1/events?limit=150"
QUERY = "{events(first:150){nodes{id summary}}}"


@pytest.fixture(scope="module")
async def long(new_store: Callable[..., Awaitable[str]]) -> str:
    """The URL of a store of long texts."""
    url = await new_store()
    connection = await asyncpg.connect(url)
    await connection.execute(EVENTS)
    await connection.close()
    return url


@pytest.fixture(scope="module")
async def keys(long: str) -> AsyncIterator[Access]:
    store = AccessStore(long)
    yield Access(store)
    await store.close()


@pytest.fixture(scope="module")
def reading(long: str) -> Iterator[ServerProcess]:
    """A service in which a caller's share is 4 MiB: enough for one page, and not for two."""
    with serving(long, limits="true", unread_memory=32 << 20) as server, client_of(server):
        yield server


def rest(client: Client, key: Mapping[str, str]) -> None:
    client.ask("GET", LIST, *(f"{name}: {value}" for name, value in key.items()))


def graphql(client: Client, key: Mapping[str, str]) -> None:
    body = json.dumps({"query": QUERY}).encode()
    fields = ("Content-Type: application/json", f"Accept: {GRAPHQL}", f"Content-Length: {len(body)}")
    client.ask("POST", "/v1/graphql", *fields, *(f"{name}: {value}" for name, value in key.items()), body=body)


def code(answer: Answer) -> str:
    body = json.loads(answer.body)
    return str(body["errors"][0]["extensions"]["code"] if "errors" in body and "code" not in body else body["code"])


@pytest.mark.parametrize("ask", [rest, graphql])
async def test_a_place_is_held_until_the_answer_is_taken(
    reading: ServerProcess, keys: Access, ask: Callable[[Client, Mapping[str, str]], None]
) -> None:
    key = await keys.key(at_once=1)
    with reading.narrow() as first, reading.client() as second:
        ask(first, key)
        length = int(first.head()[1]["content-length"])
        for other in (rest, graphql):
            other(second, key)
            refusal = second.answer()
            assert (refusal.status, code(refusal)) == (429, "rate_limited")
        assert len(first.read.read(length)) == length
        ask(second, key)
        assert second.answer().status == 200
        first.ask("GET", "/v1/me", *(f"{name}: {value}" for name, value in key.items()))
        assert first.answer().status == 200, "the connection is kept"


@pytest.mark.parametrize("ask", [rest, graphql])
async def test_a_client_that_is_gone_holds_no_place(
    reading: ServerProcess, keys: Access, ask: Callable[[Client, Mapping[str, str]], None]
) -> None:
    key = await keys.key(at_once=1)
    for _ in range(3):
        with reading.narrow() as client:
            ask(client, key)
            client.head()
        with reading.client() as other:
            for _ in range(100):
                ask(other, key)
                if other.answer().status == 200:
                    break
            else:
                raise AssertionError("its place is never free")


@pytest.mark.parametrize("ask", [rest, graphql])
async def test_a_caller_that_reads_nothing_gets_no_more_than_its_share(
    reading: ServerProcess, keys: Access, ask: Callable[[Client, Mapping[str, str]], None]
) -> None:
    key, other = await keys.key(), await keys.key()
    with reading.narrow() as first, reading.client() as second:
        ask(first, key)
        length = int(first.head()[1]["content-length"])
        ask(second, key)
        refusal = second.answer()
        assert (refusal.status, code(refusal)) == (503, "unavailable")
        assert int(refusal.fields["retry-after"]) >= 1
        ask(second, other)
        assert second.answer().status == 200, "another caller has its own"
        assert len(first.read.read(length)) == length
        ask(second, key)
        assert second.answer().status == 200


async def test_clients_that_do_not_read_hold_no_more_than_the_process_may(long: str, keys: Access) -> None:
    callers = [await keys.key() for _ in range(8)]
    with serving(long, limits="true", unread_memory=12 << 20) as server, client_of(server), ExitStack() as stack:
        silent = [stack.enter_context(server.narrow()) for _ in callers]
        statuses = []
        for client, key in zip(silent, callers, strict=True):
            rest(client, key)
            statuses.append(client.head()[0])
        assert statuses == [200] * 8, "each was begun, and the oldest gave way"
        complete_answers = 0
        for client in silent:
            try:
                complete_answers += len(client.read.read(3_000_000)) == 3_000_000
            except ConnectionError:
                continue
        assert complete_answers == 4, "12 MiB have room for four answers of 3 MB"
