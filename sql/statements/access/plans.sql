-- The plans, each with its number of keys that still work.
select plan.*, (
    select count(*) from access.key
    where key.plan = plan.name and revoked_at is null and (expires_at is null or expires_at > now())) as keys
from access.plan order by points_day, name
