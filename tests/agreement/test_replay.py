"""A statement that reads as of an edition gives the answer that was current then.

A store is loaded again and again, with records that are new, changed, withdrawn and restored. After each load some
requests are sent through both APIs, and their answers are kept. In the end each request is sent again with `known_at`,
or compiled for its edition in a version without that. Some are sent to a server over HTTP, which keeps answers.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import asyncpg
import httpx2
import pytest
from graphql import build_schema

from api.catalog import VERSIONS, Version, newest
from api.compiler import Statement, compile_query
from api.graphql.contract import text
from api.graphql.schema import core
from api.ingest.load import load
from api.model import ENTITIES, RECORDS
from api.query import Query
from api.query.known_at import to_microseconds, write_moment
from api.store import steps
from api.store.statements import migrations
from tests.agreement import rows
from tests.agreement.conftest import Apis, open_apis
from tests.agreement.generator import Generator
from tests.as_of import as_of, known_at, positions_only
from tests.conftest import take_for_the_original
from tests.serving import serving

SAMPLE = Path(__file__).parents[2] / "api" / "sample"
LOADS = 6
NEWEST = newest()
# Random requests for each version after each load. `make test-full` sends more than a thousand in all.
FEW, MANY = 12, 90
# No answer is kept between editions, and no request is refused.
SETTINGS: dict[str, Any] = {"answer_memory": 0, "limits": False}
PATHS = (
    "/events?limit=7&count=exact",
    "/events?sort=starts_at&limit=5&include=citations,participants,related",
    "/events?q=evacuation or corridor&limit=9",
    "/events?q=ukraine&sort=relevance&limit=9",
    "/events?tag=war&limit=5",
    "/events?place.country=UA&sort=-updated_at&limit=5",
    "/places?bbox=20,40,45,55&sort=name&limit=8",
    "/places?near=49,32,500&limit=8",
    "/figures?country=UA&limit=9",
    "/quotes?speaker.country=UA&sort=said_at&limit=9",
    "/sources?sort=name&limit=40&count=estimated",
    "/events.ndjson",
    "/events.ndjson?include=figures.event,citations.source",
    "/events.geojson",
    "/figures.csv",
)
LISTS = (
    "/citations?limit=9&count=exact",
    "/participants?limit=9",
    "/relations",
    "/withdrawals",
    "/citations.csv",
    "/events?facets=kind,country,citations.stance&limit=3",
    "/events/counts?by=kind,country&bucket=month",
    "/figures/counts?by=country,measure",
    "/events/counts?by=citations.source_id,citations.stance",
    "/citations/counts?by=stance",
    "/figures/series?by=source_id,basis&bucket=month",
)
Record = dict[str, Any]


@dataclass(frozen=True)
class RecordedRequest:
    """A request and the answer that was current at an edition."""

    version: Version
    path: str
    body: Record | None
    edition: int
    answer: tuple[int, Any]


@dataclass
class Archive:
    """Records in the load format, as the last load left them. An edit never breaks a rule of the format."""

    records: dict[str, Record]
    random: Random
    added: int = 0

    def edits(self) -> Iterator[Record]:
        """Change some records, add one, and return them."""
        for identifier in self.random.sample(sorted(self.records), 25):
            record = self.records[identifier]
            if "withdrawn" in record:
                record = {name: value for name, value in record.items() if name != "withdrawn"}
            elif self.random.random() < 0.25 and record["resource"] not in ("source", "briefing", "document"):
                record = {**record, "withdrawn": {"reason": f"Withdrawn in load {self.added}."}}
            else:
                record = self._edit(record)
            self.records[identifier] = record
            yield record
        event = self.random.choice([entry for entry in self.records.values() if entry["resource"] == "event"])
        self.added += 1
        new = {name: value for name, value in event.items() if name not in ("id", "key", "related", "withdrawn")}
        yield {**new, "key": f"replay-{self.added}", "title": f"Replayed {self.added}"}

    def _edit(self, record: Record) -> Record:
        revision = dict(record)
        for name in ("title", "name", "text", "caveat", "description"):
            if name in revision:
                revision[name] = f"{revision[name]} {self.random.choice(['evacuation', 'shelling', 'x'])}"
        if "starts_at" in revision and "ends_at" not in revision:
            revision["starts_at"] = f"2022-0{self.random.randint(1, 9)}-11T00:00:00Z"
        if "tags" in revision:
            revision["tags"] = [*revision["tags"][:3], f"tag-{self.random.randint(1, 5)}"]
        if "value" in revision and revision["quantifier"] == "exact" and "value_low" not in revision:
            revision["value"] = self.random.randint(1, 900)
        if "latitude" in revision:
            revision["latitude"] = self.random.randint(-80, 80)
        if revision["resource"] in ("event", "figure") and self.random.random() < 0.5:
            places = [identifier for identifier, other in self.records.items() if other["resource"] == "place"]
            revision["place"] = self.random.choice(sorted(places))
        if len(revision.get("citations", ())) > 1:
            revision["citations"] = revision["citations"][1:]
        elif revision.get("citations"):
            revision["citations"] = [*revision["citations"], {**revision["citations"][0], "stance": "denies"}]
        if revision.get("participants"):
            revision["participants"] = list(reversed(revision["participants"]))
        return revision


@dataclass
class Replay:
    """A store with a history, the requests that were sent to it, and a file that is not loaded yet."""

    url: str
    further: Path
    requests: list[RecordedRequest] = field(default_factory=list)


async def records(url: str) -> dict[str, Record]:
    """Return the records of a store in the load format, with their keys."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("select distinct on (id) id, record from store.change order by id, seq desc")
        return {row["id"]: json.loads(row["record"]) for row in rows}
    finally:
        await connection.close()


async def last_edition(url: str) -> int:
    """Return the number of the last load's edition."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("select max(seq) from store.edition"))
    finally:
        await connection.close()


async def operations(url: str, version: Version, seed: int, count: int) -> list[Record]:
    """Return GraphQL requests about the records that the store has."""
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    try:
        store_rows = await rows.read_store(connection, version.name)
    finally:
        await connection.close()
    generator = Generator(build_schema(text(version)), store_rows, Random(seed))
    generated = [generator.operation() for _ in range(count)]
    return [
        {"query": operation.text, "variables": operation.variables, "operationName": operation.name}
        for operation in generated
    ]


async def fetch_answer(apis: Apis, path: str, body: Record | None) -> tuple[int, Any]:
    """Return the status and the answer. It has no cost, because finding an earlier version is other work."""
    url = f"/{apis.version.name}{path}"
    if body is None:
        response = await apis.client.get(url)
        if response.status_code != 200:
            # Each request has an id of its own.
            return response.status_code, response.json()["code"]
        if response.headers["content-type"] != "application/json":
            return 200, response.text
        return 200, positions_only(response.json())
    response = await apis.client.post(url, json=body)
    answer = response.json()
    answer.pop("extensions", None)
    for error in answer.get("errors", ()):
        # A document with `knownAt` is printed anew, so that its parts stand elsewhere.
        error.pop("locations", None)
    return response.status_code, positions_only(answer)


def at_edition(version: Version, path: str, body: Record | None, named: str) -> tuple[str, Record | None]:
    """Return the request as of an edition or a moment, in a version that offers this."""
    if not version.history:
        return path, body
    if body is None:
        return f"{path}{'&' if '?' in path else '?'}known_at={named}", None
    return path, {**body, "query": known_at(body["query"], core(version), named)}


@contextmanager
def compiling_for(edition: int) -> Iterator[None]:
    """Compile each query for an edition."""

    def compile_for(query: Query) -> Statement:
        return compile_query(as_of(query, edition))

    with (
        patch("api.service.service.compile_query", compile_for),
        patch("api.service.exports.compile_query", compile_for),
    ):
        yield


@asynccontextmanager
async def services(url: str) -> AsyncIterator[list[Apis]]:
    """Run the service over a store, in each version."""
    async with open_apis(url, **SETTINGS) as apis:
        yield [replace(apis, version=version) for version in VERSIONS.values()]


@pytest.fixture(scope="module", params=[FEW, pytest.param(MANY, marks=pytest.mark.full)])
async def replay(
    request: pytest.FixtureRequest,
    new_store: Callable[[], Awaitable[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Replay:
    """The store, and the answers that it gave after each load."""
    folder = tmp_path_factory.mktemp("replay")
    replay_ = Replay(await new_store(), folder / "further.ndjson")
    await load([str(SAMPLE)], replay_.url)
    archive = Archive(await records(replay_.url), Random(15))
    for number in range(LOADS):
        edition = await last_edition(replay_.url)
        async with services(replay_.url) as opened_services:
            for apis in opened_services:
                paths = (*PATHS, *LISTS) if apis.version.name != "v1" else PATHS
                requests: list[tuple[str, Record | None]] = [(path, None) for path in paths]
                requests += [(f"/{record['resource']}s/{record['id']}", None) for record in archive.records.values()][
                    ::9
                ]
                requests += [
                    ("/graphql", operation)
                    for operation in await operations(replay_.url, apis.version, number, request.param)
                ]
                for path, body in requests:
                    answer = await fetch_answer(apis, path, body)
                    replay_.requests.append(RecordedRequest(apis.version, path, body, edition, answer))
        file = folder / f"{number}.ndjson"
        file.write_text("".join(json.dumps(edit) + "\n" for edit in archive.edits()), encoding="utf-8")
        await load([str(file)], replay_.url)
    replay_.further.write_text("".join(json.dumps(edit) + "\n" for edit in archive.edits()), encoding="utf-8")
    return replay_


async def differences(requests: list[RecordedRequest], url: str) -> list[str]:
    """Send the requests again as of each edition, and return the answers that differ."""
    different = []
    for edition in sorted({request.edition for request in requests}):
        for offered in (True, False):
            again = [
                request for request in requests if request.edition == edition and request.version.history == offered
            ]
            # A service caches what it compiled.
            with nullcontext() if offered else compiling_for(edition):
                async with services(url) as opened_services:
                    doors_of = {apis.version.name: apis for apis in opened_services}
                    for request in again:
                        path, body = at_edition(request.version, request.path, request.body, f"e{edition}")
                        answer = await fetch_answer(doors_of[request.version.name], path, body)
                        if answer != request.answer:
                            different.append(f"{edition} {path} {body}\n{request.answer}\n{answer}")
    return different


async def test_a_query_as_of_an_edition_gives_the_answer_that_was_current_then(replay: Replay) -> None:
    different = await differences(replay.requests, replay.url)
    assert not different, f"{len(different)} of {len(replay.requests)}, first: {different[0]}"


@dataclass(frozen=True)
class Editions:
    """The editions of a store: their numbers and moments in order, and the mark of the store."""

    numbers: list[int]
    moments: list[datetime]
    mark: str

    def name(self, number: int, random: Random) -> str:
        """Return a value of `known_at` that means this edition: one of several, at random."""
        index = self.numbers.index(number)
        end, next_moment = number, self.moments[index]
        if index + 1 < len(self.numbers):
            end, next_moment = self.numbers[index + 1] - 1, self.moments[index + 1] - timedelta(microseconds=1)
        moment = self.moments[index] + random.random() * (next_moment - self.moments[index])
        names = (
            f"e{number}",
            f"e{random.randint(number, end)}",
            f"e{number}-{self.mark}",
            write_moment(to_microseconds(moment)),
        )
        return random.choice(names)


async def read_editions(url: str) -> Editions:
    """Return the editions of a store."""
    connection = await asyncpg.connect(url)
    try:
        editions = await connection.fetch("select seq, at from store.edition order by seq")
        mark = await connection.fetchval("select mark from store.identity")
    finally:
        await connection.close()
    return Editions([row["seq"] for row in editions], [row["at"] for row in editions], mark)


@asynccontextmanager
async def server_apis(url: str) -> AsyncIterator[Apis]:
    """Run `briefing serve` over the store. It keeps answers, as in operation."""
    with serving(url, limits=False) as server:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:
            yield Apis(client, NEWEST)


async def test_a_server_answers_as_of_random_editions_and_moments(replay: Replay) -> None:
    random = Random(19)
    editions = await read_editions(replay.url)
    offered = [request for request in replay.requests if request.version == NEWEST]
    different = []
    async with server_apis(replay.url) as apis:
        for request in random.choices(offered, k=len(offered) // 2):
            named = editions.name(request.edition, random)
            path, body = at_edition(request.version, request.path, request.body, named)
            answer = await fetch_answer(apis, path, body)
            if answer != request.answer:
                different.append(f"{named} {path} {body}\n{request.answer}\n{answer}")
    assert not different, f"{len(different)}, first: {different[0]}"


async def test_the_last_edition_equals_the_present(replay: Replay) -> None:
    editions = await read_editions(replay.url)
    offered = {
        (request.path, json.dumps(request.body)): request for request in replay.requests if request.version == NEWEST
    }
    different = []
    async with server_apis(replay.url) as apis:
        for request in offered.values():
            present = await fetch_answer(apis, request.path, request.body)
            path, body = at_edition(request.version, request.path, request.body, f"e{editions.numbers[-1]}")
            answer = await fetch_answer(apis, path, body)
            if answer != present:
                different.append(f"{path} {body}\n{present}\n{answer}")
    assert not different, f"{len(different)} of {len(offered)}, first: {different[0]}"


async def test_versions_that_are_built_from_the_log_give_the_same_answers(
    replay: Replay, fresh_database: Callable[[str], Awaitable[str]]
) -> None:
    url = await fresh_database(replay.url)
    await take_for_the_original(url)
    connection = await asyncpg.connect(url)
    try:
        await forget_versions(connection)
        # A load may come before the versions are built.
        await load([str(replay.further)], url)
        [build_step] = [script for script in migrations() if script.name == "0034_versions_built"]
        for number, step in enumerate(steps.steps(build_step)):
            if step.kind in ("rewrite", "versions"):
                await steps._KINDS[step.kind](connection, build_step.name, number, step, "")
    finally:
        await connection.close()
    different = await differences(replay.requests[::3], url)
    assert not different, f"{len(different)}, first: {different[0]}"


async def forget_versions(connection: asyncpg.Connection[Any]) -> None:
    """Bring the store into the state that migration 0025 gives to an older store."""
    last = await connection.fetchval("select seq from store.last_change")
    await connection.execute(f"update past.built_up_to set seq = {last}; {steps.PROGRESS}")
    for name in ENTITIES:
        await connection.execute(f"truncate past.{name}")
        await connection.execute(f"alter table store.{name} disable trigger user")
        if name in RECORDS:
            await connection.execute(f"alter table store.{name} drop constraint {name}_since")
        await connection.execute(f"update store.{name} set since = {last}")
        await connection.execute(f"alter table store.{name} enable trigger user")


async def test_the_recorded_answers_differ_between_the_editions(replay: Replay) -> None:
    alike = [
        (version, path)
        for version in VERSIONS
        for path in (*PATHS, *(LISTS if version != "v1" else ()))
        if len(
            {
                str(request.answer)
                for request in replay.requests
                if (request.version.name, request.path) == (version, path)
            }
        )
        == 1
    ]
    assert not alike
    assert {request.answer[0] for request in replay.requests} >= {200, 410}
