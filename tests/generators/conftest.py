"""Services that generated clients call, and what the programs with these clients have to print."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx2
import pytest

from api.access.keys import Keys, NewKey
from api.ingest.load import load
from api.store.access import AccessStore
from tests.clients import ROOT, run
from tests.conftest import SAMPLE
from tests.generators.answers import Answer, Collector, check_verdicts, fill, write_answers
from tests.serving import serving

CONTRACT = ROOT / "openapi" / "v2.json"
PROGRAMS = Path(__file__).parent / "programs"
PATH = "/v2/events?kind=shelling,air_strike&starts_at_gte=2022-02-01T00:00:00Z&limit=2"


@dataclass(frozen=True)
class Services:
    """The address of a service, that of one whose callers may request two lists of 20 at a time, and a key."""

    address: str
    limited_url: str
    key: str

    def check(self, *command: str | Path, at: Path, answers: Sequence[Answer] = (), **environment: str) -> None:
        """Run a program with a generated client, and check what it prints: two pages with two values of a filter and
        a time, a 404, a 429, an export, and the plan of a key.

        With `answers`, the program validates these, and prints for each what is wrong with it."""
        answer_files = [write_answers(at / "answers.json", answers)] if answers else []
        report = json.loads(
            run(*command, self.address, self.limited_url, self.key, *answer_files, at=at, **environment)
        )
        if answers:
            check_verdicts(answers, report.pop("verdicts"))
        first = httpx2.get(f"{self.address}{PATH}").json()
        second = httpx2.get(f"{self.address}{PATH}&cursor={first['page']['next_cursor']}").json()
        assert report == {
            "pages": [[event["id"] for event in page["data"]] for page in (first, second)],
            "missing": "not_found",
            "refused": ["rate_limited", report["refused"][1], "minute"],
            "file": "id,revision",
            "plan": "free",
        }
        assert report["refused"][1] >= 1


@pytest.fixture(scope="session")
async def services(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[Services]:
    """The services that the programs call."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    store = AccessStore(url)
    new_key = await Keys(store, "live", "test").create(NewKey("a client", "free"))
    await store.close()
    small = await new_store()
    await load([str(SAMPLE)], small)
    connection = await asyncpg.connect(small)
    await connection.execute("update access.plan set burst = 100, points_minute = 2 where name = 'anonymous'")
    await connection.close()
    with serving(url, limits=True) as service, serving(small, limits=True) as limited_service:
        address = "http://127.0.0.1:{}"
        yield Services(address.format(service.port), address.format(limited_service.port), new_key.secret.text)


@pytest.fixture(scope="session")
async def answers(
    services: Services, new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> list[Answer]:
    """Answers for every schema of the contract, and broken copies of them."""
    url = await new_store()
    await fill(url, tmp_path_factory.mktemp("records"))
    with serving(url) as service, httpx2.Client(base_url=f"http://127.0.0.1:{service.port}", timeout=60) as client:
        collector = Collector(json.loads(CONTRACT.read_text(encoding="utf-8")), client)
        collector.add_all()
    with httpx2.Client(base_url=services.address, headers={"Authorization": f"Bearer {services.key}"}) as client:
        collector.add("/v2/me", client=client)
    with httpx2.Client(base_url=services.limited_url) as client:
        while client.get("/v2/events?limit=20").status_code != 429:
            pass
        collector.add("/v2/events?limit=20", client=client)
    return collector.all()


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    """A folder to generate a client in."""
    yield tmp_path
