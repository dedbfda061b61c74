-- What a service needs to know of editions, so that callers can read the store as it was known at a moment.
--
-- The service keeps the editions in memory, and follows them as it follows the change log (api/store/changes.py).

-- step: transaction
-- The name of this store in permalinks and cursors, as in e12345-k3x9ma: in another store the same number is another
-- edition.
create table store.identity (
    only_row boolean primary key default true check (only_row),
    mark text not null check (mark ~ '^[0-9a-hjkmnp-tv-z]{6}$')
);
comment on table store.identity is 'The mark that this store adds to the numbers of its editions.';
insert into store.identity (mark)
select string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + get_byte(random.bytes, place) % 32, 1), '')
from (select decode(md5(gen_random_uuid()::text), 'hex') as bytes) as random, generate_series(0, 5) as place;
revoke all on store.identity from public;

-- The records that an edition changed, by resource and dataset. Records without a dataset have an empty one.
create table store.edition_change (
    edition bigint not null,
    resource text not null references store.resource,
    dataset text not null,
    created integer not null,
    updated integer not null,
    restored integer not null,
    withdrawn integer not null,
    primary key (edition, resource, dataset)
);
revoke all on store.edition_change from public;

-- `edition` is the last edition that changed the resource. Its number is that of the last change of the load, whatever
-- resource that is of. `rewritten_us` is when answers about earlier editions last changed, in microseconds since 1970:
-- with a migration, an erasure, or a key that a record got later.
-- `listed` is the same number once the edition has its row, which a load adds after its commit.
alter table store.latest
    add edition bigint not null default 0, add rewritten_us bigint not null default 0, add listed bigint not null default 0;
update store.latest set rewritten_us = changed_us, edition = coalesce(
    (select edition.seq from store.edition where edition.seq >= latest.seq order by edition.seq limit 1), seq)
where true;
update store.latest set listed = edition where true;

create function store.note_edition() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    number bigint := (select seq from store.last_change);
    before bigint := (select coalesce(max(seq), 0) from store.edition where seq < number);
begin
    if not exists (select from store.edition_change where edition = number) then
        insert into store.edition_change (edition, resource, dataset, created, updated, restored, withdrawn)
        select number, change.resource, coalesce(change.record ->> 'dataset', ''),
            count(*) filter (where action = 'created'), count(*) filter (where action = 'updated'),
            count(*) filter (where action = 'restored'), count(*) filter (where action = 'withdrawn')
        from store.change where seq > before group by 2, 3;
    end if;
    update store.latest set edition = number where resource = new.resource and edition < number;
    return null;
end
$$;
comment on function store.note_edition is 'Runs once a resource when a load commits, when the number of its edition is known.';
create constraint trigger note_edition after update of seq on store.latest
    deferrable initially deferred for each row when (old.seq < new.seq) execute function store.note_edition();

create function store.note_rewriting() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.rewritten_us := greatest(old.rewritten_us + 1, store.microseconds(clock_timestamp()));
    return new;
end
$$;
comment on function store.note_rewriting is 'Runs with changes of what is shown that are no new revision.';
create trigger note_rewriting before update on store.latest
    for each row when (new.seq = old.seq and new.edition = old.edition and new.listed = old.listed)
    execute function store.note_rewriting();

-- An edition with an earlier time than that of its load changes what moments between the two mean, so answers that were
-- given to these moments are no longer right.
create function store.date_edition(number bigint, moment timestamptz) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    insert into store.edition (seq, at) values (number, moment);
    update store.latest set rewritten_us = rewritten_us where true;
end
$$;

-- The list of editions changes a moment after the records did.
create function store.list_edition() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update store.latest set listed = new.seq, changed_us = changed_us + 1 where edition = new.seq and listed < new.seq;
    return null;
end
$$;
create trigger list_edition after insert on store.edition for each row execute function store.list_edition();

-- Why a record is not shown as of an edition: the reason if it was withdrawn then. An erased record was, in every edition.
create or replace function store.withdrawal_reason(resource text, id text, at bigint) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
return coalesce(
    (select store.erasure_reason() from store.erased
        where erased.id = withdrawal_reason.id and erased.resource = withdrawal_reason.resource),
    (select case when last.action = 'withdrawn' then last.reason::text end from store.change as last
        where last.resource = withdrawal_reason.resource and last.id = withdrawal_reason.id
            and last.seq <= withdrawal_reason.at
        order by last.revision desc limit 1));

-- When the store first had a record; null if it never had it.
create function store.first_known(resource text, id text) returns timestamptz
language sql stable security definer set search_path = pg_catalog, pg_temp
return (
    select coalesce(
        (select edition.at from store.edition where edition.seq >= first.seq order by edition.seq limit 1),
        first.recorded_at)
    from store.change as first
    where first.resource = first_known.resource and first.id = first_known.id
    order by first.revision limit 1);

-- What a service has to know to tell which edition a moment names: a time before the snapshot, the last edition and the
-- last change in it, and the time of the first change that belongs to no edition yet. Times are in microseconds.
create function store.look_at_editions(
    out mark text, out looked_at bigint, out last_edition bigint, out last_change bigint, out pending_from bigint
) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select identity.mark, store.microseconds(statement_timestamp()), edition.last, change.last, store.microseconds(
        (select recorded_at from store.change where seq > edition.last order by seq limit 1))
    from store.identity, (select coalesce(max(seq), 0) as last from store.edition) as edition,
        (select seq as last from store.last_change) as change
$$;

-- The first editions after `last`, in order, each with the resources that it changed.
create function store.editions_after(last bigint, up_to bigint, most integer)
returns table (number bigint, moment bigint, resources text[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select edition.seq, store.microseconds(edition.at), array(
        select distinct edition_change.resource from store.edition_change where edition_change.edition = edition.seq)
    from store.edition where edition.seq > last and edition.seq <= up_to order by edition.seq limit most
$$;

-- The dataset of an erased record goes from the counts of the editions, too: there the record has none.
create function store.forget_dataset(resource_name text, record_id text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    entry record;
begin
    for entry in
        select noted.edition, noted.dataset, (noted.action = 'created')::integer as created,
            (noted.action = 'updated')::integer as updated, (noted.action = 'restored')::integer as restored,
            (noted.action = 'withdrawn')::integer as withdrawn
        from (
            select change.action, change.record ->> 'dataset' as dataset,
                (select edition.seq from store.edition where edition.seq >= change.seq order by edition.seq limit 1)
                    as edition
            from store.change where change.id = record_id
        ) as noted
        where noted.dataset <> '' and noted.edition is not null
    loop
        update store.edition_change as counts
        set created = counts.created - entry.created, updated = counts.updated - entry.updated,
            restored = counts.restored - entry.restored, withdrawn = counts.withdrawn - entry.withdrawn
        where counts.edition = entry.edition and counts.resource = resource_name and counts.dataset = entry.dataset;
        insert into store.edition_change as counts
        values (entry.edition, resource_name, '', entry.created, entry.updated, entry.restored, entry.withdrawn)
        on conflict (edition, resource, dataset) do update
        set created = counts.created + excluded.created, updated = counts.updated + excluded.updated,
            restored = counts.restored + excluded.restored, withdrawn = counts.withdrawn + excluded.withdrawn;
    end loop;
    delete from store.edition_change as counts
    where counts.resource = resource_name and counts.created + counts.updated + counts.restored + counts.withdrawn = 0;
end
$$;

-- As in 0026, but for the counts.
create or replace function store.record_erasure(
    resource_name text, record_id text, next_revision integer, erasure_reason text, moment timestamptz default now()
) returns bigint language plpgsql as $$
declare
    number bigint;
begin
    perform store.forget_dataset(resource_name, record_id);
    insert into store.change (resource, id, revision, action, record, reason)
    values (resource_name, record_id, next_revision, 'withdrawn', '{}', store.erasure_reason())
    returning seq into number;
    insert into store.erased (id, resource, erased_at, reason)
    values (record_id, resource_name, moment, erasure_reason);
    perform set_config('briefing.erasing', 'on', true);
    update store.change
    set record = '{}', reason = case when reason is not null then store.erasure_reason() end
    where id = record_id and revision < next_revision;
    perform set_config('briefing.erasing', 'off', true);
    update store.latest set erased = number where resource = resource_name;
    return number;
end
$$;

revoke execute on function store.note_edition(), store.note_rewriting(), store.list_edition(),
    store.date_edition(bigint, timestamptz), store.first_known(text, text),
    store.look_at_editions(), store.editions_after(bigint, bigint, integer), store.forget_dataset(text, text)
    from public;
grant select on store.identity to briefing_reader;
grant execute on function store.first_known(text, text), store.look_at_editions(),
    store.editions_after(bigint, bigint, integer) to briefing_reader;

-- step: transaction
-- The editions that there were before. A load that ran meanwhile has noted its own.
insert into store.edition_change (edition, resource, dataset, created, updated, restored, withdrawn)
select noted.edition, noted.resource, noted.dataset,
    count(*) filter (where action = 'created'), count(*) filter (where action = 'updated'),
    count(*) filter (where action = 'restored'), count(*) filter (where action = 'withdrawn')
from (
    select change.resource, coalesce(change.record ->> 'dataset', '') as dataset, change.action,
        (select edition.seq from store.edition where edition.seq >= change.seq order by edition.seq limit 1) as edition
    from store.change
) as noted
where noted.edition is not null
group by 1, 2, 3
on conflict do nothing;
