-- The records as they stand now. `digest` is the SHA-256 of the loaded content: equal digests are equal records.
-- `withdrawn` holds the reason of a withdrawal; the row stays, so that links to it keep their id. `dataset` is what the
-- record was loaded as a part of: an edition that is complete withdraws what the dataset held and it does not.

create table store.source (
    id store.source_id primary key,
    revision integer not null default 1 check (revision > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    digest bytea not null,
    withdrawn store.line,
    dataset store.line,
    name store.line collate "C",
    description store.line,
    aliases store.lines not null default '{}',
    kind store.source_kind not null,
    role store.line,
    affiliation_id store.source_id references store.source deferrable initially deferred,
    country store.country,
    url store.url,
    identifiers store.identifiers not null default '[]',
    reliability store.reliability not null default 'f',
    search tsvector generated always as (store.word_vector(null,
        store.join_words(array[name, role, description] || aliases::text[]))) stored,
    check (name is not null or description is not null)
);

create table store.document (
    id store.document_id primary key,
    revision integer not null default 1 check (revision > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    digest bytea not null,
    withdrawn store.line,
    dataset store.line,
    publisher_id store.source_id references store.source deferrable initially deferred,
    url store.url,
    title store.line,
    kind store.document_kind not null,
    language store.language,
    published_at store.moment,
    retrieved_at store.moment,
    search tsvector generated always as (store.word_vector(language, title)) stored
);

create table store.place (
    id store.place_id primary key,
    revision integer not null default 1 check (revision > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    digest bytea not null,
    withdrawn store.line,
    dataset store.line,
    name store.line collate "C" not null,
    name_as_reported store.line,
    country store.country,
    admin1 store.line,
    latitude double precision check (latitude between -90 and 90),
    longitude double precision check (longitude between -180 and 180),
    geo_precision store.geo_precision not null default 'unknown',
    identifiers store.identifiers not null default '[]',
    search tsvector generated always as (store.word_vector(null,
        store.join_words(array[name, name_as_reported, admin1]))) stored,
    check ((latitude is null) = (longitude is null))
);

create table store.briefing (
    id store.briefing_id primary key,
    revision integer not null default 1 check (revision > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    digest bytea not null,
    withdrawn store.line,
    dataset store.line,
    title store.line not null,
    summary store.prose,
    language store.language not null,
    publisher_id store.source_id references store.source deferrable initially deferred,
    url store.url,
    published_at store.moment not null,
    modified_at store.moment,
    licence store.line,
    attribution store.line,
    search tsvector generated always as (store.word_vector(language, store.join_words(array[title, summary]))) stored,
    check (modified_at >= published_at)
);

create table store.event (
    id store.event_id primary key,
    revision integer not null default 1 check (revision > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    digest bytea not null,
    withdrawn store.line,
    dataset store.line,
    briefing_id store.briefing_id references store.briefing deferrable initially deferred,
    kind store.event_kind not null,
    title store.line not null,
    summary store.prose,
    starts_at store.moment,
    ends_at store.moment,
    time_precision store.time_precision not null,
    time_text store.line,
    status store.event_status not null,
    place_id store.place_id references store.place deferrable initially deferred,
    tags store.lines not null default '{}',
    language store.language not null default 'en',
    identifiers store.identifiers not null default '[]',
    disputed boolean not null default false,
    search tsvector generated always as (store.word_vector(language,
        store.join_words(array[title, summary] || tags::text[]))) stored,
    check (ends_at > starts_at),
    check (starts_at is not null or time_precision = 'unknown')
);

create table store.figure (
    id store.figure_id primary key,
    revision integer not null default 1 check (revision > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    digest bytea not null,
    withdrawn store.line,
    dataset store.line,
    briefing_id store.briefing_id references store.briefing deferrable initially deferred,
    event_id store.event_id references store.event deferrable initially deferred,
    place_id store.place_id references store.place deferrable initially deferred,
    measure store.measure not null,
    population store.line,
    value store.amount,
    value_low store.amount,
    value_high store.amount,
    quantifier store.quantifier not null default 'exact',
    value_text store.line,
    bounds_basis store.bounds_basis,
    unit store.line not null,
    as_of store.day,
    period_start store.day,
    period_end store.day,
    basis store.figure_basis,
    status store.figure_status not null default 'reported',
    series store.line,
    caveat store.prose,
    disputed boolean not null default false,
    -- What a comparison by value looks at: "hundreds" has no value and is at least its low bound.
    value_floor numeric generated always as (coalesce(value, value_low)) stored,
    search tsvector generated always as (store.word_vector('en',
        store.join_words(array[population, value_text, caveat]))) stored,
    check (value_low <= value_high),
    check (value >= value_low and value <= value_high or value is null or value_low is null or value_high is null),
    check (value is not null or value_low is not null or value_high is not null),
    check ((bounds_basis is null) = (value_low is null and value_high is null)),
    check (quantifier not in ('magnitude', 'between') or (value_low is not null and value_high is not null)),
    check (quantifier <> 'magnitude' or value is null),
    check (period_end >= period_start)
);

create table store.quote (
    id store.quote_id primary key,
    revision integer not null default 1 check (revision > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    digest bytea not null,
    withdrawn store.line,
    dataset store.line,
    briefing_id store.briefing_id references store.briefing deferrable initially deferred,
    event_id store.event_id references store.event deferrable initially deferred,
    text store.prose not null,
    context store.prose,
    utterance store.line,
    certainty store.certainty,
    certainty_text store.line,
    language store.language not null default 'en',
    text_original store.prose,
    language_original store.language,
    quote_type store.quote_type not null,
    speaker_id store.source_id not null references store.source deferrable initially deferred,
    speaker_role store.line,
    cue store.line,
    medium store.medium,
    venue store.line,
    addressee_id store.source_id references store.source deferrable initially deferred,
    said_at store.moment,
    time_precision store.time_precision not null default 'unknown',
    disputed boolean not null default false,
    search tsvector generated always as (
        store.word_vector(language, store.join_words(array[text, context]))
        || store.word_vector(language_original, text_original)) stored,
    check (said_at is not null or time_precision = 'unknown'),
    check (language_original is not null or text_original is null)
);

-- Children: rows in order under one record, written and shown with it.
create table store.citation (
    record_id text collate "C" not null,
    position smallint not null check (position between 0 and 999),
    event_id text collate "C" generated always as
        (case when starts_with(record_id, 'evt_') then record_id end) stored
        references store.event deferrable initially deferred,
    figure_id text collate "C" generated always as
        (case when starts_with(record_id, 'fig_') then record_id end) stored
        references store.figure deferrable initially deferred,
    quote_id text collate "C" generated always as
        (case when starts_with(record_id, 'quo_') then record_id end) stored
        references store.quote deferrable initially deferred,
    source_id store.source_id not null references store.source deferrable initially deferred,
    source_role store.line,
    stance store.stance not null default 'asserts',
    blames_id store.source_id references store.source deferrable initially deferred,
    certainty store.certainty,
    statement store.prose,
    medium store.medium,
    via_ids text[] collate "C" not null default '{}' check (cardinality(via_ids) <= 10),
    document_id store.document_id references store.document deferrable initially deferred,
    excerpt store.excerpt,
    primary key (record_id, position),
    check (num_nonnulls(event_id, figure_id, quote_id) = 1),
    check (stance <> 'blames' or blames_id is not null)
);

create table store.participant (
    record_id store.event_id not null references store.event deferrable initially deferred,
    position smallint not null check (position between 0 and 999),
    name store.line not null,
    role store.participant_role not null default 'participant',
    source_id store.source_id references store.source deferrable initially deferred,
    primary key (record_id, position)
);

create table store.relation (
    record_id store.event_id not null references store.event deferrable initially deferred,
    position smallint not null check (position between 0 and 999),
    relation store.event_relation not null,
    event_id store.event_id not null references store.event deferrable initially deferred,
    primary key (record_id, position),
    check (event_id <> record_id)
);

-- Arrays have no foreign keys of their own: a relay that is not a source is refused at commit.
create function store.check_via() returns trigger language plpgsql as $$
begin
    if exists (select from unnest(new.via_ids) as via (id)
               where not exists (select from store.source where source.id = via.id)) then
        raise foreign_key_violation using message =
            format('citation %s of %s is relayed by a source that does not exist', new.position, new.record_id);
    end if;
    return null;
end
$$;
create constraint trigger via_exists after insert or update of via_ids on store.citation
    deferrable initially deferred for each row
    when (cardinality(new.via_ids) > 0) execute function store.check_via();
