-- The trusted documents; `plan` is null where all plans may use one.
select version, hash, plan, name, octet_length(document) as bytes, added_at
from access.trusted_document order by name, version, hash, plan nulls first
