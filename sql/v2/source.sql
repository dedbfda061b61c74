create view v2.source as
select id::text, key, dataset::text, revision, created_at, updated_at, name::text, description::text, aliases::text[], kind::text,
    role::text, affiliation_id::text, country::text, url::text, identifiers::jsonb, reliability::text, search,
    name_key
from store.source where withdrawn is null;
