"""The database refuses what the loader refuses: each bad record is read by the loader and put into the database."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from api.errors import LoadError
from api.ingest.identity import public_id
from api.ingest.load import load
from api.ingest.record_reader import InvalidRecord, read
from api.ingest.scalar import BY_DOMAIN
from api.ingest.strict_json import parse
from api.model import ENTITIES, RECORDS
from api.store.collation import sort_key
from api.store.load_statements import columns
from api.store.load_transaction import writing
from api.store.staged import Staged
from tests.ingest.bad_records import BAD, GONE, LENIENT


def with_changes(record: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**record, **changes}.items() if value is not GONE}


def name_of_case(row: tuple[str, dict[str, Any], str]) -> str:
    return f"{row[0]}: {json.dumps(row[1], default=lambda _: 'gone')[:60]}"


@pytest.fixture
def lines(briefing: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The first record of each resource in the small briefing, as a line."""
    firsts = {name: briefing[f"{name}s"][0] for name in RECORDS if name != "briefing"}
    firsts["briefing"] = briefing["briefing"]
    return {name: {"resource": name, "dataset": "small", **record} for name, record in firsts.items()}


@pytest.fixture(scope="module")
async def shared_store(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    """The URL of a store that all of these tests share. They leave only the small briefing in it."""
    url = await new_store()
    yield url


@pytest.mark.parametrize("row", [*BAD, *LENIENT], ids=name_of_case)
def test_the_loader_refuses_a_bad_record_and_names_the_field(
    row: tuple[str, dict[str, Any], str], lines: dict[str, dict[str, Any]]
) -> None:
    resource, changes, field = row
    with pytest.raises(InvalidRecord) as exc_info:
        read(parse(json.dumps(with_changes(lines[resource], changes))))
    assert field in {path[0] for path, _ in exc_info.value.problems}
    assert all(detail for _, detail in exc_info.value.problems)


@pytest.mark.parametrize("row", BAD, ids=name_of_case)
async def test_the_database_refuses_a_bad_record_too(
    row: tuple[str, dict[str, Any], str],
    lines: dict[str, dict[str, Any]],
    briefing: dict[str, Any],
    put: Callable[[str, Any], str],
    shared_store: str,
) -> None:
    resource, changes, _ = row
    await load([put("a.json", briefing)], shared_store)
    whole = json.loads(read(parse(json.dumps(lines[resource]))).body)
    body = json.dumps(with_ids(with_changes(whole, changes))).encode()
    staged = Staged(resource, whole["id"], "k", ("small",), None, body, sort_key("name"))

    async def rows() -> AsyncIterator[bytes]:
        yield staged.row(1)

    with pytest.raises(LoadError) as exc_info:
        async with writing(shared_store, 0) as store:
            await store.stage(rows())
            await store.merge()
            if await store.dangling(1):
                raise LoadError("dangling")
    assert "The store refuses" in exc_info.value.message


def with_ids(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with ids in place of the keys of sources and events."""

    def put_in(value: Any, name: str = "") -> Any:
        if isinstance(value, list):
            return [put_in(element, name) for element in value]
        if isinstance(value, dict):
            return {name: put_in(element, name) for name, element in value.items()}
        kinds = {"source": "source", "via": "source", "event": "event"}
        plain = isinstance(value, str) and name in kinds and not value.startswith(("src_", "evt_"))
        return public_id("small", kinds[name], value) if plain else value

    return {name: put_in(value, name) for name, value in record.items()}


async def test_every_column_has_the_kind_of_value_that_the_loader_checks(shared_store: str) -> None:
    """A line, a prose, a vocabulary or a default is the same for the loader and for the database."""
    connection = await asyncpg.connect(shared_store)
    try:
        rows = await connection.fetch(
            "select table_name, column_name, domain_name, column_default from information_schema.columns "
            "where table_schema = 'store'"
        )
        constraints = await connection.fetch(
            "select typname, pg_get_constraintdef(c.oid) from pg_constraint c join pg_type t on t.oid = contypid"
        )
        checks = {row["typname"]: row["pg_get_constraintdef"] for row in constraints}
    finally:
        await connection.close()
    database_columns = {(row["table_name"], row["column_name"]): row for row in rows}
    for entity in ENTITIES.values():
        for field in entity.loaded:
            column = database_columns[entity.name, field.name]
            if field.type.name == "vocabulary":
                terms = set(re.findall(r"'(\w+)'", checks[column["domain_name"]]))
                assert terms == set(field.type.of.terms()), (entity.name, field.name)
            elif field.type.name != "value" and not field.type.many and field.type.name != "float":
                assert column["domain_name"] == field.checked, (entity.name, field.name)
                assert field.checked in BY_DOMAIN
            if column["column_default"] is not None and not field.type.many:
                assert column["column_default"].split("'")[1] == field.default, (entity.name, field.name)
        assert {column.name for column in columns(entity)} <= {
            name for table, name in database_columns if table == entity.name
        }
