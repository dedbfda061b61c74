-- How many records stand whose briefing was withdrawn after a place in the log.
select count(*) from (
    select briefing_id from store.event where withdrawn is null
    union all select briefing_id from store.figure where withdrawn is null
    union all select briefing_id from store.quote where withdrawn is null
) as standing
where briefing_id in (select id from store.change where seq > $1 and resource = 'briefing' and action = 'withdrawn')
