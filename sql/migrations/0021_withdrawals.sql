-- The list of withdrawals reads those changes alone, in their order, by resource or by time.
create index change_withdrawn on store.change (seq) where action = 'withdrawn';
create index change_withdrawn_resource on store.change (resource, seq) where action = 'withdrawn';
create index change_withdrawn_at on store.change (recorded_at) where action = 'withdrawn';
