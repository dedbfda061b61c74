-- How many records of each resource were written after a place in the log, and how.
select resource, action, count(*) as count from store.change where seq > $1 group by resource, action
