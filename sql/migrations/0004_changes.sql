-- The append-only log: the history of each record, the change feed, and the signal that expires answers.
create table store.change (
    seq bigint generated always as identity primary key,
    recorded_at timestamptz not null default now(),
    resource text not null check (resource in (
        'briefing', 'source', 'document', 'place', 'event', 'figure', 'quote')),
    id text collate "C" not null,
    revision integer not null,
    action text not null check (action in ('created', 'updated', 'withdrawn')),
    record jsonb not null,
    reason store.line,
    unique (id, revision),
    check ((action = 'withdrawn') = (reason is not null))
);

create function store.refuse_rewrite() returns trigger language plpgsql as $$
begin
    raise exception 'the change log is append-only' using errcode = 'restrict_violation';
end
$$;
create trigger append_only before update or delete or truncate on store.change
    for each statement execute function store.refuse_rewrite();

-- Record by record why it was withdrawn.
create view store.withdrawal as
    select 'briefing' as resource, id::text, withdrawn::text as reason, updated_at as withdrawn_at
        from store.briefing where withdrawn is not null
    union all select 'source', id, withdrawn, updated_at from store.source where withdrawn is not null
    union all select 'document', id, withdrawn, updated_at from store.document where withdrawn is not null
    union all select 'place', id, withdrawn, updated_at from store.place where withdrawn is not null
    union all select 'event', id, withdrawn, updated_at from store.event where withdrawn is not null
    union all select 'figure', id, withdrawn, updated_at from store.figure where withdrawn is not null
    union all select 'quote', id, withdrawn, updated_at from store.quote where withdrawn is not null;

-- For each resource its latest change, and when what it shows last changed: with a change, or with a migration, which
-- can show the same rows otherwise. Two states of a resource that differ differ here.
create view store.latest as
    select kind.resource, latest.seq, greatest(latest.recorded_at, migrated.at) as changed_at
    from unnest(array['briefing', 'source', 'document', 'place', 'event', 'figure', 'quote']) as kind (resource)
    cross join (select max(applied_at) as at from migration.applied) as migrated
    left join lateral (
        select seq, recorded_at from store.change where change.resource = kind.resource order by seq desc limit 1
    ) as latest on true;

create view store.last_change as
    select coalesce((select seq from store.change order by seq desc limit 1), 0) as seq;
