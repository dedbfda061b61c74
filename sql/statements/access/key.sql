-- One key.
select id, name, ending, plan, scopes, origins, created_at, expires_at, revoked_at, reason, last_used_at, successor,
    case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'active' end as state
from access.key where id = $1
