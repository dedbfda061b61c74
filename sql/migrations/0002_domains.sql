-- The kinds of value that columns hold. A vocabulary's terms are those of api/catalog/v1/vocabularies.py.

-- No control characters and no bidirectional overrides: they hide what a reader is shown.
create function store.is_clean(body text) returns boolean
language sql immutable parallel safe
return body !~ E'[\\u0001-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F\\u202A-\\u202E\\u2066-\\u2069]';

-- 2,600 bytes, because an entry of an index holds 2,704, the id beside the line included.
create domain store.line as text check (
    value <> '' and length(value) <= 1000 and octet_length(value) <= 2600 and store.is_clean(value));
create domain store.prose as text check (value <> '' and length(value) <= 20000 and store.is_clean(value));
create domain store.url as text check (
    value ~ '^https?://[^\s]+$' and length(value) <= 2000 and store.is_clean(value));
create domain store.language as text check (value ~ '^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$' and length(value) <= 35);
create domain store.country as text check (value ~ '^[A-Z]{2}$');
create domain store.moment as timestamptz
    check (value >= '1000-01-01T00:00:00Z' and value < '9999-01-01T00:00:00Z');
create domain store.day as date check (value >= '1000-01-01' and value < '9999-01-01');
create domain store.amount as numeric check (value > -1e15 and value < 1e15 and scale(value) <= 6);
create domain store.lines as store.line[] check (
    array_ndims(value) is null
    or (array_ndims(value) = 1 and cardinality(value) <= 100 and array_position(value, null) is null)
);

-- A regular expression of jsonpath knows no \u: what is clean is looked at as text.
create function store.is_identifier(scheme text, value text) returns boolean
language sql immutable parallel safe
return coalesce(scheme ~ '^[a-z0-9][a-z0-9_-]{0,49}$'
    and length(value) between 1 and 1000 and octet_length(value) <= 2600 and store.is_clean(value), false);

create function store.is_identifiers(value jsonb) returns boolean
language sql immutable parallel safe
begin atomic
    select jsonb_typeof(value) = 'array' and jsonb_array_length(value) <= 50 and coalesce((
        select bool_and(store.is_identifier(one ->> 'scheme', one ->> 'value'))
        from jsonb_array_elements(value) as one), true);
end;
create domain store.identifiers as jsonb check (value = '[]' or store.is_identifiers(value));

create function store.is_excerpt(value jsonb) returns boolean
language sql immutable parallel safe
return jsonb_typeof(value) = 'object'
    and coalesce(length(value ->> 'exact') between 1 and 300 and store.is_clean(value ->> 'exact'), false)
    and coalesce(length(value ->> 'prefix') between 1 and 300 and store.is_clean(value ->> 'prefix'), true)
    and coalesce(length(value ->> 'suffix') between 1 and 300 and store.is_clean(value ->> 'suffix'), true);
create domain store.excerpt as jsonb check (value is null or store.is_excerpt(value));

-- array_to_string is only stable, because an element's output may depend on settings; that of text does not.
create function store.join_words(words text[]) returns text
language sql immutable parallel safe
return array_to_string(words, ' ');

create domain store.briefing_id as text collate "C" check (value ~ '^brf_[0-9a-hjkmnp-tv-z]{26}$');
create domain store.source_id as text collate "C" check (value ~ '^src_[0-9a-hjkmnp-tv-z]{26}$');
create domain store.document_id as text collate "C" check (value ~ '^doc_[0-9a-hjkmnp-tv-z]{26}$');
create domain store.place_id as text collate "C" check (value ~ '^plc_[0-9a-hjkmnp-tv-z]{26}$');
create domain store.event_id as text collate "C" check (value ~ '^evt_[0-9a-hjkmnp-tv-z]{26}$');
create domain store.figure_id as text collate "C" check (value ~ '^fig_[0-9a-hjkmnp-tv-z]{26}$');
create domain store.quote_id as text collate "C" check (value ~ '^quo_[0-9a-hjkmnp-tv-z]{26}$');

create domain store.source_kind as text check (value in (
    'person', 'government', 'de_facto_authority', 'military', 'intergovernmental', 'armed_group', 'ngo',
    'news_agency', 'outlet', 'academic', 'company', 'other'));
create domain store.reliability as text check (value in ('a', 'b', 'c', 'd', 'e', 'f'));
create domain store.document_kind as text check (value in (
    'article', 'live_blog', 'post', 'statement', 'press_conference', 'interview', 'video_address',
    'call_readout', 'broadcast', 'report', 'dataset'));
create domain store.geo_precision as text check (value in (
    'exact', 'near', 'admin2', 'admin1', 'country', 'region', 'unknown'));
create domain store.event_kind as text check (value in (
    'attack', 'air_strike', 'shelling', 'clash', 'explosion', 'evacuation', 'displacement', 'negotiation',
    'phone_call', 'visit', 'meeting', 'fortification', 'agreement', 'sanction', 'aid', 'mobilisation', 'protest',
    'arrest', 'disaster', 'policy', 'other'));
create domain store.time_precision as text check (value in (
    'minute', 'hour', 'day', 'week', 'month', 'year', 'unknown'));
create domain store.event_status as text check (value in (
    'planned', 'ongoing', 'occurred', 'failed', 'cancelled'));
create domain store.participant_role as text check (value in (
    'initiator', 'target', 'affected', 'mediator', 'participant'));
create domain store.event_relation as text check (value in ('part_of', 'follows', 'responds_to'));
create domain store.measure as text check (value in (
    'killed', 'injured', 'killed_or_injured', 'missing', 'captured', 'displaced', 'refugees', 'equipment_lost',
    'munitions_used', 'attacks', 'rounds', 'people_at_risk', 'money', 'mass', 'duration', 'count', 'share'));
create domain store.quantifier as text check (value in (
    'exact', 'at_least', 'more_than', 'at_most', 'less_than', 'approximately', 'between', 'magnitude'));
create domain store.bounds_basis as text check (value in ('stated', 'wording'));
create domain store.figure_basis as text check (value in ('stock', 'flow', 'cumulative'));
create domain store.figure_status as text check (value in (
    'confirmed', 'verified', 'reported', 'claimed', 'estimated', 'provisional'));
create domain store.certainty as text check (value in ('stated', 'likely', 'possible', 'unlikely'));
create domain store.quote_type as text check (value in ('direct', 'partial', 'indirect'));
create domain store.medium as text check (value in (
    'x_twitter', 'facebook', 'telegram', 'video_address', 'press_conference', 'interview', 'statement',
    'phone_call', 'broadcast', 'document', 'other'));
create domain store.stance as text check (value in (
    'asserts', 'confirms', 'denies', 'disputes', 'blames', 'could_not_verify', 'declines_comment', 'retracts'));
