-- The origins whose pages may use a key. Any client may use a key without origins.
alter table access.key add column origins text[] not null default '{}' check (
    cardinality(origins) <= 20 and array_position(origins, null) is null
    and array_to_string(origins, ' ') ~ '^(https?://[a-z0-9.:[\]-]+( (?=.)|$))*$');
comment on column access.key.origins is 'The origins of the pages that may use the key; empty if any client may.';
