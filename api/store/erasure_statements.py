"""The statements that erase a record, built from the model: a new field is emptied without an edit here.

The row of an erased record stays, so that links to it keep their id. Its columns are null or, if they may not be null,
have a value without content. Its children and its versions are deleted (`briefing erase`, `erase.py`).
"""

from __future__ import annotations

import re
from functools import cache

from api.errors import InvalidRequest
from api.model import ENTITIES, PREFIXES, RECORDS, Entity, StoredField
from api.store.collation import sort_key
from api.store.load_statements import EMPTY, TYPES, derived_columns

ERASED = "[erased]"
# The values of columns that may not be null: those of texts by domain, the others by type.
TEXTS = {"line": ERASED, "prose": ERASED, "url": "https://erased.invalid/", "language": "und", "country": "ZZ"}
VALUES = {
    "integer": "0",
    "float": "0",
    "number": "0",
    "boolean": "false",
    "timestamp": "timestamptz '1970-01-01T00:00:00Z'",
    "date": "date '1970-01-01'",
}
# The terms of vocabularies that say least. A vocabulary without them gets its default or its first term.
TERMS = ("unknown", "other", "count")
# Columns that may be null but need a value here, because a check of the table requires one of several.
NEEDED = {("source", "name"), ("figure", "value")}

RECORD = "select store.record_erasure($1, $2, $3, $4, coalesce($5, now()))"
ID = re.compile(r"([a-z]{3})_[0-9a-hjkmnp-tv-z]{26}", re.ASCII)


def resource_of(identifier: str) -> str:
    """Return the resource of a record by its id. InvalidRequest if it is not an id."""
    prefixes = {prefix: name for name, prefix in PREFIXES.items()}
    match = ID.fullmatch(identifier)
    if match is None or match[1] not in prefixes:
        # The text is not repeated: it may be a name that has to go.
        raise InvalidRequest("This is not the id of a record.", hint="Ids look like evt_01arz3ndektsv4rrffq69g5fav.")
    return prefixes[match[1]]


@cache
def empty(name: str) -> str:
    """Return the SQL that empties the row of the record $1."""
    values = ", ".join(f"{column} = {value}" for column, value in emptied(RECORDS[name]).items())
    return f"update store.{name} set revision = revision + 1, updated_at = now(), {values} where id = $1"


@cache
def add_empty(name: str) -> str:
    """Return the SQL that adds an emptied row for a record $1 that the store never had."""
    values = emptied(RECORDS[name])
    return f"""
        insert into store.{name} (id, revision, created_at, updated_at, {", ".join(values)})
        values ($1, 1, now(), now(), {", ".join(values.values())})"""


@cache
def empty_search(name: str) -> str:
    """Return the SQL that removes the search words of the record $1. A trigger has set those of the emptied row."""
    return f"update store.{name} set search = '' where id = $1"


@cache
def delete(name: str) -> tuple[str, ...]:
    """Return the SQL of each deletion: of the versions of the record $1, of its children, and of their versions."""
    deletions = [f"delete from past.{name} where id = $1"]
    for link in RECORDS[name].owned:
        deletions.append(f"delete from store.{link.target} where record_id = $1")
        deletions.append(f"delete from past.{link.target} where record_id = $1")
    return tuple(deletions)


def tables(name: str) -> tuple[str, ...]:
    """Return the tables that contained data of a record."""
    children = (link.target for link in RECORDS[name].owned)
    qualified = ["store.change", "store.edition_change"]
    for table in (name, *children):
        qualified += (f"store.{table}", f"past.{table}")
    return tuple(qualified)


@cache
def linked(name: str) -> str:
    """Return the SQL that counts the records that link to the record $1, directly or from their children."""
    parts = []
    for entity in ENTITIES.values():
        # A child is counted as the record that contains it.
        id_column = "id" if entity.prefix else "record_id"
        for link in entity.references:
            if link.target != name:
                continue
            condition = f"$1 = any({link.column})"
            if link.kind == "one":
                condition = f"{link.column} = $1"
            parts.append(f"select {id_column} from store.{entity.name} where {condition}")
    if not parts:
        return "select 0 where $1::text <> ''"
    return f"select count(*) from ({' union '.join(parts)}) as linked (id) where id <> $1"


def forget_statistics(name: str) -> str:
    """Return the SQL that removes the statistics of tables that are empty now, and those of their indexes. An `analyze`
    of an empty table would keep the earlier ones."""
    empty = " union all ".join(
        f"select '{table}'::regclass::oid where not exists (select from {table})" for table in tables(name)
    )
    return f"""
        with empty (relation) as ({empty})
        delete from pg_statistic where starelid in (
            select relation from empty
            union all select indexrelid from pg_index where indrelid in (select relation from empty))"""


def emptied(entity: Entity) -> dict[str, str]:
    """Return the columns with content of a record, each with the SQL of its value after the erasure."""
    derived = [entity.fields[name] for name in derived_columns(entity)]
    values = {field.name: _empty_value(entity, field) for field in (*entity.loaded, *derived)}
    for link in entity.references:
        values[link.column] = "null" if link.kind == "one" else "'{}'"
    collated = entity.collated
    if collated is not None:
        is_null = values[collated.name] == "null"
        values[collated.collated] = "null" if is_null else rf"'\x{sort_key(ERASED).hex()}'"
    return values | {
        "key": "null",
        "dataset": "null",
        "digest": "decode(repeat('00', 32), 'hex')",
        "withdrawn": "store.erasure_reason()",
        "since": "null",
    }


def _empty_value(entity: Entity, field: StoredField) -> str:
    """Return the SQL of the value of a field after the erasure."""
    kind = field.type
    if kind.many:
        return EMPTY[TYPES[kind.name] + "[]"]
    if kind.nullable and (entity.name, field.name) not in NEEDED:
        return "null"
    if kind.name == "text":
        return f"'{TEXTS[field.checked]}'"
    if kind.name == "vocabulary":
        return f"'{_empty_term(field)}'"
    return VALUES[kind.name]


def _empty_term(field: StoredField) -> str:
    """Return the term that says least of the vocabulary of a field."""
    terms = field.type.of.terms()
    for term in TERMS:
        if term in terms:
            return term
    return field.default or next(iter(terms))
