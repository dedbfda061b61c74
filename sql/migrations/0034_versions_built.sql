-- Indexes of versions in time, and the versions of a store that is older than these.
--
-- A list as of a moment reads the rows of the present and the earlier versions, each in the list's order, and leaves out
-- those that were not shown then. The numbers stand in the indexes, so that this reads no rows.

-- step: transaction
create function store.index_versions(name text) returns void language plpgsql as $$
declare
    index record;
    made text;
begin
    for index in
        select pg_get_indexdef(indexrelid) as text, amname
        from pg_index join pg_class on pg_class.oid = indexrelid join pg_am on pg_am.oid = relam
        where indrelid = format('store.%I', name)::regclass and not indisunique and indisvalid
            and coalesce(pg_get_expr(indpred, indrelid), '') not like '%withdrawn%'
    loop
        -- In a new store a migration of a later field, which has a lower number, has made its index already.
        made := replace(replace(index.text, ' ON store.', ' ON past.'), 'CREATE INDEX ', 'CREATE INDEX IF NOT EXISTS ');
        if index.amname = 'btree' then
            made := regexp_replace(made, '(, since)?\)( WHERE .*)?$', ', since, until)\2');
        end if;
        execute made;
    end loop;
    execute format('create index %I on past.%I (since, until)', name || '_since', name);
    if to_regproc(format('store.set_%s_search', name)) is not null then
        -- Rows that are built from the log have no vector yet.
        execute format('create trigger %I before insert on past.%I for each row when (new.search is null)
            execute function store.set_%s_search()', name || '_search', name, name);
    end if;
end
$$;
revoke execute on function store.index_versions(text) from public;
select store.index_versions(name) from unnest(array[
    'source', 'document', 'place', 'briefing', 'event', 'figure', 'quote', 'citation', 'participant', 'relation'
]) as name;

-- Why a record was withdrawn as of a change; null if it was not.
create function store.withdrawal_reason(resource text, id text, at bigint) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
return (
    select case when last.action = 'withdrawn' then last.reason::text end from store.change as last
    where last.resource = withdrawal_reason.resource and last.id = withdrawal_reason.id
        and last.seq <= withdrawal_reason.at
    order by last.revision desc limit 1);
revoke execute on function store.withdrawal_reason(text, text, bigint) from public;
grant execute on function store.withdrawal_reason(text, text, bigint) to briefing_reader;

-- step: rewrite source
update store.source set since = null where withdrawn is not null and since is not null and id = any($1)

-- step: rewrite document
update store.document set since = null where withdrawn is not null and since is not null and id = any($1)

-- step: rewrite place
update store.place set since = null where withdrawn is not null and since is not null and id = any($1)

-- step: rewrite briefing
update store.briefing set since = null where withdrawn is not null and since is not null and id = any($1)

-- step: rewrite event
update store.event set since = null where withdrawn is not null and since is not null and id = any($1)

-- step: rewrite figure
update store.figure set since = null where withdrawn is not null and since is not null and id = any($1)

-- step: rewrite quote
update store.quote set since = null where withdrawn is not null and since is not null and id = any($1)

-- step: rewrite event
update store.citation as child set since = null from store.event as held
where child.record_id = held.id and held.withdrawn is not null and child.since is not null and held.id = any($1)

-- step: rewrite event
update store.participant as child set since = null from store.event as held
where child.record_id = held.id and held.withdrawn is not null and child.since is not null and held.id = any($1)

-- step: rewrite event
update store.relation as child set since = null from store.event as held
where child.record_id = held.id and held.withdrawn is not null and child.since is not null and held.id = any($1)

-- step: rewrite figure
update store.citation as child set since = null from store.figure as held
where child.record_id = held.id and held.withdrawn is not null and child.since is not null and held.id = any($1)

-- step: rewrite quote
update store.citation as child set since = null from store.quote as held
where child.record_id = held.id and held.withdrawn is not null and child.since is not null and held.id = any($1)

-- step: versions source

-- step: versions document

-- step: versions place

-- step: versions briefing

-- step: versions event

-- step: versions figure

-- step: versions quote

-- step: index source_name_key_since
create index concurrently source_name_key_since on store.source (name_key desc nulls last, id desc, since);

-- step: index source_updated_since
create index concurrently source_updated_since on store.source (updated_at desc nulls last, id desc, since);

-- step: index document_published_since
create index concurrently document_published_since on store.document (published_at desc nulls last, id desc, since);

-- step: index document_updated_since
create index concurrently document_updated_since on store.document (updated_at desc nulls last, id desc, since);

-- step: index place_name_key_since
create index concurrently place_name_key_since on store.place (name_key desc nulls last, id desc, since);

-- step: index place_updated_since
create index concurrently place_updated_since on store.place (updated_at desc nulls last, id desc, since);

-- step: index briefing_published_since
create index concurrently briefing_published_since on store.briefing (published_at desc nulls last, id desc, since);

-- step: index briefing_updated_since
create index concurrently briefing_updated_since on store.briefing (updated_at desc nulls last, id desc, since);

-- step: index event_starts_since
create index concurrently event_starts_since on store.event (starts_at desc nulls last, id desc, since);

-- step: index event_ends_since
create index concurrently event_ends_since on store.event (ends_at desc nulls last, id desc, since);

-- step: index event_updated_since
create index concurrently event_updated_since on store.event (updated_at desc nulls last, id desc, since);

-- step: index figure_as_of_since
create index concurrently figure_as_of_since on store.figure (as_of desc nulls last, id desc, since);

-- step: index figure_updated_since
create index concurrently figure_updated_since on store.figure (updated_at desc nulls last, id desc, since);

-- step: index quote_said_since
create index concurrently quote_said_since on store.quote (said_at desc nulls last, id desc, since);

-- step: index quote_updated_since
create index concurrently quote_updated_since on store.quote (updated_at desc nulls last, id desc, since);

-- step: index figure_value_since
create index concurrently figure_value_since on store.figure (measure, value_floor desc nulls last, id desc, since);

-- step: transaction
drop index store.source_name_key;

-- step: transaction
drop index store.source_updated;

-- step: transaction
drop index store.document_published;

-- step: transaction
drop index store.document_updated;

-- step: transaction
drop index store.place_name_key;

-- step: transaction
drop index store.place_updated;

-- step: transaction
drop index store.briefing_published;

-- step: transaction
drop index store.briefing_updated;

-- step: transaction
drop index store.event_starts;

-- step: transaction
drop index store.event_ends;

-- step: transaction
drop index store.event_updated;

-- step: transaction
drop index store.figure_as_of;

-- step: transaction
drop index store.figure_updated;

-- step: transaction
drop index store.quote_said;

-- step: transaction
drop index store.quote_updated;

-- step: transaction
drop index store.figure_value;

-- step: transaction
alter table store.source validate constraint source_since;

-- step: transaction
alter table store.document validate constraint document_since;

-- step: transaction
alter table store.place validate constraint place_since;

-- step: transaction
alter table store.briefing validate constraint briefing_since;

-- step: transaction
alter table store.event validate constraint event_since;

-- step: transaction
alter table store.figure validate constraint figure_since;

-- step: transaction
alter table store.quote validate constraint quote_since;
