-- Erasure: a record whose content has to go, also from the change log and from its versions in time.
--
-- An erased record is withdrawn, and it has a row in `store.erased`: the audit of what was erased, and the tombstone that
-- keeps its id from being loaded again. No text of the record is in it. `briefing erase` (api/store/erase.py) does the work.

-- step: transaction
create table store.erased (
    id text collate "C" primary key,
    resource text not null references store.resource,
    erased_at timestamptz not null default now(),
    erased_by text not null default current_user,
    reason store.line not null
);
comment on table store.erased is 'The records that were erased. Their ids cannot be loaded again.';
revoke all on store.erased from public;

create function store.refuse_change_of_erased() returns trigger language plpgsql as $$
begin
    raise exception 'the list of erased records is append-only' using errcode = 'restrict_violation';
end
$$;
create trigger append_only before update or delete or truncate on store.erased
    for each statement execute function store.refuse_change_of_erased();

-- The number of the last change that was an erasure: services break off the exports that they began before.
alter table store.latest add erased bigint not null default 0;

create function store.erasure_reason() returns text language sql immutable parallel safe
return 'The record was erased.';
comment on function store.erasure_reason is 'The reason that is shown for the withdrawal of an erased record.';

-- Updates of the log are refused unless store.record_erasure runs, and then each row but those that it empties.
create or replace function store.refuse_rewrite() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and current_setting('briefing.erasing', true) = 'on' then
        return null;
    end if;
    raise exception 'the change log is append-only' using errcode = 'restrict_violation';
end
$$;

create function store.check_emptied() returns trigger language plpgsql as $$
declare
    emptied store.change := old;
begin
    emptied.record := '{}';
    emptied.reason := case when old.reason is not null then store.erasure_reason() end;
    if new is distinct from emptied or not exists (select from store.erased where erased.id = old.id) then
        raise exception 'the change log is append-only' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger only_emptied before update on store.change
    for each row execute function store.check_emptied();

-- The next revision of the record is the erasure: it is withdrawn, the log is emptied, and its id is blocked.
create function store.record_erasure(
    resource_name text, record_id text, next_revision integer, erasure_reason text, moment timestamptz default now()
) returns bigint language plpgsql as $$
declare
    number bigint;
begin
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
comment on function store.record_erasure is 'The part of an erasure in the log. The tables follow: api/store/erase.py.';

-- A loader of an earlier release does not know of erasures, so the log refuses changes of what was erased.
create or replace function store.note_changes() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    unlisted text;
    blocked text;
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
    if exists (select from store.erased) then
        select min(added.id) into blocked from added join store.erased using (id);
        if blocked is not null then
            raise restrict_violation using message = format('%s was erased', blocked);
        end if;
    end if;
    return null;
end
$$;

revoke execute on function store.refuse_change_of_erased(), store.erasure_reason(), store.check_emptied(),
    store.record_erasure(text, text, integer, text, timestamptz) from public;

-- An erased quote has no speaker.
-- step: transaction
alter table store.quote alter speaker_id drop not null;
alter table store.quote add constraint quote_speaker_id_required
    check (speaker_id is not null or withdrawn is not null) not valid;

-- step: transaction
alter table store.quote validate constraint quote_speaker_id_required;
