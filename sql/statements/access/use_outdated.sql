-- Add uses of deprecated parts to the counts. The rows are locked in one order, because several processes write the
-- same ones.
insert into access.outdated as existing (caller, version, part, uses)
select caller, version, part, uses
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as added (caller, version, part, uses)
order by caller, version, part
on conflict (caller, version, part) do update set uses = existing.uses + excluded.uses, last_used_at = now()
