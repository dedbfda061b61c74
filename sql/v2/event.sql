create view v2.event as
select id::text, revision, created_at, updated_at, briefing_id::text, kind::text, title::text, summary::text,
    starts_at::timestamptz, ends_at::timestamptz, time_precision::text, time_text::text, status::text,
    place_id::text, tags::text[], language::text, identifiers::jsonb, disputed, search,
    -- The citations are looked at where there is a dispute, and nowhere else.
    case when not disputed then 'undisputed'
        when exists (
            select from store.citation
            where record_id = event.id and stance in ('denies', 'disputes', 'retracts')) then 'disputed'
        else 'blame_disputed' end as dispute_status,
    case when not disputed then '{}'::text[] else array(
        select distinct stance::text collate "C" as stance from store.citation
        where record_id = event.id and (stance in ('denies', 'disputes', 'retracts') or stance = 'blames' and (
            select count(distinct blames_id) > 1 from store.citation
            where record_id = event.id and stance = 'blames'))
        order by stance) end as dispute_stances
from store.event where withdrawn is null;

create view v2.participant as
select record_id::text, position, name::text, role::text, source_id::text
from store.participant;

create view v2.relation as
select record_id::text, position, relation::text, event_id::text
from store.relation;
