create view v2.quote as
select id::text, revision, created_at, updated_at, briefing_id::text, event_id::text, text::text, context::text,
    utterance::text, certainty::text, certainty_text::text, language::text, text_original::text,
    language_original::text, quote_type::text, speaker_id::text, speaker_role::text, cue::text, medium::text,
    venue::text, addressee_id::text, said_at::timestamptz, time_precision::text, disputed, search,
    -- The citations are looked at where there is a dispute, and nowhere else.
    case when not disputed then 'undisputed'
        when exists (
            select from store.citation
            where record_id = quote.id and stance in ('denies', 'disputes', 'retracts')) then 'disputed'
        else 'blame_disputed' end as dispute_status,
    case when not disputed then '{}'::text[] else array(
        select distinct stance::text collate "C" as stance from store.citation
        where record_id = quote.id and (stance in ('denies', 'disputes', 'retracts') or stance = 'blames' and (
            select count(distinct blames_id) > 1 from store.citation
            where record_id = quote.id and stance = 'blames'))
        order by stance) end as dispute_stances
from store.quote where withdrawn is null;
