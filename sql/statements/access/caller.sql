-- The key with this digest and its plan, as of an epoch. Without such a key, only the epoch. The time left of a key is
-- returned in seconds, so that only the store's clock counts.
select epoch.number as epoch, key.id, key.name as key_name, key.scopes, key.origins, key.reason, key.successor,
    to_char(key.revoked_at at time zone 'UTC', 'YYYY-MM-DD') as revoked_on,
    to_char(key.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as expires,
    extract(epoch from key.expires_at - clock_timestamp())::float8 as seconds_left, plan.*
from access.epoch
left join access.key on key.digest = $1
left join access.plan on plan.name = key.plan
