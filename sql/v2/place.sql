create view v2.place as
select id::text, key, dataset::text, revision, created_at, updated_at, name::text, name_as_reported::text, country::text,
    admin1::text, latitude, longitude, geo_precision::text, identifiers::jsonb, search, name_key
from store.place where withdrawn is null;
