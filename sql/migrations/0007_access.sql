-- Who may ask, and how much: plans, keys, trusted documents, and the log of what was done to them. All of it is reached
-- as briefing_access, which reaches nothing else; the key itself is nowhere, only its SHA-256.
create schema access;

-- No control characters, no bidirectional overrides, nothing invisible around it: one line that shows what it is.
create domain access.line as text check (
    value = btrim(value) and length(value) between 1 and 200
    and value !~ E'[\\u0001-\\u001F\\u007F-\\u009F\\u2028\\u2029\\u202A-\\u202E\\u2066-\\u2069]');
create domain access.name as text collate "C" check (value ~ '^[a-z][a-z0-9_-]{0,39}$');

-- The bounds are those of api/access/plan.py. A burst has to fit into a day, and to be full again within an hour.
create table access.plan (
    name access.name primary key,
    points_minute integer not null check (points_minute between 1 and 1000000000),
    points_day integer not null check (points_day between 1 and 1000000000),
    burst integer not null check (burst between 1 and 1000000000),
    at_once integer not null check (at_once between 1 and 1000),
    page_most integer not null check (page_most between 1 and 200),
    export_most integer not null check (export_most between 0 and 1000000000),
    formats text[] not null check (
        formats <@ array['csv', 'ndjson', 'geojson'] and array_position(formats, null) is null),
    trusted_only boolean not null default false,
    open boolean not null default true,
    check (points_minute <= points_day),
    check (burst <= points_day and burst <= 60 * points_minute::bigint),
    constraint only_anonymous_closes check (open or name = 'anonymous')
);
comment on column access.plan.points_minute is 'Points that come back in a minute.';
comment on column access.plan.points_day is 'Points in a day.';
comment on column access.plan.burst is 'Points that may be spent at once; no request may cost more.';
comment on column access.plan.at_once is 'Requests at once.';
comment on column access.plan.page_most is 'Records on a page.';
comment on column access.plan.export_most is 'Records of an export; 0 for no exports.';
comment on column access.plan.trusted_only is 'Whether GraphQL takes registered documents only.';
comment on column access.plan.open is 'Whether who has no key is let in.';

-- A list of 50 costs 51 points, 20 events with what hangs on them 500 to 1,500, the dearest request 5,000. Without a key
-- that is a thousand lists a day; the burst lets anyone try the dearest.
insert into access.plan (name, points_minute, points_day, burst, at_once, page_most, export_most, formats) values
    ('anonymous', 1000, 50000, 5000, 4, 200, 10000, '{csv,ndjson,geojson}'),
    ('free', 3000, 500000, 10000, 8, 200, 100000, '{csv,ndjson,geojson}'),
    ('partner', 30000, 10000000, 50000, 32, 200, 10000000, '{csv,ndjson,geojson}'),
    ('internal', 300000, 500000000, 600000, 200, 200, 1000000000, '{csv,ndjson,geojson}');

create table access.key (
    id text collate "C" primary key check (id ~ '^key_[0-9a-hjkmnp-tv-z]{12}$'),
    name access.line not null,
    digest bytea not null unique check (octet_length(digest) = 32),
    ending text not null check (ending ~ '^[0-9A-Za-z]{4}$'),
    plan access.name not null references access.plan,
    scopes text[] not null check (
        scopes <@ array['read', 'admin'] and cardinality(scopes) >= 1 and array_position(scopes, null) is null),
    created_at timestamptz not null default now(),
    expires_at timestamptz check (expires_at >= created_at),
    revoked_at timestamptz check (revoked_at >= created_at),
    reason access.line,
    last_used_at timestamptz,
    successor text references access.key,
    check (reason is null or revoked_at is not null),
    check (successor <> id),
    check (plan <> 'anonymous')
);
comment on column access.key.ending is 'The last four characters of the key, to tell keys apart by.';
comment on column access.key.successor is 'The key that takes its place, where it was rotated.';
create index key_plan on access.key (plan);
create index key_created on access.key (created_at desc, id desc);

-- A document for one plan, or for all of them where none is named.
create table access.trusted_document (
    version text not null check (version ~ '^v[1-9][0-9]{0,3}$'),
    hash text collate "C" not null check (hash = encode(sha256(convert_to(document, 'UTF8')), 'hex')),
    plan access.name references access.plan,
    name access.line not null,
    document text not null check (octet_length(document) between 1 and 65536),
    added_at timestamptz not null default now(),
    unique nulls not distinct (version, hash, plan)
);
create index trusted_document_plan on access.trusted_document (plan);

-- Who did what to which of them. It is written below, so that nothing is done without it, whoever does it.
create table access.audit (
    seq bigint generated always as identity primary key,
    recorded_at timestamptz not null default now(),
    actor access.line not null,
    subject text not null check (subject in ('plan', 'key', 'trusted_document')),
    id text not null,
    action text not null check (action in ('created', 'changed', 'rotated', 'revoked', 'removed')),
    detail jsonb not null
);
create index audit_subject on access.audit (subject, id, seq desc);

-- A number that grows with every change: who knows it knows whether what it remembers still holds.
create table access.epoch (
    one boolean primary key default true check (one),
    number bigint not null
);
insert into access.epoch (number) values (1);

create function access.refuse_rewrite() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
end
$$;
create trigger append_only before update or delete or truncate on access.audit
    for each statement execute function access.refuse_rewrite();

-- The row is held to the end of the transaction, so numbers become visible in their order.
create function access.advance() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    reached bigint;
begin
    update access.epoch set number = number + 1 returning number into reached;
    perform pg_notify('briefing_access', reached::text);
    return null;
end
$$;
create trigger advance after insert or update or delete or truncate on access.plan
    for each statement execute function access.advance();
create trigger advance after insert or update or delete or truncate on access.trusted_document
    for each statement execute function access.advance();
create trigger advance after insert or delete or truncate
    or update of id, name, digest, ending, plan, scopes, created_at, expires_at, revoked_at, reason, successor
    on access.key for each statement execute function access.advance();

-- The detail has what differs, each as it is now; of what was removed, what it was. Who acts says so in briefing.actor.
create function access.note() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    hidden constant text[] := array['digest', 'document', 'last_used_at'];
    before constant jsonb := case when tg_op = 'INSERT' then '{}' else to_jsonb(old) - hidden end;
    after constant jsonb := case when tg_op = 'DELETE' then '{}' else to_jsonb(new) - hidden end;
    told constant jsonb := case when tg_op = 'DELETE' then before else after end;
    differs constant jsonb := (
        select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(told)
        where case when tg_op = 'UPDATE' then before -> key is distinct from value else value <> 'null' end);
begin
    if tg_op = 'UPDATE' and differs = '{}' then
        return null;
    end if;
    insert into access.audit (actor, subject, id, action, detail) values (
        coalesce(nullif(current_setting('briefing.actor', true), ''), 'postgres: ' || session_user),
        tg_table_name,
        coalesce(told ->> 'id', told ->> 'hash', told ->> 'name'),
        case
            when tg_op = 'INSERT' then 'created'
            when tg_op = 'DELETE' then 'removed'
            when differs ->> 'successor' is not null then 'rotated'
            when differs ->> 'revoked_at' is not null then 'revoked'
            else 'changed'
        end,
        differs);
    return null;
end
$$;
create trigger note after insert or update or delete on access.plan
    for each row execute function access.note();
create trigger note after insert or update or delete on access.trusted_document
    for each row execute function access.note();
create trigger note after insert or delete
    or update of id, name, digest, ending, plan, scopes, created_at, expires_at, revoked_at, reason, successor
    on access.key for each row execute function access.note();

revoke all on schema access from public;
revoke all on all tables in schema access from public;
revoke execute on all functions in schema access from public;
grant usage on schema access to briefing_access;
grant select, insert, update, delete on access.plan to briefing_access;
grant select, insert, update on access.key to briefing_access;
grant select, insert, delete on access.trusted_document to briefing_access;
grant select on access.audit, access.epoch to briefing_access;
