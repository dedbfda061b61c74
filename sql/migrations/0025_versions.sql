-- The versions of records in time.
--
-- A record is shown from one change on, and until the next one. `since` is the number of the change that wrote the row as
-- it is; it is null while the record is withdrawn. A load that replaces or withdraws a record first copies the row to the
-- table of the same name in the schema `past`, with the number of the change that ended it in `until`.
--
-- This comes before 0031, which writes records as a load does.

-- step: transaction
-- The state of the store that a load left: the number of its last change, and when readers could see it. Loaders take
-- turns, so numbers and times grow together, even if the clock went back: then a time is a microsecond after the one
-- before. A load adds its row in a transaction of its own, right after it.
create table store.edition (
    seq bigint primary key,
    at timestamptz not null unique
);
revoke all on store.edition from public;
insert into store.edition (seq, at)
select seq, highest + (row_number() over (partition by highest order by seq) - 1) * interval '1 microsecond'
from (
    select seq, max(recorded_at) over (order by seq) as highest
    from (select max(seq) as seq, recorded_at from store.change group by recorded_at) as load
) as noted;

-- step: transaction
create schema past;
revoke all on schema past from public;

-- The change number up to which the versions of a record are built from the log, in a store that is older than this
-- schema. The rows that it held then are shown since that change, and their earlier versions end there.
create table past.built_up_to (
    only_row boolean primary key default true check (only_row),
    seq bigint not null
);

create function store.refuse_lost_version() returns trigger language plpgsql as $$
begin
    raise exception 'a loader of an earlier release cannot write to this store'
        using errcode = 'restrict_violation', hint = 'Load with the release that migrated it.';
end
$$;
comment on function store.refuse_lost_version is 'A loader that does not know of versions would lose them.';
revoke execute on function store.refuse_lost_version() from public;

-- Begin to keep the versions of a table of records, or of children, as of the change `last`. A migration that makes a
-- resource calls this after its table is made, and then store.index_versions (0034).
create function store.keep_versions(name text, last bigint default 0) returns void language plpgsql as $$
begin
    -- A constant default writes no row anew.
    execute format('alter table store.%I add since bigint default %s', name, last);
    execute format('alter table store.%I alter since drop default', name);
    execute format('create table past.%I (like store.%I including generated, until bigint not null)', name, name);
    execute format('alter table past.%I alter since set not null, add check (since < until)', name);
    if exists (select from pg_attribute
            where attrelid = format('store.%I', name)::regclass and attname = 'position' and attnum > 0) then
        execute format('alter table past.%I add primary key (record_id, position, since)', name);
        return;
    end if;
    execute format('alter table past.%I drop digest, drop withdrawn, add primary key (id, since)', name);
    if exists (select from pg_attribute
            where attrelid = format('past.%I', name)::regclass and attname = 'search' and attgenerated <> '') then
        execute format('alter table past.%I alter search drop expression', name);
    end if;
    execute format('alter table store.%I
        add constraint %I check ((since is null) = (withdrawn is not null)) not valid', name, name || '_since');
    execute format('create trigger keeps_versions before update on store.%I for each row
        when (old.revision <> new.revision and old.since is not distinct from new.since and new.withdrawn is null)
        execute function store.refuse_lost_version()', name);
end
$$;
revoke execute on function store.keep_versions(text, bigint) from public;

do $$
declare
    names text[] := array[
        'source', 'document', 'place', 'briefing', 'event', 'figure', 'quote', 'citation', 'participant', 'relation'];
    name text;
begin
    -- A load that is under way ends first.
    foreach name in array names loop
        execute format('lock table store.%I in access exclusive mode', name);
    end loop;
    insert into past.built_up_to (seq) select coalesce(max(seq), 0) from store.change;
    foreach name in array names loop
        perform store.keep_versions(name, seq) from past.built_up_to;
    end loop;
end
$$;
-- 0031 adds it to the tables of the present.
alter table past.source add if not exists name_key bytea;
alter table past.place add if not exists name_key bytea;
revoke all on all tables in schema past from public;
-- store.rows_looked_at takes the names of tables; none of them can be read.
grant usage on schema past to briefing_reader;
