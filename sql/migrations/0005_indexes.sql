-- One index for each filter and each sort. A sort is stored descending with nulls last; read backwards it gives the
-- ascending order, and pages ask for the nulls apart, so that one index serves both directions.

create index source_kind on store.source (kind, id);
create index source_country on store.source (country, id);
create index source_affiliation on store.source (affiliation_id);
create index source_reliability on store.source (reliability, id);
create index source_name on store.source (name desc nulls last, id desc);
create index source_updated on store.source (updated_at desc nulls last, id desc);
create index source_identifiers on store.source using gin (identifiers jsonb_path_ops);
create index source_search on store.source using gin (search);

create index document_publisher on store.document (publisher_id);
create index document_kind on store.document (kind, id);
create index document_language on store.document (language, id);
create index document_published on store.document (published_at desc nulls last, id desc);
create index document_updated on store.document (updated_at desc nulls last, id desc);
create index document_search on store.document using gin (search);

create index place_country on store.place (country, id);
create index place_admin1 on store.place (admin1, id);
create index place_precision on store.place (geo_precision, id);
create index place_point on store.place (latitude, longitude);
create index place_name on store.place (name desc nulls last, id desc);
create index place_updated on store.place (updated_at desc nulls last, id desc);
create index place_identifiers on store.place using gin (identifiers jsonb_path_ops);
create index place_search on store.place using gin (search);

create index briefing_publisher on store.briefing (publisher_id);
create index briefing_language on store.briefing (language, id);
create index briefing_published on store.briefing (published_at desc nulls last, id desc);
create index briefing_updated on store.briefing (updated_at desc nulls last, id desc);
create index briefing_search on store.briefing using gin (search);

create index event_briefing on store.event (briefing_id, starts_at desc nulls last, id desc);
create index event_kind on store.event (kind, starts_at desc nulls last, id desc);
create index event_status on store.event (status, starts_at desc nulls last, id desc);
create index event_place on store.event (place_id, starts_at desc nulls last, id desc);
create index event_language on store.event (language, starts_at desc nulls last, id desc);
create index event_precision on store.event (time_precision, starts_at desc nulls last, id desc);
create index event_starts on store.event (starts_at desc nulls last, id desc);
create index event_ends on store.event (ends_at desc nulls last, id desc);
create index event_updated on store.event (updated_at desc nulls last, id desc);
create index event_disputed on store.event (starts_at desc nulls last, id desc) where disputed;
create index event_tags on store.event using gin ((tags::text[]));
create index event_identifiers on store.event using gin (identifiers jsonb_path_ops);
create index event_search on store.event using gin (search);

create index figure_briefing on store.figure (briefing_id, as_of desc nulls last, id desc);
create index figure_event on store.figure (event_id, as_of desc nulls last, id desc);
create index figure_place on store.figure (place_id, as_of desc nulls last, id desc);
create index figure_measure on store.figure (measure, as_of desc nulls last, id desc);
create index figure_value on store.figure (measure, value_floor desc nulls last, id desc);
create index figure_population on store.figure (population, as_of desc nulls last, id desc);
create index figure_quantifier on store.figure (quantifier, as_of desc nulls last, id desc);
create index figure_unit on store.figure (unit, as_of desc nulls last, id desc);
create index figure_basis on store.figure (basis, as_of desc nulls last, id desc);
create index figure_status on store.figure (status, as_of desc nulls last, id desc);
create index figure_series on store.figure (series, as_of desc nulls last, id desc);
create index figure_as_of on store.figure (as_of desc nulls last, id desc);
create index figure_updated on store.figure (updated_at desc nulls last, id desc);
create index figure_disputed on store.figure (as_of desc nulls last, id desc) where disputed;
create index figure_search on store.figure using gin (search);

create index quote_briefing on store.quote (briefing_id, said_at desc nulls last, id desc);
create index quote_event on store.quote (event_id, said_at desc nulls last, id desc);
create index quote_speaker on store.quote (speaker_id, said_at desc nulls last, id desc);
create index quote_addressee on store.quote (addressee_id, said_at desc nulls last, id desc);
create index quote_type on store.quote (quote_type, said_at desc nulls last, id desc);
create index quote_medium on store.quote (medium, said_at desc nulls last, id desc);
create index quote_certainty on store.quote (certainty, said_at desc nulls last, id desc);
create index quote_language on store.quote (language, said_at desc nulls last, id desc);
create index quote_utterance on store.quote (utterance, said_at desc nulls last, id desc);
create index quote_precision on store.quote (time_precision, said_at desc nulls last, id desc);
create index quote_said on store.quote (said_at desc nulls last, id desc);
create index quote_updated on store.quote (updated_at desc nulls last, id desc);
create index quote_disputed on store.quote (said_at desc nulls last, id desc) where disputed;
create index quote_search on store.quote using gin (search);

create index citation_source on store.citation (source_id, record_id);
create index citation_stance on store.citation (stance, record_id);
create index citation_blames on store.citation (blames_id, record_id);
create index citation_document on store.citation (document_id, record_id);
create index citation_via on store.citation using gin (via_ids);
create index participant_source on store.participant (source_id, record_id);
create index participant_role on store.participant (role, record_id);
create index relation_event on store.relation (event_id, record_id);
create index change_id on store.change (resource, seq);
