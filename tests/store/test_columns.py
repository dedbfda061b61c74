"""The compiler writes JSON as text, and relies on the tables: what the catalog declares as present is never null, and
ids and terms contain no character that JSON would escape."""

from __future__ import annotations

import asyncpg
import pytest

from api.catalog import VERSIONS, Version, Vocabulary
from api.model import RECORDS

# A column that only withdrawn records may leave empty is never shown without a value.
NULLABLE = """
    select a.attname from pg_attribute a
    where a.attrelid = ('store.' || $1)::regclass and a.attnum > 0 and not a.attisdropped and not a.attnotnull
        and not exists (
            select from pg_constraint
            where conrelid = a.attrelid and convalidated and pg_get_constraintdef(oid) = format(
                'CHECK (((%I IS NOT NULL) OR (withdrawn IS NOT NULL)))', a.attname))
"""


EACH = [(version, name) for version in VERSIONS.values() for name in (*version.resources, *version.children)]


@pytest.mark.parametrize(("version", "name"), EACH, ids=[f"{version.name}.{name}" for version, name in EACH])
async def test_fields_declared_as_required_are_never_null(
    owner: asyncpg.Connection, version: Version, name: str
) -> None:
    resource = version[name]
    required = {field.name for field in resource.fields.values() if not field.type.nullable}
    required |= {
        link.by for link in resource.links.values() if link.kind == "several" or (link.single and not link.nullable)
    }
    assert required.isdisjoint({row["attname"] for row in await owner.fetch(NULLABLE, name)})


async def test_ids_hold_plain_characters_alone(owner: asyncpg.Connection) -> None:
    for resource in RECORDS.values():
        for wrong in ('"', "\\", "\n", "é"):
            with pytest.raises(asyncpg.CheckViolationError):
                await owner.fetchval(f"select $1::store.{resource.name}_id", f"{resource.prefix}_{wrong * 26}")


def test_terms_hold_plain_characters_alone() -> None:
    declarations = [version[name] for version, name in EACH]
    kinds = {
        field.type.of
        for resource in declarations
        for field in resource.fields.values()
        if field.type.name == "vocabulary"
    }
    assert len(kinds) > 15
    for kind in kinds:
        assert issubclass(kind, Vocabulary)
        assert all(term.isidentifier() and term.isascii() for term in kind.terms())
