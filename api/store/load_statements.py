"""The statements of a load, built from the columns of the model: the columns of each resource's table, and their names
in the canonical record. `write` runs them, in this order:

gone       stage the withdrawal of the records of a dataset that its complete file lacks
log        add new and changed records to the log, from which the tables are then written
keep       copy the versions of records and children that end (`record_versions`)
merge      update the tables from the log
clear, add replace the children of updated and restored records, and add those of new ones
hide       mark the children of withdrawn records as not shown
dangling   find the links that lead nowhere, only if there are any
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from api.model import CHILDREN, RECORDS, Entity

TYPES = {
    "text": "text",
    "vocabulary": "text",
    "integer": "integer",
    "float": "double precision",
    "number": "numeric",
    "boolean": "boolean",
    "timestamp": "timestamptz",
    "date": "date",
    "value": "jsonb",
}
EMPTY = {"text[]": "'{}'", "jsonb[]": "'[]'"}
DISPUTED = """(
    jsonb_path_exists(change.record, '$.citations[*].stance ? (@ == "denies" || @ == "disputes" || @ == "retracts")')
    or (select count(distinct one ->> 'blames') > 1 from jsonb_array_elements(change.record -> 'citations') as one
        where one ->> 'stance' = 'blames'))"""
# The `number` of each staged record that the file does not contain.
NOT_IN_FILE = -1
# The stances that make a record disputed. If they were looked up by each read, a disputed record would take 40 µs more.
STANCES = f"""case when not {DISPUTED} then '{{}}'::text[] else array(
    select distinct one ->> 'stance' as stance from jsonb_array_elements(change.record -> 'citations') as one
    where one ->> 'stance' in ('denies', 'disputes', 'retracts') or one ->> 'stance' = 'blames' and (
        select count(distinct other ->> 'blames') > 1 from jsonb_array_elements(change.record -> 'citations') as other
        where other ->> 'stance' = 'blames')
    order by stance) end"""

# The derived fields that a load computes from the record. Postgres generates the others.
DERIVED = {"disputed": DISPUTED, "dispute_stances": STANCES}


@dataclass(frozen=True)
class TableColumn:
    """A column of a table: its name, the key `source` in the record, and the type as which its JSON is read. `target`
    is the resource that a link leads to."""

    name: str
    source: str
    type: str
    target: str = ""

    @property
    def declared(self) -> str:
        """The entry in the column list of jsonb_to_record."""
        return f'"{self.source}" {self.type.replace("jsonb[]", "jsonb")}'

    @property
    def value(self) -> str:
        """The SQL of its value in the result of jsonb_to_record. A list that is left out is empty."""
        value = f'body."{self.source}"'
        if self.type in EMPTY:
            return f"coalesce({value}, {EMPTY[self.type]})"
        return value


@dataclass(frozen=True)
class ChildTable:
    """Rows within records: their table, the key of their list in the record, and the resources that have them."""

    table: str
    link: str
    owners: tuple[str, ...]


DATASET = TableColumn("dataset", "dataset", "text")
# The name of a staged record is its key or, without one, its id.
KEY = "nullif(staged.name, staged.id)"


def columns(entity: Entity) -> tuple[TableColumn, ...]:
    """Return the columns that a load writes, without those that every record has."""
    table_columns = []
    for field in entity.loaded:
        sql_type = TYPES[field.type.name]
        if field.type.many:
            sql_type += "[]"
        table_columns.append(TableColumn(field.name, field.name, sql_type))
    for link in entity.references:
        sql_type = "text" if link.kind == "one" else "text[]"
        table_columns.append(TableColumn(link.column, link.name, sql_type, link.target))
    return tuple(table_columns)


def name_list(table_columns: Sequence[TableColumn]) -> str:
    """Return the names of the columns, as SQL lists them."""
    return ", ".join(column.name for column in table_columns)


def value_list(table_columns: Sequence[TableColumn]) -> str:
    """Return the values of the columns in the result of jsonb_to_record, as SQL lists them."""
    return ", ".join(column.value for column in table_columns)


def declaration_list(table_columns: Sequence[TableColumn]) -> str:
    """Return the column list of jsonb_to_record."""
    return ", ".join(column.declared for column in table_columns)


def source_list(table_columns: Sequence[TableColumn]) -> str:
    """Return the quoted keys of the columns in the record, as SQL lists them."""
    return ", ".join(f'"{column.source}"' for column in table_columns)


def derived_columns(entity: Entity) -> dict[str, str]:
    """Return the derived fields of the entity that a load computes, each with the SQL of its value."""
    return {field: value for field, value in DERIVED.items() if field in entity.fields}


@cache
def log(name: str) -> str:
    """Return the SQL that logs each staged record of the resource that is new, changed or withdrawn. $1 is the time and
    $2 the reason of updates, null for those of a load.

    A record with an equal digest is unchanged. If the digests differ, the values decide: an earlier release may have
    written the same value in another way (-0.0, which jsonb keeps as 0.0), and that is not a change.
    """
    return f"""
        insert into store.change (recorded_at, resource, id, revision, action, record, reason)
        select $1, staged.resource, staged.id, coalesce(held.revision, 0) + 1,
            case when staged.reason is not null then 'withdrawn' when held.id is null then 'created'
                when held.withdrawn is not null then 'restored' else 'updated' end,
            case when staged.reason is not null and held.id is not null
                then (select last.record from store.change as last
                      where last.id = staged.id and last.revision = held.revision)
                else staged.record::jsonb end,
            coalesce(staged.reason, $2)
        from staged left join store.{name} as held using (id)
        where staged.resource = '{name}' and (held.id is null or case when staged.reason is null
            then held.withdrawn is not null or held.digest <> decode(staged.digest, 'hex') and (
                select last.record from store.change as last
                where last.id = staged.id and last.revision = held.revision) is distinct from staged.record::jsonb
            else held.withdrawn is distinct from staged.reason end)
        order by staged.number"""


@cache
def unknown(name: str) -> str:
    """Return the SQL that finds the staged withdrawals of records that the store never had, if they contain nothing but
    the withdrawal. $1 is their maximum number."""
    return f"""
        select number, resource, name, keys from staged
        where resource = '{name}' and record = '' and not exists (
            select from store.{name} as held where held.id = staged.id)
        order by number limit $1"""


@cache
def gone(name: str) -> str:
    """Return the SQL that stages the withdrawal of the records of the resource that belong to the datasets $1 and that
    the file does not contain. $2 is the reason."""
    return f"""
        insert into staged (number, resource, id, name, keys, reason, digest, record, key_forms)
        select {NOT_IN_FILE}, '{name}', held.id, held.id, '', $2, '', '', ''
        from store.{name} as held
        where held.dataset = any($1) and held.withdrawn is null
            and not exists (select from staged where staged.id = held.id)"""


@cache
def doubtful(name: str) -> str:
    """Return the SQL that finds the staged records with doubts, unless the store has them as they are. $1 is their
    maximum number."""
    return f"""
        select staged.number, staged.resource, staged.name, staged.keys, staged.doubts
        from staged left join store.{name} as held using (id)
        where staged.resource = '{name}' and staged.doubts is not null and (held.id is null
            or held.digest <> decode(staged.digest, 'hex') and (
                select last.record from store.change as last
                where last.id = staged.id and last.revision = held.revision) is distinct from staged.record::jsonb)
        order by staged.number limit $1"""


@cache
def normalized(name: str) -> str:
    """Return the SQL that stages in NFC those of the records $1 that have texts in another form. Their sort keys do not
    change."""
    collated = RECORDS[name].collated
    sort_key = f"held.{collated.collated}" if collated else "null"
    return f"""
        insert into staged (number, resource, id, name, keys, reason, digest, record, sort_key, key_forms)
        select {NOT_IN_FILE}, '{name}', held.id, held.id, '', null,
            encode(sha256(convert_to(new.record, 'UTF8')), 'hex'), new.record, {sort_key}, ''
        from store.{name} as held
        -- A look-up for each record: a join would read the whole log for each batch.
        cross join lateral (
            select store.nfc(change.record)::text as record, change.record::text as before from store.change
            where change.id = held.id and change.revision = held.revision
                and change.record::text is not nfc normalized
            offset 0
        ) as new
        where held.id = any($1) and held.withdrawn is null and new.record <> new.before"""


@cache
def merge(name: str) -> str:
    """Return the SQL that brings the resource's table up to date with the log. $1 is the last number of the log before
    the load."""
    entity = RECORDS[name]
    loaded_columns = (*columns(entity), DATASET)
    values = {column.name: column.value for column in loaded_columns} | derived_columns(entity)
    if entity.collated is not None:
        values[entity.collated.collated] = "staged.sort_key"
    named_values = ", ".join(f"{value} as {column}" for column, value in values.items())
    updates = ", ".join(f"{column} = new.{column}" for column in values)
    inserts = ", ".join(f"new.{column}" for column in values)
    # A record keeps its key while it belongs to the same dataset, also if it is loaded by its id.
    key = "coalesce(new.key, case when held.dataset is not distinct from new.dataset then held.key end)"
    return f"""
        merge into store.{name} as held
        using (
            select change.id, change.seq, change.revision, change.recorded_at, change.action, change.reason,
                decode(staged.digest, 'hex') as digest, {KEY} as key,
                {named_values}
            from store.change join staged using (id)
            cross join lateral jsonb_to_record(change.record) as body ({declaration_list(loaded_columns)})
            where change.seq > $1 and change.resource = '{name}'
        ) as new on held.id = new.id
        when matched and new.action = 'withdrawn' then update set
            revision = new.revision, updated_at = new.recorded_at, withdrawn = new.reason, since = null
        when matched then update set
            revision = new.revision, updated_at = new.recorded_at, withdrawn = null, digest = new.digest, key = {key},
            since = new.seq, {updates}
        when not matched then insert (
            id, revision, created_at, updated_at, withdrawn, digest, key, since, {", ".join(values)}
        ) values (
            new.id, new.revision, new.recorded_at, new.recorded_at, new.reason, new.digest, new.key,
            case when new.action <> 'withdrawn' then new.seq end, {inserts}
        )"""


@cache
def name_keys(name: str) -> str:
    """Return the SQL that gives unchanged records the keys that the file names. A key is not content, so this makes no
    revision. Answers show it, so it counts as a change of the resource."""
    return f"""
        with named as (
            update store.{name} as held set key = {KEY} from staged
            where staged.id = held.id and staged.resource = '{name}' and staged.name <> staged.id
                and staged.doubts is null and held.key is distinct from staged.name
            returning 1
        )
        update store.latest set changed_us = greatest(changed_us + 1, store.microseconds(clock_timestamp()))
        where resource = '{name}' and exists (select from named)"""


@cache
def children() -> tuple[ChildTable, ...]:
    """Return every kind of children that a resource has."""
    kinds: list[ChildTable] = []
    for entity in RECORDS.values():
        for link in entity.owned:
            owners = tuple(name for name, owner in RECORDS.items() if link.name in owner.links)
            kind = ChildTable(link.target, link.name, owners)
            if kind not in kinds:
                kinds.append(kind)
    return tuple(kinds)


@cache
def clear(kind: ChildTable) -> str:
    """Return the SQL that deletes the children of updated and restored records. $1 is the last number of the log before
    the load."""
    return f"""
        delete from store.{kind.table} as old using store.change
        where old.record_id = change.id and change.seq > $1 and change.action in ('updated', 'restored')"""


@cache
def add(kind: ChildTable) -> str:
    """Return the SQL that adds the children of the records that the load has logged. Those of withdrawn records are
    kept from before, or added if the record is new. $1 is the last number of the log before the load."""
    child_columns = columns(CHILDREN[kind.table])
    return f"""
        insert into store.{kind.table} (record_id, position, since, {name_list(child_columns)})
        select change.id, body.position - 1, case when change.action <> 'withdrawn' then change.seq end,
            {value_list(child_columns)}
        from store.change cross join lateral rows from (
            jsonb_to_recordset(change.record -> '{kind.link}') as ({declaration_list(child_columns)})
        ) with ordinality as body ({source_list(child_columns)}, position)
        where change.seq > $1 and change.resource in ({_quoted(kind.owners)})
            and (change.action <> 'withdrawn' or change.revision = 1)"""


@cache
def hide(kind: ChildTable) -> str:
    """Return the SQL that marks the children of withdrawn records as not shown. $1 is the last number of the log before
    the load."""
    return f"""
        update store.{kind.table} as old set since = null from store.change
        where old.record_id = change.id and change.seq > $1 and change.action = 'withdrawn' and old.since is not null"""


@cache
def dangling() -> str:
    """Return the SQL that finds the links of the written records that lead nowhere. $1 is the last number of the log
    before the load, and $2 the maximum number of links."""
    parts = []
    for entity in RECORDS.values():
        for column in columns(entity):
            if column.target:
                path = f"'{column.source}'"
                parts.append(_dangling_links(entity.name, "id", path, column))
    for kind in children():
        for column in columns(CHILDREN[kind.table]):
            if column.target:
                path = f"format('{kind.link}[%s].{column.source}', held.position)"
                parts.append(_dangling_links(kind.table, "record_id", path, column))
    return f"""
        select staged.number, staged.resource, staged.name, staged.keys, astray.path, astray.target, astray.id
        from ({" union all ".join(parts)}) as astray (record_id, path, target, id)
        join staged on staged.id = astray.record_id
        where exists (select from store.change where change.seq > $1 and change.id = staged.id)
        order by staged.number, astray.path limit $2"""


def _dangling_links(table: str, owner: str, path: str, column: TableColumn) -> str:
    """Return the SQL of the links in one column that lead nowhere. `owner` is the column with the id of the record, and
    `path` the SQL of the path of the link in it."""
    values = f"(select held.{column.name})"
    if column.type == "text[]":
        values = f"unnest(held.{column.name})"
    return f"""
        select held.{owner}, {path}, '{column.target}', link.id
        from store.{table} as held cross join lateral {values} as link (id)
        where link.id is not null
            and not exists (select from store.{column.target} as there where there.id = link.id)"""


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)
