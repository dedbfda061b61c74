create view v2.figure as
select id::text, revision, created_at, updated_at, briefing_id::text, event_id::text, place_id::text,
    measure::text, population::text, value::numeric, value_low::numeric, value_high::numeric, quantifier::text,
    value_text::text, bounds_basis::text, unit::text, as_of::date, period_start::date, period_end::date,
    basis::text, status::text, series::text, caveat::text, disputed, value_floor, search,
    case when not disputed then 'undisputed'
        when dispute_stances = '{blames}' then 'blame_disputed'
        else 'disputed' end as dispute_status,
    dispute_stances
from store.figure where withdrawn is null;
