-- The audit log, latest entry first, before the number at which the last page ended.
select seq, recorded_at, actor, subject, id, action, detail::text as detail
from access.audit where $1::bigint is null or seq < $1 order by seq desc limit $2
