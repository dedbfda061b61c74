"""A store with its tables, and small files to load into it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.errors import LoadError
from api.ingest.faults import FileFaults
from api.ingest.load import _read_rows
from api.ingest.load_files import open_file
from api.ingest.mapped_file import mapped
from api.ingest.mapping import parsed
from api.ingest.rejects import aside
from api.ingest.report import SilentReport

Database = Callable[[], Awaitable[str]]


@pytest.fixture
async def store(new_store: Database) -> str:
    """The URL of a database with empty tables."""
    url = await new_store()
    return url


@pytest.fixture
async def rows(store: str) -> AsyncIterator[Callable[..., Awaitable[list[asyncpg.Record]]]]:
    """`await rows(statement, …)` runs a statement on a connection of its own."""
    connection = await asyncpg.connect(store)
    yield connection.fetch
    await connection.close()


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, Any], str]:
    """`put(name, content)` writes a file and returns its path: bytes as they are, a list as lines, else as JSON."""

    def write(name: str, content: Any) -> str:
        path = tmp_path / name
        if isinstance(content, list):
            content = "".join(json.dumps(line) + "\n" for line in content).encode()
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=1).encode())
        return str(path)

    return write


@pytest.fixture
def read_rows(
    tmp_path: Path,
) -> Callable[..., tuple[list[dict[str, Any]], list[str], list[str], list[dict[str, Any]]]]:
    """`read_rows(content, name, using=…)` returns lines, faults, notes and the rows set aside, without a store."""

    def look(
        content: str | bytes, name: str = "a.csv", using: str = "", skip: bool = False
    ) -> tuple[list[dict[str, Any]], list[str], list[str], list[dict[str, Any]]]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        faults = FileFaults("")
        put = tmp_path / "aside"
        with (
            aside(str(put)) as bad,
            mapped(str(path), parsed("m.toml", using.encode()), bad if skip else None) as text,
        ):
            lines = [entry.line for entry in text.entries(faults)]
            notes = text.notes()
        set_aside = [json.loads(line) for line in put.read_text().splitlines()]
        try:
            faults.refuse()
        except LoadError as error:
            return lines, [fault.removeprefix(":") for fault in error.faults], notes, set_aside
        return lines, [], notes, set_aside

    return look


@pytest.fixture
def refusal(put: Callable[[str, Any], str]) -> Callable[..., Awaitable[list[str]]]:
    """`await refusal(content)` returns the faults of a file, without the file's name. It needs no store."""

    async def look(content: Any, name: str = "some.ndjson") -> list[str]:
        path = put(name, content)
        faults = FileFaults("")
        with open_file(path) as text:
            async for _ in _read_rows(text, faults, SilentReport()):
                pass
        try:
            faults.refuse()
        except LoadError as error:
            return [fault.removeprefix(":") for fault in error.faults]
        return []

    return look


@pytest.fixture
def briefing() -> dict[str, Any]:
    """A small document with every resource and every kind of link."""
    citation = {"source": "agency", "document": "report"}
    return {
        "format": "briefing/1",
        "dataset": "small",
        "briefing": {
            "key": "one",
            "title": "A small briefing",
            "language": "en",
            "published_at": "2022-03-06T12:00:00+02:00",
            "publisher": "agency",
        },
        "sources": [
            {
                "key": "agency",
                "name": "An agency",
                "kind": "news_agency",
                "identifiers": [{"scheme": "wikidata", "value": "Q1"}],
            },
            {"key": "speaker", "description": "an official of the town", "kind": "person", "affiliation": "agency"},
        ],
        "documents": [{"key": "report", "kind": "report", "publisher": "agency", "url": "https://example.org/report"}],
        "places": [
            {
                "key": "town",
                "name": "Town",
                "country": "UA",
                "latitude": 47.1,
                "longitude": 37,
                "geo_precision": "exact",
            }
        ],
        "events": [
            {
                "key": "shelling",
                "kind": "shelling",
                "title": "Shelling of the town",
                "starts_at": "2022-03-06T00:00:00Z",
                "time_precision": "day",
                "status": "occurred",
                "place": "town",
                "tags": ["war"],
                "participants": [{"name": "The town", "role": "target", "source": "speaker"}],
                "citations": [
                    {**citation, "excerpt": {"exact": "they shelled us"}, "via": ["speaker"]},
                    {**citation, "source": "speaker", "stance": "blames", "blames": "agency"},
                ],
            },
            {
                "key": "talks",
                "kind": "negotiation",
                "title": "Talks about the town",
                "time_precision": "unknown",
                "status": "planned",
                "related": [{"event": "shelling", "relation": "follows"}],
                "citations": [{**citation, "stance": "denies"}],
            },
        ],
        "figures": [
            {
                "key": "killed",
                "event": "shelling",
                "place": "town",
                "measure": "killed",
                "value": 364,
                "quantifier": "at_least",
                "unit": "persons",
                "as_of": "2022-03-06",
                "citations": [citation],
            },
            {
                "key": "spent",
                "measure": "money",
                "value": 12.50,
                "value_low": 12.25,
                "value_high": 13,
                "bounds_basis": "stated",
                "unit": "USD",
                "citations": [citation],
            },
        ],
        "quotes": [
            {
                "key": "words",
                "event": "shelling",
                "text": "They shelled us — again",
                "quote_type": "direct",
                "speaker": "speaker",
                "addressee": "agency",
                "said_at": "2022-03-06T14:30:00.5Z",
                "time_precision": "minute",
                "citations": [citation],
            }
        ],
    }
