"""The database stores what the model declares: tables, columns, types, nullability, references and the list of records.

A resource may be missing from one of several lists. Each such trap is tried with a resource that only the database
has."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from api.catalog import VERSIONS, Resource, Version
from api.model import CHILDREN, ENTITIES, RECORDS, WRITE_ORDER, Entity, StoredField
from api.store.load_statements import DERIVED, TYPES
from api.store.load_transaction import writing
from api.store.staged import Staged

# The domains of small objects. A column that came later has a check of its own instead.
VALUE_DOMAINS = {"Identifier": "identifiers", "Excerpt": "excerpt", "Subject": None}
# Columns of a plain type, which came later to tables that may be large: (table, column). A check holds their values.
PLAIN: set[tuple[str, str]] = set()
# Columns of records that no field declares, and those of one table alone.
INTERNAL = {"digest", "withdrawn", "dataset", "search", "since"}
# The references to the record, for children that several kinds of records have.
OWNERS = {"citation": {"event_id", "figure_id", "quote_id"}}

COLUMNS = """
    select attname as name, format_type(coalesce(nullif(typbasetype, 0), atttypid), null) as type,
        case when typtype = 'd' then typname end as domain, attgenerated <> '' as generated,
        -- A link of an erased record is null though that of others must not be: a check says so.
        attnotnull or exists (
            select from pg_constraint where conrelid = attrelid and pg_get_constraintdef(pg_constraint.oid) = format(
                'CHECK (((%I IS NOT NULL) OR (withdrawn IS NOT NULL)))', attname)) as required
    from pg_attribute join pg_type on pg_type.oid = atttypid
    where attrelid = ('store.' || $1)::regclass and attnum > 0 and not attisdropped"""
REFERENCES = """
    select attname as name, confrelid::regclass::text as target
    from pg_constraint join pg_attribute on attrelid = conrelid and attnum = any(conkey)
    where contype = 'f' and conrelid = ('store.' || $1)::regclass"""
EACH = pytest.mark.parametrize("entity", ENTITIES.values(), ids=ENTITIES)


def column_type(field: StoredField) -> str:
    """Return the Postgres type of the column of a field, below its domain."""
    if field.type.name == "value":
        return "jsonb"
    if field.type.many:
        return "store.line[]" if field.name != "dispute_stances" else "text[]"
    return {"timestamptz": "timestamp with time zone"}.get(TYPES[field.type.name], TYPES[field.type.name])


def domain(field: StoredField) -> str | None:
    """Return the domain of the column of a field of the load format."""
    if field.type.name == "vocabulary":
        return re.sub(r"(?<!^)([A-Z])", r"_\1", field.type.of.__name__).lower()
    if field.type.name == "value":
        return VALUE_DOMAINS[field.type.of.__name__]
    if field.type.many:
        return "lines"
    return None if field.type.name == "float" else field.checked


@EACH
async def test_each_field_and_link_has_its_column(owner: asyncpg.Connection, entity: Entity) -> None:
    columns = {row["name"] for row in await owner.fetch(COLUMNS, entity.name)}
    expected_columns = set(entity.fields) | {link.column for link in entity.references}
    expected_columns |= {field.collated for field in entity.fields.values() if field.collated}
    internal = INTERNAL if entity.prefix else {"since"} | OWNERS.get(entity.name, set())
    assert columns == expected_columns | internal


@EACH
async def test_columns_have_the_types_of_their_fields(owner: asyncpg.Connection, entity: Entity) -> None:
    columns = {row["name"]: row for row in await owner.fetch(COLUMNS, entity.name)}
    for field in entity.loaded:
        column = columns[field.name]
        expected_domain = None if (entity.name, field.name) in PLAIN else domain(field)
        assert (column["type"], column["domain"]) == (column_type(field), expected_domain), field.name
    for name, field in entity.fields.items():
        is_required = not field.type.nullable
        # A generated column has no constraint of its own.
        assert columns[name]["required"] == is_required or columns[name]["generated"], name


@EACH
async def test_links_have_columns_of_ids_and_references(owner: asyncpg.Connection, entity: Entity) -> None:
    columns = {row["name"]: row for row in await owner.fetch(COLUMNS, entity.name)}
    references = {(row["name"], row["target"]) for row in await owner.fetch(REFERENCES, entity.name)}
    for link in entity.references:
        column = columns[link.column]
        if link.kind == "several":
            # A trigger checks the ids in a list (store.check_via).
            assert (column["type"], column["required"]) == ("text[]", True), link.name
            continue
        assert column["domain"] == f"{link.target}_id", link.name
        assert column["required"] != link.nullable, link.name
        assert (link.column, f"store.{link.target}") in references, link.name


@EACH
async def test_the_load_computes_derived_fields_that_postgres_does_not(
    owner: asyncpg.Connection, entity: Entity
) -> None:
    columns = {row["name"]: row for row in await owner.fetch(COLUMNS, entity.name)}
    written_with_each = {"id", "revision", "created_at", "updated_at", "record_id", "position"}
    derived = {name for name, field in entity.fields.items() if field.derived} - written_with_each
    assert all(columns[name]["generated"] or name in DERIVED for name in derived)


async def test_the_database_lists_the_records_of_the_model(owner: asyncpg.Connection) -> None:
    prefixes = {row["name"]: row["prefix"] for row in await owner.fetch("select name, prefix from store.resource")}
    assert prefixes == {name: record.prefix for name, record in RECORDS.items()}
    latest = {row["resource"] for row in await owner.fetch("select resource from store.latest")}
    assert latest == set(RECORDS) == set(WRITE_ORDER)


async def test_withdrawals_are_shown_of_each_listed_resource(owner: asyncpg.Connection) -> None:
    definition = await owner.fetchval("select pg_get_viewdef('store.withdrawal'::regclass)")
    assert set(re.findall(r"'(\w+)'::text AS resource", definition)) == set(RECORDS)


SEARCHED = [
    pytest.param(version, resource, id=f"{version.name}.{resource.name}")
    for version in VERSIONS.values()
    for resource in version.resources.values()
    if resource.searched
]


@pytest.mark.parametrize(("version", "resource"), SEARCHED)
async def test_searched_fields_are_in_the_search_vector(
    owner: asyncpg.Connection, version: Version, resource: Resource
) -> None:
    source = await owner.fetchval(
        """
        select prosrc from pg_trigger join pg_proc on pg_proc.oid = tgfoid
        where tgrelid = ('store.' || $1)::regclass and tgname = $1 || '_search'""",
        resource.name,
    )
    columns = set(re.findall(r"\bnew\.(\w+)", source or "")) - {"search"}
    assert {field.name for field in resource.fields.values() if field.search} - columns == set()


def test_records_are_written_after_what_they_link_to() -> None:
    for name, entity in RECORDS.items():
        owned = [CHILDREN[link.target] for link in entity.owned]
        targets = {link.target for declaration in (entity, *owned) for link in declaration.references} - {name}
        assert all(WRITE_ORDER.index(target) < WRITE_ORDER.index(name) for target in targets), name


@pytest.fixture
async def with_petitions(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of a store with a resource that the model does not have."""
    url = await new_store()
    connection = await asyncpg.connect(url)
    await connection.execute("""
        create table store.petition (id text primary key, withdrawn store.line, updated_at timestamptz);
        insert into store.resource (name, prefix) values ('petition', 'pet');
        insert into store.petition values ('pet_1', 'It was not so.', now())""")
    await connection.close()
    return url


async def test_a_listed_resource_has_its_latest_change_and_its_withdrawals(with_petitions: str) -> None:
    connection = await asyncpg.connect(with_petitions)
    assert await connection.fetchval("select seq from store.latest where resource = 'petition'") == 0
    assert (
        await connection.fetchval("select reason from store.withdrawal where resource = 'petition'") == "It was not so."
    )
    insert = (
        "insert into store.change (resource, id, revision, action, record) values ($1, 'pet_1', 1, 'created', '{}')"
    )
    await connection.execute(insert, "petition")
    assert await connection.fetchval("select seq from store.latest where resource = 'petition'") > 0
    with pytest.raises(asyncpg.ForeignKeyViolationError, match=r"store\.resource has no rumour"):
        await connection.execute(insert.replace("1, 'created'", "2, 'created'"), "rumour")
    await connection.close()


async def test_a_load_does_not_drop_records_that_the_model_does_not_have(with_petitions: str) -> None:
    async def rows() -> AsyncIterator[bytes]:
        yield Staged("petition", "pet_2", "k", ("d",), None, b'{"resource": "petition"}').row(1)

    with pytest.raises(ValueError, match="the model has no petition"):
        async with writing(with_petitions, 5) as store:
            await store.stage(rows())
