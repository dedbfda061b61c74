create view v2.citation as
select record_id, position, source_id::text, source_role::text, stance::text, blames_id::text, certainty::text,
    statement::text, medium::text, via_ids, document_id::text, excerpt::jsonb
from store.citation;
