-- Filters that had no index, so that a value which few rows have was looked for in the whole list. Most citations have
-- neither a certainty nor a medium, and most figures have a value: partial indexes leave those rows out. The value is
-- cast as the views cast it, because Postgres recognises a predicate by its expression.
create index figure_value_unknown on store.figure (as_of desc nulls last, id desc) where value::numeric is null;
create index citation_certainty on store.citation (certainty, record_id) where certainty is not null;
create index citation_medium on store.citation (medium, record_id) where medium is not null;
create index relation_kind on store.relation (relation, record_id);
