"""The clients read records as they were known at a moment, each in the same way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx2
import pytest

from api.ingest.identity import public_id
from api.ingest.load import LoadOptions, load
from tests.sdk.conftest import Run
from tests.serving import serving

FIGURE = public_id("d", "figure", "killed")
KILLED: dict[str, Any] = {
    **{"resource": "figure", "dataset": "d", "key": "killed", "measure": "killed", "quantifier": "exact"},
    **{"status": "claimed", "unit": "persons"},
}


@dataclass(frozen=True)
class Service:
    """The URL of a service over a figure that was restated, and the numbers of its editions."""

    url: str
    numbers: list[int]
    store: str


@pytest.fixture(scope="module")
async def restated(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    url = await new_store()
    file = tmp_path_factory.mktemp("restated") / "figure.ndjson"
    for day, value in ((7, 364), (8, 406)):
        file.write_text(json.dumps(KILLED | {"value": value}) + "\n")
        options = LoadOptions(known_at=datetime(2022, 3, day, 6, tzinfo=UTC))
        await load([str(file)], url, options=options)
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("select seq from store.edition order by seq")
    store = await connection.fetchval("select mark from store.identity")
    await connection.close()
    with serving(url) as server:
        yield Service(f"http://127.0.0.1:{server.port}", [row["seq"] for row in rows], store)


def expected(service: Service) -> dict[str, Any]:
    first, second = service.numbers
    figure = f"{service.url}/v2/figures/{FIGURE}"
    then, now = (f"known_at=e{number}-{service.store}" for number in service.numbers)
    permalinks = {
        **{"page": f"{service.url}/v2/figures?{then}", "record": f"{figure}?include=event&{then}"},
        **{"each": [f"{figure}?{then}"], "present": [f"{figure}?{now}"] * 2, "none": [None, None]},
    }
    return {
        **{"now": 406, "then": 364, "named": 364, "day": 364, "each": [364], "exported": 364, "graphql": 364},
        **{"over": 406, "of_page": f"/v2/figures?{then}", "permalinks": permalinks},
        **{"revisions": [[]], "editions": [second, first], "me": "anonymous"},
        **{"diff": [{"amount.value": [364, 406]}], "differing": ["changed"]},
        "table": [f'{FIGURE},changed,1,2,amount.value,"364","406"'],
    }


def test_the_python_client_reads_the_past(in_python: Run, restated: Service) -> None:
    report = in_python("history.py", restated.url, FIGURE, f"e{restated.numbers[0]}")
    assert {**report["waiting"], "me": "anonymous"} == expected(restated)
    same = ("then", "each", "graphql", "differing", "permalinks")
    assert report["awaiting"] == {name: report["waiting"][name] for name in same}


def test_the_typescript_client_reads_the_past(in_node: Run, restated: Service) -> None:
    report = in_node("history.mjs", restated.url, FIGURE, f"e{restated.numbers[0]}")
    assert {**report, "me": "anonymous"} == expected(restated)


def test_a_permalink_leads_to_what_was_read(restated: Service) -> None:
    permalinks = expected(restated)["permalinks"]
    for value, urls in {364: [permalinks["record"], *permalinks["each"]], 406: permalinks["present"]}.items():
        for url in urls:
            assert httpx2.get(url).json()["data"]["amount"]["value"] == value
    [figure] = httpx2.get(permalinks["page"]).json()["data"]
    assert figure["amount"]["value"] == 364
