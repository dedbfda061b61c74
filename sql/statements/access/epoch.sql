-- The number of the last change, the secret of entity tags, and the plan of callers without a key. Each process reads them
-- five times a second.
select epoch.number as epoch, secret.value as tag_secret, plan.*
from access.epoch
left join access.secret on secret.name = 'entity_tags'
left join access.plan on plan.name = 'anonymous'
