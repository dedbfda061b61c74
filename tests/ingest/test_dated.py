"""A load that dates its edition, as archives need it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.errors import LoadError
from api.ingest.identity import public_id
from api.ingest.load import LoadOptions, load
from tests.rest.conftest import run
from tests.serving import OLDEST

FIRST, SECOND = datetime(2022, 3, 7, 6, tzinfo=UTC), datetime(2022, 3, 8, 6, tzinfo=UTC)
PLACE = public_id("d", "place", "p")
EDITIONS = "select seq, at from store.edition order by seq"
Put = Callable[..., Awaitable[None]]


@pytest.fixture
async def url(new_store: Callable[[], Awaitable[str]]) -> str:
    return await new_store()


@pytest.fixture
def put(url: str, tmp_path: Path) -> Put:
    """`await put("name", FIRST)` loads the place with this name, as of a time."""

    async def write(name: str, known_at: datetime | None = None, **options: Any) -> None:
        file = tmp_path / "place.ndjson"
        file.write_text(json.dumps({"resource": "place", "dataset": "d", "key": "p", "name": name}) + "\n")
        await load([str(file)], url, options=LoadOptions(known_at=known_at, **options))

    return write


async def fetch(url: str, sql: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


async def test_an_edition_and_its_changes_have_the_time_that_is_named(url: str, put: Put) -> None:
    await put("Kiev", FIRST)
    await put("Kyiv", SECOND)
    assert [row["at"] for row in await fetch(url, EDITIONS)] == [FIRST, SECOND]
    [changes] = await fetch(url, "select array_agg(recorded_at order by seq) as moments from store.change")
    assert changes["moments"] == [FIRST, SECOND]
    [place] = await fetch(url, "select created_at, updated_at from v2.place")
    assert (place["created_at"], place["updated_at"]) == (FIRST, SECOND)
    with run(url) as client:
        names = {
            known_at: client.get(f"/v2/places/{PLACE}?known_at={known_at}").json()["data"]["name"]
            for known_at in ("2022-03-07", "2022-03-08T05:59:59.999999Z", "2022-03-08T06:00:00Z", "2022-03-08")
        }
        assert list(names.values()) == ["Kiev", "Kiev", "Kyiv", "Kyiv"]


async def test_editions_come_one_after_the_other_and_none_is_in_the_future(url: str, put: Put) -> None:
    await put("Kiev", SECOND)
    for known_at in (FIRST, SECOND):
        with pytest.raises(LoadError, match="not later than the last edition, which is of 2022-03-08T06:00:00"):
            await put("Kyiv", known_at)
    with pytest.raises(LoadError, match="in the future"):
        await put("Kyiv", datetime.now(UTC) + timedelta(minutes=1))
    assert len(await fetch(url, EDITIONS)) == 1
    await put("Kyiv")
    assert (await fetch(url, EDITIONS))[1]["at"] > SECOND


async def test_a_load_that_changes_nothing_leaves_no_edition(url: str, put: Put) -> None:
    await put("Kiev", FIRST)
    await put("Kiev", SECOND)
    await put("Kyiv", SECOND, check=True)
    assert [row["at"] for row in await fetch(url, EDITIONS)] == [FIRST]


async def test_several_files_have_no_time_in_common(url: str, tmp_path: Path) -> None:
    for name in ("a.ndjson", "b.ndjson"):
        (tmp_path / name).write_text("")
    with pytest.raises(LoadError, match="one file at a time"):
        await load([str(tmp_path)], url, options=LoadOptions(known_at=FIRST))


async def test_a_service_sees_that_an_earlier_moment_means_another_edition(url: str, put: Put) -> None:
    await put("Kiev", FIRST)
    query = {"query": f'{{ place(id: "{PLACE}", knownAt: "2022-03-09") {{ name }} }}'}
    with run(url) as client:

        def names(tag: str = "") -> tuple[str, str, str]:
            answer = client.get(f"/v2/places/{PLACE}?known_at=2022-03-09", headers={"If-None-Match": f'"{tag}"'})
            assert answer.status_code == 200
            data = client.post("/v2/graphql", json=query).json()["data"]
            return answer.json()["data"]["name"], data["place"]["name"], answer.headers["etag"].strip('"')

        rest, graphql, tag = names()
        assert (rest, graphql) == names()[:2] == ("Kiev", "Kiev")
        await put("Kyiv", SECOND)
        await asyncio.sleep(OLDEST)
        assert names(tag)[:2] == ("Kyiv", "Kyiv")
