-- Tells listeners, at commit, the last number of the log.
select pg_notify('briefing_change', seq::text) from store.last_change
