-- Numbers of changes that are given once, although a store may go back to an earlier state: it is restored from a backup,
-- or a replica is promoted that lacks the last changes of its primary.
--
-- The store notes where its log was written last. A load that finds itself elsewhere begins after a gap of a million numbers,
-- and under a new mark. The numbers after the last change that the store still has, up to the end of the gap, are lost: they
-- may have been given to changes that are gone. The mark of before stays valid for the numbers up to that change.

-- step: transaction
alter table store.identity add location text not null default '';
comment on column store.identity.location is 'Where the change log was written last, as store.location() returned it.';

create table store.earlier_mark (
    mark text primary key check (mark ~ '^[0-9a-hjkmnp-tv-z]{6}$'),
    last_change bigint not null,
    lost_up_to bigint not null check (lost_up_to > last_change),
    ended_at timestamptz not null default now()
);
comment on table store.earlier_mark is
    'The marks that the store had until it was restored or promoted, with the last change that it still had then.';
revoke all on store.earlier_mark from public;
grant select on store.earlier_mark to briefing_reader;

create function store.new_mark() returns text
language sql volatile set search_path = pg_catalog, pg_temp
return (
    select string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + get_byte(random.bytes, place) % 32, 1), '')
    from (select decode(md5(gen_random_uuid()::text), 'hex') as bytes) as random, generate_series(0, 5) as place);

-- A cluster has an identifier of its own. A dump may also be restored into the same cluster, as another database or as new
-- tables. A promotion, and the end of a point-in-time recovery, begin a new timeline of the WAL, which is the first part of
-- the name of its files. Where Postgres does not let the owner of the store see one of these, it stays empty.
create function store.location() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    cluster text := '';
    timeline text := '';
begin
    begin
        select system_identifier::text into cluster from pg_control_system();
    exception when insufficient_privilege then null;
    end;
    begin
        timeline := left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
    exception when insufficient_privilege then null;
    end;
    return concat_ws('/', cluster, (select oid from pg_database where datname = current_database()),
        'store.change'::regclass::oid, timeline);
end
$$;

-- Begin after a gap, under a new mark. Answers show the mark, so they all change.
create function store.begin_after_gap() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    number bigint;
    given bigint;
begin
    -- The lock of loaders: a load that runs has numbers that are not in the log yet.
    perform pg_advisory_xact_lock(1819238756);
    number := (select seq from store.last_change);
    if number > 0 then
        given := setval('store.change_seq_seq', greatest(number, (select last_value from store.change_seq_seq)) + 1000000);
        insert into store.earlier_mark (mark, last_change, lost_up_to) select mark, number, given from store.identity;
        update store.latest set changed_us = changed_us + 1 where true;
    end if;
    update store.identity set mark = store.new_mark(), location = store.location();
end
$$;
comment on function store.begin_after_gap is
    'Let the next change have a number that was never given. Runs by itself after a restore and after a promotion; run it '
    'by hand after a copy of the files was started, which Postgres cannot tell from the first ones.';

create function store.check_location() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from store.identity where location = store.location()) then
        perform store.begin_after_gap();
    end if;
    return null;
end
$$;
comment on function store.check_location is 'Runs before changes get their numbers.';
create trigger check_location before insert on store.change
    for each statement execute function store.check_location();

-- No location is noted here: the store may have been restored before it got this migration, which nothing shows. So its next
-- load begins after a gap, or only under another mark if the log is empty.

revoke execute on function store.new_mark(), store.location(), store.begin_after_gap(), store.check_location() from public;
