-- The subjects of events, quotes and briefings: codes of schemes such as IPTC Media Topics, with their names.
--
-- The columns are plain jsonb with a check: a column of a domain with a constraint would have each table written anew.
-- This comes before 0031, which writes records as a load does, into the columns of the model.

-- step: transaction
create function store.is_subjects(value jsonb) returns boolean
language sql immutable parallel safe
begin atomic
    select jsonb_typeof(value) = 'array' and jsonb_array_length(value) <= 50 and coalesce((
        select bool_and(
            store.is_identifier(one ->> 'scheme', one ->> 'code')
            and coalesce(
                length(one ->> 'label') between 1 and 1000 and octet_length(one ->> 'label') <= 2600
                and store.is_clean(one ->> 'label'), one ->> 'label' is null))
        from jsonb_array_elements(value) as one), true);
end;
revoke execute on function store.is_subjects(jsonb) from public;

-- step: transaction
alter table store.event add subjects jsonb not null default '[]';
alter table store.event add constraint event_subjects check (subjects = '[]' or store.is_subjects(subjects)) not valid;

-- step: transaction
alter table store.quote add subjects jsonb not null default '[]';
alter table store.quote add constraint quote_subjects check (subjects = '[]' or store.is_subjects(subjects)) not valid;

-- step: transaction
alter table store.briefing add subjects jsonb not null default '[]';
alter table store.briefing
    add constraint briefing_subjects check (subjects = '[]' or store.is_subjects(subjects)) not valid;

-- step: transaction
alter table store.event validate constraint event_subjects;

-- step: transaction
alter table store.quote validate constraint quote_subjects;

-- step: transaction
alter table store.briefing validate constraint briefing_subjects;

-- step: index event_subject
create index concurrently event_subject on store.event using gin (subjects jsonb_path_ops);

-- step: index quote_subject
create index concurrently quote_subject on store.quote using gin (subjects jsonb_path_ops);

-- step: index briefing_subject
create index concurrently briefing_subject on store.briefing using gin (subjects jsonb_path_ops);
