-- Send listeners the last number of the change log. They receive it at commit.
select pg_notify('briefing_change', seq::text) from store.last_change
