"""During an upgrade, processes of the last release serve a store that the new one has migrated. So the statements of
each release are kept in `statements/`, and each of them has to run on the tables of this release.

`WRITE_STATEMENTS=1` records those of this release: do so when you release (CONTRIBUTING.md, "Release").
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import httpx2
import pytest

from api import __version__
from api.access.keys import Keys, NewKey
from api.catalog import VERSIONS
from api.ingest.load import load
from api.rest.access.bodies import PlanWanted
from api.rest.access.operations import OPERATIONS
from api.store.access import AccessStore
from tests.clients import ROOT
from tests.conftest import SAMPLE
from tests.golden.requests import requests
from tests.serving import OLDEST
from tests.upgrade.recorder import decode, encode

HERE = Path(__file__).parent
STATEMENTS = HERE / "statements"
WRITE = "WRITE_STATEMENTS"
EMPTY_ANSWER = re.compile(rb'\{"\w+":(null|\[\]|\{"(nodes|edges)":\[\])')
RELEASES = sorted(STATEMENTS.glob("*.json"))


@dataclass(frozen=True)
class Kept:
    """A statement of a release: the settings and the role of its session, and the columns of its result. `rows` is True
    if it found rows when it was recorded. The row of an empty answer does not count."""

    settings: dict[str, str]
    role: str
    sql: str
    arguments: list[Any] | None
    columns: list[list[str]]
    rows: bool

    def __str__(self) -> str:
        return f"as {self.role or 'the owner'}, {self.arguments}:\n{self.sql[:2000]}"


@pytest.fixture(scope="module")
async def sample(new_store: Callable[[], Awaitable[str]]) -> str:
    url = await new_store()
    await load([str(SAMPLE)], url)
    return url


async def run(connection: asyncpg.Connection[asyncpg.Record], kept: Kept) -> tuple[list[list[str]], bool]:
    """Run a statement in a transaction that is rolled back. Return its columns, and whether it found rows."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        if kept.arguments is None and "$1" in kept.sql:
            # It is planned for any arguments. This also checks what the role may do.
            await connection.execute(f"explain (generic_plan) {kept.sql}")
            return await columns(connection, kept.sql), False
        if not kept.arguments and ";" in kept.sql.strip().rstrip(";"):
            await connection.execute(kept.sql)
            return [], False
        prepared = await connection.prepare(kept.sql)
        found = await prepared.fetch(*map(decode, kept.arguments or ()))
        names = [[column.name, column.type.name] for column in prepared.get_attributes()]
        return names, not all(map(is_empty_answer, found))
    finally:
        await transaction.rollback()


def is_empty_answer(row: asyncpg.Record) -> bool:
    """Return True if the row is an answer without records. Most statements return their whole answer in one row."""
    return EMPTY_ANSWER.match(row.get("body") or b"") is not None


async def columns(connection: asyncpg.Connection[asyncpg.Record], sql: str) -> list[list[str]]:
    return [[column.name, column.type.name] for column in (await connection.prepare(sql)).get_attributes()]


async def replay(url: str, statements: list[Kept]) -> AsyncIterator[tuple[Kept, list[list[str]], bool]]:
    """Run statements as the process ran them that sent them."""
    sessions: dict[str, list[Kept]] = {}
    for kept in statements:
        sessions.setdefault(json.dumps([kept.settings, kept.role]), []).append(kept)
    for own in sessions.values():
        settings = own[0].settings | ({"role": own[0].role} if own[0].role else {})
        # The reader's sessions are read-only, and so is the replay.
        connection = await asyncpg.connect(url, server_settings=settings, statement_cache_size=0)
        try:
            for kept in own:
                try:
                    yield kept, *await run(connection, kept)
                except asyncpg.PostgresError as error:
                    raise AssertionError(f"{error}\n{kept}") from error
        finally:
            await connection.close()


def read(path: Path) -> list[Kept]:
    return [Kept(**statement) for statement in json.loads(path.read_text(encoding="utf-8"))["statements"]]


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
async def test_the_statements_of_a_release_run_on_the_tables_of_this_one(release: Path, sample: str) -> None:
    statements = read(release)
    async for kept, now, rows in replay(sample, statements):
        assert now == kept.columns, f"It returns {now} instead of {kept.columns}:\n{kept}"
        assert rows or not kept.rows, f"It found rows when it was recorded, and finds none now:\n{kept}"
    assert len(statements) > 100 and sum(kept.rows for kept in statements) > len(statements) / 2


async def test_a_column_that_is_gone_is_seen(sample: str, fresh_database: Callable[..., Awaitable[str]]) -> None:
    store = await fresh_database(sample)
    connection = await asyncpg.connect(store)
    view = f"{next(iter(VERSIONS))}.event"
    await connection.execute(f"drop view {view} cascade")
    await connection.close()
    with pytest.raises(AssertionError, match=view):
        async for _ in replay(store, read(RELEASES[-1])):
            pass


async def test_a_right_that_is_gone_is_seen(sample: str, fresh_database: Callable[..., Awaitable[str]]) -> None:
    store = await fresh_database(sample)
    connection = await asyncpg.connect(store)
    await connection.execute("revoke all on access.key from briefing_access")
    await connection.close()
    with pytest.raises(AssertionError, match="permission denied"):
        async for _ in replay(store, read(RELEASES[-1])):
            pass


def test_the_statements_of_this_release_are_kept() -> None:
    assert (STATEMENTS / f"{__version__}.json").exists(), f"Record them: {WRITE}=1 make test ARGS=tests/upgrade"


@pytest.mark.parametrize("value", [None, True, 1.5, "ä", [1, [b"\x00\xff"]]])
def test_arguments_are_read_back_as_they_were(value: Any) -> None:
    assert decode(json.loads(json.dumps(encode(value)))) == value


# Recording


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.full
async def test_what_a_service_sends_is_recorded(
    new_store: Callable[[], Awaitable[str]], sample: str, folder: Path
) -> None:
    """Record the statements of this release. WRITE_STATEMENTS keeps them."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    statements = await record(url, sample, folder / "sent")
    roles = {kept.role for kept in statements}
    if os.environ.get(WRITE):
        keep(statements)
    assert roles == {"", "briefing_reader", "briefing_access"}
    texts = " ".join(kept.sql for kept in statements)
    assert all(f"{version}." in texts for version in VERSIONS) and "store.latest" in texts and "access.key" in texts


async def record(url: str, sample: str, path: Path) -> list[Kept]:
    """Let a service answer requests of each kind. Return what it sent to Postgres, with the columns of the results."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "RECORD_TO": str(path), "BRIEFING_DATABASE_URL": url, "BRIEFING_PORT": "0",
        "BRIEFING_LIMITS": "true",
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.upgrade.recorder", "serve"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().split()[-1]
            await ask(url, address)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    # The order of the file is that of its texts, so that a diff shows what changed.
    sent = sorted(
        map(json.loads, path.read_text(encoding="utf-8").splitlines()),
        key=lambda statement: (statement["role"], statement["sql"]),
    )
    statements = [Kept(**statement, columns=[], rows=False) for statement in sent]
    return [
        Kept(**(vars(kept) | {"columns": now, "rows": rows})) async for kept, now, rows in replay(sample, statements)
    ]


async def ask(url: str, address: str) -> None:
    """Send the requests of the golden answers, and those of callers and administrators."""
    store = AccessStore(url)
    keys = Keys(store, "live", "test")
    admin = (await keys.create(NewKey("admin", "internal", scopes=("read", "admin")))).secret.text
    await store.close()
    async with httpx2.AsyncClient(base_url=address, headers={"X-API-Key": admin}, timeout=60) as client:
        for version in VERSIONS:
            for request in requests(version):
                answer = await client.get(request)
                assert answer.status_code < 500, answer.text
            assert (await client.get(f"/{version}/me")).status_code == 200
            hashed = {"persistedQuery": {"version": 1, "sha256Hash": sha256(b"unknown").hexdigest()}}
            await client.post(f"/{version}/graphql", json={"extensions": hashed})
        await administer(client)
        # Uses of keys are written once a minute, and when the process ends.
        await asyncio.sleep(OLDEST)


async def administer(client: httpx2.AsyncClient) -> None:
    """Send a request of each operation of administration, with what the ones before it made."""
    known = (await client.get("/admin/plans")).json()["data"][0] | {"name": "recorded"}
    plan = {name: known[name] for name in PlanWanted.model_fields}
    key: dict[str, Any] = {}
    bodies: dict[str, dict[str, Any]] = {
        "create_key": {"name": "recorded", "plan": "free", "expires": "90d"},
        "rotate_key": {"overlap": "1h"},
        "revoke_key": {"reason": "recorded"},
        "create_plan": plan,
        "change_plan": {"points_minute": plan["points_minute"]},
    }
    # The key and the plan exist before they are changed.
    for operation in sorted(OPERATIONS, key=lambda operation: not operation.id.startswith("create_")):
        path = operation.path.replace("{id}", key.get("id", "")).replace("{name}", "recorded")
        answer = await client.request(operation.method, path, json=bodies.get(operation.id))
        assert answer.status_code == operation.status, (operation.id, answer.text)
        if operation.id == "create_key":
            key = answer.json()["data"]


def keep(statements: list[Kept]) -> None:
    text = json.dumps({"release": __version__, "statements": [vars(kept) for kept in statements]}, indent=1)
    (STATEMENTS / f"{__version__}.json").write_text(f"{text}\n", encoding="utf-8")
