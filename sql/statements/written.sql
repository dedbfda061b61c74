-- The number of records of each resource that were written after a number of the log, by kind of change.
select resource, action, count(*) as count from store.change where seq > $1 group by resource, action
