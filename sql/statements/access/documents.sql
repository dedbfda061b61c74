-- The trusted documents. `plan` is null for a document that all plans may use.
select version, hash, plan, name, octet_length(document) as bytes, added_at
from access.trusted_document order by name, version, hash, plan nulls first
