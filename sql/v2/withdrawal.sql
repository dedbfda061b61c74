-- The last change of each record that is withdrawn.
create view v2.withdrawal as
select seq as change, resource, id::text, recorded_at as withdrawn_at, reason::text
from store.change
where action = 'withdrawn' and revision = (
    select last.revision from store.change as last where last.id = change.id order by last.revision desc limit 1);
