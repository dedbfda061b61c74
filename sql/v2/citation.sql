create view v2.citation as
select record_id, position, source_id::text, source_role::text, stance::text, blames_id::text, certainty::text,
    statement::text, medium::text, via_ids, document_id::text, excerpt::jsonb,
    -- True unless the owning record is withdrawn. A scalar subquery costs one look-up a shown row. `exists` made Postgres
    -- hash the whole table. Queries within a record do not select it.
    coalesce(
        (select event.withdrawn is null from store.event where event.id = citation.event_id),
        (select figure.withdrawn is null from store.figure where figure.id = citation.figure_id),
        (select quote.withdrawn is null from store.quote where quote.id = citation.quote_id)) as stands
from store.citation;
