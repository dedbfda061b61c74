-- The records that the store has, in one list. What is kept for each resource follows from it: its row in `store.latest`,
-- and its part of `store.withdrawal`. A migration that adds a resource makes its table, and then its row here.
create table store.resource (
    name text primary key,
    prefix text not null unique check (prefix ~ '^[a-z]{3}$')
);
comment on table store.resource is 'The resources of the store. api/model declares the same ones.';

-- Record by record why it was withdrawn.
create function store.show_withdrawals() returns void language plpgsql as $$
declare
    parts text;
begin
    select string_agg(format(
        'select %L::text as resource, id::text, withdrawn::text as reason, updated_at as withdrawn_at
         from store.%I where withdrawn is not null', name, name), ' union all ' order by name)
    into parts from store.resource;
    execute 'create or replace view store.withdrawal as ' || parts;
end
$$;

create function store.list_resource() returns trigger language plpgsql as $$
begin
    insert into store.latest (resource, seq, changed_us)
    select name, 0, store.microseconds(now()) from store.resource
    where name not in (select resource from store.latest);
    perform store.show_withdrawals();
    return null;
end
$$;
create trigger list_resource after insert on store.resource
    for each statement execute function store.list_resource();

insert into store.resource (name, prefix) values
    ('briefing', 'brf'), ('source', 'src'), ('document', 'doc'), ('place', 'plc'), ('event', 'evt'), ('figure', 'fig'),
    ('quote', 'quo');

alter table store.latest add foreign key (resource) references store.resource;

-- A change of a resource that is not listed would be seen nowhere. It is refused for each load rather than for each row.
create or replace function store.note_changes() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    unlisted text;
begin
    with last as materialized (
        select resource, max(seq) as seq, max(recorded_at) as recorded_at from added group by resource
    ), noted as (
        update store.latest
        set seq = last.seq, changed_us = greatest(changed_us, store.microseconds(last.recorded_at))
        from last where latest.resource = last.resource and latest.seq < last.seq
    )
    select string_agg(resource, ', ') into unlisted from last where resource not in (select name from store.resource);
    if unlisted is not null then
        raise foreign_key_violation using message = format('store.resource has no %s', unlisted);
    end if;
    return null;
end
$$;
alter table store.change drop constraint change_resource_check;

revoke all on store.resource from public;
revoke execute on function store.show_withdrawals(), store.list_resource() from public;
