create view v2.claim as
select id::text, key, dataset::text, revision, created_at, updated_at, briefing_id::text, event_id::text, speaker_id::text,
    text::text, language::text, status::text, claimed_at::timestamptz, search
from store.claim where withdrawn is null;

create view v2.verdict as
select record_id::text, position, rating::text, statement::text, source_id::text,
    (select claim.withdrawn is null from store.claim where claim.id = verdict.record_id) as stands
from store.verdict;
