-- Ids that records keep although their keys are written differently now. They come from earlier loads, which made them
-- from keys that were not in NFC. A form is `id:stored_id:rank` (api/store/staged.py).
create temporary table kept_id on commit drop as
select distinct on (id) id, stored_id
from (
    select distinct split_part(form, ':', 1) as id, split_part(form, ':', 2) as stored_id, split_part(form, ':', 3) as rank
    from staged cross join lateral string_to_table(staged.key_forms, ' ') as form
    where staged.key_forms <> ''
) as named
where stored_id <> '' and exists (select from store.change where change.id = named.stored_id)
order by id, rank, stored_id
