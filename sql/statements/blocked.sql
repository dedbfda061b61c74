-- Staged records that were erased, each with the time of the erasure, and whether the file names it by id or by key.
select number, staged.resource, name, keys, erased_at,
    case when name = staged.id then 'id' else 'key' end as named_by
from staged join store.erased using (id)
order by number
limit $1
