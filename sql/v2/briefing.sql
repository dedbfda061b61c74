create view v2.briefing as
select id::text, key, dataset::text, revision, created_at, updated_at, title::text, summary::text, language::text,
    publisher_id::text, url::text, published_at::timestamptz, modified_at::timestamptz, licence::text,
    attribution::text, subjects, search
from store.briefing where withdrawn is null;
