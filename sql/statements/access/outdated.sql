-- The callers that use deprecated parts, latest use first.
select outdated.caller, key.name as holder, outdated.version, outdated.part, outdated.uses, outdated.first_used_at,
    outdated.last_used_at
from access.outdated left join access.key on key.id = outdated.caller
order by outdated.last_used_at desc, outdated.caller, outdated.version, outdated.part
