"""A store of an earlier release gets sort keys for its names and texts in NFC (sql/migrations/0031_names.sql)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from unicodedata import is_normalized, normalize

import asyncpg
import pytest

from api.ingest import record_reader
from api.ingest.load import load
from api.store import migrate as module
from api.store import steps
from api.store.collation import sort_key
from api.store.migrate import migrate
from api.store.statements import migrations
from tests.store.test_steps import SAMPLE, execute, vectors

TABLES = ("source", "place", "document", "briefing", "event", "figure", "quote")
# U+0958 is two letters in NFC, so the last one is too long in NFC for the 1,000 letters of a name.
NAMES = {"composed": "Bogotá", "decomposed": normalize("NFD", "Bogotá"), "grows": "\u0958" * 600}


def lines() -> list[dict[str, Any]]:
    places = [{"resource": "place", "dataset": "t", "key": key, "name": name} for key, name in NAMES.items()]
    tags = [normalize("NFD", "elección"), "a\n\u0308"]
    kind = {"kind": "other", "title": "t", "status": "occurred", "time_precision": "unknown", "tags": tags}
    citations = [{"source": "s", "statement": normalize("NFD", "Dijo él")}]
    events = [{"resource": "event", "dataset": "t", "key": "e", "place": "composed", "citations": citations, **kind}]
    return [{"resource": "source", "dataset": "t", "key": "s", "kind": "other", "name": "s"}, *places, *events]


async def earlier(url: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a store as the previous release left it, with the sample and the lines of the file."""
    with monkeypatch.context() as before:
        before.setattr(
            module, "migrations", lambda: tuple(migration for migration in migrations() if migration.name < "0031")
        )
        before.setattr(module, "versions", lambda: ())
        before.setattr(record_reader, "in_nfc", lambda value: value)
        await migrate(url)
        await execute(url, "alter table store.{} add name_key bytea")
        await load([str(SAMPLE), str(file)], url)
        await execute(url, "alter table store.{} drop name_key")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "lines.ndjson"
    write(file, lines())
    return file


def write(file: Path, lines: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


async def test_an_older_store_becomes_like_a_new_one(
    database: str, fresh_database: Callable[[], Awaitable[str]], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "BATCH", 7)
    await earlier(database, file, monkeypatch)
    assert (await migrate(database))[0] == "0031_names"
    fresh = await fresh_database()
    await migrate(fresh)
    await load([str(SAMPLE)], fresh)
    connection, fresh_connection = await asyncpg.connect(database), await asyncpg.connect(fresh)
    try:
        for table in ("source", "place"):
            rows = {row["id"]: row for row in await connection.fetch(f"select id, name, name_key from store.{table}")}
            assert all(row["name_key"] == (row["name"] and sort_key(row["name"])) for row in rows.values())
            for row in await fresh_connection.fetch(f"select id, name_key from store.{table}"):
                assert rows[row["id"]]["name_key"] == row["name_key"]
        reasons = await connection.fetch(
            "select id, revision, action, reason, record::text from store.change where revision > 1"
        )
        reasons_by_record = {row["record"]: row for row in reasons}
        assert len(reasons_by_record) == 2, "the place and the event; the name that would be too long stays"
        assert {row["action"] for row in reasons} == {"updated"}
        assert {row["reason"] for row in reasons} == {steps.NORMALIZED}
        names = {row["name"] for row in await connection.fetch("select name from store.place")}
        assert names >= {"Bogotá", NAMES["grows"]}
        assert [list(row) for row in await connection.fetch("select tags from store.event where title = 't'")] == [
            [["elección", "a\n\u0308"]]
        ]
        assert (
            await connection.fetchval("select statement from store.citation where statement like 'Dijo%'") == "Dijo él"
        )
        assert all(is_normalized("NFC", name) for name in names - {NAMES["grows"]})
        write(file, [line for line in lines() if line["key"] != "grows"])
        counts = (await load([str(file)], database)).counts
        assert [counts["unchanged"] for counts in counts.values()] == [1, 2, 1], counts
    finally:
        await connection.close()
        await fresh_connection.close()


async def test_a_store_in_nfc_gets_no_revision(database: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(file, [])
    await earlier(database, file, monkeypatch)
    before = await vectors(database)
    await migrate(database)
    connection = await asyncpg.connect(database)
    try:
        assert await connection.fetchval("select max(revision) from store.change") == 1
    finally:
        await connection.close()
    assert await vectors(database) == before


async def test_an_older_loader_is_refused_after_the_migration(database: str) -> None:
    await migrate(database)
    connection = await asyncpg.connect(database)
    row = "values ('plc_' || repeat('0', 26), now(), now(), '', 1, 'Kyiv', $1)"
    insert = f"insert into store.place (id, created_at, updated_at, digest, since, name, name_key) {row}"
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(insert, None)
        await connection.execute(insert, sort_key("Kyiv"))
    finally:
        await connection.close()
