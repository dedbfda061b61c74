-- Revoke a key. A key that was revoked before keeps its time of revocation.
update access.key set revoked_at = now(), reason = $2 where id = $1 and revoked_at is null
returning id, name, ending, plan, scopes, origins, created_at, expires_at, revoked_at, reason, last_used_at, successor,
    case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'active' end as state
