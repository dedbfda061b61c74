-- The key with this digest and its plan, as of an epoch; without a key there is the epoch alone. What is left of a key
-- is told in seconds, so that nobody's clock but the store's has a say in it.
select epoch.number as epoch, key.id, key.name as key_name, key.scopes, key.reason, key.successor,
    to_char(key.revoked_at at time zone 'UTC', 'YYYY-MM-DD') as revoked_on,
    to_char(key.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as expires,
    extract(epoch from key.expires_at - clock_timestamp())::float8 as seconds_left, plan.*
from access.epoch
left join access.key on key.digest = $1
left join access.plan on plan.name = key.plan
