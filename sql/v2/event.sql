create view v2.event as
select id::text, key, dataset::text, revision, created_at, updated_at, briefing_id::text, kind::text, title::text, summary::text,
    starts_at::timestamptz, ends_at::timestamptz, time_precision::text, time_text::text, status::text,
    place_id::text, tags::text[], language::text, identifiers::jsonb, subjects, disputed, search,
    case when not disputed then 'undisputed'
        when dispute_stances = '{blames}' then 'blame_disputed'
        else 'disputed' end as dispute_status,
    dispute_stances
from store.event where withdrawn is null;

create view v2.participant as
select record_id::text, position, name::text, role::text, source_id::text,
    (select event.withdrawn is null from store.event where event.id = participant.record_id) as stands
from store.participant;

create view v2.relation as
select record_id::text, position, relation::text, event_id::text,
    (select event.withdrawn is null from store.event where event.id = relation.record_id) as stands
from store.relation;
