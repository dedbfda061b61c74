"""Hints for operators are in the log, and in no answer of either API."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile

import asyncpg
import httpx2
import pytest

from api.access.keys import Keys, NewKey
from api.errors import SettingsError, Unavailable
from api.graphql import problems as graphql_problems
from api.http.problems import document
from api.ingest.load import load
from api.store.access import AccessStore
from tests.conftest import SAMPLE
from tests.http.conftest import ServerProcess
from tests.serving import serving

API = Path(__file__).parents[2] / "api"
# The words of operators: settings, commands, and what their store consists of.
WORDS = re.compile(
    r"BRIEFING_|`briefing|briefing (migrate|doctor|serve|load|documents|keys)|postgres|pg_|asyncpg|briefing_", re.I
)
QUERY = {"query": "{ events(first: 2) { nodes { title } } }"}
# What is missing in a store, what puts it back, and the requests that fail meanwhile.
FAULTS = [
    (
        "revoke usage on schema access from briefing_access",
        "grant usage on schema access to briefing_access",
        {"REST with a key", "GraphQL with a key"},
    ),
    (
        "revoke select on access.plan from briefing_access",
        "grant select on access.plan to briefing_access",
        {"REST with a key", "GraphQL with a key"},
    ),
    (
        "revoke select on store.last_change, v2.event from briefing_reader",
        "grant select on store.last_change, v2.event to briefing_reader",
        {"REST", "REST with a key", "GraphQL", "GraphQL with a key", "an export", "readiness"},
    ),
    (
        "alter view v2.event rename to gone",
        "alter view v2.gone rename to event",
        {"REST", "REST with a key", "GraphQL", "GraphQL with a key", "an export"},
    ),
]


@pytest.mark.parametrize(("fault", "remedy", "failing"), FAULTS, ids=[fault for fault, *_ in FAULTS])
async def test_no_answer_of_a_broken_store_has_a_hint_for_operators(
    new_store: Callable[[], Awaitable[str]], fault: str, remedy: str, failing: set[str]
) -> None:
    url = await new_store()
    await load([str(SAMPLE)], url)
    key = await create_key(url)
    connection = await asyncpg.connect(url)
    with (
        TemporaryFile("w+") as log,
        serving(url, log, answer_memory=0) as served,
        connect(served) as client,
    ):
        wait_for(client, 200)
        await connection.execute(fault)
        time.sleep(0.6)  # until the process no longer trusts what it knows of plans
        answers = {
            "REST": client.get("/v2/events?limit=2&q=fresh"),
            "REST with a key": client.get("/v2/events?limit=3", headers=key),
            "GraphQL": client.post("/v2/graphql", json=QUERY),
            "GraphQL with a key": client.post("/v2/graphql", json=QUERY, headers=key),
            "an export": client.get("/v2/events.csv"),
            "readiness": client.get("/readyz"),
        }
        refusal = client.get("/v2/events", headers={"X-API-Key": "bak_live_wrong"})
        await connection.execute(remedy)
        log.seek(0)
        logged = log.read()
    await connection.close()
    assert {name for name, answer in answers.items() if answer.status_code >= 500} == failing
    for name in failing & {"GraphQL", "GraphQL with a key"}:
        assert answers[name].json()["errors"], name
    assert refusal.status_code == 401
    internal_ids = [answer.headers["x-request-id"] for answer in answers.values() if answer.status_code == 500]
    assert [request_id for request_id in internal_ids if not re.search(f"internal error.*{request_id}", logged)] == []
    for answer in (refusal, *(answers[name] for name in failing)):
        assert not WORDS.search(answer.text), answer.text


async def create_key(url: str) -> dict[str, str]:
    """Create a key, and return its header field."""
    store = AccessStore(url)
    key = await Keys(store, "live", "test: us").create(NewKey("a test", "partner", ("read",)))
    await store.close()
    return {"X-API-Key": key.secret.text}


def connect(service: ServerProcess) -> httpx2.Client:
    return httpx2.Client(base_url=f"http://127.0.0.1:{service.port}", timeout=30)


def wait_for(client: httpx2.Client, status: int) -> None:
    end = time.monotonic() + 30
    while client.get("/readyz").status_code != status:
        assert time.monotonic() < end
        time.sleep(0.05)


async def test_readyz_logs_why_it_is_not_ready_and_says_nothing_of_it(new_store: Callable[[], Awaitable[str]]) -> None:
    url = await new_store()
    connection = await asyncpg.connect(url)
    with TemporaryFile("w+") as log:
        with serving(url, log, log_format="json") as served, connect(served) as client:
            wait_for(client, 200)
            await connection.execute("revoke select on store.last_change from briefing_reader")
            for _ in range(4):
                wait_for(client, 503)
            body = client.get("/readyz").text
            await connection.execute("grant select on store.last_change to briefing_reader")
            wait_for(client, 200)
        log.seek(0)
        lines = log.read().splitlines()
    await connection.close()
    reasons = [line for line in lines if "no tables that can be read" in line]
    assert len(reasons) == 1 and "permission denied" in reasons[0] and "Run `briefing migrate`." in reasons[0]
    assert not WORDS.search(body)


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("No answer.", operator_hint="Run `briefing migrate`."),
        SettingsError("BRIEFING_PORT is wrong.", "Look at BRIEFING_PORT."),
    ],
    ids=["unavailable", "internal"],
)
def test_both_apis_leave_hints_for_operators_out(error: Exception) -> None:
    assert not WORDS.search(document(error, "request-1")[2].decode())
    assert not WORDS.search(graphql_problems.body(error).decode())


def texts_for_callers() -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each message and hint in an error that callers may get."""
    for file in sorted(API.rglob("*.py")):
        if {"commands", "contracts", "snapshot", "ingest"} & set(file.parts) or file.name in ("cli.py", "migrate.py"):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLERS:
                shown = [*node.args, *(item.value for item in node.keywords if item.arg != "operator_hint")]
                for part in shown:
                    for text in ast.walk(part):
                        if isinstance(text, ast.Constant) and isinstance(text.value, str):
                            yield f"{file.name}:{node.lineno}", text.value


CALLERS = {
    *("Unavailable", "TimedOut", "RateLimited", "InvalidRequest", "NotFound", "Conflict", "Forbidden", "TooExpensive"),
    *("Unauthenticated", "InvalidKey", "ExpiredKey", "RevokedKey", "Withdrawn", "Retired", "InvalidCursor"),
}
# Errors of commands alone, which no request reaches.
OF_COMMANDS = {"connection.py", "release.py", "state.py", "supervise.py", "steps.py", "snapshot.py", "erase.py"}


def test_no_text_for_callers_has_a_word_of_operators() -> None:
    texts = [(place, text) for place, text in texts_for_callers() if place.partition(":")[0] not in OF_COMMANDS]
    assert len(texts) > 50
    assert [(place, text) for place, text in texts if WORDS.search(text)] == []
