create view v2.quote as
select id::text, key, dataset::text, revision, created_at, updated_at, briefing_id::text, event_id::text, text::text, context::text,
    utterance::text, certainty::text, certainty_text::text, language::text, text_original::text,
    language_original::text, quote_type::text, speaker_id::text, speaker_role::text, cue::text, medium::text,
    venue::text, addressee_id::text, said_at::timestamptz, time_precision::text, subjects, disputed, search,
    case when not disputed then 'undisputed'
        when dispute_stances = '{blames}' then 'blame_disputed'
        else 'disputed' end as dispute_status,
    dispute_stances
from store.quote where withdrawn is null;
