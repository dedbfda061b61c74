"""The statements that keep the earlier versions of records, in the tables of the schema `past`. A load copies the rows
that it replaces or withdraws. For a store that is older than these tables, a migration builds versions from the log.

A version is shown from the change `since` until before the change `until`. The present rows have only `since`
(sql/migrations/0025_versions.sql).
"""

from __future__ import annotations

from functools import cache

from api.model import CHILDREN, RECORDS, Entity
from api.store.load_statements import (
    DATASET,
    ChildTable,
    columns,
    declaration_list,
    derived_columns,
    name_list,
    source_list,
    value_list,
)

COMMON = ("id", "revision", "created_at", "updated_at", "key")


def _record_columns(entity: Entity) -> list[str]:
    """Return the columns of a record that its versions have too."""
    names = [*COMMON, *(column.name for column in columns(entity)), DATASET.name, *derived_columns(entity)]
    if entity.collated is not None:
        names.append(entity.collated.collated)
    names.append("search")
    return names


def _child_columns(table: str) -> list[str]:
    """Return the columns of a child that its versions have too."""
    return ["record_id", "position", *(column.name for column in columns(CHILDREN[table]))]


def _qualified(alias: str, names: list[str]) -> str:
    """Return the columns of the table with this alias, as SQL lists them."""
    return ", ".join(f"{alias}.{name}" for name in names)


@cache
def keep(name: str) -> str:
    """Return the SQL that copies the versions of records that end. $1 is the last number of the log before the load."""
    names = _record_columns(RECORDS[name])
    return f"""
        insert into past.{name} ({", ".join(names)}, since, until)
        select {_qualified("held", names)}, held.since, change.seq
        from store.change join store.{name} as held using (id)
        where change.seq > $1 and change.resource = '{name}' and change.revision > 1 and held.withdrawn is null"""


@cache
def keep_children(kind: ChildTable) -> str:
    """Return the SQL that copies the children of the versions that end. $1 is the last number of the log before the
    load."""
    names = _child_columns(kind.table)
    return f"""
        insert into past.{kind.table} ({", ".join(names)}, since, until)
        select {_qualified("old", names)}, old.since, change.seq
        from store.change join store.{kind.table} as old on old.record_id = change.id
        join store.change as before on before.id = change.id and before.revision = change.revision - 1
        where change.seq > $1 and before.action <> 'withdrawn'"""


def _earlier_changes(owner: str) -> str:
    """Return the SQL of the changes of the records $1 that later changes replaced, each until the next one or the
    change $2. The records are looked up one by one, because a join could read the whole log for each batch."""
    return f"""
        unnest($1::text[]) as wanted (id) cross join lateral (
            select change.*, least($2, (
                select following.seq from store.change as following
                where following.id = change.id and following.revision = change.revision + 1)) as until
            from store.change
            -- The entries of an erased record are empty.
            where change.id = wanted.id and change.action <> 'withdrawn' and change.record <> '{{}}'
                and change.revision < (select held.revision from store.{owner} as held where held.id = wanted.id)
            offset 0
        ) as change"""


@cache
def copy(name: str) -> str:
    """Return the SQL that copies the records $1 as versions that end at the change $2, if they were written before."""
    names = _record_columns(RECORDS[name])
    return f"""
        insert into past.{name} ({", ".join(names)}, since, until)
        select {_qualified("held", names)}, change.seq, $2
        from store.{name} as held cross join lateral (
            select change.seq from store.change where change.id = held.id and change.revision = held.revision offset 0
        ) as change
        where held.id = any($1) and held.withdrawn is null and change.seq < $2"""


@cache
def copy_children(kind: ChildTable, owner: str) -> str:
    """Return the SQL that copies the children of the same records."""
    names = _child_columns(kind.table)
    return f"""
        insert into past.{kind.table} ({", ".join(names)}, since, until)
        select {_qualified("old", names)}, change.seq, $2
        from store.{owner} as held cross join lateral (
            select change.seq from store.change where change.id = held.id and change.revision = held.revision offset 0
        ) as change cross join lateral (
            select old.* from store.{kind.table} as old where old.record_id = held.id offset 0
        ) as old
        where held.id = any($1) and held.withdrawn is null and change.seq < $2"""


@cache
def build(name: str) -> str:
    """Return the SQL that builds the earlier versions of the records $1 from the log, up to the change $2. The caller
    adds the collation keys, because the log does not contain them."""
    entity = RECORDS[name]
    loaded_columns = (*columns(entity), DATASET)
    values = {column.name: column.value for column in loaded_columns} | derived_columns(entity)
    return f"""
        insert into past.{name} ({", ".join([*COMMON, *values])}, since, until)
        select change.id, change.revision, held.created_at, change.recorded_at, held.key,
            {", ".join(values.values())}, change.seq, change.until
        from {_earlier_changes(name)} cross join lateral (
            select held.created_at, held.key from store.{name} as held where held.id = change.id offset 0
        ) as held
        cross join lateral jsonb_to_record(change.record) as body ({declaration_list(loaded_columns)})
        where change.seq < change.until"""


@cache
def build_children(kind: ChildTable, owner: str) -> str:
    """Return the SQL that builds the children of the same versions."""
    child_columns = columns(CHILDREN[kind.table])
    return f"""
        insert into past.{kind.table} (record_id, position, since, until, {name_list(child_columns)})
        select change.id, body.position - 1, change.seq, change.until, {value_list(child_columns)}
        from {_earlier_changes(owner)} cross join lateral rows from (
            jsonb_to_recordset(change.record -> '{kind.link}') as ({declaration_list(child_columns)})
        ) with ordinality as body ({source_list(child_columns)}, position)
        where change.seq < change.until"""


@cache
def unsorted(name: str) -> str:
    """Return the SQL that finds the versions of the records $1 that have a name without a collation key."""
    return f"""
        select id, since, name from past.{name} where id = any($1) and name is not null and name_key is null"""


ENDS = "select exists (select from store.change where seq > $1 and revision > 1)"
BUILT_UP_TO = "select seq from past.built_up_to"
# Adds the edition of the last load that readers can see, unless it is there already.
NOTE_EDITION = """
    insert into store.edition (seq, at)
    select last.seq, greatest(clock_timestamp(), (select max(at) from store.edition) + interval '1 microsecond')
    from store.last_change as last
    where last.seq > (select coalesce(max(seq), 0) from store.edition)
    on conflict do nothing"""
