-- Names are sorted by a key that the loader computes (api/store/collation.py), and texts are stored in NFC: what was loaded
-- before gets its keys, and a revision in NFC where it has another form.

-- step: transaction
alter table store.source add name_key bytea check (octet_length(name_key) <= 300);
alter table store.place add name_key bytea check (octet_length(name_key) <= 300);
alter table store.change drop constraint change_check;
alter table store.change add constraint change_check
    check (reason is not null or action <> 'withdrawn') not valid;

create function store.nfc(value jsonb) returns jsonb language plpgsql immutable parallel safe as $$
begin
    return case jsonb_typeof(value)
        when 'string' then to_jsonb(normalize(value #>> '{}', nfc))
        when 'array' then coalesce((
            select jsonb_agg(store.nfc(item) order by n) from jsonb_array_elements(value) with ordinality as list (item, n)
        ), '[]')
        when 'object' then coalesce((
            select jsonb_object_agg(name, store.nfc(item)) from jsonb_each(value) as object (name, item)
        ), '{}')
        else value
    end;
end $$;
comment on function store.nfc is 'A value with all its texts in normalization form C.';
revoke execute on function store.nfc(jsonb) from public;

-- step: sort_keys source

-- step: sort_keys place

-- step: index source_name_key
create index concurrently source_name_key on store.source (name_key desc nulls last, id desc);

-- step: index place_name_key
create index concurrently place_name_key on store.place (name_key desc nulls last, id desc);

-- A loader of the release before gives no keys: it is refused, for its records would not be in order.
-- step: transaction
alter table store.source add constraint source_name_sorted check (name is null or name_key is not null) not valid;
alter table store.place add constraint place_name_sorted check (name_key is not null) not valid;

-- step: transaction
alter table store.source validate constraint source_name_sorted;

-- step: transaction
alter table store.place validate constraint place_name_sorted;

-- step: normalize source

-- step: normalize place

-- step: normalize document

-- step: normalize briefing

-- step: normalize event

-- step: normalize figure

-- step: normalize quote
