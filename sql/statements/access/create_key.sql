-- Create a key that expires at a moment or after a time, and not later than the key that creates it. No row if there is no
-- such plan.
insert into access.key (id, name, digest, ending, plan, scopes, origins, expires_at)
select $1, $2, $3, $4, plan.name, $6, $10, least(coalesce($7::timestamptz, now() + $8::interval), $9::timestamptz)
from access.plan where plan.name = $5
returning id, name, ending, plan, scopes, origins, created_at, expires_at, revoked_at, reason, last_used_at, successor,
    case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'active' end as state
