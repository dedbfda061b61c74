-- Looking up the indexes of a request's tables in the catalog took 60 µs each time, twice a request. They are noted here.

-- The indexes that store.rows_looked_at counts, of a table and of its TOAST table. `bitmap_indexes` are those that are
-- read for bitmap scans only (GIN): Postgres reads all entries of a prefix in them, whatever other words leave of these.
-- The numbers of indexes differ between clusters and change when an index is built again (`reindex concurrently`), so
-- store.refresh_counted runs with each migration, and once a minute while a service runs.
create table store.counted (
    relation oid primary key,
    indexes oid[] not null,
    bitmap_indexes oid[] not null
);
grant select on store.counted to briefing_reader;

create function store.refresh_counted() returns void
language sql volatile parallel unsafe as $$
    with present as (
        select t.oid as relation, array_agg(i.indexrelid order by i.indexrelid) as indexes,
            coalesce(array_agg(i.indexrelid order by i.indexrelid)
                filter (where not pg_index_has_property(i.indexrelid, 'index_scan')), '{}') as bitmap_indexes
        from pg_class as t join pg_index as i on i.indrelid in (t.oid, t.reltoastrelid)
        where t.relnamespace in ('store'::regnamespace, 'past'::regnamespace) and t.relkind in ('r', 'p')
        group by t.oid
    ), gone as (
        delete from store.counted where relation not in (select relation from present)
    )
    insert into store.counted as noted select relation, indexes, bitmap_indexes from present
    on conflict (relation) do update set indexes = excluded.indexes, bitmap_indexes = excluded.bitmap_indexes
    where (noted.indexes, noted.bitmap_indexes) is distinct from (excluded.indexes, excluded.bitmap_indexes)
$$;
revoke execute on function store.refresh_counted() from public;
select store.refresh_counted();

create table store.counted_refresh (
    only_row boolean primary key default true check (only_row),
    refreshed_at timestamptz not null default now()
);
insert into store.counted_refresh default values;

create function store.keep_counted() returns void
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $$
begin
    if pg_is_in_recovery() then
        return;
    end if;
    update store.counted_refresh set refreshed_at = now() where refreshed_at < now() - interval '1 minute';
    if found then
        perform store.refresh_counted();
    end if;
end
$$;
comment on function store.keep_counted is 'Refresh store.counted if that was not done within the last minute.';
revoke execute on function store.keep_counted() from public;
grant execute on function store.keep_counted() to briefing_reader;

create or replace function store.rows_looked_at(tables regclass[]) returns bigint
language plpgsql volatile parallel unsafe set plan_cache_mode = 'force_generic_plan' as $$
declare
    found record;
    one oid;
    looked_at bigint := 0;
begin
    if current_setting('track_counts') = 'off' then
        return (extract(epoch from clock_timestamp()) * 1000000000)::bigint;
    end if;
    for found in select relation, indexes, bitmap_indexes from store.counted where relation = any(tables) loop
        looked_at := looked_at + pg_stat_get_xact_tuples_returned(found.relation)
            + pg_stat_get_xact_tuples_fetched(found.relation);
        foreach one in array found.indexes loop
            looked_at := looked_at + pg_stat_get_xact_tuples_returned(one) + 3 * pg_stat_get_xact_numscans(one);
        end loop;
        foreach one in array found.bitmap_indexes loop
            looked_at := looked_at + 3 * pg_stat_get_xact_blocks_fetched(one);
        end loop;
    end loop;
    return looked_at;
end
$$;
