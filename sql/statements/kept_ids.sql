-- Ids that records keep although their keys are written differently now. They come from earlier loads, which made them
-- from keys that were not in NFC. A form is `id:other:rank` (api/store/staged.py).
create temporary table kept_id on commit drop as
select distinct on (id) id, other
from (
    select distinct split_part(form, ':', 1) as id, split_part(form, ':', 2) as other, split_part(form, ':', 3) as rank
    from staged cross join lateral string_to_table(staged.forms, ' ') as form
    where staged.forms <> ''
) as named
where other <> '' and exists (select from store.change where change.id = named.other)
order by id, rank, other
