-- Create a key that replaces another one, with the same lifetime unless another is given, and not later than the key that
-- rotates it. The old key ends after the overlap. No row if the old key has ended already or has a successor.
with old as (
    select * from access.key
    where id = $1 and revoked_at is null and successor is null and (expires_at is null or expires_at > now())
    for no key update
), made as (
    insert into access.key (id, name, digest, ending, plan, scopes, origins, expires_at)
    select $2, name, $3, $4, plan, scopes, origins,
        least(coalesce($5::timestamptz, now() + $6::interval, now() + (expires_at - created_at)), $8::timestamptz)
    from old
    returning *
), ended as (
    update access.key
    set successor = $2, expires_at = least(key.expires_at, now() + $7::interval)
    from old where key.id = old.id
)
select id, name, ending, plan, scopes, origins, created_at, expires_at, revoked_at, reason, last_used_at, successor,
    case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'active' end as state
from made
