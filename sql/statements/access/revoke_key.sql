-- A key that is taken from its holder; one that was revoked before stays as it is.
update access.key set revoked_at = now(), reason = $2 where id = $1 and revoked_at is null
returning id, name, ending, plan, scopes, created_at, expires_at, revoked_at, reason, last_used_at, successor,
    case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'active' end as state
