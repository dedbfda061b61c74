"""Numbers of callers and of files that are too small for arithmetic are accepted as values, through both APIs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from api.ingest.load import load
from tests.hostile.raw_client import RawClient
from tests.serving import serving

TINY = ["0", "-0.0", "1e-320", "1e-200", "-1e-200", "4.9e-324", "1e-7", "0.00000001"]
# In a URL an exponent has at most two digits.
IN_URLS = ["0", "-0.0", "1e-99", "-1e-99", "0." + "0" * 19 + "1", "1e-7", "0.00000001"]


@pytest.fixture(scope="module")
async def equator(new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with places at the equator. One of them is as a release without rounding stored it."""
    url = await new_store()
    lines = [
        {"resource": "place", "dataset": "d", "key": key, "name": key, "latitude": 0.0, "longitude": 0.0}
        for key in ("plain", "denormal")
    ]
    path = Path(tmp_path_factory.mktemp("equator")) / "places.ndjson"
    path.write_text("\n".join(map(json.dumps, lines)).replace('"latitude": 0.0', '"latitude": 1e-320'))
    await load([str(path)], url)
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("select array_agg(latitude) from store.place") == [0.0, 0.0]
        await connection.execute("update store.place set latitude = 1e-320, longitude = 1e-200 where name = 'denormal'")
    finally:
        await connection.close()
    return url


@pytest.fixture(scope="module")
async def near(equator: str) -> AsyncIterator[RawClient]:
    """A client of the service over these places."""
    with serving(equator) as server:
        yield RawClient(server.port)


@pytest.mark.parametrize("degrees", IN_URLS)
def test_rest_finds_what_is_near_a_tiny_number_of_degrees(near: RawClient, degrees: str) -> None:
    assert near.get(f"/v1/places?bbox={degrees},{degrees},0.1,0.1").status == 200
    page = json.loads(near.get(f"/v1/places?near={degrees},{degrees},1").body)
    assert {record["name"] for record in page["data"]} == {"plain", "denormal"}


@pytest.mark.parametrize(("kilometres", "status"), [("0", 400), ("-0.0", 400), ("-1e-99", 400), ("1e-99", 200)])
def test_the_smallest_distance_is_a_distance(near: RawClient, kilometres: str, status: int) -> None:
    assert near.get(f"/v1/places?near=0,0,{kilometres}").status == status


@pytest.mark.parametrize("degrees", TINY)
def test_graphql_finds_what_is_near_a_tiny_number_of_degrees(near: RawClient, degrees: str) -> None:
    box = f"{{west: {degrees}, south: {degrees}, east: 0.1, north: 0.1}}"
    point = f"{{latitude: {degrees}, longitude: {degrees}, kilometres: 1}}"
    for test in (f"near: {point}", f"bbox: {box}"):
        answer = near.ask(f"{{places(filter: {{{test}}}) {{nodes {{name}}}}}}")
        assert answer.status == 200 and "errors" not in json.loads(answer.body), answer
    answer = near.ask(f"{{places(filter: {{near: {point}}}) {{nodes {{name}}}}}}")
    assert {node["name"] for node in json.loads(answer.body)["data"]["places"]["nodes"]} == {"plain", "denormal"}


@pytest.mark.parametrize("number", [*TINY, "1e308", "1e-6"])
def test_an_amount_of_any_double_is_a_value_or_a_refusal(near: RawClient, number: str) -> None:
    where = f"{{figures: {{some: {{measure: {{in: [KILLED]}}, value: {{gte: {number}}}}}}}}}"
    answer = near.ask(f"{{events(filter: {where}) {{nodes {{id}}}}}}")
    assert answer.status in (200, 400), answer
