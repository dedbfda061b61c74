create domain store.claim_status as text check (value in ('unverified', 'supported', 'refuted'));
create domain store.verdict_rating as text check (value in ('correct', 'incorrect', 'mixed'));

select store.create_resource('claim', 'clm', $$
    briefing_id store.briefing_id references store.briefing deferrable initially deferred,
    event_id store.event_id references store.event deferrable initially deferred,
    speaker_id store.source_id references store.source deferrable initially deferred
        check (speaker_id is not null or withdrawn is not null),
    text store.prose not null,
    language store.language not null default 'en',
    status store.claim_status not null default 'unverified',
    claimed_at store.moment
$$, 'store.search_vector(new.language, array[new.text])');

select store.create_children('verdict', 'claim', $$
    rating store.verdict_rating not null,
    statement store.prose,
    source_id store.source_id not null references store.source deferrable initially deferred
$$);

create index claim_briefing on store.claim (briefing_id, claimed_at desc nulls last, id desc);
create index claim_event on store.claim (event_id, claimed_at desc nulls last, id desc);
create index claim_speaker on store.claim (speaker_id, claimed_at desc nulls last, id desc);
create index claim_language on store.claim (language, claimed_at desc nulls last, id desc);
create index claim_status on store.claim (status, claimed_at desc nulls last, id desc);
create index claim_claimed on store.claim (claimed_at desc nulls last, id desc, since);
create index verdict_rating on store.verdict (rating, record_id);
create index verdict_source on store.verdict (source_id, record_id);

select store.index_versions('claim');
select store.index_versions('verdict');
