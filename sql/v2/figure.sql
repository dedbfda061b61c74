create view v2.figure as
select id::text, revision, created_at, updated_at, briefing_id::text, event_id::text, place_id::text,
    measure::text, population::text, value::numeric, value_low::numeric, value_high::numeric, quantifier::text,
    value_text::text, bounds_basis::text, unit::text, as_of::date, period_start::date, period_end::date,
    basis::text, status::text, series::text, caveat::text, disputed, value_floor, search,
    -- The citations are looked at where there is a dispute, and nowhere else.
    case when not disputed then 'undisputed'
        when exists (
            select from store.citation
            where record_id = figure.id and stance in ('denies', 'disputes', 'retracts')) then 'disputed'
        else 'blame_disputed' end as dispute_status,
    case when not disputed then '{}'::text[] else array(
        select distinct stance::text collate "C" as stance from store.citation
        where record_id = figure.id and (stance in ('denies', 'disputes', 'retracts') or stance = 'blames' and (
            select count(distinct blames_id) > 1 from store.citation
            where record_id = figure.id and stance = 'blames'))
        order by stance) end as dispute_stances
from store.figure where withdrawn is null;
