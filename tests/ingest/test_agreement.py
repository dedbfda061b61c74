"""What the loader refuses, the database refuses too: each bad record is tried at the one and put into the other."""

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
from api.ingest.record import Invalid, read
from api.ingest.scalar import BY_DOMAIN
from api.ingest.syntax import parse
from api.model import ENTITIES, RECORDS
from api.store.collation import sort_key
from api.store.merge import columns
from api.store.migrate import migrate
from api.store.staged import Staged
from api.store.write import writing

GONE = object()
CITED = {"source": "agency"}

# (resource, what is changed in the small briefing's record of it, the field that the loader names)
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("source", {"kind": "army"}, "kind"),
    ("source", {"kind": GONE}, "kind"),
    ("source", {"kind": None}, "kind"),
    ("source", {"name": GONE}, "name"),
    ("source", {"name": ""}, "name"),
    ("source", {"name": "x" * 1001}, "name"),
    ("source", {"name": "\u0436" * 1000 + "x"}, "name"),
    ("source", {"name": "\u4e00" * 900}, "name"),
    ("source", {"name": "a\u0000b"}, "name"),
    ("source", {"name": "a\u0001b"}, "name"),
    ("source", {"name": "a\u007fb"}, "name"),
    ("source", {"name": "a\u202eb"}, "name"),
    ("source", {"name": "a\u2066b"}, "name"),
    ("source", {"name": "a\ud800b"}, "name"),
    ("source", {"aliases": [""]}, "aliases"),
    ("source", {"aliases": [None]}, "aliases"),
    ("source", {"aliases": ["a"] * 101}, "aliases"),
    ("source", {"aliases": "a"}, "aliases"),
    ("source", {"aliases": [["a"], ["b"]]}, "aliases"),
    ("source", {"country": "ua"}, "country"),
    ("source", {"country": "UKR"}, "country"),
    ("source", {"url": "ftp://example.org"}, "url"),
    ("source", {"url": "https://"}, "url"),
    ("source", {"url": "https://example.org/a b"}, "url"),
    ("source", {"url": "https://example.org/\u0001"}, "url"),
    ("source", {"url": "https://example.org/" + "x" * 2000}, "url"),
    ("source", {"reliability": "g"}, "reliability"),
    ("source", {"identifiers": {"scheme": "a", "value": "b"}}, "identifiers"),
    ("source", {"identifiers": [{"scheme": "a"}]}, "identifiers"),
    ("source", {"identifiers": [{"scheme": "a:b", "value": "c"}]}, "identifiers"),
    ("source", {"identifiers": [{"scheme": "a", "value": ""}]}, "identifiers"),
    ("source", {"identifiers": ["a"]}, "identifiers"),
    ("source", {"identifiers": [{"scheme": "a", "value": "b"}] * 51}, "identifiers"),
    ("document", {"kind": "book"}, "kind"),
    ("document", {"language": "English"}, "language"),
    ("document", {"language": "en_GB"}, "language"),
    ("document", {"published_at": "0025-03-06T00:00:00Z"}, "published_at"),
    ("document", {"published_at": "9999-01-01T00:00:00Z"}, "published_at"),
    ("document", {"published_at": "2022-02-30T00:00:00Z"}, "published_at"),
    ("document", {"published_at": "2022-03-06T25:00:00Z"}, "published_at"),
    ("document", {"retrieved_at": "infinity"}, "retrieved_at"),
    ("place", {"name": GONE}, "name"),
    ("place", {"latitude": 90.5}, "latitude"),
    ("place", {"longitude": -180.01}, "longitude"),
    ("place", {"latitude": 137, "longitude": 47}, "latitude"),
    ("place", {"latitude": GONE}, "latitude"),
    ("place", {"longitude": GONE}, "latitude"),
    ("place", {"latitude": "north"}, "latitude"),
    ("place", {"geo_precision": "close"}, "geo_precision"),
    ("briefing", {"title": GONE}, "title"),
    ("briefing", {"language": GONE}, "language"),
    ("briefing", {"published_at": GONE}, "published_at"),
    ("briefing", {"summary": "x" * 20_001}, "summary"),
    ("briefing", {"modified_at": "2022-03-06T09:59:59.9Z"}, "modified_at"),
    ("event", {"kind": "war"}, "kind"),
    ("event", {"title": GONE}, "title"),
    ("event", {"status": GONE}, "status"),
    ("event", {"time_precision": GONE}, "time_precision"),
    ("event", {"starts_at": GONE}, "time_precision"),
    ("event", {"ends_at": "2022-03-06T00:00:00Z"}, "ends_at"),
    ("event", {"ends_at": "2022-03-05T23:59:59.999999Z"}, "ends_at"),
    ("event", {"tags": ["\u4e00" * 900]}, "tags"),
    ("event", {"language": "e"}, "language"),
    ("event", {"participants": [{"role": "target"}]}, "participants"),
    ("event", {"participants": [{"name": "A", "role": "villain"}]}, "participants"),
    ("event", {"participants": [{"name": "A"}] * 1001}, "participants"),
    ("event", {"related": [{"event": "shelling", "relation": "follows"}]}, "related"),
    ("event", {"related": [{"event": "talks", "relation": "precedes"}]}, "related"),
    ("event", {"related": [{"relation": "follows"}]}, "related"),
    ("event", {"citations": [{}]}, "citations"),
    ("event", {"citations": [CITED | {"stance": "blames"}]}, "citations"),
    ("event", {"citations": [CITED | {"stance": "doubts"}]}, "citations"),
    ("event", {"citations": [CITED | {"certainty": "sure"}]}, "citations"),
    ("event", {"citations": [CITED | {"medium": "pigeon"}]}, "citations"),
    ("event", {"citations": [CITED | {"via": ["agency"] * 11}]}, "citations"),
    ("event", {"citations": [CITED | {"excerpt": {"exact": "x" * 301}}]}, "citations"),
    ("event", {"citations": [CITED | {"excerpt": {"exact": ""}}]}, "citations"),
    ("event", {"citations": [CITED | {"excerpt": {"prefix": "x"}}]}, "citations"),
    ("event", {"citations": [CITED | {"excerpt": {"exact": "x", "suffix": "x" * 301}}]}, "citations"),
    ("event", {"citations": [CITED | {"excerpt": {"exact": "a\u202eb"}}]}, "citations"),
    ("event", {"citations": [CITED | {"excerpt": "x"}]}, "citations"),
    ("event", {"citations": [CITED | {"statement": "x" * 20_001}]}, "citations"),
    ("event", {"citations": [CITED] * 1001}, "citations"),
    ("figure", {"measure": "deaths"}, "measure"),
    ("figure", {"unit": GONE}, "unit"),
    ("figure", {"value": GONE}, "value"),
    ("figure", {"value": 10**15}, "value"),
    ("figure", {"value": -(10**15)}, "value"),
    ("figure", {"value": 0.0000001}, "value"),
    ("figure", {"value": "many"}, "value"),
    ("figure", {"value": 9, "value_low": 8, "value_high": 7, "bounds_basis": "stated"}, "value_low"),
    ("figure", {"value": 9, "value_low": 7, "value_high": 8, "bounds_basis": "stated"}, "value"),
    ("figure", {"value": 6, "value_low": 7, "value_high": 8, "bounds_basis": "stated"}, "value"),
    ("figure", {"value_low": 7}, "bounds_basis"),
    ("figure", {"bounds_basis": "stated"}, "bounds_basis"),
    ("figure", {"value": GONE, "value_low": 7, "quantifier": "between", "bounds_basis": "stated"}, "quantifier"),
    ("figure", {"quantifier": "magnitude"}, "quantifier"),
    (
        "figure",
        {"value": 8, "value_low": 7, "value_high": 9, "quantifier": "magnitude", "bounds_basis": "wording"},
        "value",
    ),
    ("figure", {"as_of": "2022-02-29"}, "as_of"),
    ("figure", {"as_of": "0999-12-31"}, "as_of"),
    ("figure", {"as_of": "9999-01-01"}, "as_of"),
    ("figure", {"period_start": "2022-03-02", "period_end": "2022-03-01"}, "period_end"),
    ("figure", {"basis": "monthly"}, "basis"),
    ("figure", {"status": "sure"}, "status"),
    ("quote", {"text": GONE}, "text"),
    ("quote", {"text": ""}, "text"),
    ("quote", {"speaker": GONE}, "speaker"),
    ("quote", {"quote_type": GONE}, "quote_type"),
    ("quote", {"said_at": GONE}, "time_precision"),
    ("quote", {"text_original": "Вони"}, "language_original"),
    ("quote", {"certainty": "sure"}, "certainty"),
]
# What JSON cannot say to Postgres at all, or Postgres reads more kindly; the loader alone keeps it out.
LENIENT: list[tuple[str, dict[str, Any], str]] = [
    ("source", {"country": "UK"}, "country"),
    ("source", {"name": 5}, "name"),
    ("source", {"nickname": "x"}, "nickname"),
    ("source", {"affiliation_id": "agency"}, "affiliation_id"),
    ("source", {"revision": 3}, "revision"),
    ("source", {"key": ""}, "key"),
    ("source", {"key": "x" * 201}, "key"),
    ("source", {"key": "a\nb"}, "key"),
    ("source", {"key": GONE}, "key"),
    ("source", {"key": public_id("a", "source", "b")}, "key"),
    ("source", {"id": public_id("a", "source", "b")}, "key"),
    ("source", {"key": GONE, "id": "src_short"}, "id"),
    ("source", {"key": GONE, "id": public_id("a", "event", "b")}, "id"),
    ("source", {"dataset": GONE}, "dataset"),
    ("source", {"identifiers": [{"scheme": "a", "value": 5}]}, "identifiers"),
    ("source", {"identifiers": [{"scheme": "a", "value": "b", "more": "c"}]}, "identifiers"),
    ("source", {"withdrawn": "no"}, "withdrawn"),
    ("source", {"withdrawn": {}}, "withdrawn"),
    ("source", {"withdrawn": {"reason": ""}}, "withdrawn"),
    ("document", {"published_at": "2022-03-06T00:00:00"}, "published_at"),
    ("document", {"published_at": "2022-03-06"}, "published_at"),
    ("document", {"published_at": "6 March 2022 00:00:00+00"}, "published_at"),
    ("document", {"published_at": 1646524800}, "published_at"),
    ("document", {"publisher": public_id("a", "event", "b")}, "publisher"),
    ("document", {"publisher": ""}, "publisher"),
    ("document", {"publisher": ["agency"]}, "publisher"),
    ("place", {"latitude": "47.1"}, "latitude"),
    ("place", {"latitude": True}, "latitude"),
    ("event", {"disputed": True}, "disputed"),
    ("event", {"starts_at": "2022-03-06T05:30:00Z"}, "starts_at"),
    ("event", {"starts_at": "2022-03-06T00:00:00+02:00"}, "starts_at"),
    ("event", {"starts_at": "2022-03-06T05:30:00Z", "time_precision": "year"}, "starts_at"),
    ("quote", {"time_precision": "day"}, "said_at"),
    ("quote", {"citations": GONE}, "citations"),
    ("quote", {"citations": []}, "citations"),
    ("event", {"citations": [CITED | {"stance": "denies", "blames": "agency"}]}, "citations"),
    ("event", {"citations": [CITED | {"blames": "agency"}]}, "citations"),
    ("event", {"tags": None}, "tags"),
    ("event", {"citations": {}}, "citations"),
    ("figure", {"value": "5"}, "value"),
    ("figure", {"value": True}, "value"),
    ("figure", {"as_of": "2022-03-06T00:00:00Z"}, "as_of"),
    ("figure", {"as_of": "20220306"}, "as_of"),
]


def changed(record: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**record, **changes}.items() if value is not GONE}


def named(row: tuple[str, dict[str, Any], str]) -> str:
    return f"{row[0]}: {json.dumps(row[1], default=lambda _: 'gone')[:60]}"


@pytest.fixture
def lines(briefing: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The first record of each resource in the small briefing, as a line."""
    firsts = {one: briefing[f"{one}s"][0] for one in RECORDS if one != "briefing"}
    firsts["briefing"] = briefing["briefing"]
    return {one: {"resource": one, "dataset": "small", **record} for one, record in firsts.items()}


@pytest.fixture(scope="module")
async def filled(fresh_database: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    """The URL of a store for all of these tests: none of them leaves anything in it."""
    url = await fresh_database()
    await migrate(url)
    yield url


@pytest.mark.parametrize("row", [*BAD, *LENIENT], ids=named)
def test_the_loader_refuses_it_and_names_the_field(
    row: tuple[str, dict[str, Any], str], lines: dict[str, dict[str, Any]]
) -> None:
    resource, changes, field = row
    with pytest.raises(Invalid) as caught:
        read(parse(json.dumps(changed(lines[resource], changes))))
    assert field in {path[0] for path, _ in caught.value.problems}
    assert all(detail for _, detail in caught.value.problems)


@pytest.mark.parametrize("row", BAD, ids=named)
async def test_the_database_refuses_it_too(
    row: tuple[str, dict[str, Any], str],
    lines: dict[str, dict[str, Any]],
    briefing: dict[str, Any],
    put: Callable[[str, Any], str],
    filled: str,
) -> None:
    resource, changes, _ = row
    await load([put("a.json", briefing)], filled)
    whole = json.loads(read(parse(json.dumps(lines[resource]))).body)
    body = json.dumps(linked(changed(whole, changes))).encode()
    staged = Staged(resource, whole["id"], "k", ("small",), None, body, sort_key("name"))

    async def rows() -> AsyncIterator[bytes]:
        yield staged.row(1)

    with pytest.raises(LoadError) as caught:
        async with writing(filled, 0) as store:
            await store.stage(rows())
            await store.merge()
            if await store.dangling(1):
                raise LoadError("dangling")
    assert "The store refuses" in caught.value.message


def linked(record: dict[str, Any]) -> dict[str, Any]:
    """With the ids that the keys in CITED and beside it stand for."""

    def put_in(value: Any, name: str = "") -> Any:
        if isinstance(value, list):
            return [put_in(one, name) for one in value]
        if isinstance(value, dict):
            return {name: put_in(one, name) for name, one in value.items()}
        kinds = {"source": "source", "via": "source", "event": "event"}
        plain = isinstance(value, str) and name in kinds and not value.startswith(("src_", "evt_"))
        return public_id("small", kinds[name], value) if plain else value

    return {name: put_in(value, name) for name, value in record.items()}


async def test_every_column_has_the_kind_of_value_that_the_loader_checks(filled: str) -> None:
    """What is a line, a prose, a vocabulary or a default to the one is so to the other."""
    connection = await asyncpg.connect(filled)
    try:
        rows = await connection.fetch(
            "select table_name, column_name, domain_name, column_default from information_schema.columns "
            "where table_schema = 'store'"
        )
        checks = dict(
            await connection.fetch(
                "select typname, pg_get_constraintdef(c.oid) from pg_constraint c join pg_type t on t.oid = contypid"
            )
        )
    finally:
        await connection.close()
    found = {(row["table_name"], row["column_name"]): row for row in rows}
    for one in ENTITIES.values():
        for field in one.loaded:
            column = found[one.name, field.name]
            if field.type.name == "vocabulary":
                terms = set(re.findall(r"'(\w+)'", checks[column["domain_name"]]))
                assert terms == set(field.type.of.terms()), (one.name, field.name)
            elif field.type.name != "value" and not field.type.many and field.type.name != "float":
                assert column["domain_name"] == field.checked, (one.name, field.name)
                assert field.checked in BY_DOMAIN
            if column["column_default"] is not None and not field.type.many:
                assert column["column_default"].split("'")[1] == field.default, (one.name, field.name)
        assert {column.name for column in columns(one)} <= {name for table, name in found if table == one.name}
