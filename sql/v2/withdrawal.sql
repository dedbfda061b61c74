-- Each withdrawal, from its change until the next change of the record.
create view v2_at.withdrawal_version as
select seq as change, resource, id::text, recorded_at as withdrawn_at, reason::text, seq as since,
    coalesce((
        select following.seq from store.change as following
        where following.id = change.id and following.revision = change.revision + 1), 9223372036854775807) as until
from store.change
where action = 'withdrawn';

-- The withdrawals that are in force now.
create view v2.withdrawal as
select seq as change, resource, id::text, recorded_at as withdrawn_at, reason::text
from store.change
where action = 'withdrawn' and revision = (
    select last.revision from store.change as last where last.id = change.id order by last.revision desc limit 1);
