"""Two versions that were never served. One is deprecated, and parts of it even earlier. The other one is retired."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import asyncpg
import pytest

from api.catalog import V1, VERSIONS, Lifecycle
from api.catalog.declaration import extended, field, many, where
from api.catalog.version import version
from api.ingest.load import load
from api.model import Vocabulary
from api.model.types import term
from api.rest import examples
from api.rest.access.contract import document as access_document
from api.store.statements import versions
from tests.agreement.conftest import Apis, open_apis

SAMPLE = Path(__file__).parents[2] / "api" / "sample"
AGED = Lifecycle(
    "deprecated",
    released=date(2021, 1, 1),
    deprecated=date(2023, 7, 1),
    sunset=date(2030, 1, 31),
    successor="v1",
    changes=("The first that there was.",),
)


class OldStatus(Vocabulary):
    """The progress of an event."""

    planned = "It is to be."
    ongoing = "It goes on."
    occurred = "It was."
    failed = term("It was tried.", deprecated="use cancelled")
    cancelled = "It was called off."


class Old:
    """An event, as the deprecated version shows it."""

    status: OldStatus = field("How far it has come.", filter="in", example="failed")
    ends_at: datetime | None = field("When it ended.", sort=True, deprecated="use starts_at")
    time_text: str | None = field("The time as the text gives it.", deprecated='use "starts_at"')
    quotes = many("quote", "What was said about it.", by="event_id", deprecated="use /quotes")
    country = where("place.country", "The country of its place.", deprecated="use place.country")


EVENT = extended(V1["event"], Old)
OTHERS = [resource for resource in (*V1.resources.values(), *V1.children.values()) if resource.name != "event"]
V8 = version("v8", [EVENT, *OTHERS], uncertainty="None.", lifecycle=AGED)
V7 = version("v7", [EVENT, *OTHERS], lifecycle=replace(AGED, status="retired", sunset=date(2024, 2, 29)))


@pytest.fixture(scope="session")
async def aged_url(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of a store with the sample, and with views of the deprecated version."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    views = next(script.text for script in versions() if script.name == "v1").replace("v1.", "v8.")
    connection = await asyncpg.connect(url)
    await connection.execute(f"create schema v8; {views}; grant usage on schema v8 to briefing_reader")
    await connection.execute("grant select on all tables in schema v8 to briefing_reader")
    await connection.close()
    return url


@pytest.fixture
def declare_versions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Declare both versions, like any other version."""
    access_document.cache_clear()
    for name in (*VERSIONS, "v8"):
        example = examples.FOLDER / f"{name if name in VERSIONS else 'v1'}.json"
        shutil.copy(example, tmp_path / f"{name}.json")
    monkeypatch.setattr(examples, "FOLDER", tmp_path)
    for old_version in (V7, V8):
        monkeypatch.setitem(VERSIONS, old_version.name, old_version)
    yield
    # The document names every version, and other tests read it in this process.
    access_document.cache_clear()


@pytest.fixture
async def aged_apis(aged_url: str, declare_versions: None) -> AsyncIterator[Apis]:
    """Both APIs of the deprecated version, from a service that has the other versions too."""
    async with open_apis(aged_url, V8) as apis:
        yield apis
