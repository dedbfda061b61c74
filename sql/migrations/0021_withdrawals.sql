-- The list of withdrawals reads those changes alone, in their order, by resource or by time.

-- step: index change_withdrawn
create index concurrently change_withdrawn on store.change (seq) where action = 'withdrawn';

-- step: index change_withdrawn_resource
create index concurrently change_withdrawn_resource on store.change (resource, seq) where action = 'withdrawn';

-- step: index change_withdrawn_at
create index concurrently change_withdrawn_at on store.change (recorded_at) where action = 'withdrawn';
