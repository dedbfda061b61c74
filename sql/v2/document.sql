create view v2.document as
select id::text, key, dataset::text, revision, created_at, updated_at, publisher_id::text, url::text, title::text, kind::text,
    language::text, published_at::timestamptz, retrieved_at::timestamptz, search
from store.document where withdrawn is null;
